"""MediaWiki exports, WARC files and web pages."""

import bz2
from collections.abc import Iterator
from datetime import date, timedelta
from html import escape
from io import BytesIO
from random import Random
from uuid import UUID

from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from pipelines.sampling.dirt import soft_hyphenated
from pipelines.sampling.language import Values, grammar
from pipelines.sampling.record import Record
from pipelines.sampling.writers import open_gzip

_PAGES_A_STREAM = 20
_CATEGORIES = ("Krankheitsbild in der Inneren Medizin", "Krankheitsbild in der Neurologie", "Therapeutisches Verfahren")
_HEAD = """<mediawiki xmlns="http://www.mediawiki.org/xml/export-0.10/" version="0.10" xml:lang="de">
  <siteinfo><sitename>Wiki</sitename><dbname>dewiki</dbname><generator>MediaWiki 1.39</generator></siteinfo>
"""
_TAIL = "</mediawiki>\n"


def wikitext(record: Record) -> str:
    """Return a record as wikitext with an infobox, links, a reference, a table, a file and a category."""
    lines = ["{{Infobox ICD|01-CODE=K70.3|01-BEZEICHNUNG=" + record.title.split(":")[0] + "}}"]
    for index, section in enumerate(record.sections):
        if section.heading:
            lines.append(f"== {section.heading} ==")
        lines += [escape(text, quote=False) for text in section.paragraphs]
        if index == 0:
            lines[-1] += "<ref>Lehrbuch der Medizin, {{ISBN|000-0-00-000000-0}}</ref>"
            lines[-1] = lines[-1].replace("Sepsis", "[[Sepsis (Medizin)|Sepsis]]", 1)
        if index == 2:
            lines += [
                "[[Datei:Abbildung.jpg|mini|Histologischer Schnitt]]",
                '{| class="wikitable"\n! Wert !! Norm\n|-\n| 5 || 7\n|}',
            ]
    category = _CATEGORIES[record.number % len(_CATEGORIES)]
    return "\n\n".join([*lines, "== Einzelnachweise ==\n<references />", f"[[Kategorie:{category}]]"])


def _page(record: Record) -> str:
    title = escape(record.title.split(":")[0].split(" nach ")[0])
    return (
        f"  <page>\n    <title>{title}</title>\n    <ns>0</ns>\n    <id>{record.identity}</id>\n    <revision>\n"
        f"      <id>{record.number + 900000}</id>\n      <timestamp>{record.day}T10:00:00Z</timestamp>\n"
        f'      <model>wikitext</model>\n      <format>text/x-wiki</format>\n      <text xml:space="preserve">'
        f"{escape(wikitext(record), quote=False)}</text>\n    </revision>\n  </page>\n"
    )


def mediawiki(path: str, records: Iterator[Record]) -> None:
    """Write an export as plain XML."""
    with open(path, "w", encoding="utf-8", newline="\n") as stream:
        stream.write(_HEAD)
        for record in records:
            stream.write(_page(record))
        stream.write(_TAIL)


def mediawiki_gz(path: str, records: Iterator[Record]) -> None:
    """Write an export compressed with gzip."""
    with open_gzip(path) as stream:
        stream.write(_HEAD.encode())
        for record in records:
            stream.write(_page(record).encode())
        stream.write(_TAIL.encode())


def mediawiki_multistream(path: str, records: Iterator[Record]) -> None:
    """Write an export as bzip2 streams: the head, 20 pages each, the tail."""
    with open(path, "wb") as stream:
        stream.write(bz2.compress(_HEAD.encode()))
        pages: list[str] = []
        for record in records:
            pages.append(_page(record))
            if len(pages) == _PAGES_A_STREAM:
                stream.write(bz2.compress("".join(pages).encode()))
                pages.clear()
        if pages:
            stream.write(bz2.compress("".join(pages).encode()))
        stream.write(bz2.compress(_TAIL.encode()))


def html_page(record: Record, charset: str = "utf-8") -> bytes:
    """Return a record as a web page with navigation, cookie notice and footer around the article."""
    parts, rng = [], Random(f"{record.source}/{record.number}/page")
    for section in record.sections:
        if section.heading:
            parts.append(f"<h2>{escape(section.heading)}</h2>")
        parts += [f"<p>{escape(soft_hyphenated(text, rng))}</p>" for text in section.paragraphs]
    notes = [grammar().rule("boilerplate", rng, Values()) for _ in range(2)]
    parts += [f'<p class="hinweis">{escape(note)}</p>' for note in notes]
    page = f"""<!DOCTYPE html>
<html lang="de"><head><meta charset="{charset}"><title>{escape(record.title)} | Gesundheitsportal</title>
<script>var tracking = true;</script></head>
<body><nav><ul><li><a href="/">Startseite</a></li><li><a href="/themen">Themen</a></li>
<li><a href="/kontakt">Kontakt</a></li></ul></nav>
<div class="cookie-banner">Diese Seite verwendet Cookies.</div>
<main><article><h1>{escape(record.title)}</h1>
{chr(10).join(parts)}
</article></main>
<footer><p>Impressum | Datenschutz | Newsletter abonnieren</p></footer></body></html>
"""
    return page.encode(charset, "xmlcharrefreplace")


def html(path: str, records: Iterator[Record]) -> None:
    """Write one web page."""
    with open(path, "wb") as stream:
        stream.write(html_page(next(records)))


def flexikon_html(path: str, records: Iterator[Record]) -> None:
    """Write one saved page of the rendered wiki."""
    record = next(records)
    title = escape(record.title.split(":")[0])
    parts = []
    for section in record.sections:
        if section.heading:
            parts.append(f'<h2><span class="mw-headline">{escape(section.heading)}</span></h2>')
        parts += [f"<p>{escape(text)}</p>" for text in section.paragraphs]
    with open(path, "w", encoding="utf-8", newline="\n") as stream:
        stream.write(f"""<!DOCTYPE html>
<html class="client-nojs" lang="de" dir="ltr"><head><meta charset="UTF-8"/><title>{title} - Flexikon</title>
<meta name="generator" content="MediaWiki 1.39"/></head><body class="mediawiki ns-0">
<div id="mw-navigation"><ul><li>Hauptseite</li><li>Letzte Änderungen</li></ul></div>
<div id="content" class="mw-body"><h1 id="firstHeading" class="firstHeading">{title}</h1>
<div id="bodyContent"><div id="mw-content-text" class="mw-body-content"><div class="mw-parser-output">
<div id="toc" class="toc" role="navigation"><h2>Inhaltsverzeichnis</h2><ul><li>1 Definition</li></ul></div>
{chr(10).join(parts)}
</div></div></div></div><div id="footer">Letzte Bearbeitung: {record.day:%d.%m.%Y}</div></body></html>
""")


def page_url(number: int) -> str:
    """Return the address that a page was crawled from."""
    return f"https://gesundheit{number % 37}.example/themen/{number}.html"


def crawl_time(number: int) -> str:
    """Return the time at which a page was crawled, as WARC writes it."""
    day = date(2023, 1, 1) + timedelta(days=number % 300)
    return f"{day}T10:{number % 60:02d}:00Z"


def _write_warc(path: str, records: Iterator[Record], compressed: bool) -> None:
    with open(path, "wb") as stream:
        writer = WARCWriter(stream, gzip=compressed)
        for record in records:
            charset = "iso-8859-1" if record.number % 3 == 1 else "utf-8"
            fields = [("Content-Type", f"text/html; charset={charset}"), ("Server", "example")]
            identity = UUID(int=(record.number + 1) * 0x9E3779B97F4A7C15F39CC0605CEDC835 % (1 << 128))
            headers = {"WARC-Date": crawl_time(record.number), "WARC-Record-ID": f"<urn:uuid:{identity}>"}
            entry = writer.create_warc_record(
                page_url(record.number),
                "response",
                payload=BytesIO(html_page(record, charset)),
                http_headers=StatusAndHeaders("200 OK", fields, protocol="HTTP/1.1"),
                warc_headers_dict=headers,
            )
            writer.write_record(entry)


def warc(path: str, records: Iterator[Record]) -> None:
    """Write a WARC file, a third of its pages in ISO 8859-1."""
    _write_warc(path, records, False)


def warc_gz(path: str, records: Iterator[Record]) -> None:
    """Write a WARC file of gzip members."""
    _write_warc(path, records, True)
