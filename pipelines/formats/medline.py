"""MEDLINE and PubMed XML: the abstracts of its articles that are in German.

The format is the National Library of Medicine's PubmedArticleSet (and, within it or alone,
MedlineCitation): https://dtd.nlm.nih.gov/ncbi/pubmed/doc/out/.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import BinaryIO

import lxml.etree as etree

from pipelines.formats import Unreadable, xml
from pipelines.formats.flow import Vocabulary, is_german, phrase, superscript

_ARTICLES = ("PubmedArticle", "PubmedBookArticle")
ROOTS = frozenset((*_ARTICLES, "PubmedArticleSet", "PubmedBookArticleSet", "MedlineCitationSet", "MedlineCitation"))

# line breaks lost on the way to PubMed have glued sentences: "im Fall eines Mannes.Dieser Fallbericht"
_GLUED = re.compile(r"(?<=[a-zäöüß]{3})\.(?=[A-ZÄÖÜ][a-zäöüß]{2})")
_INLINE = Vocabulary(frozenset(), frozenset({"math"}), frozenset(), frozenset(), "Language", {"sup": superscript})


@dataclass(frozen=True, slots=True)
class Abstract:
    """A German abstract: the PMID, with `:other` where it is not the article's main one."""

    key: str
    title: str = field(repr=False)
    text: str = field(repr=False)


def accepts(head: bytes) -> bool:
    """Tell whether a file that begins with `head` is MEDLINE or PubMed XML."""
    return xml.root_name(head) in ROOTS


def read(stream: BinaryIO, start: int = 0, stop: int | None = None) -> Iterator[Abstract | Unreadable]:
    """Yield the German abstracts of the articles that begin in [start, stop).

    An article without one is `no_abstract`, or `not_german` where it has abstracts in other
    languages. The language of an article's main abstract is not marked: that of a German article
    may turn out to be English. Raises UnreadableFileError.
    """
    for record, prolog in xml.read_records(stream, _record_names(stream), start, stop):
        position = f"#byte {record.offset}"
        if record.reason:
            yield Unreadable(position, record.reason)
            continue
        try:
            article = xml.parse(record.content, prolog)
        except ValueError as error:
            yield Unreadable(_pmid(record.content) or position, str(error))
        else:
            yield from german_abstracts(article, _pmid(record.content) or position)


def german_abstracts(article: etree._Element, key: str) -> Iterator[Abstract | Unreadable]:
    """Yield the German abstracts of one PubmedArticle, PubmedBookArticle or MedlineCitation."""
    german = any(is_german(node.text) for node in article.iterfind(".//Language"))
    title = german_title(article, german)
    others = [node for node in article.iterfind(".//OtherAbstract") if is_german(node.get("Language"))]
    texts = [(f"{key}:other{i or ''}", abstract_text(node)) for i, node in enumerate(others)]
    main = [node for node in article.iterfind(".//Abstract") if abstract_text(node)]
    # beside a German translation the main abstract is the English original
    if german and not others:
        texts = [(key, abstract_text(node)) for node in main[:1]]
    found = [Abstract(name, title, text) for name, text in texts if text]
    yield from found
    if not found:
        elsewhere = main or article.find(".//OtherAbstract") is not None
        yield Unreadable(key, "not_german" if elsewhere and not german else "no_abstract")


def abstract_text(abstract: etree._Element) -> str:
    """Return an abstract, one section a line, with its label as in "ZIELSETZUNG: ..."."""
    lines: list[str] = []
    for section in abstract.iterfind("AbstractText"):
        label, text = (section.get("Label") or "").strip(), phrase(section, _INLINE)
        # indexers leave the label in the text now and then
        text = _GLUED.sub(". ", text)
        if text and label and label != "UNLABELLED" and not text.lower().startswith(label.lower()):
            text = f"{label.rstrip(':')}: {text}"
        lines.append(text)
    return "\n".join(line for line in lines if line)


def german_title(article: etree._Element, german: bool) -> str:
    """Return the vernacular title of a German article, '' where only a translation is there."""
    for name in ("VernacularTitle", "ArticleTitle", "BookTitle"):
        title = phrase(article.find(f".//{name}"), _INLINE) if german else ""
        # brackets tell a title translated into English
        if title and (name == "VernacularTitle" or not title.startswith("[")):
            return title.removeprefix("[").removesuffix(".").removesuffix("]")
    return ""


def _record_names(stream: BinaryIO) -> tuple[str, ...]:
    # a citation inside an article must not count as a record of its own
    stream.seek(0)
    head = b"".join(block for block, _ in zip(xml.read_blocks(stream, 4096), range(16), strict=False))
    stream.seek(0)
    articles = re.search(rb"<Pubmed(?:Book)?Article[\s>S]", head.replace(b"\0", b""))
    return _ARTICLES if articles else ("MedlineCitation",)


def _pmid(content: bytes) -> str:
    match = re.search(rb"<PMID[^>]*>\s*(\d{1,12})\s*<", content)
    return match[1].decode() if match else ""
