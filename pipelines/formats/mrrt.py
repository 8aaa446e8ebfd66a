"""Report templates of IHE MRRT (Management of Radiology Report Templates) and the reports made from them.

A template is an HTML form. It is read as a browser would send it: the labels, the text that fields
hold and the options that are chosen, which in an empty template are the defaults. So a filled form is
its report, and an empty one the normal findings that its authors wrote into it.
"""

import re

import lxml.etree as etree
from lxml import html

from pipelines.formats.clinical import squeeze
from pipelines.formats.markup import decode_html, local_name, parse_html, tree_to_text

_HIDDEN_INPUTS = frozenset(("hidden", "button", "submit", "reset", "image", "file", "password", "color"))
_MARK = re.compile(
    rb"IMAGE_REPORT_TEMPLATE|<template[-_]attributes|dcterms\.|data-section-name|data-field-type", re.IGNORECASE
)


def is_mrrt(head: bytes) -> bool:
    """Tell whether an HTML file that begins with `head` is a report template or made from one."""
    return b"<" in head[:256] and _MARK.search(head) is not None


def read_mrrt(content: bytes) -> tuple[str, str]:
    """Return title and text of a template or report. Raises UnreadableFileError as `parse_html` does."""
    root = parse_html(decode_html(content))
    title = next(iter(root.xpath("//meta[@name='dcterms.title']/@content")), "") or root.findtext(".//title") or ""
    fill_in(root)
    return squeeze(title), tree_to_text(root)


def fill_in(root: html.HtmlElement) -> None:
    """Replace the fields of a form by what they say."""
    labels = {label.get("for"): label for label in root.iter("label") if label.get("for")}
    for field in list(root.iter("input", "select", "textarea", "button", "datalist", "output")):
        name = local_name(field)
        if name == "input":
            _fill_input(field, labels)
        elif name == "select":
            _say(field, ", ".join(chosen_options(field)))
        elif name == "textarea":
            _say(field, field.text or "")
        elif name in ("button", "datalist"):
            _say(field, "")


def chosen_options(select: html.HtmlElement) -> list[str]:
    """Return the texts of the chosen options; where none is marked, a list of one choice shows its first."""
    options = list(select.iter("option"))
    chosen = [option for option in options if option.get("selected") is not None]
    if not chosen and select.get("multiple") is None:
        chosen = options[:1]
    return [text for option in chosen if (text := squeeze("".join(option.itertext()) or option.get("label")))]


def _fill_input(field: html.HtmlElement, labels: dict[str | None, html.HtmlElement]) -> None:
    kind = (field.get("type") or "text").lower()
    if kind in ("checkbox", "radio"):
        if field.get("checked") is None:
            _drop_choice(field, labels)
        else:
            _say(field, "")
    else:
        _say(field, "" if kind in _HIDDEN_INPUTS else field.get("value") or "")


def _drop_choice(field: html.HtmlElement, labels: dict[str | None, html.HtmlElement]) -> None:
    """Take out a choice that was not made: the label that names it, else the text after it."""
    label = labels.get(field.get("id")) if field.get("id") else None
    around = next(field.iterancestors("label"), None)
    for element in (label, around):
        if element is not None:
            _say(element, "")
    if around is None:
        if label is None:
            field.tail = None
        _say(field, "")


def _say(element: etree._Element, text: str) -> None:
    """Let `element` be nothing but `text`."""
    tail = element.tail
    element.clear()
    element.tag, element.text, element.tail = "span", text, tail
