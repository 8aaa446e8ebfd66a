"""The page in headless Chromium: drawn, quiet, and without a connection to anywhere."""

import shutil
import subprocess
from pathlib import Path

import pytest
from lxml import html

from pipelines.report_page import page
from schemas.manifest import Account, Manifest, Shard, summarise
from schemas.statistics import CorpusStatistics

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync --enable-logging=stderr --window-size=1300,900"
).split()
NO_NAMES = "--host-resolver-rules=MAP * ~NOTFOUND"

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium: install Debian's package chromium")

FIGURES = summarise({"thieme": CorpusStatistics(1234, 20_000, 300_000, 2_000_000)})
MANIFEST = Manifest(
    version="0.1.0",
    fingerprint="f",
    configuration={},
    sources={"thieme": Account(1300, 1234, 30, {"not_german": 66})},
    statistics={"full": FIGURES, "dedup": FIGURES},
    shards=(Shard("x", 1234, 1, "0"),),
    entities={"thieme": {"PERSON": 7}},
    distributions={"words": {"thieme": {"64": 1000, "128": 234}}},
)


def browse(text: str, folder: Path) -> tuple[str, str]:
    """Return the document as Chromium made it of the page `text`, and what it logged."""
    (folder / "report.html").write_text(text, "utf-8")
    command = [str(CHROMIUM), *FLAGS, NO_NAMES, f"--user-data-dir={folder / 'profile'}", "--dump-dom"]
    done = subprocess.run(
        [*command, (folder / "report.html").as_uri()], capture_output=True, text=True, timeout=60, check=True
    )
    return done.stdout, done.stderr


@pytest.mark.parametrize("code", ["en", "de"])
def test_page_is_drawn_without_an_error_or_a_request(code: str, tmp_path: Path):
    # the page's policy refuses every request and the browser says so on its console, as the next test shows
    document, log = browse(page(MANIFEST, code), tmp_path)
    assert "CONSOLE" not in log
    tree = html.fromstring(document)
    rows = {row.xpath("string(th)"): row.xpath("td/text()") for row in tree.xpath("(//table)[1]/tbody/tr")}
    shown = f"{FIGURES['thieme'].documents:,}"
    assert rows["Thieme Publishing Group"][0] == (shown if code == "en" else shown.replace(",", "."))


def test_a_request_would_be_refused_and_seen(tmp_path: Path):
    text = page(MANIFEST).replace("</h1>", '</h1><img src="http://localhost:9/x.png"><script>document.title=1</script>')
    document, log = browse(text, tmp_path)
    assert log.count("CONSOLE") == 2
    assert "Content Security Policy" in log
    assert "<title>Corpus report</title>" in document
