"""Springer A++ (V2.4): the German parts of journal articles and book chapters as running text.

A publisher's own document type: Publisher > Journal > Volume > Issue > Article, or Publisher > Book >
Chapter, with ...Info, ...Header (abstracts), Body and ...Backmatter. What is kept is what
`pipelines.formats.jats` keeps.
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

ROOTS = frozenset(("Publisher", "Article", "Chapter"))

_RECORDS = ("Article", "Chapter")
_PARAGRAPHS = """Abstract AbstractSection Answer BlockQuote Body Caption CaptionContent DefinitionList
    DefinitionListEntry Description Example Figure FormalPara Heading ItemContent OrderedList Para Question
    QuestionAnswer Section1 Section2 Section3 Section4 Section5 Section6 Section7 Section8 SimplePara Table
    Term UnorderedList Verse"""
_DROPPED = """AppendixNumber ArticleBackmatter Bibliography CaptionNumber ChapterBackmatter Equation EquationNumber
    EquationSource EsmHint Footnote FootnoteInformation IndexTerm InlineMediaObject ItemNumber KeywordGroup MediaObject
    NoBody ProgramCode RefTarget RevisionMark SectionNumber tfooter tgroup"""


def accepts(head: bytes) -> bool:
    """Tell whether a file that begins with `head` is A++."""
    return xml.root_name(head) in ROOTS


def read(stream: BinaryIO, start: int = 0, stop: int | None = None) -> Iterator[Article | Unreadable]:
    """Yield the German articles and chapters that begin in [start, stop).

    One in another language is `not_german`, one without any text `no_text`. Raises
    UnreadableFileError.
    """
    for record, prolog in xml.read_records(stream, _RECORDS, start, stop):
        position = "" if record.alone else f"#byte {record.offset}"
        if record.reason:
            yield Unreadable(position, record.reason)
            continue
        try:
            element = xml.parse(record.content, prolog)
        except ValueError as error:
            yield Unreadable(position, str(error))
        else:
            yield _article(element, position)


def _article(record: etree._Element, position: str) -> Article | Unreadable:
    information = _first(record, f"{local_name(record)}Info")
    language = None if information is None else information.get("Language")
    parts = [node for node in record.iter() if local_name(node) in {"Abstract", "Body"}]
    texts = [(node, text) for node in parts if (text := running_text(node, VOCABULARY))]
    german = [text for node, text in texts if is_german(node.get("Language") or language) is not False]
    key = _doi(record) or position
    if not german:
        return Unreadable(key, "not_german" if texts else "no_text")
    return Article(key, _title(record, language), "\n".join(german))


def _first(element: etree._Element, *names: str) -> etree._Element | None:
    return next((node for node in element.iter() if local_name(node) in names), None)


def _title(record: etree._Element, language: str | None) -> str:
    """Return the German title with its subtitle, '' where there is only a foreign one."""
    found = {"Title": "", "SubTitle": ""}
    for node in record.iter():
        name = local_name(node).removeprefix(local_name(record))
        if name in found and not found[name] and is_german(node.get("Language") or language) is not False:
            found[name] = phrase(node, VOCABULARY)
    return titled(found["Title"], found["SubTitle"])


def _doi(record: etree._Element) -> str:
    node = _first(record, f"{local_name(record)}DOI")
    text = "" if node is None else "".join(str(piece) for piece in node.itertext()).strip()
    # the sample files of the format have scrambled digits, so the prefix is not looked at
    return text.lower() if re.fullmatch(r"\S+/\S+", text) else ""


def _raised(element: etree._Element) -> str | None:
    cited = [node for node in element.iter() if local_name(node) == "CitationRef"]
    return MARKER if cited else superscript(element)


def _citation(element: etree._Element) -> str | None:
    """Return the mark for a numbered citation; None for names and years, which belong to their sentence."""
    text = "".join(str(piece) for piece in element.itertext()).strip()
    return None if re.search(r"[^\W\d_]{2}", text) else MARKER


def _formula(element: etree._Element) -> str:
    for node in element.iter():
        if local_name(node) == "math":
            return linear_mathematics(node)
    return ""


VOCABULARY = Vocabulary(
    frozenset(_PARAGRAPHS.split()),
    frozenset(_DROPPED.split()),
    frozenset(f"Section{level}" for level in range(1, 9)),
    frozenset(("Heading",)),
    "Language",
    {"CitationRef": _citation, "Superscript": _raised, "InlineEquation": _formula, "LineBreak": lambda _: "\n"},
)
