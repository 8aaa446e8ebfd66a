"""The tables of a report and the content of `statistics.json`: all of it from the manifest.

A figure that is not there is said to be missing, never shown as zero.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from importlib import resources
from typing import Any

from pipelines.vocabulary import MINIMUM_DOCUMENTS
from schemas.document import SOURCES
from schemas.manifest import SUMMARY, VARIANTS, Account, Manifest, summarise
from schemas.statistics import CorpusStatistics

DISPLAY_NAMES = {
    "doccheck_flexikon": "DocCheck Flexikon",
    "ggponc": "GGPOnc 1.0",
    "webcrawl": "Webcrawl",
    "pubmed_abstracts": "PubMed abstracts",
    "radiology_reports": "Radiology reports",
    "springer_nature": "Springer Nature",
    "electronic_health_records": "Electronic health records",
    "doctoral_theses": "Doctoral theses",
    "thieme": "Thieme Publishing Group",
    "wikipedia": "Wikipedia",
    SUMMARY: "Summary",
}
"""The sources as the published table names them."""

VARIANT_NAMES = {"full": "Full", "dedup": "Without near-duplicates"}
FIGURES = ("No. Documents", "No. Sentences", "No. Words", "Size (MB)")
MISSING = "–"
NOTES = (
    "Words are matches of `[\\w-]+`. Sentences are split by rules for German clinical prose, those of the published "
    "table by an English model, so the two are near each other but not the same measure. Size is UTF-8 text in MB "
    "(1,000,000 bytes), rounded up in every row, the summary from its own bytes: the rows may add to more. "
    f"“{MISSING}” means that there is no figure, which is not zero."
)
TERMS_NOTE = (
    "A term is a noun of a German dictionary that is no name, place or calling and stands in no surrogate, and that at "
    f"least {MINIMUM_DOCUMENTS} documents of the source hold."
)
REASONS_NOTE = "language: the text is in another language; not_german: the file itself says so."
ENTITIES = "De-identified entities by label"


@dataclass(frozen=True, slots=True)
class Section:
    """A titled table of a report; `cells` are formatted, the first column names the row."""

    title: str
    header: Sequence[str]
    cells: Sequence[Sequence[str]]
    note: str = ""


def megabytes(size: int) -> int:
    """Return `size` bytes in MB of 1,000,000 bytes, rounded up as in the published table."""
    return -(-size // 1_000_000)


@cache
def published() -> dict[str, CorpusStatistics]:
    """Return the published table, by source and with its summary; `bytes` are its megabytes, rounded up there."""
    card = json.loads(resources.files("pipelines.reporting").joinpath("published_card.json").read_text("utf-8"))
    rows = {
        source: CorpusStatistics(row["documents"], row["sentences"], row["words"], row["megabytes"] * 1_000_000)
        for source, row in card["rows"].items()
    }
    return summarise(rows)


def number(value: int | None) -> str:
    """Return `value` with thousands separators, or the sign that it is missing."""
    return MISSING if value is None else f"{value:,}"


def figures(row: CorpusStatistics | None) -> list[str]:
    """Return documents, sentences, words and MB as the table shows them."""
    if row is None:
        return [MISSING] * len(FIGURES)
    return [number(value) for value in (row.documents, row.sentences, row.words, megabytes(row.bytes))]


def corpus_table(rows: Mapping[str, CorpusStatistics], beside: Mapping[str, CorpusStatistics] | None = None) -> Section:
    """Return the card's table of `rows`, with the rows of `beside` to the right of ours where it is given."""
    header = ["Source", *FIGURES, *(f"Card: {name}" for name in FIGURES if beside is not None)]
    cells = [
        [
            DISPLAY_NAMES[source],
            *figures(rows.get(source)),
            *(figures(beside.get(source)) if beside is not None else ()),
        ]
        for source in (*SOURCES, SUMMARY)
    ]
    return Section("", header, cells)


def variants_table(statistics: Mapping[str, Mapping[str, CorpusStatistics]]) -> Section:
    """Return both variants side by side: documents and words of each, and the share that the dedup variant keeps."""
    full, dedup = (statistics.get(variant, {}) for variant in VARIANTS)
    cells = []
    for source in (*SOURCES, SUMMARY):
        line = [DISPLAY_NAMES[source]]
        for name in ("documents", "words"):
            before, after = (getattr(row, name) if row else None for row in (full.get(source), dedup.get(source)))
            share = MISSING if not before or after is None else f"{100 * after / before:.1f}"
            line += [number(before), number(after), share]
        cells.append(line)
    names = ("Documents", "of these in dedup", "%", "No. Words", "of these in dedup", "%")
    return Section("Full and dedup side by side", ("Source", *names), cells)


def account_table(accounts: Mapping[str, Account]) -> Section:
    """Return where the documents of each source went."""
    total = sum(accounts.values(), Account()) if accounts else None
    cells = [
        [
            DISPLAY_NAMES[source],
            number(account.read),
            number(account.kept),
            number(account.duplicates),
            number(sum(account.rejected.values())),
        ]
        if account is not None
        else [DISPLAY_NAMES[source], *[MISSING] * 4]
        for source, account in [*((source, accounts.get(source)) for source in SOURCES), (SUMMARY, total)]
    ]
    header = ("Source", "Read", "Kept", "of these near-duplicates", "Rejected")
    return Section("Read, kept and rejected", header, cells, "Read = kept + rejected, for every source.")


def count_table(title: str, first: str, counts: Mapping[str, Mapping[str, int]], note: str = "") -> Section:
    """Return counts by name, a row each, and by source, a column each, both only where there is one."""
    sources = [source for source in SOURCES if counts.get(source)]
    names = sorted({name for source in sources for name in counts[source]})
    cells = [
        [
            name,
            *(number(counts[source].get(name, 0)) for source in sources),
            number(sum(counts[source].get(name, 0) for source in sources)),
        ]
        for name in names
    ]
    return Section(title, (first, *(DISPLAY_NAMES[source] for source in sources), "All"), cells, note if cells else "")


def overlap_table(duplicates: Mapping[str, Mapping[str, Mapping[str, int]]]) -> Section:
    """Return who duplicates whom: marked documents, exact and near, by source and source of the kept one."""
    title, header = "Who duplicates whom", ("Source", "Duplicates of", "Exact", "Near")
    if not duplicates:
        return Section(title, header, (), "The manifest has no counts of duplicates.")
    cells = []
    for source in SOURCES:
        for kept in SOURCES:
            counts = [
                duplicates[kind].get(source, {}).get(kept, 0) if kind in duplicates else None
                for kind in ("exact", "near")
            ]
            if any(counts):
                cells.append([DISPLAY_NAMES[source], DISPLAY_NAMES[kept], *map(number, counts)])
    return Section(title, header, cells)


def tokens_table(tokens: Mapping[str, Any] | None) -> Section:
    """Return tokens by source, and how many a word is made of, from `tokens.json` where there is one."""
    title, header = "Tokens", ("Source", "No. Words", "Tokens", "Tokens a word", "Unknown tokens")
    if tokens is None:
        return Section(title, header, (), "No tokenizer was given: python -m pipelines.report --tokenizer DIR.")
    cells = []
    for source in (*SOURCES, SUMMARY):
        row = tokens["rows"].get(source)
        rate = f"{row['tokens'] / row['words']:.3f}" if row and row["words"] else MISSING
        counts = [number(row[name]) if row else MISSING for name in ("words", "tokens", "unknown")]
        cells.append([DISPLAY_NAMES[source], *counts[:2], rate, counts[2]])
    return Section(title, header, cells, "Special tokens do not count.")


def terms_table(vocabulary: Mapping[str, Any]) -> Section:
    """Return the commonest terms of each source and how many documents hold them."""
    title, header = "Top terms", ("Source", "Terms and how many documents hold them")
    if not {"growth", "terms"} <= set(vocabulary):
        return Section(title, header, (), "The manifest has no counts of terms.")
    cells = []
    for source in (source for source in SOURCES if source in vocabulary["growth"]):
        terms = sorted(vocabulary["terms"].get(source, {}).items(), key=lambda item: (-item[1], item[0]))
        cells.append([DISPLAY_NAMES[source], ", ".join(f"{t} {n:,}" for t, n in terms) or MISSING])
    return Section(title, header, cells, TERMS_NOTE)


def sections(manifest: Manifest, tokens: Mapping[str, Any] | None = None) -> list[Section]:
    """Return the tables of the report of `manifest`, in order; `tokens` is the content of its `tokens.json`."""
    tables = []
    for variant in VARIANTS:
        rows = manifest.statistics.get(variant, {})
        table = corpus_table(rows, published() if variant == "full" else None)
        note = "" if rows else "The manifest has no figures of this variant."
        tables.append(Section(f"Corpus: {VARIANT_NAMES[variant]}", table.header, table.cells, note))
    tables.append(account_table(manifest.sources))
    tables.append(variants_table(manifest.statistics))
    rejected = {source: account.rejected for source, account in manifest.sources.items()}
    tables.append(overlap_table(manifest.deduplication.get("duplicates", {})))
    tables.append(count_table("Rejections by reason", "Reason", rejected, REASONS_NOTE))
    tables.append(count_table(ENTITIES, "Label", manifest.entities))
    if manifest.withdrawn:
        withdrawn = [[DISPLAY_NAMES.get(name, name), number(count)] for name, count in manifest.withdrawn.items()]
        tables.append(Section("Withdrawn documents", ("Source", "Documents"), withdrawn))
    return [*tables, tokens_table(tokens), terms_table(manifest.vocabulary)]


def statistics(manifest: Manifest, tokens: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Return the content of `statistics.json`, which `schemas/statistics.schema.json` describes."""

    def rows(table: Mapping[str, CorpusStatistics]) -> dict[str, dict[str, int]]:
        return {name: {**asdict(row), "megabytes": megabytes(row.bytes)} for name, row in table.items()}

    card = {name: {**row, "bytes": None} for name, row in rows(published()).items()}
    return {
        "version": manifest.version,
        "fingerprint": manifest.fingerprint,
        "statistics": {variant: rows(table) for variant, table in manifest.statistics.items()},
        "published": card,
        "sources": {name: asdict(account) for name, account in manifest.sources.items()},
        "entities": {name: dict(counts) for name, counts in manifest.entities.items()},
        "withdrawn": dict(manifest.withdrawn),
        "deduplication": dict(manifest.deduplication),
        "distributions": {
            name: {source: dict(bins) for source, bins in table.items()}
            for name, table in manifest.distributions.items()
        },
        "vocabulary": dict(manifest.vocabulary),
        "tokens": None if tokens is None else dict(tokens),
    }
