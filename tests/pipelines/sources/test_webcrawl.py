"""Web crawl: WARC, saved pages and tables, from files to documents."""

import gzip
import io
from pathlib import Path

from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from pipelines.ingest import RawDocument, Rejection
from tests.pipelines.sources.test_wikis import read, short

ARTICLE = " ".join(["Die Grippe wird durch Viren ausgelöst, die beim Husten übertragen werden, und heilt meist."] * 4)


def web_page(title: str = "Grippe") -> str:
    return (
        f"<!DOCTYPE html><html><head><title>{title}</title></head><body><nav>Start</nav><p>{ARTICLE}</p></body></html>"
    )


def warc_file(*pages: tuple[str, bytes, str], compressed: bool = True) -> bytes:
    buffer = io.BytesIO()
    writer = WARCWriter(buffer, gzip=compressed)
    for url, content, kind in pages:
        headers = StatusAndHeaders("200 OK", [("Content-Type", kind)], protocol="HTTP/1.1")
        date = {"WARC-Date": "2021-05-06T07:08:09Z"}
        writer.write_record(
            writer.create_warc_record(
                url, "response", io.BytesIO(content), http_headers=headers, warc_headers_dict=date
            )
        )
    return buffer.getvalue()


def test_all_forms_are_read(tmp_path: Path) -> None:
    latin = ("http://a.de/latin", web_page().encode("cp1252"), "text/html; charset=iso-8859-1")
    wrong = ("http://a.de/wrong", web_page().encode("cp1252"), "text/html; charset=utf-8")
    empty = ("http://a.de/leer", b"<html><body></body></html>", "text/html")
    (tmp_path / "a.warc.gz").write_bytes(warc_file(latin, wrong, empty))
    (tmp_path / "b.html").write_bytes(warc_file(latin, compressed=False))  # a wrong extension
    (tmp_path / "seiten").mkdir()
    (tmp_path / "seiten/grippe.php").write_text(web_page())
    (tmp_path / "seiten/grippe.html.gz").write_bytes(gzip.compress(web_page().encode()))
    outcomes = read("webcrawl", tmp_path)
    assert short(outcomes) == [
        ("http://a.de/latin 2021-05-06T07:08:09Z", ARTICLE),
        ("http://a.de/wrong 2021-05-06T07:08:09Z", ARTICLE),
        ("", "no_main_content"),
        ("http://a.de/latin 2021-05-06T07:08:09Z", ARTICLE),
        ("seiten/grippe.html.gz", ARTICLE),
        ("seiten/grippe.php", ARTICLE),
    ]
    assert {outcome.title for outcome in outcomes if isinstance(outcome, RawDocument)} == {"Grippe"}


def test_table_of_pages(tmp_path: Path) -> None:
    row = f'Was hilft?\t"<p>{ARTICLE}</p>\n<p>Ruhe ""hilft"".</p>"\thttp://a.de\tde\n'
    english = "What helps?\t<p>Rest.</p>\thttp://a.de\ten\n"
    (tmp_path / "faq.tsv").write_text("question\tanswer_html\tlink\tlang\n" + row + english + "kurz\n")
    (tmp_path / "andere.csv").write_text("a,b\n1,2\n")
    outcomes = read("webcrawl", tmp_path)
    assert short(outcomes) == [
        ("", "missing_html_column"),
        ("http://a.de Was hilft?", f'Was hilft?\n{ARTICLE}\nRuhe "hilft".'),
        ("", "not_german"),
        ("", "missing_cells"),
    ]
    (named,) = [o for o in read("webcrawl", tmp_path, html_column="b") if o.file == "andere.csv"]
    assert isinstance(named, Rejection | RawDocument)
    assert {o.reason for o in read("webcrawl", tmp_path, html_column="c") if isinstance(o, Rejection)} == {
        "missing_html_column"
    }


def test_an_unclosed_quote_costs_its_own_row(tmp_path: Path) -> None:
    rows = [f"http://a.de/{i};<p>{ARTICLE}</p>\n" for i in range(4)]
    rows[1] = 'http://a.de/1;"<p>nie geschlossen</p>\n'
    (tmp_path / "a.csv").write_text("url;html\n" + "".join(rows))
    found = short(read("webcrawl", tmp_path))
    assert [key for key, _ in found] == ["http://a.de/0", "", "http://a.de/2", "http://a.de/3"]


def test_a_row_in_another_encoding_is_read(tmp_path: Path) -> None:
    rows = [f"http://a.de/{i};<p>{ARTICLE}</p>\n".encode(("utf-8", "cp1252")[i == 2]) for i in range(4)]
    (tmp_path / "a.csv").write_bytes(b"url;html\n" + b"".join(rows))
    assert [text for _, text in short(read("webcrawl", tmp_path))] == [ARTICLE] * 4


def test_truncated_table(tmp_path: Path) -> None:
    rows = "".join(f"http://a.de/{i};<p>{ARTICLE}</p>\n" for i in range(30))
    content = ("url;html\n" + rows).encode("cp1252")
    (tmp_path / "a.csv.gz").write_bytes(gzip.compress(content)[:-20])
    outcomes = read("webcrawl", tmp_path)
    assert short(outcomes)[0] == ("http://a.de/0", ARTICLE)
    assert isinstance(outcomes[-1], Rejection)
    assert outcomes[-1].reason == "truncated"


def test_real_crawl(real_data: Path) -> None:
    outcomes = read("webcrawl", real_data / "raw/webcrawl")
    documents = [outcome for outcome in outcomes if isinstance(outcome, RawDocument)]
    assert len(documents) == 399 + 225
    assert all(document.text.startswith(document.title) and "<" not in document.text[:200] for document in documents)
