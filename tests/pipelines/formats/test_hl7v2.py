import io

import hl7
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.formats import UnreadableFileError, hl7v2
from pipelines.formats.hl7v2 import Separators, read_frames, unescape

SIGNS = Separators()


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        (r"a\.br\b", "a\nb"),
        (r"\F\\S\\T\\R\\E\ ", "|^&~\\ "),
        (r"\H\fett\N\ normal", "fett normal"),
        (r"Gr\XF6\\XDF\e", "Größe"),
        (r"Gr\XC3B6\sse", "Grösse"),
        (r"a\.sp2\b\.in+4\c", "a\n\nb c"),
        (r"\Zabc\x\C2842\ ", "x "),
        (r"5\3 der Dosis \ Rest", r"5\3 der Dosis \ Rest"),
        (r"\XZZ\a\.br", r"a\.br"),
    ],
)
def test_escapes(written, meant):
    assert unescape(written, SIGNS) == meant


ESCAPES: dict[str, str] = {"|": "\\F\\", "^": "\\S\\", "&": "\\T\\", "~": "\\R\\", "\\": "\\E\\"}


@given(st.text(st.sampled_from("ab|^~&\\ä\n"), max_size=30))
def test_escaping_is_undone(text):
    assert unescape("".join(ESCAPES.get(sign, sign) for sign in str(text)), SIGNS) == text


FIELD = st.text(st.sampled_from("ab1äß.-"), max_size=6)


@given(st.lists(st.lists(st.lists(FIELD, min_size=1, max_size=3), min_size=1, max_size=2), min_size=1, max_size=5))
def test_segments_are_those_of_the_hl7_library(fields):
    """The library is the oracle for what is well-formed; it reads neither bytes nor what senders make of them."""
    line = "PID|" + "|".join("~".join("^".join(parts) for parts in repetitions) for repetitions in fields)
    message = "MSH|^~\\&|RIS|KH|||20240101||ORU^R01|7|P|2.5\r" + line + "\r"
    expected = hl7.parse(message)
    _, pid = hl7v2.parse_message(message.encode())
    for i, repetitions in enumerate(fields, 1):
        for j, parts in enumerate(repetitions):
            for k, _ in enumerate(parts, 1):
                found = pid.repetitions(i)
                assert (found[j][k - 1] if found else "") == expected.extract_field("PID", 1, i, j + 1, k)


MESSAGES = [b"MSH|^~\\&|A\rPID|1\rOBX|1|TX|||eins\r", b"MSH|^~\\&|B\nOBX|1|TX|||zwei MSH| drei\n", b"MSH|^~\\&|C"]


def frames(content: bytes, start: int = 0, stop: int | None = None) -> list:
    return list(read_frames(io.BytesIO(content), start, stop))


def test_framing():
    content = b"\x0b" + MESSAGES[0] + b"\x1c\r\x0b" + MESSAGES[1] + b"\x1c\rFHS|^~\\&\rBHS|^~\\&\r" + MESSAGES[2]
    assert [frame.content[9:10] for frame in frames(content)] == [b"A", b"B", b"C"]
    assert [frame.offset for frame in frames(b"\xef\xbb\xbf" + MESSAGES[0])] == [3]
    assert frames(b"keine Nachricht\r") == []


@given(
    st.lists(st.sampled_from([*MESSAGES, b"\x1c\r\x0b", b"\r", b"MS", b"MSH", b"MSHx"]), max_size=8), st.integers(1, 40)
)
def test_ranges_give_what_one_pass_gives(pieces, target):
    content = b"".join(pieces)
    starts = range(0, len(content) + 1, target)
    cut = [(start, start + target if start + target <= len(content) else None) for start in starts]
    found = [frame for start, stop in cut for frame in frames(content, start, stop)]
    assert [(frame.offset, frame.content) for frame in found] == [(f.offset, f.content) for f in frames(content)]


def test_small_blocks_and_long_messages(monkeypatch):
    content = b"\r".join([*MESSAGES, b"MSH|^~\\&|D\rOBX|1|TX|||" + b"x" * 500, MESSAGES[0]])
    expected = frames(content)
    for size in (1, 2, 3, 7, 64):
        monkeypatch.setattr(hl7v2, "BLOCK_BYTES", size)
        assert frames(content) == expected
    monkeypatch.setattr(hl7v2, "MESSAGE_BYTES", 200)
    assert [frame.content is None for frame in frames(content)] == [False, False, False, True, False]


@pytest.mark.parametrize(
    ("charset", "encoding"),
    [
        ("8859/1", "latin-1"),
        ("8859/1", "cp1252"),
        ("8859/15", "iso8859-15"),
        ("UNICODE UTF-8", "utf-8"),
        ("UNICODE UTF-8", "cp1252"),
        ("ASCII", "utf-8"),
        ("GB 18030-2000", "utf-8"),
        ("", "utf-8"),
        ("", "cp1252"),
    ],
)
def test_charsets(charset, encoding):
    message = f"MSH|^~\\&|||||20240101||ORU^R01|7|P|2.5||||||{charset}\rOBX|1|TX|||Größe: Übermaß\r"
    assert hl7v2.parse_message(message.encode(encoding))[1].first(5) == "Größe: Übermaß"


def test_unescaped_line_breaks_continue_the_field():
    message = b"MSH|^~\\&|||||||ORU^R01\rOBX|1|TX|||erste\nzweite Zeile\n\nDIE dritte\rNTE|1||Notiz\r"
    segments = hl7v2.parse_message(message)
    assert [segment.name for segment in segments] == ["MSH", "OBX", "NTE"]
    assert segments[1].first(5) == "erste\nzweite Zeile\n\nDIE dritte"


def test_other_separators_and_broken_heads():
    segments = hl7v2.parse_message(b"MSH#*~\\&#RIS\rOBX#1#TX###a*b\r")
    assert segments[1].repetitions(5) == [["a", "b"]]
    with pytest.raises(UnreadableFileError, match="malformed_message"):
        hl7v2.parse_message(b"MSH||")
