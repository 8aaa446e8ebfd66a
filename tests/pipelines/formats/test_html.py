"""Web pages: the article without what surrounds it, whatever the encoding says."""

import contextlib
import csv
import io
import time
from pathlib import Path

import pytest

from pipelines.formats import UnreadableFileError, html

ARTICLE = " ".join(["Die Entzündung der Gallenblase wird mit Antibiotika behandelt und heilt meist folgenlos ab."] * 4)
PAGE = f"""<!DOCTYPE html><html lang="de"><head><meta charset="CHARSET"><title>Gallenblase - Klinik</title>
<script>var x = "geheim";</script><style>p {{color: red}}</style></head><body>
<nav><ul><li><a href="/">Startseite</a></li><li><a href="/k">Kontakt</a></li></ul></nav>
<main><article><h1>Cholezystitis</h1><p>{ARTICLE}</p><h2>Therapie</h2><p>{ARTICLE}</p>
<ul><li>Ruhe und Wärme helfen.</li><li>Ein Eingriff ist selten nötig.</li></ul></article></main>
<footer><p>Impressum | Datenschutz | Cookies akzeptieren</p></footer></body></html>"""


def test_main_content() -> None:
    page = html.main_content(PAGE)
    assert page.title == "Cholezystitis"
    assert page.text.count(ARTICLE) == 2
    assert "Ruhe und Wärme helfen.\nEin Eingriff ist selten nötig." in page.text
    assert not any(word in page.text for word in ("Impressum", "Startseite", "geheim", "color", "<", "|"))


@pytest.mark.parametrize("encoded", ["utf-8", "cp1252", "utf-16", "utf-8-sig", "iso-8859-15"])
@pytest.mark.parametrize("claimed", ["utf-8", "iso-8859-1", "nonsense", "utf-16", "utf-7", ""])
def test_charset_from_bytes_where_the_page_is_wrong(encoded: str, claimed: str) -> None:
    content = PAGE.replace("CHARSET", claimed).encode(encoded)
    assert html.accepts(content)
    assert ARTICLE in html.read(io.BytesIO(content)).text


def test_charset_of_the_header_and_of_the_page() -> None:
    assert html.decode("Łódź".encode("iso-8859-2"), "ISO-8859-2") == "Łódź"
    assert (
        html.decode(
            b'<meta http-equiv="Content-Type" content="text/html; charset=iso-8859-2">' + "ó".encode("iso-8859-2")
        )[-1]
        == "ó"
    )
    assert html.decode("Größe „x“ – 5 €".encode("cp1252"), "latin-1") == "Größe „x“ – 5 €"
    assert html.decode("Größe, Füße, Höhe".encode() + b"\xff").startswith("Größe, Füße")


@pytest.mark.parametrize(
    ("head", "accepted"),
    [
        (b"<!-- saved from url -->\n<HTML><head>", True),
        (b"<div class='a'><p>Text</p></div>", True),
        (b"<?xml version='1.0'?><mediawiki><page>", False),
        (b"<?xml version='1.0'?><!DOCTYPE html PUBLIC 'x'><html>", True),
        (b"Text mit <p>Absatz</p> und <div>", False),
        (b"WARC/1.0\r\n<html>", False),
        (b"\x89PNG\0<html><p><div>", False),
        (b"", False),
    ],
)
def test_accepts_by_content(head: bytes, accepted: bool) -> None:
    assert html.accepts(head) is accepted


@pytest.mark.parametrize(
    "page",
    [
        "<div>" * 5000 + "x",
        "<p>" * 200_000,
        "<table><tr><td>" * 3000,
        "<b><i>" * 20_000,
        "<a href='" * 20_000,
        "&amp;" * 50_000,
        "<![CDATA[" * 9000,
    ],
)
def test_hostile_pages_end_soon(page: str) -> None:
    began = time.process_time()
    with contextlib.suppress(UnreadableFileError):
        html.main_content(page)
    assert time.process_time() - began < 10


def test_too_large_is_refused_before_it_fills_the_memory() -> None:
    class Endless(io.RawIOBase):
        def read(self, size: int = -1) -> bytes:
            return b"x" * size

    with pytest.raises(UnreadableFileError, match="too_large"):
        html.read(Endless())  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "page", ["", " \n", "<html></html>", "<?xml version='1.0' encoding='utf-8'?>", "\0\0", "<!-- x -->"]
)
def test_pages_without_text(page: str) -> None:
    assert html.main_content(page).text == ""


def test_same_page_twice_gives_the_same_text() -> None:
    assert html.main_content(PAGE) == html.main_content(PAGE)


def test_words_of_a_real_crawl_are_kept(real_data: Path) -> None:

    csv.field_size_limit(10**8)
    with (real_data / "raw/webcrawl/health_authority_faq/faq_200327.tsv").open(newline="") as stream:
        rows = [row for row in csv.DictReader(stream, delimiter="\t") if row["lang"] == "de"][::5]
    kept = total = 0
    for row in rows:
        found, wanted = set(html.main_content(row["answer_html"]).text.split()), row["answer"].split()
        kept, total = kept + sum(word in found for word in wanted), total + len(wanted)
    assert kept / total > 0.95
