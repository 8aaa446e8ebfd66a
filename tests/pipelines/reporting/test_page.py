import json
import re
from dataclasses import replace
from importlib import resources

import pytest
from lxml import html

from pipelines.reporting.elements import Language
from pipelines.reporting.page import comparison_page, page
from pipelines.reporting.tables import MISSING, sections
from schemas.manifest import Account, Manifest, Shard, summarise
from schemas.statistics import CorpusStatistics

MANIFEST = Manifest(
    version="0.1.0",
    fingerprint="abc<script>",
    configuration={},
    sources={
        "ggponc": Account(4, 3, 0, {"select_language": 1}),
        "radiology_reports": Account(1500, 1200, 200, {"ingest_not_a_report": 300}),
        "thieme": Account(),
    },
    statistics={
        variant: summarise(
            {
                "ggponc": CorpusStatistics(3, 30, 400, 2_000_001),
                "radiology_reports": CorpusStatistics(1200, 9_000, 140_000, 999_999),
                "thieme": CorpusStatistics(),
            }
        )
        for variant in ("full", "dedup")
    },
    shards=(Shard("data/a.parquet", 1203, 1, "0"),),
    entities={"radiology_reports": {"PERSON": 12345, "DATE": 7}, "ggponc": {"DATE": 1}},
    distributions={"words": {"ggponc": {"64": 1, "128": 2}, "radiology_reports": {"64": 1200}}, "similarity": {}},
    deduplication={
        "duplicates": {
            "exact": {"radiology_reports": {"radiology_reports": 150}},
            "near": {"radiology_reports": {"ggponc": 50}},
        },
        "clusters": {"2": 100, "3": 33},
    },
)


@pytest.mark.parametrize("code", ["en", "de"])
def test_page_is_one_file_without_scripts_or_requests(code: str):
    text = page(MANIFEST, code)
    tree = html.fromstring(text)
    assert tree.get("lang") == code
    assert not tree.xpath("//script | //link | //img | //iframe | //@src")
    assert all(href.startswith("#") for href in tree.xpath("//@href"))
    assert "url(" not in text
    assert "@import" not in text
    assert len(text) < 3_000_000


@pytest.mark.parametrize("code", ["en", "de"])
def test_links_lead_somewhere_and_ids_are_unique(code: str):
    tree = html.fromstring(page(MANIFEST, code))
    names = tree.xpath("//@id")
    assert len(names) == len(set(names))
    assert {href.removeprefix("#") for href in tree.xpath("//nav//@href")} == set(names)


@pytest.mark.parametrize("code", ["en", "de"])
def test_tables_hold_the_figures_of_the_report(code: str):
    language = Language(code)
    tree = html.fromstring(page(MANIFEST, code))
    tables = [
        [[cell.text_content() for cell in row.xpath("th | td")] for row in found.xpath("tbody/tr")]
        for found in tree.xpath("//table")
    ]
    for section in sections(MANIFEST):
        if section.cells:
            assert [[language.cell(cell) for cell in row] for row in section.cells] in tables


def test_numbers_take_the_form_of_the_language():
    assert Language("en").number(1234567.891, 2) == "1,234,567.89"
    assert Language("de").number(1234567.891, 2) == "1.234.567,89"
    text = page(MANIFEST, "de")
    assert "96.430.526" in text
    assert "96,430,526" not in text


def test_german_page_speaks_german():
    text = html.fromstring(page(MANIFEST, "de")).text_content()
    for english in ("Where the", "Rejected", "Summary", "Words", "near-duplicates", "kept"):
        assert english not in text


def test_every_text_has_both_languages():
    texts = json.loads(resources.files("pipelines.reporting").joinpath("texts.json").read_text("utf-8"))
    assert all(set(entry) == {"en", "de"} and all(entry.values()) for entry in texts.values())


def test_every_plot_is_named_and_has_its_figures_in_a_table():
    tree = html.fromstring(page(MANIFEST))
    assert all(plot.get("aria-label") for plot in tree.xpath("//*[@role='img']"))
    histograms = tree.xpath("//figure[div[@class='columns']]")
    assert len(histograms) == 2
    assert all(
        len(figure.xpath("div[@class='columns']/span")) == len(figure.xpath("details//tbody/tr"))
        for figure in histograms
    )


def test_missing_is_missing_and_zero_is_zero():
    tree = html.fromstring(page(MANIFEST))
    rows = {row.xpath("string(th)"): row.xpath("td/text()") for row in tree.xpath("(//table)[1]/tbody/tr")}
    assert rows["Wikipedia"][:4] == [MISSING] * 4
    assert rows["Thieme Publishing Group"][:4] == ["0"] * 4


def leaves(tree: dict, path: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    """The places of all mappings within `tree` and of what is in them."""
    return [
        place
        for name, value in tree.items()
        for place in [(*path, name), *(leaves(value, (*path, name)) if isinstance(value, dict) else [])]
    ]


@pytest.mark.parametrize("part", ["vocabulary", "deduplication", "distributions", "entities"])
def test_whatever_is_cut_from_a_manifest_the_rest_is_shown(part: str):
    manifest = replace(MANIFEST, vocabulary=VOCABULARY)
    for *path, name in leaves(getattr(manifest, part)):
        cut = json.loads(json.dumps(getattr(manifest, part)))
        inner = cut
        for step in path:
            inner = inner[step]
        del inner[name]
        assert "140.000" in page(replace(manifest, **{part: cut}), "de")


def test_what_a_manifest_lacks_is_not_shown_as_zero():
    bare = replace(MANIFEST, sources={}, statistics={}, entities={}, distributions={}, deduplication={})
    tree = html.fromstring(page(bare))
    ours = [row.xpath("td/text()") for row in tree.xpath("//table/tbody/tr[th]")]
    assert not [row for row in ours if "0" in row]
    text = tree.text_content()
    assert text.count("The manifest has no such counts.") == 4
    assert text.count("The manifest has no figures of this variant.") == 2
    assert "The manifest has no counts of duplicates." in text
    near = replace(MANIFEST, deduplication={"duplicates": {"near": {"thieme": {"wikipedia": 3}}}})
    rows = html.fromstring(page(near)).xpath("//h2[@id='who-duplicates-whom']/following-sibling::div[1]//tbody/tr")
    assert [row.xpath("td/text()") for row in rows] == [["Wikipedia", MISSING, "3"]]


def test_a_rate_that_rounds_to_zero_is_not_shown_as_zero():
    tree = html.fromstring(page(MANIFEST, "de"))
    rows = tree.xpath("//h2[@id='rates']/following-sibling::div[1]//tbody/tr")
    shown = {row.xpath("string(th)"): row.xpath("td/text()") for row in rows}
    assert shown["PERSON"] == ["0", "88,18"]
    few = replace(MANIFEST, entities={"radiology_reports": {"DATE": 1}, "ggponc": {"PERSON": 1}})
    cells = html.fromstring(page(few, "de")).xpath("//h2[@id='rates']/following-sibling::div[1]//td")
    assert [cell.text for cell in cells] == ["0", "<0,01", "2,50", "0"]


def test_comparison_page_speaks_both_languages():
    fewer = replace(MANIFEST, statistics={"full": summarise({"ggponc": CorpusStatistics(1234, 20, 300, 1)})})
    text = comparison_page(MANIFEST, fewer, "de")
    tree = html.fromstring(text)
    assert [one.text for one in tree.xpath("//h2")] == [
        "Änderungen: vollständig",
        "Änderungen: ohne Beinahe-Dubletten",
        "Änderungen von Anteilen",
    ]
    rows = {row.xpath("string(th)"): row.xpath("td/text()") for row in tree.xpath("(//table)[1]/tbody/tr")}
    assert rows["GGPOnc 1.0"] == ["1.234", "3", "-1.231 (-99,8 %)", "300", "400", "+100 (+33,3 %)"]
    assert rows["Radiologische Befunde"] == [MISSING, "1.200", MISSING, MISSING, "140.000", MISSING]
    assert "before" not in tree.text_content()
    assert tree.xpath("//@href") == [f"#{name}" for name in tree.xpath("//@id")]
    assert "abc<script>" not in text
    assert "+33.3 %" in comparison_page(MANIFEST, fewer)


def test_nothing_of_the_manifest_becomes_markup():
    assert "abc<script>" not in page(MANIFEST)
    assert "abc&lt;script&gt;" in page(MANIFEST)


def test_page_is_deterministic_and_free_of_the_clock():
    assert page(MANIFEST) == page(MANIFEST)
    assert not re.search(r"\d{2}:\d{2}", html.fromstring(page(MANIFEST)).xpath("string(//main)"))


RUN = {
    "cpu_seconds": {"clean": 2.0, "read": 0.0},
    "wall_seconds": {"parts": 3.0},
    "megabytes_per_second": {"clean": 2.5},
    "peak_memory_bytes": {"driver": 0, "workers": 1_234_000_000},
}


def test_run_figures_are_shown_or_said_to_be_missing():
    text = html.fromstring(page(MANIFEST, "de", RUN)).text_content()
    assert "clean2,02,50" in text
    assert f"read0,0{MISSING}" in text
    assert f"parts3,0{MISSING}{MISSING}" in text
    assert "der Befehl selbst0" in text
    assert "der größte davon gestartete1.234" in text
    assert "Neben dem Manifest liegt keine run.json" in html.fromstring(page(MANIFEST, "de")).text_content()


VOCABULARY = {
    "minimum_documents": 10,
    "terms": {"radiology_reports": {"Befund": 1100, "Erguss": 12}},
    "growth": {
        name: [{"documents": 10**k, "words": 10 ** (k + 1), "distinct": 5 * 2**k} for k in (1, 2, 3)]
        for name in ("radiology_reports", "summary")
    }
    | {"ggponc": []},
}
TOKENS = {
    "corpus": "x",
    "tokenizer": "y",
    "entries": 9,
    "rows": {"ggponc": {"words": 400, "tokens": 500, "unknown": 0}},
}


def test_terms_growth_and_tokens_are_shown():
    tree = html.fromstring(page(replace(MANIFEST, vocabulary=VOCABULARY), "de", None, TOKENS))
    text = tree.text_content()
    assert "Befund 1.100, Erguss 12" in text
    assert "10.0001.00040" not in text
    assert "1.00010.000400,30" in text
    rows = {row.xpath("string(th)"): row.xpath("td/text()") for row in tree.xpath("//h2[@id='tokens']/..//tr[td]")}
    assert rows["GGPOnc 1.0"]
    assert "GGPOnc 1.04005001,2500" in text
    assert f"Wikipedia{MISSING}{MISSING}{MISSING}{MISSING}" in text
    assert sorted(tree.xpath("//svg/polyline/@class")) == ["all", "leader", "leader", "one"]
    assert f"GGPOnc 1.0{MISSING}{MISSING}{MISSING}{MISSING}" in text  # too few documents for a point
    columns = tree.xpath("//h2[@id='growth']/..//details[.//th='Exponent b']//th[.='Exponent b']/@class")
    assert columns == []  # figures, set right


def test_what_was_not_counted_is_said():
    text = html.fromstring(page(MANIFEST)).text_content()
    assert "No tokenizer was given" in text
    assert "The manifest has no counts of terms." in text
    assert "The manifest has no counts of words." in text
    assert not html.fromstring(page(MANIFEST)).xpath("//svg")
    few = replace(MANIFEST, vocabulary={**VOCABULARY, "terms": {}})
    assert f"GGPOnc 1.0{MISSING}" in html.fromstring(page(few)).text_content()


def test_variants_stand_side_by_side():
    figures = {**MANIFEST.statistics, "dedup": summarise({"ggponc": CorpusStatistics(2, 20, 300, 1)})}
    tree = html.fromstring(page(replace(MANIFEST, statistics=figures), "de"))
    rows = tree.xpath("//h2[@id='full-and-dedup-side-by-side']/following-sibling::div[1]//tbody/tr")
    shown = {row.xpath("string(th)"): row.xpath("td/text()") for row in rows}
    assert shown["GGPOnc 1.0"] == ["3", "2", "66,7", "400", "300", "75,0"]
    assert shown["Thieme Publishing Group"] == ["0", MISSING, MISSING, "0", MISSING, MISSING]
    assert shown["Wikipedia"] == [MISSING] * 6


def test_flow_has_a_piece_for_every_reason():
    tree = html.fromstring(page(MANIFEST))
    assert "300 rejected, ingest_not_a_report" in tree.xpath("//span[@class='rejected']/@title")
    assert any("300 rejected" in label for label in tree.xpath("//span[@class='bar']/@aria-label"))
