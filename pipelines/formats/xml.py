"""XML from strangers: records are framed in a byte stream, then each is parsed alone, hardened.

Framing before parsing makes a huge file divisible into byte ranges and keeps the cost of a broken
record to that record. No document type definition is loaded, no entity is expanded, nothing
is fetched; a file that declares entities of its own is refused.
"""

import codecs
import lzma
import re
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import BinaryIO

import lxml.etree as etree
import zstandard

from pipelines.formats import UnreadableFileError

BLOCK_BYTES = 256 * 1024
PROLOG_BYTES = 64 * 1024
RECORD_BYTES = 32 * 1024 * 1024
"""The longest record that is parsed; its tree takes about six times as much memory."""

_ENCODING = re.compile(rb"<\?xml[^>]{0,200}?encoding\s*=\s*[\"']([\w.:-]{1,40})[\"']")
_NAMESPACE = re.compile(rb"""\sxmlns(?::[\w.-]+)?\s*=\s*(?:"[^"<]*"|'[^'<]*')""")
_LONGEST_TAG = 96
_MISC = re.compile(rb"\s+|<\?.*?\?>|<!--.*?-->|<!DOCTYPE[^\[>]*(?:\[.*?\]\s*)?>", re.DOTALL)
_NAME = re.compile(rb"<(?:[\w.-]+:)?([A-Za-z_][\w.-]*)")
_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
    (b"<\0", "utf-16-le"),
    (b"\0<", "utf-16-be"),
)


@dataclass(frozen=True, slots=True)
class Record:
    """An element as bytes and where its start tag begins in the decompressed stream.

    `content` is empty where the record could not be framed; `reason` then says why. `alone` marks
    the first record of a file that is no collection.
    """

    offset: int
    content: bytes
    reason: str = ""
    alone: bool = False


@dataclass(frozen=True, slots=True)
class Prolog:
    """What stands before the first record: encoding, namespace declarations, the record's offset.

    `collection` is the name of the root element where that is no record, else ''.
    """

    encoding: str
    namespaces: bytes
    first: int
    collection: str


def read_blocks(stream: BinaryIO, size: int = BLOCK_BYTES) -> Iterator[bytes]:
    """Yield the blocks of a stream, decompressing or not, such that none is lost before a break.

    Raises UnreadableFileError: `truncated` where compressed data end early, `corrupt` where they
    cannot be decompressed.
    """
    read = getattr(stream, "read1", stream.read)
    try:
        while block := read(size):
            yield block
    except EOFError:
        raise UnreadableFileError("truncated") from None
    except (zlib.error, lzma.LZMAError, zstandard.ZstdError, OSError):
        raise UnreadableFileError("corrupt") from None


def root_name(head: bytes) -> str:
    """Return the local name of the root element whose document begins with `head`, or ''."""
    head = head.replace(b"\0", b"") if b"\0" in head[:4] else head
    for mark, _ in _BYTE_ORDER_MARKS[:3]:
        head = head.removeprefix(mark)
    position = 0
    while match := _MISC.match(head, position):
        position = match.end()
    name = _NAME.match(head, position)
    return name[1].decode() if name else ""


def peek_root(stream: BinaryIO) -> str:
    """Return the local name of the root element of `stream` and go back to its beginning.

    Raises UnreadableFileError `empty_file`.
    """
    stream.seek(0)
    head = _read_head(stream)
    stream.seek(0)
    return root_name(head)


def read_records(
    stream: BinaryIO, names: Sequence[str], start: int = 0, stop: int | None = None, nested: bool = False
) -> Iterator[tuple[Record, Prolog]]:
    """Yield the records whose start tag begins in [start, stop), in order.

    `names` are the record elements. A record ends at its end tag; where another begins before that,
    the first is broken, unless records may be `nested`: then only the outermost count. Files in UTF-16 can be read from
    the start only. Raises UnreadableFileError: `empty_file`, `entity_declaration`, and `truncated`
    after the last whole record.
    """
    stream.seek(0)
    head = _read_head(stream)
    encoding = _encoding(head)
    if encoding.startswith("utf-16"):
        head = head.decode(encoding, "ignore").encode()
    prolog = _read_prolog(head, encoding, names)
    stream.seek(start)
    blocks = read_blocks(stream)
    if encoding.startswith("utf-16"):
        blocks = _transcode(blocks, encoding)
    found = False
    for record in _frame(blocks, names, start, stop, nested, prolog.collection):
        found = True
        alone = record.offset == prolog.first and not prolog.collection
        yield Record(record.offset, record.content, record.reason, alone), prolog
    if not found and start == 0 and stop is None:
        raise UnreadableFileError("no_records")


def byte_ranges(stream: BinaryIO, size: int, target: int) -> list[tuple[int, int | None]]:
    """Return the ranges of about `target` bytes into which an XML file of `size` bytes can be cut.

    `stream` is the file's own bytes. A compressed file and one in UTF-16 are one range.
    """
    divisible = re.match(rb"\s*<[?!\w]", stream.read(16).removeprefix(codecs.BOM_UTF8)) is not None
    if size <= target or target <= 0 or not divisible:
        return [(0, None)]
    starts = range(0, size, target)
    return [(start, start + target if start + target < size else None) for start in starts]


def parse(content: bytes, prolog: Prolog) -> etree._Element:
    """Return the element `content`. Raises ValueError with a reason code.

    Bytes that are not in the declared encoding are read as cp1252, which is what German producers
    that forget to declare use. An entity that nobody declares stays a node of its own.
    """
    text = _CONTROLS.sub(" ", _decode(content, prolog.encoding))
    declared = prolog.namespaces.decode("utf-8", "replace")
    # an external subset that is not loaded makes undeclared entities such as &auml; well-formed
    wrapped = f'<!DOCTYPE records SYSTEM "none"><records{declared}>{text}</records>'
    parser = etree.XMLParser(
        encoding="utf-8", load_dtd=False, no_network=True, resolve_entities=False, huge_tree=False, remove_pis=True
    )
    try:
        return etree.fromstring(wrapped.encode("utf-8", "replace"), parser)[0]
    except (etree.XMLSyntaxError, IndexError):
        raise ValueError("malformed_xml") from None


def _read_head(stream: BinaryIO) -> bytes:
    head = bytearray()
    try:
        for block in read_blocks(stream, 4096):
            head += block
            if len(head) >= PROLOG_BYTES:
                break
    except UnreadableFileError:
        if not head:
            raise
    if not head.strip(b"\0 \t\r\n"):
        raise UnreadableFileError("empty_file")
    return bytes(head)


def _read_prolog(head: bytes, encoding: str, names: Sequence[str]) -> Prolog:
    match = _start_tag(names).search(head)
    first = match.start() if match else len(head)
    before = head[:first]
    if b"<!ENTITY" in before:
        raise UnreadableFileError("entity_declaration")
    declared = {found.split(b"=")[0].strip(): found for found in _NAMESPACE.findall(before)}
    return Prolog(encoding, b"".join(declared.values()), first, "" if (root := root_name(head)) in names else root)


def _encoding(head: bytes) -> str:
    for mark, name in _BYTE_ORDER_MARKS:
        if head.startswith(mark):
            return name
    match = _ENCODING.match(head.lstrip())
    return match[1].decode() if match else "utf-8"


def _decode(content: bytes, encoding: str) -> str:
    try:
        return content.decode("utf-8" if encoding.startswith("utf-16") else encoding)
    except (UnicodeDecodeError, LookupError):
        return content.decode("cp1252", "replace")


def _transcode(blocks: Iterable[bytes], encoding: str) -> Iterator[bytes]:
    decoder = codecs.getincrementaldecoder(encoding)("replace")
    for block in blocks:
        yield decoder.decode(block).encode("utf-8", "replace")


def _start_tag(names: Sequence[str]) -> re.Pattern[bytes]:
    return re.compile(rb"<(?:[\w.-]{1,40}:)?(?:" + "|".join(names).encode() + rb")(?=[\s>/])")


def _end_tag(name: str) -> re.Pattern[bytes]:
    # an empty root is its own end
    return re.compile(rb"</(?:[\w.-]{1,40}:)?" + name.encode() + rb"\s*>|<" + name.encode() + rb"[^<>]*/>")


def _tags(names: Sequence[str]) -> re.Pattern[bytes]:
    name = rb"((?:[\w.-]{1,40}:)?(?:" + "|".join(names).encode() + rb"))"
    return re.compile(rb"<(?:" + name + rb"(?=[\s>/])|/" + name + rb"\s*>)")


def _frame(
    blocks: Iterator[bytes], names: Sequence[str], base: int, stop: int | None, nested: bool = False, root: str = ""
) -> Iterator[Record]:
    """Yield the records of `blocks`, the first of which stands at `base` of the stream.

    Raises UnreadableFileError `truncated` where the last record, or the `root` around them, has no end.
    """
    tags, buffer, scan, opened, depth, begin = _tags(names), bytearray(), 0, None, 0, base
    for block in blocks:
        buffer += block
        # as a list, because a bytearray that is being searched cannot shrink
        for found, end, start_name, end_name in [(m.start(), m.end(), m[1], m[2]) for m in tags.finditer(buffer, scan)]:
            scan = end
            if opened is not None and opened[1] != (start_name or end_name):
                continue
            depth += 1 if start_name else -1
            if start_name and (opened is None or not nested):
                if opened is not None:
                    yield Record(opened[0], b"", "truncated_record")
                if stop is not None and base + found >= stop:
                    return
                opened, depth = (base + found, start_name), 1
            elif opened is not None and depth <= 0:
                yield Record(opened[0], bytes(buffer[opened[0] - base : end]))
                opened = None
        # a tag may be cut in two by the end of the block
        scan = max(scan, len(buffer) - _LONGEST_TAG)
        if opened is not None and base + len(buffer) - opened[0] > RECORD_BYTES:
            yield Record(opened[0], b"", "record_too_large")
            opened = None
        kept = scan if opened is None else opened[0] - base
        if stop is not None and opened is None and base + kept >= stop:
            return
        del buffer[:kept]
        base, scan = base + kept, scan - kept
    # a range that begins inside the last tag does not see it whole
    seen = stop is None and base + len(buffer) - begin > _LONGEST_TAG
    if opened is not None or (root and seen and not _end_tag(root).search(buffer)):
        raise UnreadableFileError("truncated")
