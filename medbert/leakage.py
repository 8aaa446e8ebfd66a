"""Texts that stand in two splits: exact, nearly, or of the same patient.

Near-duplicates have a Jaccard similarity of their sets of 5-word shingles of at least 0.8. Candidates
come from MinHash signatures in 25 bands of 5 (Broder 1997; Leskovec et al., Mining of Massive Datasets,
ch. 3), which find practically every such pair; each is then compared exactly.
"""

import re
import zlib
from collections import defaultdict
from collections.abc import Sequence

import numpy as np

WORD = re.compile(r"\w+")
SHINGLE, BANDS, ROWS = 5, 25, 5
THRESHOLD = 0.8
PRIME = np.uint64((1 << 61) - 1)


def normalise(text: str) -> str:
    """Return the words of `text`, lower case, one space between: what exact duplicates have in common."""
    return " ".join(WORD.findall(text.lower()))


def shingles(text: str) -> frozenset[int]:
    """Return the hashes (CRC-32) of the 5-word shingles; a shorter text is one shingle."""
    words = WORD.findall(text.lower())
    return frozenset(
        zlib.crc32(" ".join(words[i : i + SHINGLE]).encode()) for i in range(max(1, len(words) - SHINGLE + 1))
    )


def signature_bands(values: frozenset[int]) -> list[bytes]:
    """Return the bands of the MinHash signature of a set of shingles."""
    generator = np.random.default_rng(0)
    factors = generator.integers(1, 1 << 32, (BANDS * ROWS, 2), dtype=np.uint64)
    table = np.fromiter(sorted(values), np.uint64)
    with np.errstate(over="ignore"):
        hashed = (factors[:, :1] * table + factors[:, 1:]) % PRIME
    signature = hashed.min(axis=1).reshape(BANDS, ROWS)
    return [bytes([band]) + row.tobytes() for band, row in enumerate(signature)]


def find_leaks(
    texts: Sequence[str], patients: Sequence[str], other_texts: Sequence[str], other_patients: Sequence[str]
) -> dict[int, str]:
    """Return which of `texts` leak into `other_texts`, by position: exact, near_duplicate or patient.

    An empty patient is an unknown one and matches nothing.
    """
    known = {patient for patient in other_patients if patient}
    exact = {normalise(text) for text in other_texts}
    sets = [shingles(text) for text in other_texts]
    buckets = defaultdict(list)
    for place, values in enumerate(sets):
        for band in signature_bands(values):
            buckets[band].append(place)
    leaks = {}
    for place, (text, patient) in enumerate(zip(texts, patients, strict=True)):
        if normalise(text) in exact:
            leaks[place] = "exact"
        elif _has_near_duplicate(shingles(text), buckets, sets):
            leaks[place] = "near_duplicate"
        elif patient in known:
            leaks[place] = "patient"
    return leaks


def _has_near_duplicate(
    values: frozenset[int], buckets: dict[bytes, list[int]], sets: Sequence[frozenset[int]]
) -> bool:
    candidates = sorted({place for band in signature_bands(values) for place in buckets.get(band, ())})
    return any(len(values & sets[place]) >= THRESHOLD * len(values | sets[place]) for place in candidates)
