import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from medbert.masking import MASK, mask_tokens

CONTINUES = np.array([False] * 50 + [True] * 50)


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng([seed, 7])


@settings(deadline=None)
@given(st.lists(st.integers(0, 99), max_size=200), st.floats(0, 1), st.booleans())
def test_the_number_is_fixed_and_specials_stay(ids: list[int], rate: float, whole: bool) -> None:
    tokens = np.array(ids, np.int32)
    masked = mask_tokens(tokens, rate, CONTINUES, rng(), whole)
    ordinary = int((tokens >= 5).sum())
    assert len(masked.where) == min(round(rate * len(tokens)), ordinary)
    assert (tokens[masked.where] >= 5).all()
    assert (masked.labels == tokens[masked.where]).all()
    untouched = np.setdiff1d(np.arange(len(tokens)), masked.where)
    assert (masked.inputs[untouched] == tokens[untouched]).all()


def test_words_are_masked_whole_but_for_the_last() -> None:
    tokens = np.tile(np.array([10, 60, 61, 11, 62], np.int32), 400)
    masked = mask_tokens(tokens, 0.3, CONTINUES, rng())
    word = np.cumsum(~CONTINUES[tokens]) - 1
    chosen = np.bincount(word[masked.where], minlength=word[-1] + 1)
    size = np.bincount(word)
    assert ((chosen != 0) & (chosen != size)).sum() <= 1


def test_eight_in_ten_are_hidden() -> None:
    tokens = np.full(100_000, 20, np.int32)
    masked = mask_tokens(tokens, 0.5, CONTINUES, rng())
    seen = masked.inputs[masked.where]
    assert abs((seen == MASK).mean() - 0.8) < 0.01
    assert abs((seen == 20).mean() - 0.1) < 0.02  # kept, and a few random ones
    assert (seen >= 4).all()


def test_masks_follow_from_the_generator() -> None:
    tokens = np.arange(5, 95, dtype=np.int32)
    one, same, other = (mask_tokens(tokens, 0.3, CONTINUES, rng(seed)) for seed in (1, 1, 2))
    assert (one.inputs == same.inputs).all()
    assert (one.inputs != other.inputs).any()


def test_every_word_is_as_likely_whatever_its_length() -> None:
    tokens = np.tile(np.array([10, 11, 60, 12, 62, 61], np.int32), 500)
    word = np.cumsum(~CONTINUES[tokens]) - 1
    hits = np.zeros(3)
    for seed in range(40):
        chosen = np.unique(word[mask_tokens(tokens, 0.3, CONTINUES, rng(seed)).where])
        hits += np.bincount(chosen % 3, minlength=3)
    assert abs(hits / hits.sum() - 1 / 3).max() < 0.01
    first, second = word.max() // 2 + 1, word.max() + 1
    early = np.mean([(word[mask_tokens(tokens, 0.3, CONTINUES, rng(s)).where] < first).mean() for s in range(40)])
    assert abs(early - first / second) < 0.01
