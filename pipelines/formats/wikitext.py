"""MediaWiki's markup to running text, in time linear in its length.

One pass over the marks keeps a stack of what is open. Templates, tables, references, files and
categories go, links leave their caption; what authors left open costs the rest of its paragraph,
never the page.
"""

import html
import re
from collections import Counter
from dataclasses import dataclass, field

from pipelines.formats import wikitemplates
from pipelines.formats.wikilines import MARKER, paragraphs

_DEEPEST = 60
"""Marks nested deeper than this are no longer marks: MediaWiki itself stops at 40 templates."""

# their content is not wikitext or no running text
_OPAQUE = frozenset(
    "ref gallery timeline score syntaxhighlight source hiero imagemap templatestyles graph mapframe maplink "
    "references inputbox categorytree code ce chem math score style script noinclude quiz dcgallery dpl".split()
)
_BREAKS = frozenset("br p div li ul ol dl dd dt blockquote poem center hr h1 h2 h3 h4 h5 h6 tr td th pre".split())
_INLINE = frozenset(
    "b i u s em strong small big span sub sup tt font del ins strike cite abbr kbd var samp nowiki onlyinclude "
    "includeonly section bdi bdo dfn q ruby rb rt rp a mark time wbr noinclude data".split()
)

_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
_NOWIKI = re.compile(r"<nowiki>([^<]{0,10000})</nowiki\s*>", re.IGNORECASE)
_CLOSING_TAG = re.compile(r"</([A-Za-z][A-Za-z0-9]{0,20})\s*>")
_MARK = re.compile(
    r"""
      ^[\ :*]{0,8}(?P<table>\{\|)
    | ^[\ \t]{0,8}(?P<end>\|\}(?!\}))
    | \{\{ | \}\} | \[\[ | \]\] | \|
    | \[(?:https?:|ftp:|mailto:|//)[^\s\[\]<]{0,2000}(?P<caption>[^\[\]\n]{0,2000})\]
    | <(?P<slash>/?)(?P<tag>[A-Za-z][A-Za-z0-9]{0,20})(?P<rest>(?:[\s=/][^<>]{0,1000})?)>
    """,
    re.VERBOSE | re.MULTILINE,
)
_FILE = re.compile(r"\s*(?:datei|bild|file|image|medium|media)\s*:", re.IGNORECASE)
_HIDDEN_LINK = re.compile(
    r"\s*(?:kategorie|category|fachgebiet|[a-z]{2,3}(?:-[a-z-]{2,12})?|simple)\s*:", re.IGNORECASE
)
_PREFIX = re.compile(r"\s*:?(?:\w{1,20}:){0,2}")
_PROTECTED = {ord(sign): 0xE100 + ord(sign) for sign in "[]{}|'=<>*#:;-_&"}
_RESTORED = {private: sign for sign, private in _PROTECTED.items()}
_PRIVATE = re.compile("[\ue000-\uf8ff]")
_PARAGRAPH_END = re.compile(r"\n[ \t]*(?=\n|==)")


@dataclass(slots=True)
class _Frame:
    """Something open: a template, a link, a table; `parts` are its pieces between its bars."""

    kind: str
    parts: list[list[str]] = field(default_factory=lambda: [[]])

    def text(self, part: int) -> str:
        return "".join(self.parts[part])

    def whole(self) -> str:
        return "|".join("".join(part) for part in self.parts)


def plain_text(wikitext: str) -> str:
    """Return the running text of an article's `wikitext`, a paragraph, heading or list item a line.

    Sections of references, literature and links are left out, as are headings without text.
    """
    text = _PRIVATE.sub("", wikitext.replace("\r\n", "\n")) if not wikitext.isascii() else wikitext
    text = _COMMENT.sub("", text)
    text = _NOWIKI.sub(lambda match: match[1].translate(_PROTECTED), text)
    text = "\n".join(paragraphs(_Reduction(text).run()))
    return html.unescape(text.translate(_RESTORED))


class _Reduction:
    """The one pass: `run` returns the text without templates, tables, links and tags, lines as they were."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.closed = {match[1].lower() for match in _CLOSING_TAG.finditer(text)}
        self.unclosed: set[str] = set()
        self.stack = [_Frame("")]
        self.open: Counter[str] = Counter()

    def run(self) -> str:
        position = 0
        while match := _MARK.search(self.text, position):
            self._add(self.text[position : match.start()])
            position = self._handle(match)
        self._add(self.text[position:])
        while len(self.stack) > 1:
            self._abandon()
        return self.stack[0].whole()

    def _add(self, piece: str) -> None:
        if piece:
            self.stack[-1].parts[-1].append(piece)

    def _handle(self, match: re.Match[str]) -> int:
        """Act on a mark and return where to go on."""
        mark = match[0]
        if match["tag"] is not None:
            return self._tag(match)
        if match["caption"] is not None:
            self._add(match["caption"].strip() or MARKER)
        elif match["table"]:
            self._push("table")
        elif match["end"]:
            self._close("table")
        elif mark == "{{":
            self._push("template")
        elif mark == "[[":
            self._push("link")
        elif mark == "}}":
            self._close("template")
        elif mark == "]]":
            if self.stack[-1].kind == "link":
                self._close("link")
        elif self.stack[-1].kind in ("template", "link"):
            self.stack[-1].parts.append([])
        else:
            self._add(mark)
        return match.end()

    def _push(self, kind: str) -> None:
        if len(self.stack) <= _DEEPEST:
            self.stack.append(_Frame(kind))
            self.open[kind] += 1

    def _close(self, kind: str) -> None:
        if not self.open[kind]:
            return
        while self.stack[-1].kind != kind:
            self._abandon()
        frame = self.stack.pop()
        self.open[kind] -= 1
        if kind == "template":
            self._add(wikitemplates.expand(["".join(part) for part in frame.parts]) or MARKER)
        elif kind == "link":
            self._add(_link(frame))
        else:
            self._add("\n")

    def _abandon(self) -> None:
        """Take the innermost frame for a mark without an end; a template or table loses the rest of its paragraph."""
        frame = self.stack.pop()
        self.open[frame.kind] -= 1
        text = frame.whole()
        if frame.kind != "link":
            end = _PARAGRAPH_END.search(text)
            text = text[end.start() :] if end else ""
        self._add(text)

    def _tag(self, match: re.Match[str]) -> int:
        name, end = match["tag"].lower(), match.end()
        if name in _OPAQUE:
            return self._skip(name, end, match)
        if name in ("sup", "sub") and not match["slash"]:
            return self._script(name, end)
        if name == "table":
            (self._close if match["slash"] else self._push)("table")
        elif name in _BREAKS:
            self._add("\n\n")
        elif name not in _INLINE and name not in self.closed:
            self._add(match[0])
        return end

    def _skip(self, name: str, start: int, match: re.Match[str]) -> int:
        """Pass over an element whose content is no wikitext."""
        if match["slash"] or match["rest"].endswith("/"):
            self._add(MARKER)
            return start
        # what has no end once has none later: each name is searched in vain only once
        found = None if name in self.unclosed else re.compile(rf"</{name}\s*>", re.IGNORECASE).search(self.text, start)
        if found is None:
            self.unclosed.add(name)
            line_end = self.text.find("\n", start)
            return len(self.text) if line_end < 0 else line_end
        content = self.text[start : found.start()]
        self._add((wikitemplates.formula(content) if name in ("math", "chem", "ce") else "") or MARKER)
        return found.end()

    def _script(self, name: str, start: int) -> int:
        """Write raised digits as such, lest 10³ become 103; lowered ones stay on the line."""
        end = self.text.find("<", start, start + 20)
        content = self.text[start:end].replace("&minus;", "−").strip() if end > start else ""
        if name == "sup" and wikitemplates.is_exponent(content):
            self._add(wikitemplates.superscript(content))
            return end
        return start


def _link(frame: _Frame) -> str:
    """Return what a reader sees of an internal link."""
    target = frame.text(0)
    if _FILE.match(target) or _HIDDEN_LINK.match(target):
        # a file stands on a line of its own, or at the beginning of a paragraph
        return ""
    if len(frame.parts) == 1:
        return target.strip().removeprefix(":")
    caption = frame.text(len(frame.parts) - 1)
    if caption.strip():
        return caption
    # the "pipe trick": [[Leber (Organ)|]] shows Leber
    return re.sub(r"\s*\([^()]*\)\s*$", "", _PREFIX.sub("", target, count=1))
