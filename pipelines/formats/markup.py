"""HTML, XHTML and CDA narratives as text: one line a block, cells and list items kept apart.

For the short, simple HTML of clinical systems (FHIR narratives, report templates, e-mail bodies);
pages of the web need main-content extraction instead.
"""

import re

import lxml.etree as etree
from lxml import html

from pipelines.formats import UnreadableFileError
from pipelines.formats.encoding import decode_text

MARKUP_CHARACTERS = 16 * 1024 * 1024
"""The longest markup that is parsed."""

BLOCKS = frozenset(
    "address article aside blockquote body caption center dd details div dl dt fieldset figcaption figure footer form "
    "h1 h2 h3 h4 h5 h6 "
    "header hr legend li main nav ol optgroup option p pre section summary table tbody tfoot thead tr ul "
    "paragraph item list".split()  # those of CDA
)
CELLS = frozenset(("td", "th"))
CELL, BLOCK = "\x1f", "\x1e"
"""Part the cells of a row and the blocks of a text until `tidy` has joined them."""
DROPPED = frozenset(
    "head script style template title object embed iframe noscript svg math canvas del rendermultimedia".split()
)

_LOOKS = re.compile(
    r"<(?:!doctype\s+html|html|body|div|p|br|b|i|u|span|font|table|ul|ol|h[1-6]|strong|em)\b[^<>]*/?>", re.IGNORECASE
)
_CHARSET = re.compile(rb"<meta[^>]{0,200}charset\s*=\s*[\"']?\s*([\w.:-]{1,40})", re.IGNORECASE)
_OPENINGS = dict.fromkeys(BLOCKS, BLOCK) | {
    "br": "\n",
    "li": f"{BLOCK}- ",
    "item": f"{BLOCK}- ",
    **dict.fromkeys(("h1", "h2", "h3", "h4", "h5", "h6", "header", "legend"), f"{BLOCK}\n{BLOCK}"),
}
_SPACE = re.compile(r"\s+")
_BREAKS = re.compile(f"[ {BLOCK}]*{BLOCK}[ {BLOCK}]*")
_BLANKS = re.compile(r"[^\S\n]+")
_EMPTY = re.compile(r"\n{3,}")
_DECLARATION = re.compile(r"^\s*<\?xml[^>]*\?>")
_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f]")


def looks_like_html(text: str) -> bool:
    """Tell whether `text` carries HTML elements rather than being plain text with a < in it."""
    return "<" in text and _LOOKS.search(text) is not None


def decode_html(content: bytes) -> str:
    """Return the text of an HTML file, its charset declaration believed where it is true.

    Raises UnreadableFileError `invalid_encoding`.
    """
    declared = _CHARSET.search(content[:8192])
    try:
        return decode_text(content, declared[1].decode() if declared else "")
    except UnicodeDecodeError:
        raise UnreadableFileError("invalid_encoding") from None


def parse_html(markup: str) -> html.HtmlElement:
    """Return the tree of `markup`. Raises UnreadableFileError `too_large`, `no_text` or `malformed_html`."""
    if len(markup) > MARKUP_CHARACTERS:
        raise UnreadableFileError("too_large")
    markup = _CONTROLS.sub(" ", _DECLARATION.sub("", markup))
    parser = html.HTMLParser(encoding="utf-8", no_network=True, remove_comments=True, remove_pis=True)
    try:
        tree = html.document_fromstring(markup.encode("utf-8", "replace"), parser)
    except etree.ParserError:
        raise UnreadableFileError("no_text") from None
    except (etree.LxmlError, AssertionError, ValueError):
        raise UnreadableFileError("malformed_html") from None
    return tree


def html_to_text(markup: str) -> str:
    """Return the text of `markup`: blocks as lines, an empty line before headings, rows as `join_cells` makes them.

    Raises UnreadableFileError as `parse_html` does.
    """
    return tree_to_text(parse_html(markup))


def tree_to_text(root: etree._Element) -> str:
    """Return the text of a tree of HTML elements, in the form of `html_to_text`."""
    pieces: list[str] = []
    preformatted = 0
    walker = etree.iterwalk(root, events=("start", "end"))
    for event, element in walker:
        tag = local_name(element)
        if event == "start":
            preformatted += tag == "pre"
            if tag in DROPPED or not tag or element.get("revised") == "delete":
                walker.skip_subtree()
            else:
                pieces.append(_OPENINGS.get(tag, ""))
                pieces.append(_flow(element.text, preformatted))
        else:
            preformatted -= tag == "pre"
            pieces.append(CELL if tag in CELLS else BLOCK if tag in BLOCKS else "")
            if element is not root:
                pieces.append(_flow(element.tail, preformatted))
    return tidy("".join(pieces))


def local_name(element: etree._Element) -> str:
    """Return the element's name without its namespace in lower case, '' for a comment or an entity."""
    return element.tag.rpartition("}")[2].lower() if isinstance(element.tag, str) else ""


def collapse(text: str) -> str:
    """Return `text` with each run of white space as one blank."""
    return _SPACE.sub(" ", text)


def _flow(text: str | None, preformatted: int) -> str:
    return "" if not text else text if preformatted else collapse(text)


def tidy(text: str) -> str:
    """Return `text` with blanks and empty lines reduced and the cells of a line joined by `join_cells`."""
    lines = (
        join_cells([_BLANKS.sub(" ", cell).strip() for cell in line.split(CELL)])
        for line in _BREAKS.sub("\n", text).split("\n")
    )
    return _EMPTY.sub("\n\n", "\n".join(lines)).strip()


def join_cells(cells: list[str]) -> str:
    """Return a table's row as a line: two cells as "name: value", more of them parted by tabs."""
    filled = [cell for cell in cells if cell]
    if len(filled) == 2:
        return " ".join(filled) if filled[0][-1] in ".,:;?!-" else ": ".join(filled)
    return "\t".join(filled)
