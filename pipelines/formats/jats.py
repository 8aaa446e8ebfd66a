"""JATS (and its forerunner NLM 3.0) articles and BITS books: their German parts as running text.

ANSI/NISO Z39.96 and https://jats.nlm.nih.gov/extensions/bits/. Kept: abstracts, headings, paragraphs,
lists, boxes, the captions of figures and tables, e-mail and web addresses, formulas that read on a
line. Left out: labels and section numbers, the cells of tables, displayed and two-dimensional
formulas, numbered citation marks, footnotes, references, keywords and all other back matter, and
whatever names authors and publisher.
"""

import re
from collections.abc import Iterator
from typing import BinaryIO

import lxml.etree as etree

from pipelines.formats import Unreadable, xml
from pipelines.formats.flow import (
    MARKER,
    Article,
    Vocabulary,
    is_german,
    linear_mathematics,
    local_name,
    phrase,
    running_text,
    superscript,
    titled,
)

ROOTS = frozenset(("article", "book", "book-part", "book-part-wrapper", "pmc-articleset"))

_LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"
_PARAGRAPHS = """abstract answer app body boxed-text caption chapter-title def def-item def-list disp-quote div fig
    fig-group list list-item p preformat question sec speech statement sub-title subtitle table-wrap
    table-wrap-group term title trans-abstract verse-group verse-line"""
_DROPPED = """ack alt-text array attrib author-notes code disp-formula disp-formula-group fn fn-group glyph-data graphic
    index-term index-term-range-end inline-graphic inline-media kwd-group label long-desc media notes object-id oasis
    permissions private-char processing-meta ref-list sec-meta sig-block speaker supplementary-material table
    table-wrap-foot tex-math toc x book-part sub-article response"""
_REFERENCES = frozenset(("bibr", "fn", "table-fn", "aff", "corresp", "author-notes", "contrib", "kwd"))
_NUMBERED = re.compile(r"[\[(]?\s*(?:\d{1,3}|[*†‡§]+)[a-z]?(?:\s*[,;–‐-]\s*\d{1,3}[a-z]?)*\s*[\])]?")
_Texts = list[tuple[etree._Element, str]]
_INNER = frozenset(("sub-article", "response"))
_DOI = re.compile(r"10\.\d{4,9}/\S+")


def accepts(head: bytes) -> bool:
    """Tell whether a file that begins with `head` is JATS or BITS, single or a collection of articles."""
    root = xml.root_name(head)
    collection = root in {"response", "records", "articles", "collection", "set", "OAI-PMH"}
    return root in ROOTS or (collection and re.search(rb"<(?:[\w.-]+:)?article[\s>]", head) is not None)


def read(stream: BinaryIO, start: int = 0, stop: int | None = None) -> Iterator[Article | Unreadable]:
    """Yield the German articles and chapters of the records that begin in [start, stop).

    A file may hold one article or book, or a collection of them. What has no German text is
    `not_german`, what has no text at all `no_text`. Raises UnreadableFileError.
    """
    root = xml.peek_root(stream)
    names = (root,) if root.startswith("book") else ("article", "book")
    for record, prolog in xml.read_records(stream, names, start, stop, nested=root.startswith("book")):
        position = "" if record.alone else f"#byte {record.offset}"
        if record.reason:
            yield Unreadable(position, record.reason)
            continue
        try:
            element = xml.parse(record.content, prolog)
        except ValueError as error:
            yield Unreadable(position, str(error))
            continue
        for number, (node, texts) in enumerate(publications(element)):
            yield _article(node, texts, element, position, number)


def publications(record: etree._Element) -> Iterator[tuple[etree._Element, _Texts]]:
    """Yield an article with its translations and responses, or the chapters of a book, and their texts.

    A book or book part whose only content are parts is no publication of its own.
    """
    is_article = local_name(record) == "article"
    names = _INNER if is_article else {"book-part"}
    inner = [node for node in record.iter() if node is not record and local_name(node) in names]
    for node in (record, *inner):
        texts = _texts(node)
        if texts or (is_article and node is record) or not any(local_name(n) in names for n in node.iterdescendants()):
            yield node, texts


def _article(
    node: etree._Element, texts: _Texts, record: etree._Element, position: str, number: int
) -> Article | Unreadable:
    language = node.get(_LANGUAGE) or record.get(_LANGUAGE)
    german = [text for part, text in texts if _may_be_german(part, language)]
    key = _doi(node)
    if not key:
        key = _doi(record) or position
        key += "" if node is record else f"#{node.get('id') or number}"
    if german:
        return Article(key, _title(node, language), "\n".join(german))
    return Unreadable(key, "not_german" if texts else "no_text")


def _may_be_german(part: etree._Element, language: str | None) -> bool:
    own = is_german(part.get(_LANGUAGE))
    if own is None and local_name(part) == "trans-abstract":
        # a translation that does not say into what: into English, unless the article is foreign
        return is_german(language) is False
    return (is_german(language) if own is None else own) is not False


def _texts(node: etree._Element) -> _Texts:
    """Return the abstracts and the body of an article or book part, those of inner ones left out."""
    found: list[etree._Element] = []
    for child in node:
        if local_name(child) in {"front", "front-stub", "article-meta", "book-meta", "book-part-meta"}:
            found += [below for below in child.iterdescendants() if local_name(below) in {"abstract", "trans-abstract"}]
        elif local_name(child) in {"body", "book-body", "floats-group"}:
            found.append(child)
    return [(part, text) for part in found if (text := running_text(part, VOCABULARY))]


def _title(node: etree._Element, language: str | None) -> str:
    """Return the German title with its subtitle, '' where there is only a foreign one."""
    for group_name, name in (
        ("title-group", "article-title"),
        ("title-group", "title"),
        ("book-title-group", "book-title"),
    ):
        group = next((child for child in _metadata(node) if local_name(child) == group_name), None)
        if group is None:
            continue
        parts = {local_name(child): phrase(child, VOCABULARY) for child in reversed(group) if local_name(child)}
        if is_german(language) is not False and parts.get(name):
            return titled(parts[name], parts.get("subtitle", ""))
        for translated in group:
            if local_name(translated) == "trans-title-group" and is_german(translated.get(_LANGUAGE)):
                parts = {local_name(child): phrase(child, VOCABULARY) for child in translated}
                return titled(parts.get("trans-title", ""), parts.get("trans-subtitle", ""))
    return ""


def _metadata(node: etree._Element) -> Iterator[etree._Element]:
    """Yield the elements that describe the publication itself."""
    for child in node:
        if local_name(child) in {"front", "front-stub", "book-meta", "book-part-meta"}:
            for below in child:
                yield from below if local_name(below) == "article-meta" else (below,)


def _doi(node: etree._Element) -> str:
    for child in _metadata(node):
        if "doi" in (child.get("pub-id-type"), child.get("book-part-id-type"), child.get("book-id-type")):
            text = "".join(str(piece) for piece in child.itertext()).strip()
            if match := _DOI.search(text):
                return match[0].lower()
    return ""


def _reference(element: etree._Element) -> str | None:
    """Return the mark for a numbered or a footnote reference; None for one that is part of its sentence."""
    text = " ".join(str(piece) for piece in element.itertext()).strip()
    kind = element.get("ref-type") or ""
    if kind in _REFERENCES and (not text or _NUMBERED.fullmatch(text) or kind not in {"bibr", "fn", "table-fn"}):
        return MARKER
    return None


def _raised(element: etree._Element) -> str | None:
    """Return the text of a superscript; one that holds references is a citation mark."""
    references = [node for node in element.iter() if local_name(node) == "xref"]
    if references and all(_reference(node) for node in references):
        return MARKER
    return superscript(element)


def _formula(element: etree._Element) -> str | None:
    """Return an inline formula that reads on a line; one without mathematics is plain text."""
    for node in element.iter():
        if local_name(node) == "math":
            return linear_mathematics(node)
    return None


VOCABULARY = Vocabulary(
    frozenset(_PARAGRAPHS.split()),
    frozenset(_DROPPED.split()),
    frozenset(("sec", "app")),
    frozenset(("title",)),
    _LANGUAGE,
    {
        "xref": _reference,
        "sup": _raised,
        "inline-formula": _formula,
        "math": linear_mathematics,
        "break": lambda _: "\n",
    },
)
