"""Which formats a source's documents are written in, and into which files."""

from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from pipelines.sampling import plan
from pipelines.sampling.record import Record
from pipelines.sampling.writers import clinical, documents, pdf, publications, tabular, web

Write = Callable[[str, Iterator[Record]], None]
ROWS = 20_000
"""Documents in one file of a format that holds many."""


@dataclass(frozen=True, slots=True)
class Format:
    """A raw format of a source.

    `share` is its share of the source's documents, `most` the number above which no more are written
    in it (0: none), `rows` how many documents a file holds. `key` is a template of the record key that
    readers find: of the document's own `id`, its `number`, its `page` and time of crawling, its FHIR
    `resource` or the file's `path`. `surface` gives the
    text as the format can hold it, of the same length, where it lacks characters.
    """

    name: str
    suffix: str
    write: Write
    share: float
    rows: int = ROWS
    most: int = 0
    key: str = "{id}"
    surface: Callable[[Record], str] | None = None


FORMATS: Mapping[str, tuple[Format, ...]] = {
    "radiology_reports": (
        Format("ris_csv", "csv", tabular.ris_csv, 0.38),
        Format("ris_jsonl", "jsonl", tabular.ris_jsonl, 0.27),
        Format("ris_parquet", "parquet", tabular.ris_parquet, 0.15),
        Format("ris_cp1252", "csv", tabular.ris_csv_cp1252, 0.06, surface=documents.cp1252_surface),
        Format("ris_utf16", "tsv", tabular.ris_tsv_utf16, 0.04),
        Format("hl7_mllp", "hl7", clinical.hl7_mllp, 0.04),
        Format("hl7_plain", "hl7", clinical.hl7_plain, 0.03),
        Format("fhir", "json", clinical.fhir_reports, 0.02, rows=500, key="DiagnosticReport/dr-{id}"),
        Format("mrrt", "html", clinical.mrrt, 0.003, rows=1, most=300, key="{path}"),
        Format("word", "docx", documents.word, 0.004, rows=1, most=60, key="{path}"),
    ),
    "electronic_health_records": (
        Format("notes_csv", "csv", tabular.notes_csv, 0.4),
        Format(
            "fhir_ndjson",
            "ndjson",
            clinical.fhir_ndjson,
            0.3,
            rows=2000,
            key="{resource}/{id}",
            surface=clinical.attachment_surface,
        ),
        Format(
            "fhir_bundle",
            "json",
            clinical.fhir_documents,
            0.15,
            rows=300,
            key="{resource}/{id}",
            surface=clinical.attachment_surface,
        ),
        Format("cda", "xml", clinical.cda, 0.05, rows=1, most=400, key="1.2.276.0.76.3.1.99^{id}"),
        Format("text", "txt", documents.plain, 0.04, rows=1, most=300, key="{path}"),
        Format(
            "text_cp1252",
            "txt",
            documents.plain_cp1252,
            0.02,
            rows=1,
            most=100,
            key="{path}",
            surface=documents.cp1252_surface,
        ),
        Format("rtf", "rtf", documents.rtf, 0.03, rows=1, most=200, key="{path}"),
        Format("word", "docx", documents.word, 0.03, rows=1, most=60, key="{path}"),
    ),
    "doccheck_flexikon": (
        Format("export_multistream", "xml.bz2", web.mediawiki_multistream, 0.45),
        Format("export", "xml", web.mediawiki, 0.25),
        Format("export_gz", "xml.gz", web.mediawiki_gz, 0.2),
        Format("saved", "html", web.flexikon_html, 0.1, rows=1, most=500, key="{path}"),
    ),
    "wikipedia": (
        Format("dump_multistream", "xml.bz2", web.mediawiki_multistream, 0.5),
        Format("dump_gz", "xml.gz", web.mediawiki_gz, 0.25),
        Format("pages", "xml", web.mediawiki, 0.25),
    ),
    "ggponc": (Format("guidelines", "txt", publications.ggponc, 1.0, rows=1, key="{path}"),),
    "webcrawl": (
        Format("crawl_gz", "warc.gz", web.warc_gz, 0.5, rows=1000, key="{page}"),
        Format("crawl", "warc", web.warc, 0.3, rows=1000, key="{page}"),
        Format("pages", "html", web.html, 0.2, rows=1, most=500, key="{path}"),
    ),
    "pubmed_abstracts": (Format("pubmed", "xml.gz", publications.medline_gz, 1.0, rows=1000),),
    "springer_nature": (
        Format("jats_response", "xml", publications.jats_collection, 0.8, rows=500, key="10.99999/s00999-{number:07d}"),
        Format("jats", "xml", publications.jats, 0.1, rows=1, most=300, key="10.99999/s00999-{number:07d}"),
        Format("aplusplus", "xml", publications.aplusplus, 0.1, rows=1, most=500, key="10.99999/s00999-{number:07d}"),
    ),
    "thieme": (
        Format("jats_response", "xml", publications.jats_collection, 0.8, rows=500, key="10.99999/a-1999-{number:07d}"),
        Format("jats", "xml", publications.jats, 0.1, rows=1, most=300, key="10.99999/a-1999-{number:07d}"),
        Format("bits", "xml", publications.bits, 0.1, rows=1, most=500, key="10.99999/a-1999-{number:07d}"),
    ),
    "doctoral_theses": (
        Format("one_column", "pdf", pdf.thesis_one_column, 0.35, rows=1, key="{path}"),
        Format("two_columns", "pdf", pdf.thesis_two_columns, 0.25, rows=1, key="{path}"),
        Format("jats", "xml", publications.jats, 0.4, rows=1, key="{path}"),
    ),
}


@dataclass(frozen=True, slots=True)
class OutputFile:
    """A file to write: the slots `start` to `stop` of its source."""

    path: str
    form: Format
    start: int
    stop: int


class Layout:
    """The files of one source with `count` documents."""

    def __init__(self, source: str, count: int) -> None:
        self.source, self.count = source, count
        self._formats = list(_allotted(FORMATS[source], count))
        self._starts = [start for _, start, _ in self._formats]

    def files(self) -> Iterator[OutputFile]:
        """Yield the files in order."""
        for form, start, stop in self._formats:
            for first in range(start, stop, form.rows):
                yield self._file(form, start, stop, first)

    def _file(self, form: Format, start: int, stop: int, slot: int) -> OutputFile:
        index = (slot - start) // form.rows
        first = start + index * form.rows
        name = f"{form.name}/{index:06d}.{form.suffix}"
        if self.source == "ggponc":
            name = f"{form.name}/{slot % 30:02d}_leitlinie_{index:04d}.{form.suffix}"
        return OutputFile(name, form, first, min(stop, first + form.rows))

    def key(self, number: int) -> str:
        """Return the record key that readers find for document `number`."""
        slot = plan.slot_of(number, self.count)
        form, start, stop = self._formats[bisect_right(self._starts, slot) - 1]
        path = self._file(form, start, stop, slot).path
        names = {"path": path, "number": number, "id": own_id(self.source, number)}
        page = f"{web.page_url(number)} {web.crawl_time(number)}"
        return form.key.format(**names, resource=clinical.resource_type(number), page=page)

    def number(self, slot: int) -> int:
        """Return the number of the document at a place."""
        return plan.scattered(slot, self.count)


def own_id(source: str, number: int) -> str:
    """Return a document's own identifier: PMID, accession, document or page number."""
    if source == "pubmed_abstracts":
        return str(20_000_000 + number)
    if source == "radiology_reports":
        return f"A{10_000_000 + number}"
    if source == "electronic_health_records":
        return f"doc-{number:08d}"
    return str(1000 + number)


def _allotted(formats: tuple[Format, ...], count: int) -> Iterator[tuple[Format, int, int]]:
    """Yield each format with its first slot and the slot after its last; the first format takes what is left."""
    shares = [min(form.most or count, max(1, round(count * form.share))) for form in formats]
    for index in range(len(shares) - 1, -1, -1):
        shares[index] = min(shares[index], count - sum(shares[index + 1 :])) if index else shares[0]
    shares[0] = count - sum(shares[1:])
    start = 0
    for form, share in zip(formats, shares, strict=True):
        if share > 0:
            yield form, start, start + share
            start += share
