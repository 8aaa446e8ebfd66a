"""MediaWiki export XML: whole dumps or single pages, plain or compressed, as pages of wikitext.

The schema is https://www.mediawiki.org/xml/export-0.11.xsd; older ones lack `ns` and `model`.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import BinaryIO, cast

import lxml.etree as etree

from pipelines.formats import Unreadable, UnreadableFileError, bzip2, xml
from pipelines.formats.xml import Prolog, Record

_REDIRECT = re.compile(r"\s*#\s*(?:redirect|weiterleitung)\b", re.IGNORECASE)
_NAMESPACES = re.compile(
    r"(?:(?:benutzer|benutzerin|user|wikipedia|projekt|project|datei|bild|file|image|mediawiki|vorlage|template|hilfe"
    r"|help|kategorie|category|portal|modul|module|doccheck flexikon|flexikon|gadget|gadget-definition)(?: diskussion|"
    r" talk)?|diskussion|talk|media|spezial|special) ?:",
    re.IGNORECASE,
)
_DISAMBIGUATION = re.compile(
    r"\{\{\s*(?:begriffsklärung|disambig(?:uation)?|bkl)\s*(?:\||\}\})"
    r"|\[\[\s*(?:kategorie|category)\s*:\s*begriffsklärung(?:sseite)?\s*[\]|]",
    re.IGNORECASE,
)
_LIST = re.compile(r"listen? (?:der|des|von|aller|bekannter|häufiger|medizinischer|\w+er)\b", re.IGNORECASE)
_LIST_CATEGORY = re.compile(r"\[\[\s*(?:kategorie|category)\s*:\s*listen?\s*[(\]|]", re.IGNORECASE)
_CATEGORY = re.compile(r"\[\[\s*(?:kategorie|category)\s*:\s*([^\]|\n]{1,250})", re.IGNORECASE)
_TEMPLATE = re.compile(r"\{\{\s*(?:vorlage\s*:\s*)?([^{}|<\n]{1,250}?)\s*(?=[|}<\n])", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Page:
    """The latest revision of a wiki page. `key` is the page's id, its title where it has none."""

    key: str
    title: str = field(repr=False)
    text: str = field(repr=False)
    namespace: int | None = None
    redirect: bool = False
    model: str = "wikitext"


def accepts(head: bytes) -> bool:
    """Tell whether a file that begins with `head` is a dump or a page of MediaWiki."""
    root = xml.root_name(head)
    return root == "mediawiki" or (root == "page" and b"<title" in head)


def byte_ranges(stream: BinaryIO, size: int, target: int) -> list[tuple[int, int | None]]:
    """Return the ranges of about `target` bytes into which an export can be cut; `stream` is the file's own bytes."""
    magic = stream.read(3)
    stream.seek(0)
    return (bzip2 if magic == b"BZh" else xml).byte_ranges(stream, size, target)


def read(stream: BinaryIO, start: int = 0, stop: int | None = None) -> Iterator[Page | Unreadable]:
    """Yield the pages of a decompressed export that begin in [start, stop).

    Raises UnreadableFileError as `xml.read_records`.
    """
    for record, prolog in xml.read_records(stream, ("page",), start, stop):
        yield parse_page(record, prolog)


def read_bzip2(stream: BinaryIO, start: int = 0, stop: int | None = None) -> Iterator[Page | Unreadable]:
    """Yield the pages that begin in the streams that begin in [start, stop) of a bzip2 file, `stream`.

    Streams that are broken are told as such. Raises UnreadableFileError as `xml.read_records`.
    """
    content = bzip2.StreamRange(stream, start, stop)
    told = 0
    try:
        for record, prolog in xml.read_records(cast(BinaryIO, content), ("page",)):
            if content.boundary is not None and record.offset >= content.boundary:
                break
            yield parse_page(record, prolog)
    except UnreadableFileError as error:
        # a range may lie inside one long page or stream, or hold broken streams alone
        nothing = error.reason in ("no_records", "empty_file") and (start or content.broken)
        if not nothing and not (start and content.boundary == 0):
            yield from _broken_streams(content, stop, told)
            raise
    yield from _broken_streams(content, stop, told)


def _broken_streams(content: bzip2.StreamRange, stop: int | None, told: int) -> Iterator[Unreadable]:
    for offset in content.broken[told:]:
        if stop is None or offset < stop:
            yield Unreadable(f"byte {offset}", "corrupt_stream")


def parse_page(record: Record, prolog: Prolog) -> Page | Unreadable:
    """Return the page that `record` is."""
    place = f"byte {record.offset}"
    if record.reason:
        return Unreadable(place, record.reason)
    try:
        element = xml.parse(record.content, prolog)
    except ValueError as error:
        return Unreadable(place, str(error))
    fields = {_name(child): child for child in element if _name(child) != "revision"}
    title, key = _text(fields.get("title")), _text(fields.get("id"))
    if not (title or key):
        return Unreadable(place, "no_title")
    revision = _latest([child for child in element if _name(child) == "revision"])
    parts = {_name(child): child for child in revision} if revision is not None else {}
    if "text" not in parts or not parts["text"].text:
        return Unreadable(key or title, "no_text")
    text, namespace = parts["text"].text, _text(fields.get("ns"))
    return Page(
        key=key or title,
        title=title,
        text=text,
        namespace=int(namespace) if namespace.lstrip("-").isdecimal() else None,
        redirect="redirect" in fields or _REDIRECT.match(text) is not None,
        model=_text(parts.get("model")) or "wikitext",
    )


def _name(element: etree._Element) -> str:
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""


def _text(element: etree._Element | None) -> str:
    return (element.text or "").strip() if element is not None else ""


def _latest(revisions: list[etree._Element]) -> etree._Element | None:
    """Return the last of the revisions with the highest ISO 8601 time."""
    latest, when = None, ""
    for revision in revisions:
        time = next((_text(child) for child in revision if _name(child) == "timestamp"), "")
        if latest is None or time >= when:
            latest, when = revision, time
    return latest


def no_article(page: Page) -> str:
    """Return why a page is no article, '' where it is one: namespace, content_model, redirect, disambiguation, list."""
    if page.namespace or (page.namespace is None and _NAMESPACES.match(page.title)):
        return "namespace"
    if page.model != "wikitext":
        return "content_model"
    if page.redirect:
        return "redirect"
    if "(Begriffsklärung)" in page.title or _DISAMBIGUATION.search(page.text):
        return "disambiguation"
    if _LIST.match(page.title) or _LIST_CATEGORY.search(page.text):
        return "list"
    return ""


def categories(wikitext: str) -> list[str]:
    """Return the names of the categories that a page is in, as written."""
    return [" ".join(match[1].replace("_", " ").split()) for match in _CATEGORY.finditer(wikitext)]


def templates(wikitext: str) -> list[str]:
    """Return the names of the templates that a page uses, as written."""
    return [" ".join(match[1].replace("_", " ").split()) for match in _TEMPLATE.finditer(wikitext)]
