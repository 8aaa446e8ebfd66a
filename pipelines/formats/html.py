"""Web pages: character encoding, title and main content without navigation, advertisements and comments.

The main content is found by trafilatura (Barbaresi 2021, https://aclanthology.org/2021.acl-demo.15/).
"""

import logging
import re
from dataclasses import dataclass, field
from typing import BinaryIO

import lxml.etree as etree
import trafilatura
from lxml.html import HtmlElement, HTMLParser, document_fromstring

from pipelines.formats import UnreadableFileError, encoding, wiki_html
from pipelines.formats.xml import read_blocks

PAGE_BYTES = 10 * 1024 * 1024
"""The longest page that is read; the article in it is a small part."""

DEEPEST, MOST_ELEMENTS = 200, 100_000
"""Pages nested deeper than browsers show, or of more elements, would take minutes."""

_DOCTYPE = re.compile(
    rb"^(?:\s|<!--.{0,4000}?-->|<\?xml[^>]{0,200}>)*<(?:!doctype\s+html|html[\s>]|head[\s>]|body[\s>])", re.I | re.S
)
_TAGS = re.compile(rb"<(html|head|body|title|meta|div|p|table|article|section|h[1-6]|ul|br|span|a)(?=[\s>/])", re.I)
_META = re.compile(rb"<meta\s[^>]{0,300}?charset\s*=\s*[\"']?\s*([\w.:-]{1,40})", re.I)
_XML = re.compile(rb"^<\?xml[^>]{0,100}?encoding\s*=\s*[\"']([\w.:-]{1,40})[\"']")
# what the encoding standard of browsers takes these names for (https://encoding.spec.whatwg.org/#names-and-labels)
_LABELS: dict[str, str] = dict.fromkeys(
    ("iso-8859-1", "iso8859-1", "iso_8859-1", "latin1", "latin-1", "l1", "ascii", "us-ascii"), "cp1252"
)
_FORBIDDEN = frozenset(("utf-7", "utf7", "idna", "punycode", "unicode-escape", "unicode_escape", "raw_unicode_escape"))
_MULTIBYTE = re.compile(rb"[\xc2-\xf4][\x80-\xbf]")
_DECLARATION = re.compile(r"^\s*<\?xml[^>]{0,200}\?>")
_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")

logging.getLogger("trafilatura").setLevel(logging.CRITICAL)  # its messages may quote the page
logging.getLogger("readability").setLevel(logging.CRITICAL)


@dataclass(frozen=True, slots=True)
class WebPage:
    """A page's title and main content, a paragraph a line; `text` is '' where there is none."""

    title: str = field(repr=False)
    text: str = field(repr=False)


def accepts(head: bytes) -> bool:
    """Tell whether a file that begins with `head` is an HTML page or a fragment of one."""
    if head[:2] in (b"\xff\xfe", b"\xfe\xff") or b"\0" in head[:4]:
        head = head.replace(b"\0", b"")[2 * (head[:2] in (b"\xff\xfe", b"\xfe\xff")) :]
    if b"\0" in head[:1024]:
        return False
    head = head.removeprefix(b"\xef\xbb\xbf")
    if _DOCTYPE.match(head):
        return True
    return (
        head.lstrip().startswith(b"<")
        and not head.lstrip().startswith(b"<?xml")
        and len({m.lower() for m in _TAGS.findall(head)}) >= 2
    )


def read(stream: BinaryIO) -> WebPage:
    """Return the page that is all of `stream`.

    Raises UnreadableFileError as `main_content`, and `truncated` or `corrupt` where it cannot be decompressed.
    """
    content = bytearray()
    for block in read_blocks(stream):
        content += block
        if len(content) > PAGE_BYTES:
            raise UnreadableFileError("too_large")
    return main_content(decode(bytes(content)))


def decode(content: bytes, declared: str = "") -> str:
    """Return the text of a page; `declared` is the charset that its HTTP header names.

    A byte order mark wins, then being valid UTF-8 with umlauts, which no other encoding is by
    chance, then the header, the page's own declaration, and the bytes. Never fails.
    """
    for mark, name in encoding.BYTE_ORDER_MARKS:
        if content.startswith(mark):
            return content.decode(name, "replace")
    if _MULTIBYTE.search(content):
        try:
            return content.decode("utf-8")
        except UnicodeDecodeError:
            pass
    head = content[:4096]
    for match in (declared.encode("ascii", "ignore"), *_META.findall(head)[:1], *_XML.findall(head)[:1]):
        label = match.decode("ascii", "ignore").strip(" \"'").lower()
        label = _LABELS.get(label, label)
        if label and label not in _FORBIDDEN and not (encoding.is_wide(label) and b"\0" not in head):
            try:
                return content.decode(label)
            except (UnicodeDecodeError, LookupError, ValueError):
                continue
    detected = encoding.detect(content)
    # a page with more umlauts in UTF-8 than broken bytes is UTF-8 with damage
    if detected in ("cp1252", "cp850") and len(_MULTIBYTE.findall(content)) > _count_undecodable(content):
        detected = "utf-8"
    return content.decode("utf-8" if detected == encoding.UNPROVEN else detected, "replace")


def _count_undecodable(content: bytes) -> int:
    return content.decode("utf-8", "replace").count("\ufffd")


def main_content(page: str) -> WebPage:
    """Return the title and the main content of a page of HTML; of a saved wiki page, the article.

    Raises UnreadableFileError: `too_large`, `too_complex` and `malformed_html`.
    """
    if len(page) > PAGE_BYTES:
        raise UnreadableFileError("too_large")
    page = _CONTROLS.sub(" ", _DECLARATION.sub("", page))
    if not page.strip():
        return WebPage("", "")
    try:
        tree = document_fromstring(page, parser=HTMLParser(remove_comments=True, remove_pis=True, huge_tree=False))
    except etree.ParserError:
        return WebPage("", "")  # nothing but comments
    except (etree.XMLSyntaxError, ValueError):
        raise UnreadableFileError("malformed_html") from None
    if _is_complex(tree):
        raise UnreadableFileError("too_complex")
    title = _title(tree)
    if (article := wiki_html.find_article(tree)) is not None and (text := wiki_html.article_text(article)):
        return WebPage(title, text)
    try:
        # no metadata: they would have dates guessed; nothing deduplicated: that would depend on the pages before
        found = trafilatura.bare_extraction(
            tree, include_comments=False, include_tables=False, with_metadata=False, deduplicate=False, fast=False
        )
    except (RecursionError, etree.LxmlError, ValueError, TypeError, AttributeError, KeyError, IndexError):
        raise UnreadableFileError("malformed_html") from None
    text = (getattr(found, "text", "") or "") if found is not None else ""
    return WebPage(title, "\n".join(line for line in map(_tidy, text.split("\n")) if line))


def _is_complex(tree: HtmlElement) -> bool:
    """Tell whether a page has more elements, or deeper ones, than can be worked on in good time."""
    count = depth = 0
    for event, _ in etree.iterwalk(tree, events=("start", "end")):
        depth += 1 if event == "start" else -1
        count += event == "start"
        if depth > DEEPEST or count > MOST_ELEMENTS:
            return True
    return False


def _title(tree: HtmlElement) -> str:
    """Return the page's only heading of the first rank, else its title."""
    headings = [" ".join(heading.text_content().split()) for heading in tree.iter("h1")]
    named = [heading for heading in headings if heading]
    if len(named) == 1 and len(named[0]) <= 300:
        return named[0]
    return next((" ".join(title.text_content().split())[:300] for title in tree.iter("title")), "")


def _tidy(line: str) -> str:
    line = " ".join(line.split())
    return line.removeprefix("- ") if re.search(r"[^\W_]", line) else ""
