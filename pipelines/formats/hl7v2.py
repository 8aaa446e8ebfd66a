"""Observation reports of HL7 version 2 (ORU^R01), as files of messages, batches and MLLP captures hold them.

Messages are framed in the bytes: each begins at a segment MSH, whatever stands around it. Field
separators, escapes and character sets follow HL7 v2.5.1, chapter 2.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import BinaryIO

from pipelines.formats import UnreadableFileError
from pipelines.formats.encoding import decode_text
from pipelines.formats.lines import DECOMPRESSION_ERRORS

MESSAGE_BYTES = 48 * 1024 * 1024
"""The longest message that is read: one with an encapsulated document."""

BLOCK_BYTES = 1 << 18
CHARSETS = {
    # ISO 8859-1 is read as its superset, which German senders mean
    "8859/1": "cp1252",
    "8859/2": "iso8859-2",
    "8859/9": "iso8859-9",
    "8859/15": "iso8859-15",
    "UNICODE UTF-8": "utf-8",
    "UNICODE UTF-16": "utf-16",
}
"""HL7 table 0211, as far as German senders use it; others are told by the bytes."""

# the name first, because the engine looks for literal beginnings fast
_START = re.compile(rb"MSH(?<=[\r\n\x0b\x1c\xbf]MSH)(?=[^A-Za-z0-9\s])")
_SEGMENT = re.compile(r"[A-Z][A-Z0-9]{2}(?=[^A-Za-z0-9\s]|$)")
_BATCH = ("FHS", "BHS", "BTS", "FTS")
_TEXT_TYPES = frozenset(("TX", "FT", "ST", "CE", "CWE", ""))


@dataclass(frozen=True, slots=True)
class Separators:
    """The signs that part fields, components, repetitions and subcomponents, and the one that escapes."""

    field: str = "|"
    component: str = "^"
    repetition: str = "~"
    escape: str = "\\"
    subcomponent: str = "&"


@dataclass(frozen=True, slots=True)
class Frame:
    """A message as bytes and where it begins; `content` is None where it is too long."""

    offset: int
    content: bytes | None


class Segment:
    """A segment: its fields by their HL7 number, in MSH too; absent ones are ''."""

    def __init__(self, text: str, separators: Separators) -> None:
        self.name, self._separators = text[:3], separators
        self._fields = text.split(separators.field)
        if self.name == "MSH":
            self._fields.insert(1, separators.field)

    def raw(self, number: int) -> str:
        return self._fields[number] if number < len(self._fields) else ""

    def repetitions(self, number: int) -> list[list[str]]:
        """Return the repetitions of a field, each a list of its components, unescaped; none if it is empty."""
        if not (field := self.raw(number)) or field == '""':
            return []
        signs = self._separators
        return [
            [unescape(part, signs) for part in repetition.split(signs.component)]
            for repetition in field.split(signs.repetition)
        ]

    def first(self, number: int, component: int = 1) -> str:
        """Return a component of the first repetition of a field, or ''."""
        field, signs = self.raw(number), self._separators
        if not field or field == '""':
            return ""
        return unescape(component_of(field.split(signs.repetition, 1)[0].split(signs.component), component), signs)

    def text(self, number: int) -> str:
        """Return a field as text, its repetitions as lines; signs that part components stay as they are."""
        signs = self._separators
        return "\n".join(unescape(part, signs) for part in self.raw(number).split(signs.repetition))

    def subcomponents(self, number: int, component: int) -> list[list[str]]:
        """Return, for each repetition of a field, the subcomponents of one component, unescaped."""
        signs = self._separators
        split = [repetition.split(signs.component) for repetition in self.raw(number).split(signs.repetition)]
        return [
            [unescape(part, signs) for part in parts[component - 1].split(signs.subcomponent)]
            for parts in split
            if len(parts) >= component
        ]


def component_of(parts: Sequence[str], number: int) -> str:
    """Return component `number`, from 1, or ''."""
    return parts[number - 1] if len(parts) >= number else ""


def unescape(text: str, signs: Separators) -> str:
    """Return `text` with HL7's escape sequences replaced; unknown ones are taken out (v2.5.1, 2.7)."""
    if not signs.escape or signs.escape not in text:
        return text
    plain = {
        "F": signs.field,
        "S": signs.component,
        "T": signs.subcomponent,
        "R": signs.repetition,
        "E": signs.escape,
        "H": "",
        "N": "",
    }

    def replace(match: re.Match[str]) -> str:
        code = match[1]
        if code in plain:
            return plain[code]
        if code[0] == "X" and len(code) % 2 and re.fullmatch(r"[0-9A-Fa-f]+", code[1:]):
            try:
                return decode_text(bytes.fromhex(code[1:])).replace("\r\n", "\n").replace("\r", "\n")
            except UnicodeDecodeError:
                return ""
        if re.fullmatch(r"\.(?:br|sp|ce)\+?\d*", code):
            return "\n" * max(1, int(re.sub(r"\D", "", code) or 1)) if len(code) < 7 else "\n"
        return " " if re.fullmatch(r"\.(?:sk|in|ti)[+-]?\d*", code) else ""

    sign = re.escape(signs.escape)
    known = r"[FSTREHN]|[XZCM][0-9A-Za-z]{0,512}|\.[a-z]{2}[+-]?\d{0,4}"
    return re.sub(f"{sign}({known}){sign}", replace, text)


def looks_like_hl7(head: bytes) -> bool:
    """Tell whether a file that begins with `head` holds HL7 v2 messages."""
    return re.match(rb"(?:\xef\xbb\xbf)?[\s\x0b\x1c]*(?:MSH|FHS|BHS)[^A-Za-z0-9\s]", head) is not None


def read_frames(stream: BinaryIO, start: int = 0, stop: int | None = None) -> Iterator[Frame]:
    """Yield the messages whose segment MSH begins in [start, stop).

    Raises UnreadableFileError `truncated` or `corrupt` where decompression fails, after the messages before.
    """
    # the byte before tells whether a segment begins at `start`; before the file stands a line's end
    base, buffer = start - 1, bytearray(b"" if start else b"\n")
    stream.seek(max(base, 0))
    opened: int | None = None
    scan, long, failed, block = base, False, "", b" "
    while block:
        try:
            block = stream.read(BLOCK_BYTES)
        except EOFError:
            block, failed = b"", "truncated"
        except DECOMPRESSION_ERRORS:
            block, failed = b"", "corrupt"
        buffer += block
        for found in [base + match.start() for match in _START.finditer(buffer, scan - base)]:
            if opened is not None:
                yield Frame(opened, None if long else bytes(buffer[opened - base : found - base]))
            if stop is not None and found >= stop:
                return
            opened, long = found, False
        end = base + len(buffer)
        long = long or (opened is not None and end - opened > MESSAGE_BYTES)
        # the last bytes may be the beginning of a segment's name
        scan = max(scan, end - 3)
        kept = opened if opened is not None and not long else max(base, end - 8)
        del buffer[: kept - base]
        base = kept
    if opened is not None:
        yield Frame(opened, None if long else bytes(buffer[opened - base :]))
    if failed:
        raise UnreadableFileError(failed)


def parse_message(content: bytes) -> list[Segment]:
    """Return the segments of a message, MSH first. Raises UnreadableFileError `invalid_encoding`, `malformed_message`.

    A line that does not begin a segment continues the field before it: senders forget to escape line breaks.
    """
    head = re.split(rb"[\r\n]", content, maxsplit=1)[0]
    fields = head.split(head[3:4])
    declared = fields[17].split(b"~")[0].decode("ascii", "replace").strip() if len(fields) > 17 else ""
    try:
        text = decode_text(content.rstrip(b"\x1c\r\n\x0b"), CHARSETS.get(declared.upper(), ""))
    except UnicodeDecodeError:
        raise UnreadableFileError("invalid_encoding") from None
    signs = text[4 : text.find(text[3], 4)]
    if not 2 <= len(signs) <= 5:
        raise UnreadableFileError("malformed_message")
    separators = Separators(text[3], *signs[:4])
    lines: list[str] = []
    for line in re.split(r"\r\n|[\r\n\x1c]", text):
        line = line.strip("\x0b")
        match = _SEGMENT.match(line)
        if match and (len(line) == 3 or line[3] == separators.field):
            lines.append(line)
        elif lines:
            lines[-1] += "\n" + line
    return [Segment(line.rstrip("\n"), separators) for line in lines if not line.startswith(_BATCH)]
