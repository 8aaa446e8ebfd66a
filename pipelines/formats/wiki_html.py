"""Saved pages of a MediaWiki: the rendered article, without contents, edit links, references and tables.

Main-content extraction guesses, and loses the headings of short articles; a wiki marks its article.
"""

import lxml.etree as etree
from lxml.html import HtmlElement

from pipelines.formats.markup import local_name, tree_to_text

_ARTICLE = (
    "//*[contains(concat(' ', normalize-space(@class), ' '), ' mw-parser-output ')] | //*[@id = 'mw-content-text']"
)
_FURNITURE = frozenset(
    "toc mw-editsection editsection reference references reflist mw-references-wrap navbox vertical-navbox metadata "
    "infobox thumb gallery noprint catlinks printfooter mw-jump-link mw-empty-elt mw-indicators hatnote".split()
)
_LEFT_OUT = frozenset(("table", "figure", "nav", "aside", "form", "button"))


def find_article(tree: HtmlElement) -> HtmlElement | None:
    """Return the element that holds the article of a MediaWiki page, the longest of several, or None."""
    found: list[HtmlElement] = tree.xpath(_ARTICLE)
    return max(found, key=lambda element: len(element.text_content()), default=None)


def article_text(article: HtmlElement) -> str:
    """Return the text of an article, a paragraph or heading a line. The tree is changed."""
    for element in list(article.iterdescendants()):
        if element.getparent() is not None and _is_furniture(element):
            element.drop_tree()
    return "\n".join(line.removeprefix("- ") for line in tree_to_text(article).split("\n") if line.strip(" -"))


def _is_furniture(element: etree._Element) -> bool:
    classes = (element.get("class") or "").split()
    return (
        local_name(element) in _LEFT_OUT
        or element.get("id") in ("toc", "catlinks")
        or not _FURNITURE.isdisjoint(classes)
    )
