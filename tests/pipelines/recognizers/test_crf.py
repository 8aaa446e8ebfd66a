"""The conditional random field gives the marginal probabilities of CRFsuite, though it reads a text in stretches."""

import numpy as np
import pytest
from pycrfsuite import Tagger, Trainer  # pyright: ignore[reportAttributeAccessIssue]

from pipelines.recognizers import tagger
from pipelines.recognizers.crf import Crf
from pipelines.recognizers.entity import Entity
from pipelines.recognizers.features import features, marks
from pipelines.recognizers.tokens import Tokens
from pipelines.sampling.letters import letters

LABELS = {"PERSON": "PERSON", "CITY": "CITY"}


def marked(tokens, spans):
    """Return marks as of rules that find every second entity."""
    return marks(tokens, [Entity(label, begin, end, 0.9, "rules") for begin, end, label in spans[::2]])


def tagged(text, spans):
    """Return the features and labels of a letter."""
    tokens = Tokens(text)
    names = ["O"] * len(tokens)
    for begin, end, label in spans:
        for index, start in enumerate(tokens.starts):
            if begin <= start < end:
                names[index] = LABELS.get(label, "O")
    return features(tokens, marked(tokens, spans)), names


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    folder = tmp_path_factory.mktemp("crf")
    trainer = Trainer(algorithm="lbfgs", verbose=False)
    for text, spans in letters(8, 3):
        trainer.append(*tagged(text, spans))
    trainer.set_params({"max_iterations": 15, "feature.possible_transitions": True})
    trainer.train(str(folder / "crfsuite"))
    reference = Tagger()
    reference.open(str(folder / "crfsuite"))
    weights = reference.info()
    Crf.save(folder / "model.npz", weights.state_features, weights.transitions)
    return reference, Crf.load(folder / "model.npz"), folder / "model.npz"


@pytest.mark.parametrize("size", [1, 2, 3, 31, 32, 33, 63, 65, 10_000])
def test_marginals_are_those_of_crfsuite(models, size):
    reference, crf, _ = models
    for text, spans in letters(4, 4):
        whole = Tokens(text)
        text = text[: whole.ends[min(size, len(whole)) - 1]]
        tokens = Tokens(text)
        known = marked(tokens, [span for span in spans if span[1] <= len(text)])
        found = crf.marginals(tokens, known)
        reference.set(features(tokens, known))
        expected = [[reference.marginal(label, index) for label in crf.labels] for index in range(len(tokens))]
        np.testing.assert_allclose(found, expected, atol=1e-4)
        np.testing.assert_allclose(found.sum(axis=1), 1)


def test_forgotten_words_are_learned_again(models, monkeypatch):
    _, crf, _ = models
    tokens = Tokens(next(iter(letters(1, 5)))[0])
    known = [""] * len(tokens)
    before = crf.marginals(tokens, known)
    monkeypatch.setattr("pipelines.recognizers.crf.Crf._is_full", lambda crf, size: True)
    np.testing.assert_array_equal(before, crf.marginals(tokens, known))


def test_nothing_to_look_at(models):
    assert models[1].marginals(Tokens(""), []).shape == (0, len(models[1].labels))


def test_a_model_is_written_the_same_twice(models, tmp_path):
    reference, _, path = models
    weights = reference.info()
    Crf.save(tmp_path / "again.npz", weights.state_features, weights.transitions)
    assert (tmp_path / "again.npz").read_bytes() == path.read_bytes()


def test_a_damaged_model_is_told(models, tmp_path):
    content = models[2].read_bytes()
    damaged = tmp_path / "model.npz"
    for cut in (b"", content[: len(content) // 2], content[:-100]):
        damaged.write_bytes(cut)
        with pytest.raises(ValueError, match=r"model\.npz is damaged"):
            Crf.load(damaged)


def test_a_word_that_nothing_announces_is_found():
    """What no rule sees; the tagger's own work."""
    text = "Wir danken für die Zuweisung von Klobozinski aus Hintertupfingen, die sich am 3.4. bei uns vorstellte."
    tokens = Tokens(text)
    found = {text[entity.start : entity.end] for entity in tagger.find(tokens)}
    assert "Klobozinski" in found
    assert not found & {"Zuweisung", "Wir"}


def test_medical_words_stay():
    text = "Regionäre Lymphknoten und Hüftkopf unauffällig, Nasopharynx frei. Clexane 40 mg, Natel der Station am Bett."
    assert [text[entity.start : entity.end] for entity in tagger.find(Tokens(text))] == []


def test_long_stretches_are_cut():
    text = " ".join(f"Xylo{letter}pharo" for letter in "abcdefghijklmnopqrstuvwxyz" * 20)
    assert all(0 <= entity.start < entity.end <= len(text) for entity in tagger.find(Tokens(text)))
