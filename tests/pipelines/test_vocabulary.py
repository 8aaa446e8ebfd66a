import hashlib
import random
import re
from itertools import pairwise

import pytest

from pipelines.vocabulary import (
    MINIMUM_DOCUMENTS,
    VocabularyTally,
    distinct,
    heaps_exponent,
    may_be_shown,
    sketch,
    surrogate_words,
    vocabulary,
)

NOUNS = ("Erguss", "Befund", "Lunge", "Herz", "Niere", "Leber", "Fraktur", "Therapie")


def name(number: int) -> str:
    return hashlib.blake2b(str(number).encode(), digest_size=16).hexdigest()


def tally(documents: dict[str, str]) -> dict:
    counted = VocabularyTally()
    counted.add(list(documents), list(documents.values()))
    return counted.account()


def texts(number: int, seed: int = 1) -> dict[str, str]:
    draw = random.Random(seed)
    return {name(seed * 10**6 + i): f"Kein {draw.choice(NOUNS)}, x{draw.randrange(10**6)}y." for i in range(number)}


@pytest.mark.parametrize("size", [0, 1, 30, 4_000, 60_000, 400_000])
def test_distinct_words_are_estimated_within_four_standard_errors(size: int):
    assert distinct(sketch(f"w{number}" for number in range(size))) == pytest.approx(size, rel=0.065)


def test_parts_add_up_to_the_whole_in_any_order():
    documents = texts(300)
    halves = dict(list(documents.items())[:150]), dict(list(documents.items())[150:])
    whole = vocabulary([("ggponc", tally(documents))])
    assert vocabulary([("ggponc", tally(half)) for half in halves]) == whole
    assert vocabulary([("ggponc", tally(half)) for half in reversed(halves)]) == whole


def test_small_memory_gives_the_same_counts(monkeypatch: pytest.MonkeyPatch):
    whole = tally(texts(300))
    monkeypatch.setattr("pipelines.vocabulary.REMEMBERED_WORDS", 20)
    assert tally(texts(300)) == whole


def test_the_last_point_of_growth_is_the_whole_corpus():
    documents = texts(500)
    points = vocabulary([("ggponc", tally(documents))])["growth"]["ggponc"]
    words = [word for text in documents.values() for word in re.findall(r"[^\W\d_]+", text)]
    assert points[-1]["documents"] == 500
    assert points[-1]["words"] == len(words)
    assert points[-1]["distinct"] == pytest.approx(len(set(words)), abs=1)
    for smaller, larger in pairwise(points):
        assert all(smaller[key] <= larger[key] for key in smaller)


def test_terms_count_documents_and_need_enough_of_them():
    documents = {name(i): "Erguss und Erguss." for i in range(MINIMUM_DOCUMENTS)}
    documents |= {name(100 + i): "Niere." for i in range(MINIMUM_DOCUMENTS - 1)}
    assert vocabulary([("ggponc", tally(documents))])["terms"] == {"ggponc": {"Erguss": MINIMUM_DOCUMENTS}}


def test_the_minimum_holds_for_the_source_and_not_for_a_shard():
    shards = [("ggponc", tally({name(10 * s + i): "Niere." for i in range(5)})) for s in range(2)]
    assert vocabulary(shards)["terms"] == {"ggponc": {"Niere": 10}}


@pytest.mark.parametrize("word", ["Erguss", "Thorax", "Befund", "Hepatitis"])
def test_medical_nouns_may_be_shown(word: str):
    assert may_be_shown(word)


@pytest.mark.parametrize(
    "word", ["Gisela", "Müller", "MÜLLER", "Heidelberg", "Januar", "Krzywinski", "Xqzv", "kein", "Die", "Bäcker", "Ab"]
)
def test_names_places_and_unknown_words_are_never_shown(word: str):
    assert not may_be_shown(word)


def test_nothing_that_surrogates_are_made_of_is_shown():
    words = sorted(surrogate_words())
    assert len(words) > 3_000
    assert not [word for word in words if may_be_shown(word.capitalize()) or may_be_shown(word.upper())]


def test_a_name_in_every_document_is_not_shown():
    documents = {name(i): "Oberarzt Krzywinski und Frau Yıldız: Erguss." for i in range(50)}
    assert vocabulary([("ggponc", tally(documents))])["terms"] == {"ggponc": {"Erguss": 50}}


def test_heaps_exponent_of_a_power_law():
    points = [{"words": 10**k, "distinct": round(10 ** (0.6 * k))} for k in range(3, 8)]
    assert heaps_exponent(points) == pytest.approx(0.6, abs=0.001)
    assert heaps_exponent(points[:2]) is None
