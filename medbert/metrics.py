"""Figures of merit, weighted so that all resamples of a test set are computed at once.

`weights` is float [draws, examples]: how often each example is in each draw; one row of ones gives the
figure on the test set itself. What is undefined (AUROC of a label with one class) is NaN, and a macro
average is over the labels that are defined.
"""

import warnings
from collections.abc import Sequence

import numpy as np


def share(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """Return part / whole, 0 where the whole is 0 (as scikit-learn's zero_division=0)."""
    return np.divide(part, whole, out=np.zeros(np.broadcast(part, whole).shape), where=whole > 0)


def mean_of_defined(values: np.ndarray) -> np.ndarray:
    """Return the mean over the last axis of what is not NaN, NaN where nothing is defined."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        return np.nanmean(values, axis=-1) if values.shape[-1] else np.full(values.shape[:-1], np.nan)


def count_figures(hits: np.ndarray, predicted: np.ndarray, actual: np.ndarray) -> dict[str, np.ndarray]:
    """Return precision, recall and F1, macro and micro, from counts per label, each [draws, labels]."""
    figures = {}
    for name, part, whole in (
        ("precision", hits, predicted),
        ("recall", hits, actual),
        ("f1", 2 * hits, predicted + actual),
    ):
        per_label = share(part, whole)
        figures[f"macro_{name}"] = per_label.mean(axis=1) if per_label.shape[1] else np.zeros(len(per_label))
        figures[f"micro_{name}"] = share(part.sum(axis=1), whole.sum(axis=1))
    return figures


def label_figures(truth: np.ndarray, predicted: np.ndarray, weights: np.ndarray) -> dict[str, np.ndarray]:
    """Return the figures [draws] of predicted labels; `truth` and `predicted` are bool [examples, labels]."""
    hits, said, actual = (weights @ table.astype(float) for table in (truth & predicted, predicted, truth))
    return count_figures(hits, said, actual)


def _tied_groups(truth: np.ndarray, scores: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the weights of positives and negatives per distinct score, descending, each [draws, groups]."""
    order = np.argsort(-scores, kind="stable")
    starts = np.flatnonzero(np.r_[True, np.diff(scores[order]) != 0])
    sorted_weights = weights[:, order]
    positive = np.add.reduceat(sorted_weights * truth[order], starts, axis=1)
    return positive, np.add.reduceat(sorted_weights * ~truth[order], starts, axis=1)


def auroc(truth: np.ndarray, scores: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return the area under the ROC curve [draws] of one label; ties count half (Mann-Whitney)."""
    if not len(truth):
        return np.full(len(weights), np.nan)
    positive, negative = _tied_groups(truth, scores, weights)
    positives, negatives = positive.sum(axis=1), negative.sum(axis=1)
    below = negatives[:, None] - np.cumsum(negative, axis=1)
    wins = (positive * (below + negative / 2)).sum(axis=1)
    pairs = positives * negatives
    return np.divide(wins, pairs, out=np.full(len(weights), np.nan), where=pairs > 0)


def auprc(truth: np.ndarray, scores: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return the average precision [draws] of one label, without interpolation; NaN without a positive."""
    if not len(truth):
        return np.full(len(weights), np.nan)
    positive, negative = _tied_groups(truth, scores, weights)
    positives = positive.sum(axis=1)
    found = np.cumsum(positive, axis=1)
    precision = share(found, found + np.cumsum(negative, axis=1))
    total = (precision * positive).sum(axis=1)
    return np.divide(total, positives, out=np.full(len(weights), np.nan), where=positives > 0)


def ranking_figures(truth: np.ndarray, scores: np.ndarray, weights: np.ndarray) -> dict[str, np.ndarray]:
    """Return macro AUROC and AUPRC [draws]; `scores` is float [examples, labels]."""
    columns = range(truth.shape[1])
    areas = [auroc(truth[:, i], scores[:, i], weights) for i in columns]
    precisions = [auprc(truth[:, i], scores[:, i], weights) for i in columns]
    nothing = np.zeros((len(weights), 0))
    return {
        "auroc": mean_of_defined(np.stack(areas, axis=1) if areas else nothing),
        "auprc": mean_of_defined(np.stack(precisions, axis=1) if precisions else nothing),
    }


def choose_thresholds(truth: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """Return per label the threshold [labels] with the highest F1 on validation, 0.5 for one-class labels.

    A label is predicted where its score is at least the threshold. A threshold lies midway between two
    scores; of equal F1 the highest threshold wins.
    """
    thresholds = np.full(truth.shape[1], 0.5)
    ones = np.ones((1, len(truth)))
    for label in range(truth.shape[1]):
        actual = truth[:, label]
        if not actual.any() or actual.all():
            continue
        positive, negative = (group[0] for group in _tied_groups(actual, scores[:, label], ones))
        found = np.cumsum(positive)
        f1 = 2 * found / (found + np.cumsum(negative) + actual.sum())
        best = int(np.argmax(f1))
        distinct = np.unique(scores[:, label])[::-1]
        below = distinct[best + 1] if best + 1 < len(distinct) else 0.0
        thresholds[label] = (distinct[best] + below) / 2
    return thresholds


def entities(tags: Sequence[str]) -> set[tuple[int, int, str]]:
    """Return the (first token, end, type) of the entities of IOB2 `tags`, strictly: each begins with B-."""
    found, start = set(), -1
    for place, tag in enumerate([*tags, "O"]):
        if start >= 0 and tag != f"I-{tags[start][2:]}":
            found.add((start, place, tags[start][2:]))
            start = -1
        if tag.startswith("B-"):
            start = place
    return found


def entity_counts(
    truth: Sequence[Sequence[str]], predicted: Sequence[Sequence[str]], types: Sequence[str]
) -> np.ndarray:
    """Return float [3, sequences, types]: hits, predicted, actual entities (same boundaries and type)."""
    counts, column = np.zeros((3, len(truth), len(types))), {name: i for i, name in enumerate(types)}
    for row, (tags, guesses) in enumerate(zip(truth, predicted, strict=True)):
        actual, said = entities(tags), entities(guesses)
        for layer, spans in enumerate((actual & said, said, actual)):
            for *_, name in spans:
                counts[layer, row, column[name]] += 1
    return counts


def token_counts(
    truth: Sequence[Sequence[str]], predicted: Sequence[Sequence[str]], types: Sequence[str]
) -> np.ndarray:
    """Return float [3, sequences, tags]: hits, predicted, actual tokens of O and of B- and I- of each type.

    The published medBERT.de figures are macro averages over all these tags, O with them (`tag_figures`).
    """
    tags = ["O", *(f"{mark}-{name}" for name in types for mark in "BI")]
    counts, column = np.zeros((3, len(truth), len(tags))), {tag: i for i, tag in enumerate(tags)}
    for row, (gold, guesses) in enumerate(zip(truth, predicted, strict=True)):
        for tag, guess in zip(gold, guesses, strict=True):
            counts[0, row, column[tag]] += tag == guess
            counts[1, row, column[guess]] += 1
            counts[2, row, column[tag]] += 1
    return counts


def tag_figures(counts: np.ndarray, weights: np.ndarray) -> dict[str, np.ndarray]:
    """Return macro precision, recall and F1 [draws] of `token_counts`, over the tags that occur in a draw."""
    macro = macro_of_occurring(*(weights @ layer for layer in counts))
    return {f"token_{name}": values for name, values in macro.items()}


def macro_of_occurring(hits: np.ndarray, said: np.ndarray, actual: np.ndarray) -> dict[str, np.ndarray]:
    """Return macro precision, recall and F1 [draws] over what occurs in truth or prediction, NaN where nothing does."""
    occurs = said + actual > 0
    wholes = {"precision": (hits, said), "recall": (hits, actual), "f1": (2 * hits, said + actual)}
    return {
        name: mean_of_defined(np.where(occurs, share(part, whole), np.nan)) for name, (part, whole) in wholes.items()
    }


def sequence_figures(counts: np.ndarray, weights: np.ndarray) -> dict[str, np.ndarray]:
    """Return the figures [draws] of `counts`, float [3, sequences, types].

    As in seqeval a macro average is over the types that occur, and 0 where there is no entity at all.
    """
    hits, said, actual = (weights @ layer for layer in counts)
    macro = macro_of_occurring(hits, said, actual)
    figures = count_figures(hits, said, actual)
    return figures | {f"macro_{name}": np.nan_to_num(values) for name, values in macro.items()}
