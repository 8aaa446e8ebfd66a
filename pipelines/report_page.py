"""Manifest to `report.html`: one file that opens offline, light and dark, in English or German.

No script and nothing from elsewhere. Every plot has its figures as a table below it.
"""

from collections.abc import Iterable, Mapping
from html import escape
from importlib import resources
from typing import Any

from pipelines.report_html import Language, anchor, element, section_html, table
from pipelines.report_plots import distributions, flow, growth
from pipelines.report_tables import DISPLAY_NAMES, MISSING, sections
from schemas.document import SOURCES
from schemas.manifest import Manifest

POLICY = (
    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
    '<meta name="referrer" content="no-referrer">'
)
"""The browser refuses every request that the page could make, and every script."""


def entity_rates(manifest: Manifest, language: Language) -> str:
    """Return de-identified entities per 1,000 words, by label and source."""
    full = manifest.statistics.get("full", {})
    shown = [source for source in SOURCES if manifest.entities.get(source) and source in full and full[source].words]
    labels = sorted({label for source in shown for label in manifest.entities[source]})
    cells = [
        [
            label,
            *(
                language.number(1000 * manifest.entities[source].get(label, 0) / full[source].words, 2)
                for source in shown
            ),
        ]
        for label in labels
    ]
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
    tables = sections(manifest, tokens)
    style = resources.files("pipelines").joinpath("report.css").read_text("utf-8")
    titles = [(anchor(section.title), section.title) for section in tables]
    links = [
        *titles[:2],
        ("flow", "flow"),
        *titles[2:],
        *((name, name) for name in ("rates", "growth", "distributions", "run")),
    ]
    items = [element("li", element("a", escape(language.text(title)), href=f"#{name}")) for name, title in links]
    body = [
        element("h1", escape(language.text("title"))),
        element("p", escape(language.text("subtitle")), class_="soft"),
        element(
            "p",
            f"{escape(language.text('version'))} {escape(manifest.version)}, {escape(language.text('fingerprint'))} ",
            element("code", escape(manifest.fingerprint)),
        ),
        element("nav", element("ul", *items), aria_label=language.text("contents")),
        *(section_html(section, language) for section in tables[:2]),
        element("p", escape(language.text("notes")), class_="soft"),
        element("h2", escape(language.text("flow")), id="flow"),
        flow(manifest.sources, language),
        *(section_html(section, language) for section in tables[2:]),
        entity_rates(manifest, language),
        growth(manifest.vocabulary, language),
        distributions(manifest, language),
        run_figures(run, language),
    ]
    head = [
        '<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">',
        POLICY,
        element("title", escape(language.text("title"))),
        element("style", style),
    ]
    return "<!doctype html>\n" + element(
        "html", element("head", *head), element("body", element("main", *body)), lang=code
    )
