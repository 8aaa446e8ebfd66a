"""Broken files: each a (path, reason, writer), a few for every sample that is not clean."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

from pipelines.sampling.corpus import Corpus
from pipelines.sampling.record import Record
from pipelines.sampling.writers import clinical, pdf, publications, web

Write = Callable[[str, Corpus], None]


def _records(corpus: Corpus, source: str, count: int) -> list[Record]:
    """Return documents that no other file holds: numbers above the source's total."""
    first = corpus.totals[source] + 100_003
    return [
        replace(corpus.record(source, number), identity=f"broken-{number}", key=f"broken-{number}")
        for number in range(first, first + count)
    ]


def _content(write: Callable, records: list[Record]) -> bytes:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "file"
        write(str(path), iter(records))
        return path.read_bytes()


def empty(path: str, corpus: Corpus) -> None:
    """Write an empty file."""
    Path(path).write_bytes(b"")


def truncated_gzip(path: str, corpus: Corpus) -> None:
    """Write a PubMed file whose gzip stream ends in the middle."""
    content = _content(publications.medline_gz, _records(corpus, "pubmed_abstracts", 12))
    Path(path).write_bytes(content[: len(content) // 2])


def truncated_bzip2(path: str, corpus: Corpus) -> None:
    """Write a wiki dump whose last bzip2 stream is cut."""
    content = _content(web.mediawiki_multistream, _records(corpus, "wikipedia", 26))
    Path(path).write_bytes(content[: len(content) * 9 // 10])


def cut_bundle(path: str, corpus: Corpus) -> None:
    """Write a FHIR bundle that ends in the middle of an entry."""
    content = _content(clinical.fhir_documents, _records(corpus, "electronic_health_records", 4))
    Path(path).write_bytes(content[: len(content) * 2 // 3])


def locked_pdf(path: str, corpus: Corpus) -> None:
    """Write a PDF that asks for a password."""
    record = _records(corpus, "doctoral_theses", 1)[0]
    buffer = BytesIO()
    pdf.write_sections(buffer, record.title, record.sections[:1], 1, password="geheim")
    Path(path).write_bytes(buffer.getvalue())


def bad_warc_record(path: str, corpus: Corpus) -> None:
    """Write a WARC file the second of whose three records has no number as its length."""
    first, second, third = (_content(web.warc, [record]) for record in _records(corpus, "webcrawl", 3))
    Path(path).write_bytes(first + second.replace(b"Content-Length: ", b"Content-Length: x", 1) + third)


BROKEN: Mapping[str, tuple[tuple[str, str, Write], ...]] = {
    "radiology_reports": (("broken/empty.csv", "empty_file", empty),),
    "electronic_health_records": (("broken/cut_bundle.json", "truncated", cut_bundle),),
    "pubmed_abstracts": (("broken/truncated.xml.gz", "truncated", truncated_gzip),),
    "wikipedia": (("broken/truncated.xml.bz2", "truncated", truncated_bzip2),),
    "doctoral_theses": (("broken/locked.pdf", "password_protected", locked_pdf),),
    "webcrawl": (("broken/bad_record.warc", "bad_record", bad_warc_record),),
}
