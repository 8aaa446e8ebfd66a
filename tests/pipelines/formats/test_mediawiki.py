"""Exports of MediaWiki: every page once, wherever a file is cut; a broken page costs itself."""

import bz2
import gzip
import io
import random
from collections.abc import Iterable

import pytest

from pipelines.formats import Unreadable, UnreadableFileError, mediawiki
from pipelines.formats.mediawiki import Page

HEAD = b"""<mediawiki xmlns="http://www.mediawiki.org/xml/export-0.11/" version="0.11" xml:lang="de">
<siteinfo><sitename>W</sitename></siteinfo>
"""
TAIL = b"</mediawiki>\n"


def page(number: int, text: str = "", more: str = "", ns: str = "<ns>0</ns>", title: str = "") -> bytes:
    text = text or f"Die Leber Nummer {number} ist groß. " * 20
    return (
        f"<page><title>{title or f'Titel {number}'}</title>{ns}<id>{number}</id>{more}<revision><id>9</id>"
        f'<timestamp>2020-01-01T00:00:00Z</timestamp><text xml:space="preserve">{text}</text></revision></page>\n'
    ).encode()


def pages(count: int) -> list[bytes]:
    return [page(number) for number in range(1, count + 1)]


def keys(outcomes: Iterable[Page | Unreadable]) -> list[str]:
    return [outcome.key if isinstance(outcome, Page) else outcome.reason for outcome in outcomes]


def read_all(content: bytes) -> tuple[list[str], str]:
    """Return the keys or reasons of what is read, and how the file ends."""
    found: list[str] = []
    stream = io.BytesIO(content)
    try:
        for outcome in mediawiki.read_bzip2(stream) if content[:3] == b"BZh" else mediawiki.read(stream):
            found += keys([outcome])
    except UnreadableFileError as error:
        return found, error.reason
    return found, ""


def test_dump_and_single_page() -> None:
    assert read_all(HEAD + b"".join(pages(3)) + TAIL) == (["1", "2", "3"], "")
    assert read_all(page(7)) == (["7"], "")
    assert mediawiki.accepts(HEAD)
    assert mediawiki.accepts(b"\xef\xbb\xbf<?xml version='1.0'?><!-- x --><page>\n<title>T</title>")
    assert not mediawiki.accepts(b"<html><page><title>")


def test_latest_revision_wins() -> None:
    revisions = "".join(
        f"<revision><timestamp>{year}-01-01T00:00:00Z</timestamp><text>Stand {year}</text></revision>"
        for year in (2012, 2020, 2015)
    )
    content = f"<page><title>T</title><ns>0</ns><id>1</id>{revisions}</page>".encode()
    (found,) = mediawiki.read(io.BytesIO(content))
    assert isinstance(found, Page)
    assert found.text == "Stand 2020"


@pytest.mark.parametrize("size", [113, 500, 2000, 10**6])
def test_ranges_of_xml_cover_every_page_once(size: int) -> None:
    content = HEAD + b"".join(pages(20)) + TAIL
    ranges = [(start, start + size if start + size < len(content) else None) for start in range(0, len(content), size)]
    found = [key for start, stop in ranges for key in keys(mediawiki.read(io.BytesIO(content), start, stop))]
    assert found == [str(number) for number in range(1, 21)]


@pytest.mark.parametrize("cut_at", ["pages", "anywhere"])
@pytest.mark.parametrize("size", [100, 700, 3000])
def test_ranges_of_multistream_bzip2_cover_every_page_once(cut_at: str, size: int) -> None:
    rng = random.Random(1)
    if cut_at == "pages":  # as Wikimedia's dumps
        everything = pages(40)
        pieces = [HEAD, *(b"".join(everything[i : i + 4]) for i in range(0, 40, 4)), TAIL]
    else:  # as pbzip2 writes them
        content = HEAD + b"".join(pages(40)) + TAIL
        places = sorted(rng.sample(range(len(content)), 25))
        pieces = [content[a:b] for a, b in zip([0, *places], [*places, len(content)], strict=True)]
    content = b"".join(map(bz2.compress, pieces))
    ranges = mediawiki.byte_ranges(io.BytesIO(content), len(content), size)
    assert len(ranges) > 1
    found = [key for start, stop in ranges for key in keys(mediawiki.read_bzip2(io.BytesIO(content), start, stop))]
    assert found == [str(number) for number in range(1, 41)]


def test_single_stream_bzip2_is_one_range() -> None:
    content = bz2.compress(HEAD + b"".join(pages(200)) + TAIL)
    assert mediawiki.byte_ranges(io.BytesIO(content), len(content), 100) == [(0, None)]
    assert len(read_all(content)[0]) == 200


def test_broken_stream_costs_its_pages_only() -> None:
    streams = [bz2.compress(HEAD), *(bz2.compress(one) for one in pages(10)), bz2.compress(TAIL)]
    streams[5] = streams[5][:60] + b"\xff" * 20 + streams[5][80:]
    content = b"".join(streams)
    expected = ["1", "2", "3", "4", "6", "7", "8", "9", "10", "corrupt_stream"]
    assert read_all(content) == (expected, "")
    ranges = [(start, min(start + 400, len(content))) for start in range(0, len(content), 400)]
    found = [key for start, stop in ranges for key in keys(mediawiki.read_bzip2(io.BytesIO(content), start, stop))]
    assert sorted(found) == sorted(expected)


@pytest.mark.parametrize(
    "compress", [bz2.compress, lambda content: b"".join(map(bz2.compress, content.splitlines(True)))]
)
def test_truncated_bzip2_keeps_what_is_before(compress: object) -> None:
    rng = random.Random(2)
    noise = ["".join(rng.choices("abcdefgh ", k=60_000)) for _ in range(30)]
    content = compress(HEAD + b"".join(page(i + 1, text) for i, text in enumerate(noise)) + TAIL)  # type: ignore[operator]
    found, end = read_all(content[: len(content) * 3 // 4])
    assert end == "truncated"
    assert found[:10] == [str(number) for number in range(1, 11)]


def test_truncated_gzip_and_xml_keep_what_is_before() -> None:
    content = HEAD + b"".join(pages(20)) + TAIL
    found: list[str] = []
    packed = gzip.compress(content)
    with pytest.raises(UnreadableFileError, match="truncated"):  # noqa: PT012
        for outcome in mediawiki.read(gzip.GzipFile(fileobj=io.BytesIO(packed[:-200]))):  # type: ignore[arg-type]
            found += keys([outcome])
    assert found
    assert read_all(content[:-300]) == ([str(number) for number in range(1, 20)], "truncated")


def test_broken_page_in_the_middle_costs_itself() -> None:
    broken = page(2).replace(b"</revision>", b"")
    unclosed = page(3).replace(b"</page>", b"")
    content = HEAD + page(1) + broken + unclosed + page(4) + b"<page><title></title></page>" + page(5) + TAIL
    assert read_all(content) == (["1", "malformed_xml", "truncated_record", "4", "no_title", "5"], "")


def test_entities_are_neither_expanded_nor_fetched() -> None:
    bomb = b'<?xml version="1.0"?><!DOCTYPE m [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>' + HEAD + page(1, "&b;") + TAIL
    assert read_all(bomb) == ([], "entity_declaration")
    inside = HEAD + page(1, "A &b; C") + b'<page><!DOCTYPE x [<!ENTITY a "b">]><title>x</title></page>' + page(2) + TAIL
    found, _ = read_all(inside)
    assert found[1:] == ["malformed_xml", "2"]


def test_invalid_utf8_is_read() -> None:
    content = HEAD + page(1).replace("ß".encode(), b"\xdf") + page(2) + TAIL
    assert read_all(content) == (["1", "2"], "")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (page(1), ""),
        (page(1, ns="<ns>1</ns>"), "namespace"),
        (page(1, ns="", title="Benutzer:Meier"), "namespace"),
        (page(1, ns="", title="Kategorie:Leber"), "namespace"),
        (page(1, ns="", title="Bild und Röntgen: eine Einführung"), ""),
        (page(1, more='<redirect title="Leber"/>'), "redirect"),
        (page(1, "#WEITERLEITUNG [[Leber]]"), "redirect"),
        (page(1, "#redirect [[Leber]]"), "redirect"),
        (page(1, "A steht für: {{Begriffsklärung}}"), "disambiguation"),
        (page(1, "{{Begriffsklärungshinweis}} Text"), ""),
        (page(1, title="ALS (Begriffsklärung)"), "disambiguation"),
        (page(1, title="Liste der Krankheiten"), "list"),
        (page(1, title="Liste medizinischer Abkürzungen"), "list"),
        (page(1, title="Listeriose"), ""),
        (page(1, "Text [[Kategorie:Liste (Medizin)]]"), "list"),
        (page(1).replace(b"<timestamp>", b"<model>css</model><timestamp>"), "content_model"),
    ],
)
def test_what_is_no_article(content: bytes, reason: str) -> None:
    (found,) = mediawiki.read(io.BytesIO(content))
    assert isinstance(found, Page)
    assert mediawiki.no_article(found) == reason


def test_deleted_text_is_told() -> None:
    content = b'<page><title>T</title><id>4</id><revision><text deleted="deleted" /></revision></page>'
    assert list(mediawiki.read(io.BytesIO(content))) == [Unreadable("4", "no_text")]


def test_categories_and_templates() -> None:
    text = "{{Infobox_ICD\n|A=1}} {{ Gesundheitshinweis }} [[Kategorie:Krankheitsbild in der  Kardiologie|Infarkt]]"
    assert mediawiki.templates(text) == ["Infobox ICD", "Gesundheitshinweis"]
    assert mediawiki.categories(text) == ["Krankheitsbild in der Kardiologie"]
