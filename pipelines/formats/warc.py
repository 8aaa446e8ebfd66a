"""WARC files (ISO 28500), plain or gzip, as captured web pages; what is broken costs its record only.

Records are framed here, so that workers share one huge file by byte ranges and reading goes on
behind a bad record; warcio parses each one and undoes HTTP's chunks and content encodings.
"""

import io
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import BinaryIO

from warcio.exceptions import ArchiveLoadFailed
from warcio.recordloader import ArcWarcRecord, ArcWarcRecordLoader

from pipelines.formats import Unreadable, UnreadableFileError

RECORD_BYTES = 16 * 1024 * 1024
"""The longest record whose content is kept in memory, and the longest page after decoding."""

_HEADER_BYTES = 64 * 1024
_BLOCK_BYTES = 256 * 1024
_BEGIN = re.compile(rb"WARC/[01]\.\d{1,2}\r?\n")
_HEADER_END = re.compile(rb"\r?\n\r?\n")
_LENGTH = re.compile(rb"^Content-Length:[ \t]*(\d{1,15})[ \t]*\r?$", re.IGNORECASE | re.MULTILINE)
_MEMBER = b"\x1f\x8b\x08"
_PAGES = ("text/html", "application/xhtml+xml")


@dataclass(frozen=True, slots=True)
class Capture:
    """A captured page. `kind` is its media type, `charset` what the HTTP header says, '' where it does not."""

    url: str = field(repr=False)
    date: str
    kind: str
    charset: str
    content: bytes = field(repr=False)

    @property
    def key(self) -> str:
        return f"{self.url} {self.date}".strip()


def accepts(head: bytes) -> bool:
    """Tell whether a file whose decompressed content begins with `head` is a WARC file."""
    return _BEGIN.match(head.lstrip(b"\r\n")) is not None


def byte_ranges(size: int, target: int, divisible: bool) -> list[tuple[int, int | None]]:
    """Return ranges of about `target` bytes; a record, or gzip member, belongs to that in which it begins."""
    if not divisible or target <= 0 or size <= target:
        return [(0, None)]
    return [(start, start + target if start + target < size else None) for start in range(0, size, target)]


def is_divisible(stream: BinaryIO) -> bool:
    """Tell whether a WARC file is plain, or gzip with a member for each record."""
    stream.seek(0)
    head = stream.read(RECORD_BYTES)
    if not head.startswith(_MEMBER):
        return accepts(head)
    return any(_is_member(head[place : place + 4096]) for place in _places(head, _MEMBER, 1))


def read(stream: BinaryIO, start: int = 0, stop: int | None = None) -> Iterator[Capture | Unreadable]:
    """Yield the pages whose records begin in [start, stop) of a plain or gzip file, `stream`.

    Records that are no answer of a server (requests, metadata, revisits) hold no document and are
    passed over. Raises UnreadableFileError `truncated` where the last record is cut off.
    """
    stream.seek(0)
    compressed = stream.read(3) == _MEMBER
    stream.seek(start)
    records = _members(stream, start, stop) if compressed else _frame(_blocks(stream), start, stop)
    for offset, content, reason in records:
        if reason == "truncated":
            raise UnreadableFileError(reason)
        outcome = Unreadable(f"byte {offset}", reason) if reason else parse_record(content, f"byte {offset}")
        if outcome is not None:
            yield outcome


def read_content(stream: BinaryIO) -> Iterator[Capture | Unreadable]:
    """Yield the pages of a WARC file that was decompressed on the way, by another method than gzip."""
    for offset, content, reason in _frame(_blocks(stream), 0, None):
        if reason == "truncated":
            raise UnreadableFileError(reason)
        outcome = Unreadable(f"byte {offset}", reason) if reason else parse_record(content, f"byte {offset}")
        if outcome is not None:
            yield outcome


_WITH_PAGE = frozenset({"response", "resource", "conversion"})
_WITHOUT_PAGE = frozenset({"warcinfo", "request", "metadata", "revisit", "continuation"})


def parse_record(content: bytes, place: str) -> Capture | Unreadable | None:
    """Return the page of a record; None where it is of a kind that holds none."""
    try:
        record = ArcWarcRecordLoader().parse_record_stream(io.BytesIO(content), known_format="warc")
        if record is None or record.rec_type in _WITHOUT_PAGE:
            return None
        if record.rec_type not in _WITH_PAGE:  # a record whose header is damaged
            return Unreadable(place, "malformed_record")
        url = record.rec_headers.get_header("WARC-Target-URI") or ""
        if url.startswith(("dns:", "whois:")):
            return None
        return _capture(record, url.strip("<>"), place)
    except (ArchiveLoadFailed, ValueError, EOFError, zlib.error, AttributeError, TypeError, KeyError, IndexError):
        return Unreadable(place, "malformed_record")


def _capture(record: ArcWarcRecord, url: str, place: str) -> Capture | Unreadable:
    date = record.rec_headers.get_header("WARC-Date") or ""
    key = f"{url} {date}".strip() or place
    http = record.http_headers
    if record.rec_type == "response" and http is not None:
        if not http.get_statuscode().startswith("2"):
            return Unreadable(key, "http_status")
        declared = http.get_header("Content-Type") or ""
    else:
        declared = record.rec_headers.get_header("Content-Type") or ""
    kind, _, parameters = declared.partition(";")
    kind = kind.strip().lower()
    if http is not None and "br" in (http.get_header("Content-Encoding") or "").lower():
        return Unreadable(key, "content_encoding")
    page = record.content_stream().read(RECORD_BYTES + 1)
    if len(page) > RECORD_BYTES:
        return Unreadable(key, "too_large")
    if not page.strip():
        return Unreadable(key, "no_content")
    if kind and kind not in _PAGES and not (kind == "text/plain" and record.rec_type == "conversion"):
        return Unreadable(key, "not_html")
    charset = re.search(r"charset\s*=\s*[\"']?([\w.:-]{1,40})", parameters, re.IGNORECASE)
    return Capture(url or place, date, kind or _PAGES[0], charset[1] if charset else "", page)


def _blocks(stream: BinaryIO) -> Iterator[bytes]:
    while block := stream.read(_BLOCK_BYTES):
        yield block


Framed = tuple[int, bytes, str]
"""Where a record begins, its bytes, and why it has none: `bad_record`, `too_large`, `truncated`."""


def _members(stream: BinaryIO, start: int, stop: int | None) -> Iterator[Framed]:
    """Yield the records of the gzip members that begin in [start, stop); offsets are those of the members."""
    place = _next_member(stream, start)
    while place is not None and (stop is None or place < stop):
        member = _Member(stream, place)
        for _, content, reason in _frame(member.blocks(), 0, None):
            # a broken member tells so itself
            if not (member.broken and reason):
                yield place, content, reason
        following = _next_member(stream, place + 1 if member.broken else member.end)
        if member.broken:
            yield place, b"", "truncated" if following is None and member.cut_off else "bad_record"
        elif _has_matter(stream, member.end, following):
            yield member.end, b"", "bad_record"
        place = following


def _has_matter(stream: BinaryIO, start: int, stop: int | None) -> bool:
    """Tell whether something other than padding is between two gzip members, or behind the last one."""
    stream.seek(start)
    gap = stream.read(_BLOCK_BYTES if stop is None else min(stop - start, _BLOCK_BYTES))
    return bool(gap.strip(b"\0\r\n"))


class _Member:
    """A gzip member that begins at `start`: its content in blocks, then its `end`, or that it is `broken`."""

    def __init__(self, stream: BinaryIO, start: int) -> None:
        self.stream, self.start = stream, start
        self.end, self.broken, self.cut_off = start, False, False

    def blocks(self) -> Iterator[bytes]:
        self.stream.seek(self.start)
        decompressor, raw = zlib.decompressobj(31), b""
        taken = 0
        while not decompressor.eof:
            if not raw:
                raw = self.stream.read(_BLOCK_BYTES)
                taken += len(raw)
            if not raw:
                self.broken = self.cut_off = True
                return
            try:
                block = decompressor.decompress(raw, _BLOCK_BYTES)
            except zlib.error:
                self.broken = True
                return
            raw = decompressor.unconsumed_tail
            if block:
                yield block
        self.end = self.start + taken - len(decompressor.unused_data)


def _next_member(stream: BinaryIO, start: int) -> int | None:
    """Return where the first gzip member at or after `start` begins that holds a WARC record."""
    stream.seek(start)
    base, window = start, b""
    while block := stream.read(_BLOCK_BYTES):
        window += block
        # a member's first bytes may lie beyond the window, but for the file's last ones
        for place in _places(window[: len(window) - 4096] if len(block) == _BLOCK_BYTES else window, _MEMBER):
            if _is_member(window[place : place + 4096]):
                return base + place
        kept = window[-4096 - len(_MEMBER) :]
        base, window = base + len(window) - len(kept), kept
    return next((base + place for place in _places(window, _MEMBER) if _is_member(window[place : place + 4096])), None)


def _places(content: bytes, mark: bytes, start: int = 0) -> Iterator[int]:
    place = content.find(mark, start)
    while place >= 0:
        yield place
        place = content.find(mark, place + 1)


def _is_member(raw: bytes) -> bool:
    try:
        return accepts(zlib.decompressobj(31).decompress(raw, 256))
    except zlib.error:
        return False


def _frame(blocks: Iterator[bytes], base: int, stop: int | None) -> Iterator[Framed]:
    """Yield the records that begin before `stop`; the first block stands at `base`."""
    window = _Window(blocks, base)
    # a range that begins inside a record sees the rest of it, which is another range's
    sound = base == 0
    while window.find(_BEGIN, stop):
        if sound and window.passed:
            yield window.base - window.passed, b"", "bad_record"
        record = window.take()
        yield record
        sound = not record[2]


class _Window:
    """A moving piece of a stream: bytes from `base` on."""

    def __init__(self, blocks: Iterator[bytes], base: int) -> None:
        self.blocks, self.base, self.bytes = blocks, base, bytearray()
        self.ended = False
        self.passed = 0

    def fill(self, length: int) -> bool:
        """Read until there are `length` bytes and tell whether there are."""
        while len(self.bytes) < length and not self.ended:
            block = next(self.blocks, b"")
            self.bytes += block
            self.ended = not block
        return len(self.bytes) >= length

    def drop(self, length: int) -> None:
        del self.bytes[:length]
        self.base += length

    def find(self, pattern: re.Pattern[bytes], stop: int | None) -> bool:
        """Go to the next record and tell whether there is one before `stop`.

        `passed` is then how many bytes were passed over; line ends between records do not count.
        """
        self.passed = 0
        while True:
            self.fill(_BLOCK_BYTES)
            place = next((m.start() for m in pattern.finditer(self.bytes) if self._begins(m.start())), None)
            if stop is not None and self.base + (place or 0) >= stop:
                return False
            if place is None and self.ended:
                return False
            limit = max(0, len(self.bytes) - 64) if place is None else place
            if self.passed or self.bytes[:limit].strip(b"\r\n"):
                self.passed += limit
            self.drop(limit)
            if place is not None:
                return True

    def _begins(self, place: int) -> bool:
        return place == 0 or self.bytes[place - 1 : place] == b"\n"

    def take(self) -> Framed:
        """Return the record at the window's beginning and go behind it, or behind the header of a bad one."""
        self.fill(_HEADER_BYTES)
        offset, header = self.base, _HEADER_END.search(self.bytes, 0, _HEADER_BYTES)
        length = _LENGTH.search(self.bytes, 0, header.start() + 2) if header else None
        if header is None or length is None or _BEGIN.search(self.bytes, 4, header.start()):
            cut_off = header is None and self.ended and len(self.bytes) < _HEADER_BYTES
            self.drop(4)
            return offset, b"", "truncated" if cut_off else "bad_record"
        total = header.end() + int(length[1])
        if total > RECORD_BYTES:
            # the next record is looked for in its content too, because the length may be false
            self.drop(header.end())
            return offset, b"", "too_large"
        whole = self.fill(total)
        self.fill(total + 4)
        # line ends follow a record; where they do not, its length is wrong
        if whole and (len(self.bytes) == total or self.bytes[total : total + 1] in (b"\r", b"\n")):
            content = bytes(self.bytes[:total])
            self.drop(total)
            return offset, content, ""
        later = any(self._begins(match.start()) for match in _BEGIN.finditer(self.bytes, header.end()))
        self.drop(header.end())
        return offset, b"", "bad_record" if later or whole else "truncated"
