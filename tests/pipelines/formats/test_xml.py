"""Framing and hardened parsing of XML."""

import gzip
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.formats import UnreadableFileError, xml


def frame(content: bytes, names=("a",), start=0, stop=None, nested=False):
    return [record for record, _ in xml.read_records(io.BytesIO(content), names, start, stop, nested)]


def contents(*args, **keywords):
    return [record.content for record in frame(*args, **keywords)]


def element(content: str, encoding="utf-8"):
    stream = io.BytesIO(content.encode(encoding))
    record, prolog = next(xml.read_records(stream, ("a",)))
    return xml.parse(record.content, prolog)


def test_records_are_framed_with_their_offsets():
    records = frame(b"<s><a>1</a> <ab>no</ab><a id='2'>2</a ></s>")
    assert [(r.offset, r.content) for r in records] == [(3, b"<a>1</a>"), (23, b"<a id='2'>2</a >")]


def test_a_record_without_an_end_costs_only_itself():
    records = frame(b"<s><a>1</a><a>broken<a>3</a></s>")
    assert [(r.content, r.reason) for r in records] == [(b"<a>1</a>", ""), (b"", "truncated_record"), (b"<a>3</a>", "")]


def test_of_nested_records_the_outermost_counts():
    assert contents(b"<s><a>1<a>2</a></a><a>3</a></s>", nested=True) == [b"<a>1<a>2</a></a>", b"<a>3</a>"]


def test_a_record_that_is_the_whole_file_is_alone():
    assert [r.alone for r in frame(b"<?xml version='1.0'?>\n<a>1</a>")] == [True]
    assert [r.alone for r in frame(b"<s><a>1</a></s>")] == [False]


@given(st.lists(st.text("xyz<&\n", max_size=30), min_size=1, max_size=12), st.integers(1, 60))
def test_ranges_that_cover_a_file_yield_each_record_once(texts, target):
    content = b"<s>" + b"".join(b"<a>" + t.replace("<", "&lt;").encode() + b"</a> " for t in texts) + b"</s>"
    ranges = xml.byte_ranges(io.BytesIO(content), len(content), target)
    assert ranges[0][0] == 0
    assert ranges[-1][1] is None
    cut = [r.content for start, stop in ranges for r in frame(content, start=start, stop=stop)]
    assert cut == contents(content)


@given(st.integers(1, 40))
def test_a_tag_cut_by_the_end_of_a_block_is_found(size):
    content = b"<s>" + b"<a>12</a><b/>" * 20 + b"</s>"
    blocks = (content[i : i + size] for i in range(0, len(content), size))
    assert len(list(xml._frame(blocks, ("a",), 0, None, False))) == 20


def test_a_compressed_file_is_one_range():
    content = gzip.compress(b"<s>" + b"<a>1</a>" * 1000 + b"</s>")
    assert xml.byte_ranges(io.BytesIO(content), len(content), 10) == [(0, None)]


def test_records_before_a_break_are_kept():
    content = b"<s><a>1</a><a>2</a><a>3"
    found = []
    with pytest.raises(UnreadableFileError, match="truncated"):
        found.extend(r.content for r, _ in xml.read_records(io.BytesIO(content), ("a",)))
    packed = gzip.compress(b"<s>" + b"".join(b"<a>%d</a>" % i for i in range(100_000)) + b"</s>")
    stream = gzip.GzipFile(fileobj=io.BytesIO(packed[: len(packed) // 2]))
    records = xml.read_records(stream, ("a",))  # type: ignore[arg-type]
    with pytest.raises(UnreadableFileError, match="truncated"):
        found.extend(record.content for record, _ in records)
    assert len(found) > 40_000


def test_damaged_compression_is_told():
    packed = bytearray(gzip.compress(b"<s>" + bytes(range(256)) * 2000 + b"</s>"))
    packed[len(packed) // 2] ^= 255
    with pytest.raises(UnreadableFileError, match=r"corrupt|truncated|no_records"):
        list(xml.read_records(gzip.GzipFile(fileobj=io.BytesIO(bytes(packed))), ("a",)))  # type: ignore[arg-type]


@pytest.mark.parametrize("content", [b"", b" \n ", b"\0\0\0"])
def test_an_empty_file_is_told(content):
    with pytest.raises(UnreadableFileError, match="empty_file"):
        frame(content)


def test_a_file_without_records_is_told():
    with pytest.raises(UnreadableFileError, match="no_records"):
        frame(b"<s></s>")


@pytest.mark.parametrize(
    "declaration",
    [
        '<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">',
        '<!ENTITY x SYSTEM "file:///etc/passwd">',
        '<!ENTITY % x SYSTEM "http://example.org/x.dtd"> %x;',
    ],
)
def test_entity_declarations_are_refused(declaration):
    with pytest.raises(UnreadableFileError, match="entity_declaration"):
        frame(f"<?xml version='1.0'?><!DOCTYPE s [{declaration}]><s><a>&x;</a></s>".encode())


def test_no_document_type_definition_is_fetched():
    assert element('<!DOCTYPE s SYSTEM "file:///etc/passwd"><s><a>ok</a></s>').text == "ok"


@pytest.mark.parametrize("encoding", ["utf-8", "iso-8859-1", "cp1252", "utf-16"])
def test_the_declared_encoding_is_honoured(encoding):
    name = "windows-1252" if encoding == "cp1252" else encoding
    assert element(f"<?xml version='1.0' encoding='{name}'?><s><a>Größe</a></s>", encoding).text == "Größe"


def test_bytes_that_contradict_the_encoding_are_cp1252():
    assert element("<s><a>Größe – „gut“</a></s>", "cp1252").text == "Größe – „gut“"


def test_namespaces_declared_outside_the_record_hold_inside():
    assert element('<s xmlns:x="http://x"><a><x:b/></a></s>')[0].tag == "{http://x}b"


@pytest.mark.parametrize("content", ["<s><a><b></a></s>", "<s><a>&</a></s>", "<s><a x=1>1</a></s>"])
def test_malformed_records_are_told(content):
    with pytest.raises(ValueError, match="malformed_xml"):
        element(content)


def test_depth_is_bounded():
    with pytest.raises(ValueError, match="malformed_xml"):
        element("<s><a>" + "<b>" * 5000 + "</b>" * 5000 + "</a></s>")


def test_a_long_line_without_records_is_read_in_constant_memory(monkeypatch):
    class Endless(io.RawIOBase):
        left = 200

        def readable(self):
            return True

        def seek(self, *_):
            self.left = 200
            return 0

        def read1(self, size):
            self.left -= 1
            return b"x" * size if self.left else b""

    with pytest.raises(UnreadableFileError, match="no_records"):
        list(xml.read_records(Endless(), ("a",)))  # type: ignore[arg-type]


def test_a_record_without_bounds_is_let_go(monkeypatch):
    monkeypatch.setattr(xml, "RECORD_BYTES", 300_000)
    records = frame(b"<s><a>" + b"x" * 600_000 + b"</a><a>2</a></s>")
    assert [(r.content, r.reason) for r in records] == [(b"", "record_too_large"), (b"<a>2</a>", "")]


@pytest.mark.parametrize(
    ("head", "name"),
    [
        (b"<?xml version='1.0'?><!-- <b> --><!DOCTYPE a [<!ELEMENT b ANY>]>\n<a>", "a"),
        (b"\xef\xbb\xbf<x:a>", "a"),
        ("<a>".encode("utf-16"), "a"),
        (b"text", ""),
        (b"", ""),
    ],
)
def test_the_root_is_recognised(head, name):
    assert xml.root_name(head) == name
