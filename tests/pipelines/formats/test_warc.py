"""WARC files: every record once, wherever they are cut; a bad record costs itself."""

import gzip
import io
from collections.abc import Iterable

import pytest
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from pipelines.formats import Unreadable, UnreadableFileError, warc
from pipelines.formats.warc import Capture

DATE = {"WARC-Date": "2020-01-01T00:00:00Z"}


def crawl(compressed: bool, count: int = 20, status: str = "200 OK", kind: str = "text/html; charset=utf-8") -> bytes:
    """Return a WARC file with `count` pages, each with its request before it."""
    buffer = io.BytesIO()
    writer = WARCWriter(buffer, gzip=compressed)
    writer.write_record(writer.create_warcinfo_record("crawl.warc.gz", {"software": "test"}))
    for number in range(count):
        url, page = f"http://example.org/{number}", f"<p>Grüße Nummer {number} {'x' * number * 7}</p>".encode()
        request = StatusAndHeaders("GET / HTTP/1.1", [("Host", "example.org")], is_http_request=True)
        writer.write_record(writer.create_warc_record(url, "request", http_headers=request, warc_headers_dict=DATE))
        answer = StatusAndHeaders(status, [("Content-Type", kind)], protocol="HTTP/1.1")
        record = writer.create_warc_record(
            url, "response", io.BytesIO(page), http_headers=answer, warc_headers_dict=DATE
        )
        writer.write_record(record)
    return buffer.getvalue()


def urls(outcomes: Iterable[Capture | Unreadable]) -> list[str]:
    return [outcome.url[19:] if isinstance(outcome, Capture) else outcome.reason for outcome in outcomes]


NUMBERS = [str(number) for number in range(20)]


@pytest.mark.parametrize("compressed", [True, False])
@pytest.mark.parametrize("size", [97, 1000, 4000, 10**6])
def test_ranges_cover_every_record_once(compressed: bool, size: int) -> None:
    content = crawl(compressed)
    assert warc.is_divisible(io.BytesIO(content))
    ranges = warc.byte_ranges(len(content), size, True)
    found = [url for start, stop in ranges for url in urls(warc.read(io.BytesIO(content), start, stop))]
    assert found == NUMBERS


def test_page_and_its_headers() -> None:
    capture = next(iter(warc.read(io.BytesIO(crawl(True)))))
    assert isinstance(capture, Capture)
    assert (capture.key, capture.kind, capture.charset) == (
        "http://example.org/0 2020-01-01T00:00:00Z",
        "text/html",
        "utf-8",
    )
    assert capture.content.decode().strip() == "<p>Grüße Nummer 0 </p>"


def test_one_gzip_member_for_all_records_is_one_range() -> None:
    content = gzip.compress(crawl(False))
    assert not warc.is_divisible(io.BytesIO(content))
    assert urls(warc.read(io.BytesIO(content))) == NUMBERS


@pytest.mark.parametrize("size", [10**6, 500])
def test_damaged_member_costs_its_record(size: int) -> None:
    content = bytearray(crawl(True))
    members = [place for place in range(len(content)) if content[place : place + 3] == b"\x1f\x8b\x08"]
    place = members[12] + 60  # the sixth response, number 5
    content[place : place + 40] = b"\xff" * 40
    ranges = warc.byte_ranges(len(content), size, True)
    found = [url for start, stop in ranges for url in urls(warc.read(io.BytesIO(bytes(content)), start, stop))]
    assert found == [*NUMBERS[:5], "bad_record", *NUMBERS[6:]]


@pytest.mark.parametrize(
    "damage",
    [
        lambda record: record.replace(b"Content-Length: ", b"Content-Lenght: ", 1),  # no length
        lambda record: record.replace(b"Content-Length: ", b"Content-Length: 9", 1),  # too long by far
        lambda record: record.replace(b"Content-Length: 1", b"Content-Length: ", 1),  # too short
        lambda record: record.replace(b"WARC/1.0\r\n", b"GARBAGE!\r\n", 1),
        lambda record: b"\x00\xff" * 100,
    ],
)
def test_damaged_record_costs_itself(damage) -> None:
    content = crawl(False)
    records = [b"WARC/1.0\r\n" + part for part in content.split(b"WARC/1.0\r\n")[1:]]
    assert len(records) == 41
    records[12] = damage(records[12])
    found = urls(warc.read(io.BytesIO(b"".join(records))))
    assert found == [*NUMBERS[:5], "bad_record", *NUMBERS[6:]]


def test_impossible_length_does_not_swallow_the_rest() -> None:
    records = [b"WARC/1.0\r\n" + part for part in crawl(False).split(b"WARC/1.0\r\n")[1:]]
    records[12] = records[12].replace(b"Content-Length: ", b"Content-Length: 99999999999", 1)
    found = urls(warc.read(io.BytesIO(b"".join(records))))
    assert [url for url in found if url.isdigit()] == [*NUMBERS[:5], *NUMBERS[6:]]
    assert "too_large" in found


@pytest.mark.parametrize("compressed", [True, False])
def test_truncated_file_keeps_what_is_before(compressed: bool) -> None:
    found: list[str] = []
    with pytest.raises(UnreadableFileError, match="truncated"):  # noqa: PT012
        for outcome in warc.read(io.BytesIO(crawl(compressed)[:-40])):
            found += urls([outcome])
    assert found == NUMBERS[:-1]


def test_what_is_no_page_is_told() -> None:
    assert urls(warc.read(io.BytesIO(crawl(True, 2, status="404 Not Found")))) == ["http_status"] * 2
    assert urls(warc.read(io.BytesIO(crawl(True, 2, kind="image/png")))) == ["not_html"] * 2
    assert urls(warc.read(io.BytesIO(crawl(True, 1, kind="")))) == ["0"]


def test_accepts_by_content() -> None:
    assert warc.accepts(b"WARC/1.0\r\nWARC-Type: warcinfo")
    assert not warc.accepts(b"<html>WARC/1.0\r\n")
