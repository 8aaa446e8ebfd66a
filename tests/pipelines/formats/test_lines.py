import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.formats import lines
from pipelines.formats.lines import Line, ranges, read_lines


def read(content: bytes, start: int = 0, stop: int | None = None, encoding: str = "utf-8") -> list[Line]:
    return list(read_lines(io.BytesIO(content), start, stop, encoding))


@given(st.lists(st.binary(max_size=8), max_size=8), st.integers(1, 20), st.sampled_from([3, 5, 1 << 20]))
def test_each_line_is_in_one_range(pieces, target, limit):
    content = b"\n".join(pieces)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lines, "LINE_BYTES", limit)
        patch.setattr(lines, "BUFFER_BYTES", 4)
        whole = read(content)
        assert [line for start, stop in ranges(len(content), target) for line in read(content, start, stop)] == whole
    assert [line.offset for line in whole] == [i for i in range(len(content)) if i == 0 or content[i - 1 : i] == b"\n"]
    assert all(line.content is None or len(line.content) <= limit for line in whole)


def test_long_lines_of_wide_encodings(monkeypatch):
    monkeypatch.setattr(lines, "LINE_BYTES", 40)
    content = ("kurz\n" + "lang " * 20 + "\nkurz\n" + "lang" * 20).encode("utf-16")
    assert [line.content for line in read(content, encoding="utf-16")] == [b"kurz\n", None, b"kurz\n", None]


def test_the_stream_stays_open():
    stream = io.BytesIO(b"a\nb\n")
    next(read_lines(stream))
    stream.seek(0)
    assert len(list(read_lines(stream))) == 2
