"""Manifest to `report.html`: one file that opens offline, light and dark, in English or German.

No script and nothing from elsewhere. Every plot has its figures as a table below it.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from html import escape
from importlib import resources
from typing import Any

from pipelines.report_tables import DISPLAY_NAMES, MISSING, Section, sections
from schemas.document import SOURCES
from schemas.manifest import SUMMARY, Account, Manifest, add_counts

POLICY = (
    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
    '<meta name="referrer" content="no-referrer">'
)
"""The browser refuses every request that the page could make, and every script."""

_SEPARATORS = {"en": str.maketrans({}), "de": str.maketrans({",": ".", ".": ","})}


@cache
def _texts() -> dict[str, dict[str, str]]:
    return json.loads(resources.files("pipelines").joinpath("report_texts.json").read_text("utf-8"))


@dataclass(frozen=True, slots=True)
class Language:
    """The words and the numbers of a page; a word without a translation stays as it is."""

    code: str

    def text(self, name: str) -> str:
        return _texts().get(name, {}).get(self.code, name)

    def number(self, value: float, decimals: int = 0) -> str:
        return f"{value:,.{decimals}f}".translate(_SEPARATORS[self.code])

    def cell(self, cell: str) -> str:
        """Return a formatted cell of a table in this language: figures are digits and commas."""
        return cell.translate(_SEPARATORS[self.code]) if cell.replace(",", "").isdigit() else self.text(cell)


def element(tag: str, *children: str, **attributes: str) -> str:
    """Return an HTML element; children are HTML, attributes are text (`class_` for class, `_` for a hyphen)."""
    pairs = "".join(f' {name.strip("_").replace("_", "-")}="{escape(value)}"' for name, value in attributes.items())
    return f"<{tag}{pairs}>{''.join(children)}</{tag}>"


def table(header: Sequence[str], cells: Iterable[Sequence[str]], language: Language, caption: str) -> str:
    """Return a table of cells in the page's language: with scopes for its headings, and scrolled by keyboard."""

    def column(cell: str) -> str:
        if cell == MISSING:
            return element("td", cell, title=language.text("missing"))
        return element("td", escape(cell)) if cell[:1].isdigit() else element("td", escape(cell), class_="text")

    def row(cells: Sequence[str]) -> str:
        columns = [element("th", escape(cells[0]), scope="row"), *map(column, cells[1:])]
        last = cells[0] == language.text(DISPLAY_NAMES[SUMMARY])
        return element("tr", *columns, class_="summary") if last else element("tr", *columns)

    heads = [element("th", escape(name), scope="col") for name in header]
    inner = element("thead", element("tr", *heads)) + element("tbody", *map(row, cells))
    return element("div", element("table", inner), class_="scroll", tabindex="0", role="region", aria_label=caption)


def section_html(section: Section, language: Language) -> str:
    """Return a table with its title."""
    title = language.text(section.title)
    content = (
        table(
            [language.text(name) for name in section.header],
            [[language.cell(cell) for cell in row] for row in section.cells],
            language,
            title,
        )
        if section.cells
        else element("p", escape(language.text("none")))
    )
    note = element("p", escape(language.text(section.note)), class_="soft") if section.note else ""
    return element("h2", escape(title), id=anchor(section.title)) + content + note


def anchor(title: str) -> str:
    """Return the name by which the page links to the section `title`."""
    return "".join(character if character.isalnum() else "-" for character in title.lower())


def flow(accounts: Mapping[str, Account], language: Language) -> str:
    """Return what became of the documents of each source, a bar each."""
    kinds = ("unique", "duplicate", "rejected")
    rows = []
    for source in (name for name in SOURCES if name in accounts):
        account = accounts[source]
        parts = (account.kept - account.duplicates, account.duplicates, sum(account.rejected.values()))
        label = ", ".join(
            f"{language.number(part)} {language.text(kind)}" for kind, part in zip(kinds, parts, strict=True)
        )
        bars = [
            element("span", class_=kind, style=f"width:{100 * part / account.read:.3f}%")
            for kind, part in zip(kinds, parts, strict=True)
            if part
        ]
        name = language.text(DISPLAY_NAMES[source])
        rows.append(element("span", escape(name)))
        rows.append(element("span", *bars, class_="bar", role="img", aria_label=f"{name}: {label}", title=label))
        rows.append(element("span", f"{language.number(account.read)} {escape(language.text('read'))}", class_="soft"))
    key = [element("span", element("i", class_=kind), escape(language.text(kind))) for kind in kinds]
    return element(
        "figure",
        element("p", *key, class_="key"),
        element("div", *rows, class_="flow"),
        element("figcaption", escape(language.text("flow_note"))),
    )


def histogram(title: str, bins: Mapping[str, int], language: Language) -> str:
    """Return columns over the bins, lower edge to count, with the figures as a table."""
    ordered = sorted(bins.items(), key=lambda item: float(item[0]))
    greatest = max(bins.values())
    columns, edges, cells = [], [], []
    for edge, count in ordered:
        shown = language.number(float(edge), len(edge.partition(".")[2]))
        tip = f"{language.text('from')} {shown}: {language.number(count)}"
        columns.append(element("span", style=f"height:{100 * count / greatest:.2f}%", title=tip))
        edges.append(element("span", shown))
        cells.append([shown, language.number(count)])
    plot = element("div", *columns, class_="columns", role="img", aria_label=title)
    header = (language.text("from"), language.text("documents"))
    details = element("summary", escape(language.text("as_table"))) + table(header, cells, language, title)
    return element("h3", escape(title)) + element(
        "figure", plot, element("div", *edges, class_="edges", aria_hidden="true"), element("details", details)
    )


def distributions(manifest: Manifest, language: Language) -> str:
    """Return the histograms that the manifest has, all sources together."""
    plots = []
    for name, by_source in manifest.distributions.items():
        total: dict[str, int] = {}
        for bins in by_source.values():
            total = add_counts(total, bins)
        if total:
            plots.append(histogram(language.text(f"dist_{name}"), total, language))
    if clusters := manifest.deduplication.get("clusters"):
        plots.append(histogram(language.text("dist_clusters"), clusters, language))
    heading = element("h2", escape(language.text("distributions")), id="distributions")
    return heading + ("".join(plots) or element("p", escape(language.text("none"))))


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
    """Return the figures of the run of `run.json`: CPU seconds and rate of each stage, versions."""
    heading = element("h2", escape(language.text("run")), id="run")
    if run is None:
        return heading + element("p", escape(language.text("run_missing")), class_="soft")
    cells = []
    for stage, seconds in run.get("cpu_seconds", {}).items():
        rate = language.number(run["text_bytes"] / 1e6 / seconds, 2) if seconds and run.get("text_bytes") else MISSING
        cells.append([stage, language.number(seconds, 1), rate])
    stages = table([language.text(name) for name in ("stage", "cpu", "rate")], cells, language, language.text("cpu"))
    walls = [[name, language.number(seconds, 1)] for name, seconds in run.get("wall_seconds", {}).items()]
    passes = table([language.text(name) for name in ("pass", "wall")], walls, language, language.text("wall"))
    versions = {"python": run.get("python", MISSING), **run.get("packages", {})}
    named = ", ".join(f"{name} {version}" for name, version in versions.items())
    return heading + stages + passes + element("p", escape(named), class_="soft")


def page(manifest: Manifest, code: str = "en", run: Mapping[str, Any] | None = None) -> str:
    """Return `report.html` of `manifest` in the language `code`, en or de, with the figures of its `run.json`."""
    language = Language(code)
    tables = sections(manifest)
    style = resources.files("pipelines").joinpath("report.css").read_text("utf-8")
    titles = [(anchor(section.title), section.title) for section in tables]
    links = [*titles[:2], ("flow", "flow"), *titles[2:], *((name, name) for name in ("rates", "distributions", "run"))]
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
