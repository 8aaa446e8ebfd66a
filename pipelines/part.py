"""Pass one: a split becomes a part.

One chain of plain functions from the raw record to the Parquet part: read, clean, select, anonymise,
count, sign, write. Raw text exists in it only, in the memory of one process; what is written is
de-identified. The part's account is written last: its being there is what "done" means.
"""

import logging
import re
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, lru_cache
from typing import Any

import apache_beam as beam
import pyarrow as pa
from apache_beam.metrics import Metrics

from pipelines.anonymise import Anonymisation, Anonymiser
from pipelines.clean import clean
from pipelines.count import count_text, split_sentences
from pipelines.ingest import Options, Outcome
from pipelines.near_duplicates.signatures import sign
from pipelines.reading import read_split
from pipelines.recognizers.lexicon import Flag, lexicon
from pipelines.select import Selection, select
from pipelines.shard import PartWriter, documents_table, part_url
from pipelines.sources import source
from pipelines.splits import Split
from pipelines.usage import peak_memory
from schemas import storage
from schemas.document import Document, RawDocument, Rejection
from schemas.signatures import Deduplication, signature_schema

logger = logging.getLogger("pipelines.build_corpus")
BATCH_DOCUMENTS, BATCH_CHARACTERS = 512, 4_000_000
"""Bounds of the documents that are counted, signed and written together."""

HEARTBEAT_SECONDS = 2.0
_LETTERS = re.compile(r"[^\W\d_]{3,}")


@dataclass(frozen=True, slots=True)
class Recipe:
    """What pass one does to every split. `fingerprint` is the configuration's."""

    input: str
    work: str
    fingerprint: str
    options: dict[str, dict[str, str]]
    selection: Selection
    anonymisation: Anonymisation
    deduplication: Deduplication
    withdrawn: frozenset[str] = field(default_factory=frozenset, repr=False)


class Stopwatch:
    """CPU seconds of this thread by stage."""

    def __init__(self) -> None:
        self.seconds: defaultdict[str, float] = defaultdict(float)
        self._last = time.thread_time()

    def lap(self, stage: str) -> None:
        """Charge the time since the last lap to `stage`."""
        now = time.thread_time()
        self.seconds[stage] += now - self._last
        self._last = now


@cache
def anonymiser(settings: Anonymisation) -> Anonymiser:
    """Return the one anonymiser of this process: its lexicons and models are loaded once."""
    return Anonymiser(settings, splitter=split_sentences)


def prepare(raw: RawDocument, recipe: Recipe, watch: Stopwatch) -> Document | Rejection:
    """Return the de-identified document of `raw`, or the rejection that ends its way."""
    watch.lap("read")
    if raw.id in recipe.withdrawn or raw.key in recipe.withdrawn:
        return Rejection(raw.id, raw.source, "ingest", "withdrawn", raw.file)
    if len(raw.text) > recipe.selection.maximum_characters:
        return Rejection(raw.id, raw.source, "select", "too_long", raw.file)
    try:
        text, title = clean(raw.text), clean(raw.title)
        known = tuple(replace(identifier, value=clean(identifier.value)) for identifier in raw.known)
        watch.lap("clean")
        text, reason = select(text, title, recipe.selection)
        watch.lap("select")
    except Exception:  # its message could hold text, so it ends here
        return Rejection(raw.id, raw.source, "select", "unexpected_error", raw.file)
    if reason is not None:
        return Rejection(raw.id, raw.source, "select", reason, raw.file)
    outcome = anonymiser(recipe.anonymisation)(replace(raw, text=text, title=title, known=known))
    watch.lap("anonymise")
    return outcome


def is_first_name(word: str) -> bool:
    """Tell whether `word` is a first name and no common word."""
    flags = lexicon()[word.capitalize()]
    return bool(flags & Flag.FIRST_NAME) and not flags & (Flag.COMMON | Flag.NOT_NAME)


@lru_cache(maxsize=4096)
def masked_path(path: str) -> str:
    """Return the path of a file with every part starred out that has a first name in it, but for the ending.

    Exports are named after patients, and rejections and logs name files.
    """
    parts = []
    for part in path.split("/"):
        stem, dot, ending = part.partition(".")
        if any(is_first_name(word) for word in _LETTERS.findall(stem)):
            stem = "".join("*" if character.isalnum() else character for character in stem)
        parts.append(f"{stem}{dot}{ending}")
    return "/".join(parts)


def outcomes(split: Split, recipe: Recipe, watch: Stopwatch) -> Iterator[Document | Rejection]:
    """Yield what became of every record of `split`."""
    folder = storage.join(recipe.input, split.source)
    options: Options = recipe.options.get(split.source, {})
    settings = recipe.anonymisation

    def tell_of_broken_file(path: str, error: Exception) -> None:
        # the kind of error only: its message could hold text
        name = masked_path(path)
        logger.warning("%s: unforeseen %s; what is left of the file is rejected", name, type(error).__name__)

    records: Iterable[Outcome] = read_split(source(split.source), folder, split, options, tell_of_broken_file)
    for raw in records:
        outcome = raw if isinstance(raw, Rejection) else prepare(raw, recipe, watch)
        if isinstance(outcome, Rejection) and split.source not in settings.public:
            outcome = replace(outcome, file=masked_path(outcome.file))
        yield outcome
    watch.lap("read")


def build_part(split: Split, recipe: Recipe) -> dict[str, Any]:
    """Build the part of `split` and return its account; a part that is there is not built again."""
    name = split.name(recipe.fingerprint)
    account_url = part_url(recipe.work, "accounts", name)
    if storage.exists(account_url):
        return storage.read_json(account_url)
    watch = Stopwatch()
    tally = Tally(storage.join(recipe.work, "progress", f"{name}.json"), split.source)
    with PartWriter(recipe.work, name, signature_schema(recipe.deduplication)) as writer:
        for batch in batched(outcomes(split, recipe, watch)):
            documents = [outcome for outcome in batch if isinstance(outcome, Document)]
            rejections = [outcome for outcome in batch if isinstance(outcome, Rejection)]
            table = documents_table(documents, [count_text(document.text) for document in documents])
            watch.lap("count")
            signatures = sign_documents(documents, table, recipe.deduplication)
            watch.lap("sign")
            writer.write(table, signatures)
            for rejection in rejections:
                writer.reject(rejection)
            watch.lap("write")
            tally.add(documents, rejections, table)
    watch.lap("write")
    account = {"part": name, "split": split.to_json(), **tally.account()}
    account |= {"seconds": dict(watch.seconds), "peak_memory": peak_memory()}
    storage.write_json(account_url, account)
    tally.close()
    return account


def sign_documents(documents: Sequence[Document], table: pa.Table, settings: Deduplication) -> pa.Table:
    """Return the signatures of `documents`, whose rows are `table`: near-duplicates are found on templates."""
    signatures = sign(pa.array([document.template for document in documents], pa.string()), settings)
    return pa.table(
        [table["id"], table["source"], table["bytes"], *signatures.columns], schema=signature_schema(settings)
    )


def batched(items: Iterable[Document | Rejection]) -> Iterator[list[Document | Rejection]]:
    """Yield `items` in lists that are bounded in number and in text."""
    batch: list[Document | Rejection] = []
    size = 0
    for item in items:
        batch.append(item)
        size += len(item.text) if isinstance(item, Document) else 0
        if len(batch) >= BATCH_DOCUMENTS or size >= BATCH_CHARACTERS:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


class Tally:
    """Counts what became of a part's documents, and says so while it is under way: counts, never text.

    `failed` are the documents that de-identification gave up on.
    """

    def __init__(self, progress_url: str, source: str) -> None:
        self.progress_url, self.source = progress_url, source
        self.read = self.kept = self.bytes = 0
        self.failed = 0
        self.rejected: Counter[str] = Counter()
        self.entities: Counter[str] = Counter()
        self.next = time.monotonic() + HEARTBEAT_SECONDS

    def add(self, documents: Sequence[Document], rejections: Sequence[Rejection], table: pa.Table) -> None:
        """Count a batch; `table` are the rows of its documents."""
        self.read += len(documents) + len(rejections)
        self.kept += len(documents)
        self.bytes += int(table["bytes"].to_numpy().sum())
        self.rejected.update(rejection.reason for rejection in rejections)
        self.failed += sum(rejection.stage == "anonymise" for rejection in rejections)
        for document in documents:
            self.entities.update(document.entities)
        if time.monotonic() >= self.next:
            storage.write_json(self.progress_url, self.account())
            self.next = time.monotonic() + HEARTBEAT_SECONDS

    def account(self) -> dict[str, Any]:
        return {
            "source": self.source,
            "read": self.read,
            "kept": self.kept,
            "bytes": self.bytes,
            "failed": self.failed,
            "rejected": dict(sorted(self.rejected.items())),
            "entities": dict(sorted(self.entities.items())),
        }

    def close(self) -> None:
        """Take the progress file away: the account says it now."""
        storage.delete_file(self.progress_url)


@dataclass
class BuildParts(beam.PTransform):
    """Splits in, accounts of their parts out; the splits are shared among the workers first."""

    recipe: Recipe

    def expand(self, splits: beam.PCollection) -> Any:
        return splits | beam.Reshuffle() | beam.ParDo(_BuildPart(self.recipe))


class _BuildPart(beam.DoFn):
    def __init__(self, recipe: Recipe) -> None:
        self.recipe = recipe

    def process(self, split: Split) -> Iterator[dict[str, Any]]:
        account = build_part(split, self.recipe)
        Metrics.counter(BuildParts, "documents_read").inc(account["read"])
        Metrics.counter(BuildParts, "documents_kept").inc(account["kept"])
        for reason, count in account["rejected"].items():
            Metrics.counter(BuildParts, f"rejected_{reason}").inc(count)
        yield account
