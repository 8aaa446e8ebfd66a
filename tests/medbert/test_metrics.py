import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from seqeval.metrics import f1_score as entity_f1
from seqeval.metrics import precision_score as entity_precision
from seqeval.metrics import recall_score as entity_recall
from seqeval.scheme import IOB2
from sklearn import metrics as oracle

from medbert import metrics

TAGS = ("O", "B-PER", "I-PER", "B-LOC", "I-LOC")
cases = st.tuples(st.integers(1, 12), st.integers(1, 4), st.integers(0, 2**32 - 1), st.integers(1, 6))
sequences = st.lists(st.lists(st.tuples(st.sampled_from(TAGS), st.sampled_from(TAGS)), max_size=8), min_size=1)


def random_case(case: tuple[int, int, int, int]) -> tuple[np.ndarray, np.ndarray, np.random.Generator]:
    examples, labels, seed, levels = case
    generator = np.random.default_rng(seed)
    truth = generator.random((examples, labels)) < generator.random(labels)
    return truth, generator.integers(0, levels, (examples, labels)) / levels, generator


@settings(max_examples=60, deadline=None)
@given(cases)
def test_label_figures_equal_scikit_learn(case):
    truth, scores, generator = random_case(case)
    predicted = scores >= 0.5
    weights = generator.integers(0, 3, (2, len(truth))).astype(float)
    figures = metrics.label_figures(truth, predicted, weights)
    for draw in range(2):
        rows = np.repeat(np.arange(len(truth)), weights[draw].astype(int))
        if len(rows):
            for name, score in (
                ("precision", oracle.precision_score), ("recall", oracle.recall_score), ("f1", oracle.f1_score)
            ):  # fmt: skip
                for average in ("macro", "micro"):
                    columns = (truth[rows, 0], predicted[rows, 0]) if truth.shape[1] == 1 else None
                    if columns:  # scikit-learn would take one column as a binary task with two classes
                        expected = score(*columns, average="binary", zero_division=0)  # pyright: ignore[reportArgumentType]
                    else:
                        expected = score(truth[rows], predicted[rows], average=average, zero_division=0)  # pyright: ignore[reportArgumentType]
                    assert figures[f"{average}_{name}"][draw] == pytest.approx(expected)


@settings(max_examples=60, deadline=None)
@given(cases)
def test_ranking_figures_equal_scikit_learn(case):
    truth, scores, generator = random_case(case)
    weights = generator.integers(0, 3, (2, len(truth))).astype(float)
    for draw in range(2):
        rows = np.repeat(np.arange(len(truth)), weights[draw].astype(int))
        actual, said = truth[rows, 0], scores[rows, 0]
        area = metrics.auroc(truth[:, 0], scores[:, 0], weights)[draw]
        precision = metrics.auprc(truth[:, 0], scores[:, 0], weights)[draw]
        if not len(rows) or actual.all() or not actual.any():
            assert np.isnan(area)
        else:
            assert area == pytest.approx(oracle.roc_auc_score(actual, said))
            assert precision == pytest.approx(oracle.average_precision_score(actual, said))


def test_a_label_with_one_class_does_not_spoil_the_macro_average():
    truth = np.array([[True, True], [False, True]])
    figures = metrics.ranking_figures(truth, np.array([[0.9, 0.1], [0.1, 0.2]]), np.ones((1, 2)))
    assert figures["auroc"][0] == 1
    assert np.isnan(metrics.ranking_figures(truth[:, 1:], np.ones((2, 1)), np.ones((1, 2)))["auroc"][0])


@settings(max_examples=60, deadline=None)
@given(sequences)
def test_entity_figures_equal_seqeval_in_strict_mode(pairs):
    truth = [[gold for gold, _ in sequence] for sequence in pairs]
    predicted = [[guess for _, guess in sequence] for sequence in pairs]
    figures = metrics.sequence_figures(
        metrics.entity_counts(truth, predicted, ("PER", "LOC")), np.ones((1, len(truth)))
    )
    if any(metrics.entities(tags) for tags in truth) or any(metrics.entities(tags) for tags in predicted):
        arguments = {"mode": "strict", "scheme": IOB2, "zero_division": 0}
        for name, score in (("f1", entity_f1), ("precision", entity_precision), ("recall", entity_recall)):
            for average in ("micro", "macro"):
                expected = score(truth, predicted, average=average, **arguments)
                assert figures[f"{average}_{name}"][0] == pytest.approx(expected)
    else:
        assert figures["micro_f1"][0] == figures["macro_f1"][0] == 0


@pytest.mark.parametrize(
    ("gold", "said"),
    [
        (["B-PER", "I-PER", "O"], ["I-PER", "I-PER", "O"]),  # IOB1 instead of IOB2: no strict entity
        (["B-PER", "I-PER", "O"], ["B-PER", "I-LOC", "O"]),  # another type within
        (["B-PER", "B-PER", "O"], ["B-PER", "I-PER", "O"]),  # two entities taken for one
        (["O", "B-LOC", "I-LOC"], ["O", "B-LOC", "O"]),  # its end is missed
        (["O", "O", "O"], ["B-PER", "O", "B-LOC"]),  # no entity at all
        (["B-PER", "O", "B-LOC"], ["O", "O", "O"]),  # none found
        (["I-PER", "I-PER", "O"], ["I-PER", "I-PER", "O"]),  # a faulty gold
    ],
)
def test_faulty_tags_count_as_in_seqeval(gold, said):
    counts = metrics.entity_counts([gold], [said], ("PER", "LOC"))
    figures = metrics.sequence_figures(counts, np.ones((1, 1)))
    if metrics.entities(gold) or metrics.entities(said):
        expected = entity_f1([gold], [said], average="macro", mode="strict", scheme=IOB2, zero_division=0)  # pyright: ignore[reportArgumentType]
        assert figures["macro_f1"][0] == pytest.approx(expected)
    else:
        assert figures["macro_f1"][0] == 0


def test_empty_and_full_classes_count_as_in_scikit_learn():
    truth = np.array([[False, True, True, False], [False, True, False, False], [False, True, True, True]])
    said = np.array([[False, True, False, True], [True, True, False, False], [False, True, False, False]])
    figures = metrics.label_figures(truth, said, np.ones((1, 3)))
    for name, score in (
        ("f1", oracle.f1_score),
        ("precision", oracle.precision_score),
        ("recall", oracle.recall_score),
    ):
        expected = score(truth, said, average="macro", zero_division=0)  # pyright: ignore[reportArgumentType]
        assert figures[f"macro_{name}"][0] == pytest.approx(expected)


def test_ties_and_extreme_scores_rank_as_in_scikit_learn():
    truth = np.array([True, False, True, False, True, False])
    for scores in ([0.0] * 6, [1.0, 1.0, 0.0, 0.0, 1e-300, 0.0], [0.5, 0.5, 0.5, 0.4, 0.4, 1.0]):
        table = np.array(scores)
        assert metrics.auroc(truth, table, np.ones((1, 6)))[0] == pytest.approx(oracle.roc_auc_score(truth, table))
        expected = oracle.average_precision_score(truth, table)
        assert metrics.auprc(truth, table, np.ones((1, 6)))[0] == pytest.approx(expected)


@settings(max_examples=60, deadline=None)
@given(sequences)
def test_token_figures_equal_scikit_learn(pairs):
    gold = [tag for sequence in pairs for tag, _ in sequence]
    said = [tag for sequence in pairs for _, tag in sequence]
    counts = metrics.token_counts(
        [[tag for tag, _ in s] for s in pairs], [[tag for _, tag in s] for s in pairs], ("LOC", "PER")
    )
    figures = metrics.tag_figures(counts, np.ones((1, len(pairs))))
    if gold:
        expected = oracle.f1_score(gold, said, average="macro", zero_division=0)  # pyright: ignore[reportArgumentType]
        assert figures["token_f1"][0] == pytest.approx(expected)


@settings(max_examples=60, deadline=None)
@given(cases)
def test_no_other_threshold_is_better_on_validation(case):
    truth, scores, _ = random_case(case)
    thresholds = metrics.choose_thresholds(truth, scores)
    for label, chosen in enumerate(thresholds):
        actual = truth[:, label]
        if actual.any() and not actual.all():
            best = max(
                oracle.f1_score(actual, scores[:, label] >= cut, zero_division=0)  # pyright: ignore[reportArgumentType]
                for cut in np.unique(scores[:, label])  # pyright: ignore[reportArgumentType]
            )
            assert oracle.f1_score(actual, scores[:, label] >= chosen, zero_division=0) == pytest.approx(best)  # pyright: ignore[reportArgumentType]
        else:
            assert chosen == 0.5
