"""The running text of an article's markup: which elements are paragraphs, which are left out.

JATS, BITS and A++ name their elements differently but build their texts alike, so a vocabulary
tells them apart and one walk reads them.
"""

import html.entities
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import lxml.etree as etree

from pipelines.formats.headings import is_back_matter

MARKER = "\ue000"
"""Stands for a citation or a footnote mark until its brackets have been removed with it."""

_MARKERS = rf"{MARKER}(?:[\s,;–‐-]*{MARKER})*"
_BRACKETED = re.compile(
    rf" ?(?:\[\s*{_MARKERS}[\s,;]*\]|\((?:vgl\.|s\.|siehe|z\. ?B\.|nach|aus|in|Lit\.)?\s*{_MARKERS}[\s,;]*\))"
)
_BARE = re.compile(rf" ?{_MARKERS}")
_SPACE = re.compile(r"[ \t\r\n\u2028\u2029]+")
_OPENING = re.compile(r"([(\[„‚»]) +")
_CLOSING = re.compile(r" +([),;\]]|[.:](?=\s|$))")
_SPACED = ("( ", "[ ", "„ ", "‚ ", "» ", " )", " ,", " ;", " ]", " .", " :")
_EMPTY = re.compile(r" ?(?:\(\)|\[\])")
_SUPERSCRIPTS = str.maketrans("0123456789+-−–", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁻")


@dataclass(frozen=True, slots=True)
class Article:
    """A publication, or one of its parts, in German: title and text, a paragraph a line.

    `key` is its DOI where it has one; else its place in the file, which begins with #, or '' where
    it is all of it.
    """

    key: str
    title: str = field(repr=False)
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """What the elements of a format are to running text. All others are inline.

    A section, one of `sections`, whose first child is one of `headings` goes where that names references
    or other back matter. `replaced` maps an element to the function that gives its text, None where it is inline after
    all. `language` names the attribute by which a block element says that it is not German.
    """

    paragraphs: frozenset[str]
    dropped: frozenset[str]
    sections: frozenset[str]
    headings: frozenset[str]
    language: str
    replaced: Mapping[str, Callable[[etree._Element], str | None]]


def local_name(element: etree._Element) -> str:
    """Return the element's name without its namespace, '' for a comment or an entity."""
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""


def is_german(code: str | None) -> bool | None:
    """Tell whether a language code such as de-AT or ger is German; None where there is none."""
    if not (code := (code or "").strip().lower()):
        return None
    return re.split(r"[-_]", code)[0] in {"de", "ger", "deu", "gsw", "german", "deutsch"}


def running_text(element: etree._Element, vocabulary: Vocabulary) -> str:
    """Return the text of `element`, a paragraph or heading a line, without citation marks."""
    pieces: list[str] = []
    _walk(element, vocabulary, pieces)
    lines = (_tidy(line) for line in "".join(pieces).split("\n"))
    return "\n".join(line for line in lines if re.search(r"\w", line))


def phrase(element: etree._Element | None, vocabulary: Vocabulary) -> str:
    """Return the text of `element` on one line, '' for None: a title."""
    return "" if element is None else running_text(element, vocabulary).replace("\n", " ")


def titled(title: str, subtitle: str) -> str:
    """Return a title with its subtitle."""
    if not title or not subtitle:
        return title or subtitle
    return f"{title} {subtitle}" if title[-1] in ".:?!–" else f"{title}: {subtitle}"


def superscript(element: etree._Element) -> str | None:
    """Return the text of a raised element: a number as ² or ⁻¹, lest 10³ become 103.

    Marks of citations lose their separators; what stands before a letter (the mass number in 99mTc)
    stays on the line, as clinicians write it.
    """
    text = "".join(str(piece) for piece in element.itertext()).strip()
    if re.fullmatch(r"[-+−–]?\d+[-+−–]?|[-+−–]", text) and not (element.tail or "")[:1].isalpha():
        return text.translate(_SUPERSCRIPTS)
    return None


def linear_mathematics(element: etree._Element) -> str:
    """Return a formula that reads on a line, such as p < 0,05, from its MathML; '' for any other."""
    row = {"math", "mrow", "mi", "mo", "mn", "mtext", "mspace", "mstyle", "msup", "msub", "semantics"}
    pieces: list[str] = []
    for node in element.iter():
        name = local_name(node)
        if name not in row:
            return ""
        if name in {"msup", "msub"} and len(node) == 2 and name == "msup":
            raised = _SPACE.sub("", "".join(str(piece) for piece in node[1].itertext()))
            if not re.fullmatch(r"[-+−–]?\d+", raised):
                return ""
            node[1].clear()
            node[1].text = raised.translate(_SUPERSCRIPTS)
        text = (node.text or "").strip()
        pieces.append(f" {text} " if name == "mo" and text in "=<>≤≥≈±×·" and text else text)
    return _SPACE.sub(" ", "".join(pieces)).strip()


def _walk(element: etree._Element, vocabulary: Vocabulary, pieces: list[str]) -> None:
    pieces.append(_flat(element.text))
    for child in element:
        name = local_name(child)
        if not name:
            pieces.append(_entity(child))
        elif name not in vocabulary.dropped:
            _visit(child, name, vocabulary, pieces)
        pieces.append(_flat(child.tail))


def _visit(child: etree._Element, name: str, vocabulary: Vocabulary, pieces: list[str]) -> None:
    replace = vocabulary.replaced.get(name)
    replacement = replace(child) if replace else None
    if replacement is not None:
        pieces.append(replacement)
    elif name not in vocabulary.paragraphs:
        _walk(child, vocabulary, pieces)
    elif is_german(child.get(vocabulary.language)) is not False and not _is_back_matter(child, name, vocabulary):
        pieces.append("\n")
        _walk(child, vocabulary, pieces)
        pieces.append("\n")


def _is_back_matter(element: etree._Element, name: str, vocabulary: Vocabulary) -> bool:
    if name not in vocabulary.sections:
        return False
    heading = next((child for child in element if local_name(child) in vocabulary.headings), None)
    return heading is not None and is_back_matter(" ".join(str(piece) for piece in heading.itertext()))


def _flat(text: str | None) -> str:
    return _SPACE.sub(" ", text).replace(MARKER, " ") if text else ""


def _entity(node: etree._Element) -> str:
    # comments and processing instructions have no name; undeclared &auml; is what HTML means by it
    name = getattr(node, "name", None)
    return html.entities.html5.get(f"{name};", " ") if isinstance(node, etree._Entity) else ""


def _tidy(line: str) -> str:
    """Remove citation marks with their brackets, and spaces that the removal or pretty-printing left."""
    line = _SPACE.sub(" ", line)
    if MARKER in line:
        line = _BARE.sub("", _BRACKETED.sub("", line))
        line = _SPACE.sub(" ", line)
    # a search for fixed strings costs a tenth of the expressions, and most lines need none
    if any(pair in line for pair in _SPACED):
        line = _CLOSING.sub(r"\1", _OPENING.sub(r"\1", line))
    if "()" in line or "[]" in line:
        line = _EMPTY.sub("", line)
    return line.strip()
