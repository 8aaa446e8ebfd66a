"""Texts -> MinHash signatures, a column at a time.

Words are the matches of `[\\w-]+` in the lower-cased text; nothing is folded, so German letters stay
and a placeholder such as `<DATE_OF_BIRTH>` is one word. A document's shingles are the hashes of its
runs of `shingle` words; a shorter document is one shingle of all its words, so that only its equals
are near-duplicates of it; one without a word has none. The work is done on Arrow's byte buffers,
without a Python object per word. MinHash: Broder 1997; the permutations are datasketch's affine32.
"""

import functools
import hashlib
import itertools
from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from datasketch import MinHash

from schemas.signatures import Deduplication, signature_fields

BLOCK_BYTES = 1 << 20
"""How much text is worked on at once; a longer document is a block of its own."""

STRETCH = 1 << 15
"""How many bytes are hashed at once, so that the powers stay in the cache."""

STRIP = 1 << 16
"""How many shingles are permuted at once: they and their products fit the second-level cache."""

KEY_ROWS = 1 << 10
"""Of how many documents band keys are computed at once."""

WORD_BASE = np.uint64(0x9E3779B97F4A7C15)
SHINGLE_BASE = np.uint64(0xD6E8FEB86659FD93)
BAND_BASE = np.uint64(0xA0761D6478BD642F)


def mix(values: np.ndarray) -> np.ndarray:
    """Return uint64 `values` through the finalizer of splitmix64, a bijection that spreads every bit."""
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))


def fmix32(values: np.ndarray) -> np.ndarray:
    """Return uint32 `values` through MurmurHash3's finalizer, with which affine32 begins."""
    values = (values ^ (values >> np.uint32(16))) * np.uint32(0x85EBCA6B)
    values = (values ^ (values >> np.uint32(13))) * np.uint32(0xC2B2AE35)
    return values ^ (values >> np.uint32(16))


@functools.cache
def permutations(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the factors and summands, uint32 [count] each, that datasketch draws for affine32."""
    generator = np.random.RandomState(seed)
    factors = generator.randint(0, 1 << 31, count, dtype=np.uint32) * np.uint32(2) + np.uint32(1)
    return factors, generator.randint(0, 1 << 32, count, dtype=np.uint32)


@functools.cache
def _word_characters() -> np.ndarray:
    """Return for every code point below 0x20000 whether `[\\w-]` matches it, bool [0x20000]."""
    return np.array([chr(code).isalnum() or chr(code) in "_-" for code in range(0x20000)])


def word_mask(text: np.ndarray) -> np.ndarray:
    """Tell for each byte of valid UTF-8, uint8 [n], whether it is part of a word."""
    table = _word_characters()
    ascii_words = np.zeros(256, bool)
    ascii_words[:128] = table[:128]
    is_word = np.frombuffer(bytearray(text).translate(ascii_words.tobytes()), bool)
    leads = np.flatnonzero(text >= 0xC0)
    # nearly all are Latin-1 letters, umlauts and ß, whose code point is a shift away
    latin = text[leads] == 0xC3
    _mark_words(is_word, leads[latin], (text[leads[latin] + 1] & np.uint8(63)).astype(np.int32) | 0xC0, table)
    others = leads[~latin]
    if others.size:
        padded = np.concatenate([text, np.zeros(3, np.uint8)])
        lead, *tail = (padded[others + k].astype(np.int32) & (63 if k else 255) for k in range(4))
        two, three = (lead & 31) << 6 | tail[0], (lead & 15) << 12 | tail[0] << 6 | tail[1]
        four = (lead & 7) << 18 | tail[0] << 12 | tail[1] << 6 | tail[2]
        _mark_words(is_word, others, np.where(lead < 0xE0, two, np.where(lead < 0xF0, three, four)), table)
    return is_word


def _mark_words(is_word: np.ndarray, leads: np.ndarray, codes: np.ndarray, table: np.ndarray) -> None:
    """Set the bytes of those code points, beginning at `leads`, that are part of a word."""
    found = table[np.minimum(codes, table.size - 1)]
    high = np.flatnonzero(codes >= table.size)
    found[high] = [chr(code).isalnum() for code in codes[high].tolist()]
    leads, codes = leads[found], codes[found]
    is_word[leads] = True
    is_word[leads + 1] = True
    is_word[leads[codes >= 0x800] + 2] = True
    is_word[leads[codes >= 0x10000] + 3] = True


def word_hashes(text: np.ndarray, offsets: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the hashes of the words of lower-cased UTF-8 `text`, uint64 [words], and how many each document has.

    `offsets`, int64 [documents + 1], cut the text, which begins at 0, into documents; a word ends
    with its document.
    """
    is_word = np.zeros(text.size + 2, bool)
    is_word[1:-1] = word_mask(text)
    # words begin and end in turn, so one search finds both
    changes = np.flatnonzero(is_word[1:] != is_word[:-1])
    inner = offsets[is_word[offsets] & is_word[offsets + 1]]
    if inner.size:
        changes = np.sort(np.concatenate([changes, *[np.unique(inner)] * 2]), kind="stable")
    starts, ends = changes[::2], changes[1::2]
    return segment_hashes(text, starts, ends), np.diff(np.searchsorted(starts, offsets))


def text_hashes(texts: pa.Array) -> np.ndarray:
    """Return a 64-bit hash of each string, uint64 [texts]."""
    letters, offsets = bytes_and_offsets(texts)
    return segment_hashes(letters, offsets[:-1], offsets[1:])


def segment_hashes(letters: np.ndarray, starts: np.ndarray, ends: np.ndarray) -> np.ndarray:
    """Return the polynomial hash modulo 2**64, mixed, of each segment of the bytes `letters`, uint64 [segments].

    The segments ascend and do not overlap. A segment's hash is the difference of two sums of terms
    from the left, brought to the same place; stretches of the letters bound the memory, and a
    segment longer than one has a BLAKE2b digest as its hash.
    """
    hashes = np.empty(starts.size, np.uint64)
    long = ends - starts > STRETCH
    for segment in np.flatnonzero(long).tolist():
        digest = hashlib.blake2b(np.ascontiguousarray(letters[starts[segment] : ends[segment]]).data, digest_size=8)
        hashes[segment] = int.from_bytes(digest.digest(), "little")
    begins, lasts = starts[~long], ends[~long]
    rest = np.empty(begins.size, np.uint64)
    powers, inverses = _powers(2 * STRETCH)
    scratch, prefix = np.empty(2 * STRETCH, np.uint64), np.zeros(2 * STRETCH + 1, np.uint64)
    cuts = np.searchsorted(begins, np.arange(STRETCH, letters.size, STRETCH))
    for begin, end in itertools.pairwise(np.unique([0, *cuts, begins.size]).tolist()):
        low, high = int(begins[begin]), int(lasts[end - 1])
        terms, sums = scratch[: high - low], prefix[: high - low + 1]
        np.multiply(letters[low:high], powers[: high - low], out=terms)
        np.cumsum(terms, out=sums[1:])
        first, last = begins[begin:end] - low, lasts[begin:end] - low
        rest[begin:end] = (sums[last] - sums[first]) * inverses[first] + (last - first).astype(np.uint64)
    hashes[~long] = rest
    return mix(hashes)


@functools.cache
def _powers(count: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the powers of the base of word hashes and of its inverse, up to `count`."""
    bases = int(WORD_BASE), pow(int(WORD_BASE), -1, 1 << 64)
    one, other = (np.cumprod(np.array([1] + [base] * count, np.uint64)) for base in bases)
    return one, other


def shingle_hashes(words: np.ndarray, counts: np.ndarray, shingle: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the distinct shingle hashes of documents, ascending in each, and the offsets of the documents.

    `words` are uint64 word hashes, `counts` how many each document has; the result is uint32
    [shingles] and int64 [documents + 1].
    """
    starts = np.cumsum(counts) - counts
    document = np.repeat(np.arange(counts.size, dtype=np.uint64), counts)
    rolling = np.zeros(words.size, np.uint64)
    left = np.repeat(starts + counts, counts) - np.arange(words.size)
    powers = np.cumprod(np.full(shingle, SHINGLE_BASE))
    for k in range(min(shingle, words.size)):
        rolling[: words.size - k] += words[k:] * powers[k]
    short = np.flatnonzero((counts > 0) & (counts < shingle))
    keep = left >= shingle
    keep[starts[short]] = True
    for row in short.tolist():
        own = words[starts[row] : starts[row] + counts[row]]
        rolling[starts[row]] = (own * powers[: own.size]).sum() + np.uint64(own.size)
    keyed = (document[keep] << np.uint64(32)) | (mix(rolling[keep]) >> np.uint64(32))
    keyed.sort()
    distinct = keyed[np.flatnonzero(np.diff(keyed, prepend=~keyed[:1]))]
    offsets = np.searchsorted(distinct, np.arange(counts.size + 1, dtype=np.uint64) << np.uint64(32))
    return distinct.astype(np.uint32), offsets.astype(np.int64)


def minhash(shingles: np.ndarray, offsets: np.ndarray, count: int, seed: int) -> np.ndarray:
    """Return the MinHash values, uint32 [documents, count]; all ones bits where a document has no shingle.

    `shingles` are uint32 hashes, `offsets` int64 [documents + 1] cut them into documents.
    """
    values = np.full((count, offsets.size - 1), np.iinfo(np.uint32).max, np.uint32)
    full = np.flatnonzero(np.diff(offsets))
    mixed = fmix32(shingles)
    bounds = offsets[full]
    factors, summands = permutations(count, seed)
    position = 0
    while position < mixed.size:
        stop = min(position + STRIP, mixed.size)
        low, high = np.searchsorted(bounds, position, "right") - 1, np.searchsorted(bounds, stop)
        strip, here = mixed[position:stop], full[low:high]
        cuts = np.maximum(bounds[low:high] - position, 0)
        scratch, least = np.empty_like(strip), np.empty((count, here.size), np.uint32)
        for row in range(count):
            np.multiply(strip, factors[row], out=scratch)
            np.add(scratch, summands[row], out=scratch)
            np.minimum.reduceat(scratch, cuts, out=least[row])
        values[:, here] = np.minimum(values[:, here], least)
        position = stop
    return values.T


def band_keys(values: np.ndarray, bands: int, rows: int) -> np.ndarray:
    """Return the keys of the bands of MinHash `values`, uint64 [bands, documents], none of them 0."""
    keys = np.empty((bands, values.shape[0]), np.uint64)
    for low in range(0, values.shape[0], KEY_ROWS):
        columns = values[low : low + KEY_ROWS, : bands * rows].T.reshape(bands, rows, -1)
        key = np.arange(1, bands + 1, dtype=np.uint64)[:, None]
        for row in range(rows):
            key = mix(key * BAND_BASE + columns[:, row])
        keys[:, low : low + KEY_ROWS] = np.maximum(key, np.uint64(1))
    return keys


def sign(templates: pa.Array | pa.ChunkedArray, settings: Deduplication) -> pa.Table:
    """Return the signatures of `templates`, strings without nulls: a row for each, columns `signature_fields`."""
    schema = pa.schema(signature_fields(settings))
    blocks = [_sign_block(block, settings, schema) for block in _blocks(templates)]
    return pa.Table.from_batches(blocks, schema).combine_chunks()


def to_minhash(shingles: np.ndarray, settings: Deduplication) -> MinHash:
    """Return the set of uint32 `shingles` as datasketch's MinHash, equal to its own of the same hashes."""
    values = minhash(shingles, np.array([0, shingles.size]), settings.permutations, settings.seed)[0]
    return MinHash(
        seed=settings.seed,
        hashvalues=values,
        permutations=np.array(permutations(settings.permutations, settings.seed)),
        scheme="affine32",
    )


def _blocks(templates: pa.Array | pa.ChunkedArray) -> Iterator[pa.Array]:
    chunks = templates.chunks if isinstance(templates, pa.ChunkedArray) else [templates]
    for chunk in chunks:
        if chunk.null_count:
            raise ValueError(f"{chunk.null_count} texts are null")
        ends = np.cumsum(pc.binary_length(chunk).to_numpy().astype(np.int64))  # type: ignore[attr-defined]
        start = 0
        while start < len(chunk):
            taken = ends[start - 1] if start else 0
            stop = max(int(np.searchsorted(ends, taken + BLOCK_BYTES, "right")), start + 1)
            yield chunk.slice(start, stop - start)
            start = stop


def _sign_block(texts: pa.Array, settings: Deduplication, schema: pa.Schema) -> pa.RecordBatch:
    text, offsets = bytes_and_offsets(pc.utf8_lower(texts))  # type: ignore[attr-defined]
    words, counts = word_hashes(text, offsets)
    shingles, cuts = shingle_hashes(words, counts, settings.shingle)
    values = minhash(shingles, cuts, settings.permutations, settings.seed)
    keys = band_keys(values, settings.bands, settings.rows)
    keys[:, cuts[1:] == cuts[:-1]] = 0
    exact = digests(*bytes_and_offsets(texts))
    content = digests(shingles.astype("<u4", copy=False).view(np.uint8), cuts * 4)
    content = [
        own if empty else theirs for own, theirs, empty in zip(exact, content, cuts[1:] == cuts[:-1], strict=True)
    ]
    lists = pa.ListArray.from_arrays(
        pa.array(cuts.astype(np.int32)), pa.array(shingles), type=schema.field("shingles").type
    )
    columns = [pa.array(exact, pa.binary(16)), pa.array(content, pa.binary(16)), *map(pa.array, keys), lists]
    return pa.RecordBatch.from_arrays(columns, schema=schema)


def digests(content: np.ndarray, offsets: np.ndarray) -> list[bytes]:
    """Return the BLAKE2b-128 digests of segments of bytes, uint8."""
    view = np.ascontiguousarray(content).data
    cuts = offsets.tolist()
    blake2b = functools.partial(hashlib.blake2b, digest_size=16)
    return [blake2b(view[low:high]).digest() for low, high in itertools.pairwise(cuts)]


def bytes_and_offsets(texts: pa.Array) -> tuple[np.ndarray, np.ndarray]:
    """Return the bytes of an array of strings, uint8 [n], and the offsets of its texts in them, from 0."""
    wide = pa.types.is_large_string(texts.type)
    _, places, data = texts.buffers()
    offsets = np.frombuffer(places, np.int64 if wide else np.int32)[texts.offset : texts.offset + len(texts) + 1]
    offsets = offsets.astype(np.int64)
    text = np.frombuffer(data, np.uint8)[offsets[0] : offsets[-1]] if data is not None else np.zeros(0, np.uint8)
    return text, offsets - offsets[0]
