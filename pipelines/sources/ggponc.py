"""GGPONC: the oncological guidelines as text files, a section each, beside BRAT annotations."""

import posixpath
import re
from collections.abc import Iterator

from pipelines.formats import UnreadableFileError, text
from pipelines.formats.inner_hyphens import join_inner_hyphens
from pipelines.ingest import InputFile, Options, Outcome, Reader, Source
from schemas.document import RawDocument

NAME = "ggponc"

_COMPANIONS = (".ann", ".conf", ".a1", ".a2", ".stats_cache")
_NUMBERS = re.compile(r"^\d+[_-]|[_-]\d+$")


def read_section(file: InputFile, start: int, stop: int | None, options: Options) -> Iterator[Outcome]:
    """Yield the text of a file, keyed by its path, its hyphens of former line breaks mended.

    Raises UnreadableFileError as `text.read`, and `no_text`.
    """
    with file.open_decompressed() as stream:
        content = text.read(stream)
    if not content.strip():
        raise UnreadableFileError("no_text")
    yield RawDocument(NAME, file.path, join_inner_hyphens(content), _title(file.path), file=file.path)


def _title(path: str) -> str:
    """Return the guideline's name where the file's name has one: 01_mammakarzinom_0004.txt."""
    stem = posixpath.splitext(posixpath.basename(path))[0]
    name = _NUMBERS.sub("", _NUMBERS.sub("", stem)).replace("_", " ").strip()
    return "" if name.casefold() == "leitlinie" or not name else f"Leitlinie {name[:1].upper()}{name[1:]}"


SOURCE = Source(
    name=NAME,
    licence="GGPONC user agreement of the German Guideline Program in Oncology",
    readers=(Reader("text", lambda path, head: text.accepts(head), read_section),),
    ignores=lambda path: path.lower().endswith(_COMPANIONS),
)
