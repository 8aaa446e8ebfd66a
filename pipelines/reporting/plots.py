"""The plots of `report.html`: boxes and lines without a script, each with its figures as a table."""

from collections.abc import Mapping, Sequence
from html import escape
from math import ceil, floor, log10
from typing import Any

from pipelines.reporting.elements import Language, element, table
from pipelines.reporting.tables import DISPLAY_NAMES, MISSING
from pipelines.vocabulary import heaps_exponent
from schemas.document import SOURCES
from schemas.manifest import SUMMARY, Account, Manifest, add_counts


def flow(accounts: Mapping[str, Account], language: Language) -> str:
    """Return what became of the documents of each source, a bar each with a piece for every reason of rejection."""
    kinds = ("unique", "duplicate", "rejected")
    rows = []
    for source in (name for name in SOURCES if name in accounts):
        account = accounts[source]
        parts = [
            ("unique", language.text("unique"), account.kept - account.duplicates),
            ("duplicate", language.text("duplicate"), account.duplicates),
            *(
                ("rejected", f"{language.text('rejected')}, {reason}", count)
                for reason, count in sorted(account.rejected.items(), key=lambda item: (-item[1], item[0]))
            ),
        ]
        labels = [f"{language.number(count)} {text}" for _, text, count in parts]
        bars = [
            element("span", class_=kind, style=f"width:{100 * count / account.read:.3f}%", title=label)
            for (kind, _, count), label in zip(parts, labels, strict=True)
            if count
        ]
        name = language.text(DISPLAY_NAMES[source])
        rows.append(element("span", escape(name)))
        rows.append(element("span", *bars, class_="bar", role="img", aria_label=f"{name}: {'; '.join(labels)}"))
        rows.append(element("span", f"{language.number(account.read)} {escape(language.text('read'))}", class_="soft"))
    key = [element("span", element("i", class_=kind), escape(language.text(kind))) for kind in kinds]
    return element(
        "figure",
        element("p", *key, class_="key"),
        element("div", *rows, class_="flow"),
        element("figcaption", escape(language.text("flow_note"))),
    )


def histogram(title: str, by_source: Mapping[str, Mapping[str, int]], language: Language) -> str:
    """Return columns over the bins of all sources, lower edge to count, with the figures by source as a table."""
    total: dict[str, int] = {}
    for bins in by_source.values():
        total = add_counts(total, bins)
    sources = [name for name in SOURCES if by_source.get(name)]
    ordered = sorted(total.items(), key=lambda item: float(item[0]))
    greatest = max(total.values())
    columns, edges, cells = [], [], []
    for edge, count in ordered:
        shown = language.number(float(edge), len(edge.partition(".")[2]))
        tip = f"{language.text('from')} {shown}: {language.number(count)}"
        bar = f"height:{100 * count / greatest:.2f}%"
        columns.append(element("span", element("b", language.number(count)), style=bar, title=tip))
        edges.append(element("span", shown))
        cells.append([shown, *(language.number(by_source[name].get(edge, 0)) for name in sources)])
        cells[-1].append(language.number(count))
    plot = element("div", *columns, class_="columns", role="img", aria_label=title)
    names = [language.text(DISPLAY_NAMES[name]) for name in sources]
    header = (language.text("from"), *names, language.text("documents"))
    details = element("summary", escape(language.text("as_table"))) + table(header, cells, language, title)
    return element("h3", escape(title)) + element(
        "figure", plot, element("div", *edges, class_="edges", aria_hidden="true"), element("details", details)
    )


def distributions(manifest: Manifest, language: Language) -> str:
    """Return the histograms of the manifest, all sources together; one that is missing or empty is said to be so."""
    found: dict[str, Mapping[str, Mapping[str, int]] | None] = {
        name: manifest.distributions.get(name) for name in ("words", "sentences", "similarity")
    }
    clusters = manifest.deduplication.get("clusters")
    found["clusters"] = None if clusters is None else {"": clusters}
    plots = []
    for name, by_source in found.items():
        title = language.text(f"dist_{name}")
        if by_source and any(by_source.values()):
            plots.append(histogram(title, by_source, language))
        else:
            said = language.text("dist_missing" if by_source is None else "none")
            plots.append(element("h3", escape(title)) + element("p", escape(said)))
    return element("h2", escape(language.text("distributions")), id="distributions") + "".join(plots)


WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM, LINE = 860, 380, 70, 190, 12, 44, 15
"""Sizes of the chart of growth and its margins, in the units of its view box."""


def growth(vocabulary: Mapping[str, Any], language: Language) -> str:
    """Return distinct words over words, both axes logarithmic, a line a source, with the figures as a table."""
    title = language.text("growth")
    heading = element("h2", escape(title), id="growth")
    curves = {
        name: [point for point in vocabulary.get("growth", {}).get(name, ()) if point["words"] and point["distinct"]]
        for name in (*SOURCES, SUMMARY)
    }
    curves = {name: points for name, points in curves.items() if points}
    if not curves:
        return heading + element("p", escape(language.text("growth_missing")))
    rows = []
    for name, points in curves.items():
        exponent = heaps_exponent(points)
        last = MISSING if exponent is None else language.number(exponent, 2)
        for position, point in enumerate(points):
            figures = [language.number(point[key]) for key in ("documents", "words", "distinct")]
            label = language.text(DISPLAY_NAMES[name])
            rows.append([label, *figures, last if position == len(points) - 1 else ""])
    few = [name for name in SOURCES if vocabulary["growth"].get(name) == []]
    rows += [[language.text(DISPLAY_NAMES[name]), *[MISSING] * 4] for name in few]
    header = [language.text(key) for key in ("Source", "documents", "running_words", "distinct", "exponent")]
    details = element("summary", escape(language.text("as_table"))) + table(header, rows, language, title)
    note = element("figcaption", escape(language.text("growth_note")))
    return heading + element("figure", chart(curves, language, title), note, element("details", details))


def chart(curves: Mapping[str, Sequence[Mapping[str, int]]], language: Language, title: str) -> str:
    """Return the chart of growth as SVG: a dotted line from each curve to its name, that of all sources thick."""
    spans = []
    for key in ("words", "distinct"):
        values = [point[key] for points in curves.values() for point in points]
        low, high = floor(log10(min(values))), ceil(log10(max(values)))
        spans.append((low, max(high, low + 1)))
    (x0, x1), (y0, y1) = spans

    def x(value: float) -> float:
        return LEFT + (log10(value) - x0) / (x1 - x0) * (WIDTH - LEFT - RIGHT)

    def y(value: float) -> float:
        return HEIGHT - BOTTOM - (log10(value) - y0) / (y1 - y0) * (HEIGHT - TOP - BOTTOM)

    parts = []
    for power in range(x0, x1 + 1):
        at = f"{x(10**power):.1f}"
        parts.append(element("line", x1=at, x2=at, y1=str(TOP), y2=str(HEIGHT - BOTTOM), class_="grid"))
        label = language.number(10**power)
        parts.append(element("text", label, x=at, y=str(HEIGHT - BOTTOM + LINE + 3), text_anchor="middle"))
    for power in range(y0, y1 + 1):
        at = f"{y(10**power):.1f}"
        parts.append(element("line", x1=str(LEFT), x2=str(WIDTH - RIGHT), y1=at, y2=at, class_="grid"))
        parts.append(element("text", language.number(10**power), x=str(LEFT - 8), y=at, text_anchor="end", dy="4"))
    last = 0.0
    for name, points in sorted(curves.items(), key=lambda item: -item[1][-1]["distinct"]):
        path = " ".join(f"{x(point['words']):.1f},{y(point['distinct']):.1f}" for point in points)
        kind = "all" if name == SUMMARY else "one"
        parts.append(element("polyline", points=path, class_=kind))
        parts += [
            element("circle", cx=f"{x(p['words']):.1f}", cy=f"{y(p['distinct']):.1f}", r="2.5", class_=kind)
            for p in points
        ]
        end = y(points[-1]["distinct"])
        last = max(end, last + LINE)
        leader = f"{x(points[-1]['words']):.1f},{end:.1f} {WIDTH - RIGHT},{last:.1f} {WIDTH - RIGHT + 6},{last:.1f}"
        parts.append(element("polyline", points=leader, class_="leader"))
        label = escape(language.text(DISPLAY_NAMES[name]))
        parts.append(element("text", label, x=str(WIDTH - RIGHT + 10), y=f"{last:.1f}", dy="4", class_=kind))
    middle = str((LEFT + WIDTH - RIGHT) // 2)
    axis = escape(language.text("running_words"))
    parts.append(element("text", axis, x=middle, y=str(HEIGHT - 4), text_anchor="middle"))
    return element("svg", *parts, viewBox=f"0 0 {WIDTH} {HEIGHT}", role="img", aria_label=title, class_="growth")
