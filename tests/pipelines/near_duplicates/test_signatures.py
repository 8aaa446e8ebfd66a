import hashlib
import re

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from datasketch import MinHash
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.near_duplicates import signatures
from pipelines.near_duplicates.signatures import (
    bytes_and_offsets,
    shingle_hashes,
    sign,
    text_hashes,
    to_minhash,
    word_hashes,
)
from schemas.signatures import Deduplication, signature_fields

SETTINGS = Deduplication()
WORDS = st.sampled_from(["Befund", "Kein", "Ödem", "<PERSON>", "ß", "CK-MB", "65", "…", "„Herz“", "\u00a0", "😀", "ﬁ"])
TEXTS = st.one_of(st.text(max_size=60), st.lists(WORDS, max_size=40).map(" ".join))


def lower(texts: list[str]) -> pa.Array:
    return pc.utf8_lower(pa.array(texts, pa.string()))  # type: ignore[attr-defined]


def words_of(text: str) -> list[str]:
    return re.findall(r"[\w-]+", lower([text])[0].as_py())


def shingles_of(text: str, settings: Deduplication = SETTINGS) -> np.ndarray:
    return sign(pa.array([text]), settings)["shingles"].combine_chunks()[0].values.to_numpy()


@settings(deadline=None, max_examples=40)
@given(st.lists(TEXTS, max_size=8))
def test_words_are_those_of_the_regular_expression(texts: list[str]) -> None:
    lowered = lower(texts)
    hashes, counts = word_hashes(*bytes_and_offsets(lowered))
    expected = [words_of(text) for text in texts]
    assert counts.tolist() == [len(words) for words in expected]
    flat = [word for words in expected for word in words]
    by_word = dict(zip(flat, hashes.tolist(), strict=True))
    assert [by_word[word] for word in flat] == hashes.tolist()
    assert len(set(by_word.values())) == len(by_word)


@settings(deadline=None, max_examples=40)
@given(st.lists(TEXTS, max_size=6), st.integers(1, 6))
def test_shingles_are_the_runs_of_words(texts: list[str], length: int) -> None:
    settings = Deduplication(shingle=length)
    seen: dict[tuple[str, ...], int] = {}
    for text in texts:
        words = words_of(text)
        runs = {tuple(words[i : i + length]) for i in range(max(len(words) - length + 1, min(len(words), 1)))}
        found = shingles_of(text, settings)
        assert len(found) == len(runs)
        assert np.all(np.diff(found.astype(np.int64)) > 0)
        if len(runs) == 1:
            (run,) = runs
            assert seen.setdefault(run, int(found[0])) == found[0]


@settings(deadline=None, max_examples=40)
@given(st.lists(TEXTS, min_size=1, max_size=6), st.integers(0, 2**32 - 1), st.integers(1, 130))
def test_minhash_equals_datasketch_given_the_same_shingle_hashes(texts: list[str], seed: int, count: int) -> None:
    settings = Deduplication(seed=seed, permutations=count, bands=1, rows=1)
    for text in texts:
        shingles = shingles_of(text, settings)
        oracle = MinHash(num_perm=count, seed=seed, hashfunc=lambda value: value, scheme="affine32")
        oracle.update_batch(shingles.tolist())
        assert to_minhash(shingles, settings) == oracle


@settings(deadline=None, max_examples=40)
@given(st.lists(TEXTS, max_size=8))
def test_a_signature_does_not_depend_on_its_neighbours_or_its_form(texts: list[str]) -> None:
    together = sign(pa.array(texts, pa.string()), SETTINGS)
    alone = [sign(pa.array([text], pa.large_string()), SETTINGS) for text in texts]
    assert together.to_pylist() == [row for table in alone for row in table.to_pylist()]
    chunked = pa.chunked_array([pa.array(texts[:2], pa.string()), pa.array(["x", *texts[2:]], pa.string()).slice(1)])
    assert sign(chunked, SETTINGS).equals(together)


def test_blocks_do_not_show(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = pa.array([" ".join(f"wort{i * k}" for i in range(200)) for k in range(20)])
    whole = sign(texts, SETTINGS)
    monkeypatch.setattr(signatures, "BLOCK_BYTES", 700)
    monkeypatch.setattr(signatures, "STRIP", 64)
    monkeypatch.setattr(signatures, "STRETCH", 256)
    assert sign(texts, SETTINGS).equals(whole)


def test_columns() -> None:
    table = sign(pa.array(["Der Herzschatten ist nicht vergrößert.", "", "Kein Erguss"]), SETTINGS)
    assert table.schema.equals(pa.schema(signature_fields(SETTINGS)))
    exact = [hashlib.blake2b(text, digest_size=16).digest() for text in (b"", b"Kein Erguss")]
    assert table["exact"].to_pylist()[1:] == exact
    assert table["content"][1].as_py() == exact[0], "a text without words is known by itself"
    assert table["shingles"].to_pylist()[1] == []
    assert [table[f"band_{band:03d}"][1].as_py() for band in (0, 24)] == [0, 0]
    assert table["band_000"][0].as_py() != table["band_001"][0].as_py()


def test_case_punctuation_and_white_space_do_not_matter_but_letters_do() -> None:
    one, same, other = sign(
        pa.array(["Kein  ÖDEM, kein Erguss.", "kein Ödem kein\nErguss", "Kein Odem kein Erguss"]), SETTINGS
    )["content"].to_pylist()
    assert one == same != other


def test_known_values() -> None:
    """Stored signatures stay comparable: a change here is a change of `schemas.signatures.SCHEME`."""
    row = sign(pa.array(["Der Herzschatten von <PERSON> ist nicht vergrößert."]), SETTINGS)
    assert row["shingles"].to_pylist() == KNOWN_SHINGLES
    assert row["band_000"].to_pylist() == KNOWN_BAND


KNOWN_SHINGLES = [[269583475, 2581178499, 2928909809]]
KNOWN_BAND = [16017518171007171613]


def test_nulls_are_refused() -> None:
    with pytest.raises(ValueError, match="1 texts are null"):
        sign(pa.array(["a", None]), SETTINGS)


@settings(deadline=None, max_examples=40)
@given(st.lists(st.text(max_size=10), max_size=20))
def test_text_hashes(texts: list[str]) -> None:
    hashes = text_hashes(pa.array(texts, pa.string()))
    assert len(set(hashes.tolist())) == len(set(texts))


def test_empty_input() -> None:
    assert sign(pa.array([], pa.string()), SETTINGS).num_rows == 0
    assert shingle_hashes(np.zeros(0, np.uint64), np.zeros(3, np.int64), 5)[1].tolist() == [0, 0, 0, 0]


@pytest.mark.slow
def test_a_document_of_50_megabytes() -> None:
    text = " ".join(map(str, range(6_500_000)))
    assert len(text) > 50_000_000
    table = sign(pa.array([text], pa.large_string()), SETTINGS)
    assert len(table["shingles"][0]) > 6_490_000
