"""The page in headless Chromium: drawn, quiet, accessible, without a request to anywhere, its figures the corpus's."""

import hashlib
import json
import random
import subprocess
import sys
from dataclasses import asdict
from importlib import resources
from pathlib import Path

import pyarrow as pa
import pypdfium2
import pytest

from pipelines.mark import ShardTally
from pipelines.publish import make_manifest
from pipelines.report import write_reports
from pipelines.reporting.elements import Language
from pipelines.reporting.page import POLICY, page
from pipelines.reporting.tables import DISPLAY_NAMES
from schemas.document import SHARD_SCHEMA, SOURCES
from schemas.manifest import Manifest
from schemas.statistics import CorpusStatistics
from tests.chromium import CHROMIUM, DARK, Visit, visit

pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium: install Debian's package chromium"),
    pytest.mark.slow,
]

DOCUMENTS = 100_000
PHRASES = (
    "Kein Erguss.", "Herz normal groß.", "Die Lunge ist frei.", "Kein Nachweis einer Fraktur.", "Befund unverändert.",
    "Therapie fortgesetzt.", "Regelrechte Stellung der Wirbelsäule.", "Kontrolle in zwei Wochen.",
)  # fmt: skip
DETAILS = "document.querySelectorAll('details').forEach(one => one.open = true);"
AXE = (
    DETAILS + "axe.run().then(found => { const out = document.createElement('pre'); out.id = 'axe';"
    "out.textContent = JSON.stringify(found.violations.map(v => [v.impact, v.id, v.nodes.length, v.nodes[0].html]))"
    "; document.body.append(out); });"
)


def generated(number: int) -> Manifest:
    """Return the manifest of `number` short documents, counted as a build counts them."""
    draw = random.Random(1)
    weights = [1, 1, 1, 1, 77, 6, 8, 1, 7, 1]
    counts = [max(1, number * weight // sum(weights)) for weight in weights]
    counts[4] += number - sum(counts)
    accounts, shards = [], []
    for source, count in zip(SOURCES, counts, strict=True):
        tally = ShardTally(source)
        for start in range(0, count, 10_000):
            tally.add(shard_rows(source, start, min(count, start + 10_000), draw), [])
        rejected = {"not_german": count // 50, "too_short": count // 70} if count > 70 else {}
        read = count + sum(rejected.values())
        accounts.append({"source": source, "read": read, "kept": count, "rejected": rejected})
        shards.append(account_of(tally))
    summary = {"duplicates": {"near": {"thieme": {"springer_nature": 12}}}, "clusters": {"2": 500, "3": 40, "117": 1}}
    return make_manifest("f" * 64, {"sources": list(SOURCES)}, accounts, shards, summary)


def account_of(tally: ShardTally) -> dict:
    """Return the account of a shard that was counted and not written."""
    full, tally.full = tally.full, CorpusStatistics.zero()  # an empty shard has no file to describe
    account = tally.account("", "")
    shard = {"path": f"data/{tally.source}-00000.parquet", "rows": full.documents, "bytes": 1, "sha256": "0" * 64}
    return {**account, "statistics": {**account["statistics"], "full": asdict(full)}, "shard": shard}


def shard_rows(source: str, start: int, stop: int, draw: random.Random) -> pa.Table:
    prepared = [" ".join(draw.choices(PHRASES, k=draw.randrange(1, 40))) for _ in range(200)]
    texts = draw.choices(prepared, k=stop - start)
    copies = [draw.random() < 0.2 for _ in texts]
    return pa.table(
        {
            "id": [hashlib.blake2b(f"{source}{n}".encode(), digest_size=16).hexdigest() for n in range(start, stop)],
            "source": [source] * len(texts),
            "text": texts,
            "title": [""] * len(texts),
            "sentences": [text.count(".") for text in texts],
            "words": [text.count(" ") + 1 for text in texts],
            "bytes": [len(text.encode()) for text in texts],
            "entities": [[{"label": "DATE", "count": 1}, {"label": "PERSON", "count": 2}]] * len(texts),
            "duplicate_of": ["0" * 32 if copy else None for copy in copies],
            "similarity": [0.8 + 0.2 * draw.random() if copy else None for copy in copies],
        },
        schema=SHARD_SCHEMA,
    )


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("large")
    manifest = generated(DOCUMENTS)
    manifest.write(str(folder / "manifest.json"))
    write_reports(str(folder))
    return folder


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sample")
    command = [sys.executable, "-m", "pipelines.build_corpus", "--output", str(folder / "corpus")]
    command += ["--input", str(folder / "raw"), "--progress", "quiet"]
    make = [sys.executable, "-m", "pipelines.samples", "--output", str(folder / "raw"), "--documents", "100"]
    for one in (make, command):
        subprocess.run(one, check=True, capture_output=True, cwd=Path(__file__).parents[2])
    return folder / "corpus"


def open_report(corpus: Path, folder: Path, code: str, *flags: str, script: str = "", width: int = 1300) -> Visit:
    manifest = Manifest.read(str(corpus / "manifest.json"))
    run = json.loads((corpus / "run.json").read_text()) if (corpus / "run.json").exists() else None
    text = page(manifest, code, run)
    if script:  # the page itself forbids scripts
        text = text.replace(POLICY, "").replace("</body>", f"<script>{script}</script></body>")
    (folder / "report.html").write_text(text, "utf-8")
    return visit(folder / "report.html", folder, *flags, width=width)


def check(corpus: Path, seen: Visit, code: str) -> None:
    """Assert that the page is silent and shows the figures of statistics.json."""
    assert not seen.console
    assert not seen.requests
    language, figures = Language(code), json.loads((corpus / "statistics.json").read_text())
    tables = seen.tree.xpath("//table")
    for table, variant in zip(tables, ("full", "dedup"), strict=False):
        shown = {row.xpath("string(th)"): row.xpath("td/text()") for row in table.xpath("tbody/tr")}
        for name, row in figures["statistics"][variant].items():
            expected = [language.number(row[key]) for key in ("documents", "sentences", "words", "megabytes")]
            assert shown[language.text(DISPLAY_NAMES[name])][:4] == expected
    text = seen.tree.text_content()
    for name, points in figures["vocabulary"]["growth"].items():
        for point in points:
            cells = [
                language.text(DISPLAY_NAMES[name]),
                *(language.number(point[key]) for key in sorted(point, key=len)),
            ]
            assert set(cells) <= set(seen.tree.xpath("//table//th/text() | //table//td/text()"))
    for terms in figures["vocabulary"]["terms"].values():
        assert all(f"{term} {language.number(count)}" in text for term, count in terms.items())


@pytest.mark.parametrize("code", ["en", "de"])
@pytest.mark.parametrize("corpus", ["sample", "large"])
def test_page_shows_the_figures_and_asks_nobody(corpus: str, code: str, tmp_path: Path, request):
    folder: Path = request.getfixturevalue(corpus)
    check(folder, open_report(folder, tmp_path, code), code)
    assert (tmp_path / "report.html").stat().st_size < 3_000_000


@pytest.mark.parametrize("flags", [(), (DARK,)], ids=["light", "dark"])
@pytest.mark.parametrize("corpus", ["sample", "large"])
def test_axe_finds_nothing_serious(corpus: str, flags: tuple[str, ...], tmp_path: Path, request):
    script = resources.files("axe_core_python").joinpath("axe.min.js").read_text("utf-8")
    seen = open_report(request.getfixturevalue(corpus), tmp_path, "de", *flags, script=script + ";" + AXE)
    (found,) = seen.tree.xpath("//pre[@id='axe']/text()")
    assert [violation for violation in json.loads(found) if violation[0] in ("serious", "critical")] == []


def test_axe_would_find_something(large: Path, tmp_path: Path):
    script = resources.files("axe_core_python").joinpath("axe.min.js").read_text("utf-8")
    spoil = "document.querySelector('nav').insertAdjacentHTML('beforeend', '<img src=\"data:,\">');"
    seen = open_report(large, tmp_path, "en", script=script + ";" + spoil + AXE)
    (found,) = seen.tree.xpath("//pre[@id='axe']/text()")
    assert "image-alt" in {violation[1] for violation in json.loads(found)}


MEASURE = (
    "document.documentElement.dataset.seen = JSON.stringify([getComputedStyle(document.body).backgroundColor,"
    "document.documentElement.scrollWidth, innerWidth]);"
)


@pytest.mark.parametrize(("flags", "background"), [((), "rgb(255, 255, 255)"), ((DARK,), "rgb(20, 23, 27)")])
@pytest.mark.parametrize("width", [500, 1300])
def test_page_follows_the_theme_and_fits_the_window(
    flags: tuple[str, ...], background: str, width: int, sample: Path, tmp_path: Path
):
    seen = open_report(sample, tmp_path, "en", *flags, script=MEASURE, width=width)
    colour, content, window = json.loads(seen.tree.get("data-seen"))
    assert colour == background
    assert content <= window <= width


def test_page_prints(sample: Path, tmp_path: Path):
    open_report(sample, tmp_path, "en", f"--print-to-pdf={tmp_path / 'report.pdf'}")
    with pypdfium2.PdfDocument(tmp_path / "report.pdf") as document:
        text = " ".join(document[number].get_textpage().get_text_range() for number in range(len(document)))
        assert 2 <= len(document) <= 20
    total = json.loads((sample / "statistics.json").read_text())["published"]["summary"]["documents"]
    assert f"{total:,}" in text
    assert "The run" in text


def test_a_request_would_be_refused_and_seen(sample: Path, tmp_path: Path):
    text = page(Manifest.read(str(sample / "manifest.json")))
    image = '</h1><img src="http://localhost:9/x.png"><script>document.title=1</script>'
    (tmp_path / "report.html").write_text(text.replace("</h1>", image), "utf-8")
    refused = visit(tmp_path / "report.html", tmp_path)
    assert len(refused.console) == 2
    assert refused.tree.xpath("string(//title)") == "Corpus report"
    (tmp_path / "report.html").write_text(text.replace(POLICY, "").replace("</h1>", image), "utf-8")
    asked = visit(tmp_path / "report.html", tmp_path)
    assert asked.requests == ["http://localhost:9/x.png"]
