"""Generated files of signatures, as of radiology reports: unique ones, templated ones and edited copies.

A shingle is a hash of a text's number and the shingle's place in it, so that no text is needed and
a document can be made anywhere. Each edit of a copy replaces the five shingles around a word.
"""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.near_duplicates.signatures import band_keys, digests, minhash, mix
from schemas.signatures import Deduplication, signature_schema

PART_ROWS = 20_000
TEMPLATES = 2000
TEMPLATED, COPIED = 0.25, 0.1
"""Shares of the documents; normal reports are templated, addenda and double entries are copies."""


def choose_texts(generator: np.random.Generator, part: int) -> tuple[np.ndarray, np.ndarray]:
    """Return for each document of a part the number of its text and how many words of it are edited."""
    rows = np.arange(PART_ROWS, dtype=np.uint64) + np.uint64(part * PART_ROWS)
    text = rows + np.uint64(1 << 32)
    kind = generator.random(PART_ROWS)
    templated, copied = kind < TEMPLATED, (kind >= TEMPLATED) & (kind < TEMPLATED + COPIED)
    # few templates make most of the normal reports
    template = np.minimum(generator.pareto(0.6, PART_ROWS), TEMPLATES - 1).astype(np.uint64)
    text = np.where(templated, template, text)
    # three copies on average of each copied text, anywhere in the corpus
    text = np.where(copied, np.uint64(1 << 40) + rows // np.uint64(30), text)
    return text, np.where(
        templated, generator.poisson(2.5, PART_ROWS), np.where(copied, generator.poisson(1, PART_ROWS), 0)
    )


def make_shingles(generator: np.random.Generator, part: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the shingles of a part, uint32, ascending and distinct in each document, and their offsets."""
    text, edits = choose_texts(generator, part)
    sizes = 20 + (mix(text) % np.uint64(240)).astype(np.int64)
    starts = np.cumsum(sizes) - sizes
    owner = np.repeat(np.arange(PART_ROWS), sizes)
    place = np.arange(owner.size) - starts[owner]
    source = text[owner]
    document = np.repeat(np.arange(PART_ROWS), edits)
    edited = starts[document] + (generator.random(document.size) * sizes[document]).astype(np.int64)
    # a template's report differs by findings that recur: an edit is one of 50 phrases at its place
    own = generator.integers(0, 50, edited.size).astype(np.uint64) + (text[document] << np.uint64(8))
    for k in range(5):
        at = np.minimum(edited + k, starts[document] + sizes[document] - 1)
        source[at] = own + np.uint64(1 << 50)
    hashes = mix((source << np.uint64(12)) + place.astype(np.uint64)) >> np.uint64(32)
    keyed = np.sort((owner.astype(np.uint64) << np.uint64(32)) | hashes)
    keyed = keyed[np.flatnonzero(np.diff(keyed, prepend=~keyed[:1]))]
    offsets = np.searchsorted(keyed, np.arange(PART_ROWS + 1, dtype=np.uint64) << np.uint64(32))
    return keyed.astype(np.uint32), offsets.astype(np.int64)


def write_part(url: str, part: int, settings: Deduplication) -> None:
    """Write the signatures of the part with this number."""
    shingles, offsets = make_shingles(np.random.default_rng([1, part]), part)
    values = minhash(shingles, offsets, settings.permutations, settings.seed)
    keys = band_keys(values, settings.bands, settings.rows)
    content = pa.array(digests(shingles.view(np.uint8), offsets * 4), pa.binary(16))
    ids = pa.array([f"{part * PART_ROWS + row:032x}" for row in range(PART_ROWS)])
    source = pa.array(["radiology_reports"]).take(pa.array(np.zeros(PART_ROWS, np.int32)))
    schema = signature_schema(settings)
    lists = pa.ListArray.from_arrays(
        pa.array(offsets.astype(np.int32)), pa.array(shingles), type=schema.field("shingles").type
    )
    columns = [ids, source, pa.array(np.diff(offsets) * 7), content, content, *map(pa.array, keys), lists]
    Path(url).parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table(columns, schema=schema), f"{url}.new", use_dictionary=False, compression="none")
    Path(f"{url}.new").replace(url)
