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

STRIP = 1 << 15
"""How many shingles are permuted at once: they and their products fit the second-level cache."""

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
    mask = table[:256].copy()
    mask[128:] = False
    is_word = mask[text]
    leads = np.flatnonzero(text >= 0xC0)
    if leads.size:
        padded = np.concatenate([text, np.zeros(3, np.uint8)])
        lead, second, third, fourth = (padded[leads + k].astype(np.int32) for k in range(4))
        tail = (second & 63, third & 63, fourth & 63)
        two = (lead & 31) << 6 | tail[0]
        three = (lead & 15) << 12 | tail[0] << 6 | tail[1]
        four = (lead & 7) << 18 | tail[0] << 12 | tail[1] << 6 | tail[2]
        code = np.where(lead < 0xE0, two, np.where(lead < 0xF0, three, four))
        high = np.flatnonzero(code >= table.size)
        found = table[np.minimum(code, table.size - 1)]
        found[high] = [chr(character).isalnum() for character in code[high].tolist()]
        words, length = leads[found], np.where(lead < 0xE0, 2, np.where(lead < 0xF0, 3, 4))[found]
        for k in range(4):
            is_word[words[length > k] + k] = True
    return is_word


def word_hashes(text: np.ndarray, offsets: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the hashes of the words of lower-cased UTF-8 `text`, uint64 [words], and how many each document has.

    `offsets`, int64 [documents + 1], cut the text, which begins at 0, into documents; a word ends
    with its document.
    """
    is_word = word_mask(text)
    before = np.empty_like(is_word)
    before[1:] = is_word[:-1]
    before[:1] = False
    inner = offsets[:-1][offsets[:-1] < text.size]
    before[inner] = False
    first = np.flatnonzero(is_word & ~before)
    counts = np.diff(np.searchsorted(first, offsets))
    letters = text[is_word]
    rank = np.cumsum(is_word, dtype=np.int64)
    starts = rank[first] - 1
    lengths = np.diff(starts, append=letters.size)
    return segment_hashes(letters, starts, lengths), counts


def text_hashes(texts: pa.Array) -> np.ndarray:
    """Return a 64-bit hash of each string, uint64 [texts]; that of the empty one is 0."""
    letters, offsets = bytes_and_offsets(texts)
    full = np.flatnonzero(np.diff(offsets))
    hashes = np.zeros(offsets.size - 1, np.uint64)
    hashes[full] = segment_hashes(letters, offsets[full], np.diff(offsets)[full])
    return hashes


def segment_hashes(letters: np.ndarray, starts: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """Return the polynomial hash of each segment of `letters`, none empty, uint64 [segments].

    The segments follow each other without gaps. Blocks of them are hashed at a time to bound the memory.
    """
    hashes = np.empty(starts.size, np.uint64)
    if not starts.size:
        return hashes
    powers = np.cumprod(np.full(int(lengths.max()), WORD_BASE, np.uint64))
    cuts = np.searchsorted(starts, np.arange(BLOCK_BYTES, letters.size, BLOCK_BYTES))
    bounds = np.unique(np.concatenate([[0], cuts, [starts.size]]))
    for begin, end in itertools.pairwise(bounds.tolist()):
        low, high = int(starts[begin]), int(starts[end]) if end < starts.size else letters.size
        here = starts[begin:end] - low
        place = np.arange(high - low) - np.repeat(here, lengths[begin:end])
        terms = (letters[low:high].astype(np.uint64) + np.uint64(1)) * powers[place]
        hashes[begin:end] = np.add.reduceat(terms, here)
    return mix(hashes)


def shingle_hashes(words: np.ndarray, counts: np.ndarray, shingle: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the distinct shingle hashes of documents, ascending in each, and the offsets of the documents.

    `words` are uint64 word hashes, `counts` how many each document has; the result is uint32
    [shingles] and int64 [documents + 1].
    """
    starts = np.cumsum(counts) - counts
    windows = np.where(counts >= shingle, counts - shingle + 1, np.minimum(counts, 1))
    document = np.repeat(np.arange(counts.size), windows)
    first = np.arange(document.size) - np.repeat(np.cumsum(windows) - windows, windows) + starts[document]
    length = np.minimum(counts[document], shingle)
    hashes = length.astype(np.uint64)
    padded = np.concatenate([words, np.zeros(shingle, np.uint64)])
    for k in range(shingle):
        word = padded[first + k]
        hashes = hashes * SHINGLE_BASE + (word if k == 0 else np.where(length > k, word, np.uint64(0)))
    keyed = (document.astype(np.uint64) << np.uint64(32)) | (mix(hashes) >> np.uint64(32))
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
        scratch = np.empty_like(strip)
        for row in range(count):
            np.multiply(strip, factors[row], out=scratch)
            np.add(scratch, summands[row], out=scratch)
            values[row, here] = np.minimum(values[row, here], np.minimum.reduceat(scratch, cuts))
        position = stop
    return values.T


def band_keys(values: np.ndarray, bands: int, rows: int) -> np.ndarray:
    """Return the keys of the bands of MinHash `values`, uint64 [bands, documents], none of them 0."""
    keys = np.empty((bands, values.shape[0]), np.uint64)
    for band in range(bands):
        key = np.full(values.shape[0], band + 1, np.uint64)
        for row in range(band * rows, (band + 1) * rows):
            key = mix(key * BAND_BASE + values[:, row])
        keys[band] = np.maximum(key, np.uint64(1))
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
    exact = _digests(*bytes_and_offsets(texts))
    content = _digests(shingles.astype("<u4", copy=False).view(np.uint8), cuts * 4)
    content = [
        own if empty else theirs for own, theirs, empty in zip(exact, content, cuts[1:] == cuts[:-1], strict=True)
    ]
    lists = pa.ListArray.from_arrays(
        pa.array(cuts.astype(np.int32)), pa.array(shingles), type=schema.field("shingles").type
    )
    columns = [pa.array(exact, pa.binary(16)), pa.array(content, pa.binary(16)), *map(pa.array, keys), lists]
    return pa.RecordBatch.from_arrays(columns, schema=schema)


def _digests(content: np.ndarray, offsets: np.ndarray) -> list[bytes]:
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
