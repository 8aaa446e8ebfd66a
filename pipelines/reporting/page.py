"""Manifest to `report.html`: one file that opens offline, light and dark, in English or German; so for two builds.

No script and nothing from elsewhere. Every plot has its figures as a table below it.
"""

from collections.abc import Iterable, Mapping
from html import escape
from importlib import resources
from typing import Any

from pipelines.reporting.compare import comparison
from pipelines.reporting.elements import Language, anchor, element, section_html, table
from pipelines.reporting.plots import distributions, flow, growth
from pipelines.reporting.tables import DISPLAY_NAMES, ENTITIES, MISSING, Section, sections
from schemas.document import SOURCES
from schemas.manifest import VARIANTS, Manifest

POLICY = (
    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
    '<meta name="referrer" content="no-referrer">'
)
"""The browser refuses every request that the page could make, and every script."""

Chapter = tuple[str, str, str]
"""Anchor, title and HTML of a part of a page."""

LEAST_RATE = 0.01
"""The least rate of entities that is shown as a number."""


def entity_rates(manifest: Manifest, language: Language) -> str:
    """Return de-identified entities per 1,000 words, by label and source."""
    full = manifest.statistics.get("full", {})
    shown = [source for source in SOURCES if manifest.entities.get(source) and source in full and full[source].words]
    labels = sorted({label for source in shown for label in manifest.entities[source]})

    def rate(source: str, label: str) -> str:
        share = 1000 * manifest.entities[source].get(label, 0) / full[source].words
        if 0 < share < LEAST_RATE:  # rounded it would look like none
            return f"<{language.number(LEAST_RATE, 2)}"
        return language.number(share, 2 if share else 0)

    cells = [[label, *(rate(source, label) for source in shown)] for label in labels]
    title = language.text("rates")
    header = [language.text(name) for name in ("Label", *(DISPLAY_NAMES[source] for source in shown))]
    content = table(header, cells, language, title) if cells else element("p", escape(language.text("none")))
    return element("h2", escape(title), id="rates") + content


def run_figures(run: Mapping[str, Any] | None, language: Language) -> str:
    """Return the figures of the run of `run.json`: time and rate of each stage and pass, memory, versions."""
    heading = element("h2", escape(language.text("run")), id="run")
    if run is None:
        return heading + element("p", escape(language.text("run_missing")), class_="soft")

    def figure(table_name: str, name: str, decimals: int) -> str:
        value = run.get(table_name, {}).get(name)
        return MISSING if value is None else language.number(value, decimals)

    def rows(first: str, names: Iterable[str], columns: Mapping[str, tuple[str, int]]) -> str:
        cells = [[name, *(figure(key, name, decimals) for key, decimals in columns.values())] for name in names]
        header = [language.text(name) for name in (first, *columns)]
        return table(header, cells, language, f"{language.text('run')}: {language.text(first)}")

    stages = {"cpu": ("cpu_seconds", 1), "rate": ("megabytes_per_second", 2)}
    passes = {"wall": ("wall_seconds", 1), "cpu": ("pass_cpu_seconds", 1), "rate": ("megabytes_per_second", 2)}
    megabytes = {name: size / 1e6 for name, size in run.get("peak_memory_bytes", {}).items()}
    peaks = [
        [language.text(name), language.number(megabytes[name]) if name in megabytes else MISSING]
        for name in ("driver", "workers")
    ]
    versions = {"python": run.get("python", MISSING), **run.get("packages", {})}
    return "".join(
        [
            heading,
            rows("stage", run.get("cpu_seconds", {}), stages),
            rows("pass", run.get("wall_seconds", {}), passes),
            table([language.text(name) for name in ("process", "peak")], peaks, language, language.text("peak")),
            element("p", escape(language.text("rate_note")), class_="soft"),
            element("p", escape(", ".join(f"{name} {version}" for name, version in versions.items())), class_="soft"),
        ]
    )


def chapters_of(tables: Iterable[Section], language: Language) -> list[Chapter]:
    """Return the anchor, the title and the HTML of each table."""
    return [(anchor(one.title), language.text(one.title), section_html(one, language)) for one in tables]


def document(title: str, opening: Iterable[str], chapters: Iterable[Chapter], language: Language) -> str:
    """Return a page of `chapters`, with a list of them after the `opening`."""
    shown = list(chapters)
    style = resources.files("pipelines.reporting").joinpath("page.css").read_text("utf-8")
    head = [
        '<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">',
        POLICY,
        element("title", escape(title)),
        element("style", style),
    ]
    items = [element("li", element("a", escape(name), href=f"#{place}")) for place, name, _ in shown]
    contents = element("nav", element("ul", *items), aria_label=language.text("contents"))
    main = element("main", element("h1", escape(title)), *opening, contents, *(content for *_, content in shown))
    return "<!doctype html>\n" + element("html", element("head", *head), element("body", main), lang=language.code)


def build_line(name: str, manifest: Manifest, language: Language) -> str:
    """Return the paragraph that says which build a page is about."""
    words = f"{escape(language.text(name))} {escape(manifest.version)}, {escape(language.text('fingerprint'))} "
    return element("p", words, element("code", escape(manifest.fingerprint)))


def page(
    manifest: Manifest,
    code: str = "en",
    run: Mapping[str, Any] | None = None,
    tokens: Mapping[str, Any] | None = None,
) -> str:
    """Return `report.html` of `manifest` in the language `code`, en or de.

    `run` is the content of its `run.json`, `tokens` that of its `tokens.json`; the page says which is missing.
    """
    language = Language(code)
    opening = [
        element("p", escape(language.text("subtitle")), class_="soft"),
        build_line("version", manifest, language),
    ]
    notes = element("p", escape(language.text("notes")), class_="soft")
    bars = element("h2", escape(language.text("flow")), id="flow") + flow(manifest.sources, language)
    chapters = chapters_of(sections(manifest, tokens), language)
    chapters.insert(len(VARIANTS), ("flow", language.text("flow"), notes + bars))
    behind = next(place for place, chapter in enumerate(chapters, 1) if chapter[0] == anchor(ENTITIES))
    chapters.insert(behind, ("rates", language.text("rates"), entity_rates(manifest, language)))
    chapters += [
        ("growth", language.text("growth"), growth(manifest.vocabulary, language)),
        ("distributions", language.text("distributions"), distributions(manifest, language)),
        ("run", language.text("run"), run_figures(run, language)),
    ]
    return document(language.text("title"), opening, chapters, language)


def comparison_page(ours: Manifest, theirs: Manifest, code: str = "en") -> str:
    """Return the page of what changed from `theirs` to `ours`, in the language `code`."""
    language = Language(code)
    opening = [build_line("build_before", theirs, language), build_line("build_now", ours, language)]
    tables = chapters_of(comparison(ours, theirs), language)
    return document(language.text("comparison"), opening, tables, language)
