"""The pieces that `report.html` is made of: elements, tables, the words and numbers of its languages."""

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from html import escape
from importlib import resources

from pipelines.reporting.tables import DISPLAY_NAMES, MISSING, Section
from schemas.manifest import SUMMARY

_NUMBER = re.compile(r"[+-]?\d[\d,]*(?:\.\d+)?(?: %)?(?: \([+-]\d[\d,]*(?:\.\d+)? %\))?")
"""A number, or a change with its percentage: -900 (-9.1 %)."""
_THOUSANDS = re.compile(r"\b\d{1,3}(?:,\d{3})+\b")
_SEPARATORS = {"en": str.maketrans({}), "de": str.maketrans({",": ".", ".": ","})}


@cache
def _texts() -> dict[str, dict[str, str]]:
    return json.loads(resources.files("pipelines.reporting").joinpath("texts.json").read_text("utf-8"))


@dataclass(frozen=True, slots=True)
class Language:
    """The words and the numbers of a page; a word without a translation stays as it is."""

    code: str

    def text(self, name: str) -> str:
        return _texts().get(name, {}).get(self.code, name)

    def number(self, value: float, decimals: int = 0) -> str:
        return f"{value:,.{decimals}f}".translate(_SEPARATORS[self.code])

    def cell(self, cell: str) -> str:
        """Return a formatted cell of a table in this language; numbers in it have English separators."""
        separators = _SEPARATORS[self.code]
        if _NUMBER.fullmatch(cell):
            return cell.translate(separators)
        return _THOUSANDS.sub(lambda match: match.group().translate(separators), self.text(cell))


def element(tag: str, *children: str, **attributes: str) -> str:
    """Return an HTML element; children are HTML, attributes are text (`class_` for class, `_` for a hyphen)."""
    pairs = "".join(f' {name.strip("_").replace("_", "-")}="{escape(value)}"' for name, value in attributes.items())
    return f"<{tag}{pairs}>{''.join(children)}</{tag}>"


def table(header: Sequence[str], cells: Iterable[Sequence[str]], language: Language, caption: str) -> str:
    """Return a table of cells in the page's language: with scopes for its headings, and scrolled by keyboard."""
    lines = [list(line) for line in cells]
    words = [
        not all(cell in ("", MISSING) or cell.lstrip("<+-")[:1].isdigit() for cell in column)
        for column in zip(*lines, strict=True)
    ]

    def cell(content: str, text: bool) -> str:
        kind = {"class_": "text"} if text else {}
        return element(
            "td", escape(content), **kind, **({"title": language.text("missing")} if content == MISSING else {})
        )

    def row(line: Sequence[str]) -> str:
        columns = [cell(content, text) for content, text in zip(line[1:], words[1:], strict=True)]
        kind = {"class_": "summary"} if line[0] == language.text(DISPLAY_NAMES[SUMMARY]) else {}
        return element("tr", element("th", escape(line[0]), scope="row"), *columns, **kind)

    heads = [
        element("th", escape(name), scope="col", **({"class_": "text"} if text else {}))
        for name, text in zip(header, words or [True] * len(header), strict=True)
    ]
    inner = element("thead", element("tr", *heads)) + element("tbody", *map(row, lines))
    return element("div", element("table", inner), class_="scroll", tabindex="0", role="region", aria_label=caption)


def section_html(section: Section, language: Language) -> str:
    """Return a table with its title."""
    title, content = language.text(section.title), ""
    if section.cells:
        header = [language.text(name) for name in section.header]
        content = table(header, [[language.cell(cell) for cell in row] for row in section.cells], language, title)
    elif not section.note:
        content = element("p", escape(language.text("none")))
    note = element("p", escape(language.text(section.note)), class_="soft") if section.note else ""
    return element("h2", escape(title), id=anchor(section.title)) + content + note


def anchor(title: str) -> str:
    """Return the name by which the page links to the section `title`."""
    return "".join(character if character.isalnum() else "-" for character in title.lower())
