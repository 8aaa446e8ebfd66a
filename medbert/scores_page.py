"""scores.json as `scores.html`: one file that opens offline, light and dark. Made from the file's content alone.

No script and nothing from elsewhere. Every plot has its figures as a table below it.
"""

import re
from collections.abc import Mapping, Sequence
from html import escape
from importlib import resources
from typing import Any

from medbert import plots, scores_report
from medbert.plots import element
from medbert.scores_report import AT_HALF, CLASSIFICATION, ENTITIES, ENTITY_TITLES, INTRINSIC, OTHERS
from schemas.scores import METRICS

POLICY = (
    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
    '<meta name="referrer" content="no-referrer">'
)
"""The browser refuses every request that the page could make, and every script."""
CELL = re.compile(r"(\*\*)?([^\s*]+)(?:\*\*)?( \[.*)?")
SYNTHETIC = "Synthetic reports: the card's figures, on real reports, are not comparable."


def cell(text: str) -> str:
    """Return a cell of `scores_report` as HTML: bold figures strong, intervals small."""
    found = CELL.fullmatch(text)
    if not found:
        return escape(text)
    figure = element("strong", escape(found[2])) if found[1] else escape(found[2])
    return figure + (element("small", escape(found[3])) if found[3] else "")


def table(header: Sequence[str], rows: Sequence[Sequence[str]], caption: str) -> str:
    """Return a table with scopes for its headings, scrolled by keyboard."""
    heads = [element("th", escape(name), scope="col") for name in header]
    lines = [
        element("tr", element("th", escape(row[0]), scope="row"), *(element("td", cell(text)) for text in row[1:]))
        for row in rows
    ]
    inner = element("thead", element("tr", *heads)) + element("tbody", *lines)
    return element("div", element("table", inner), class_="scroll", tabindex="0", role="region", aria_label=caption)


def details(title: str, content: str) -> str:
    """Return `content` behind a line that opens it."""
    return element("details", element("summary", escape(title)), content)


def score_plots(report: Mapping[str, Any], task: str, columns: Sequence[str]) -> list[str]:
    """Return the intervals of all models by each of `columns`; the card's figures only beside real reports."""
    facts, figures = report["tasks"][task], []
    card = {} if facts["synthetic"] else report["published"].get(task, {})
    for name in columns:
        rows = {
            entry["model"]: (100 * entry["mean"], 100 * entry["low"], 100 * entry["high"])
            for entry in report["scores"]
            if entry["task"] == task and entry["metric"] == name and entry["mean"] is not None
        }
        if not rows:
            continue
        title = metric_title(facts, name)
        published = {model: card[model][name] for model in rows if name in card.get(model, {})}
        pairs = scores_report.pairs_table(report, task, name)
        cells = [[model, *(f"{value:.2f}" for value in point)] for model, point in rows.items()]
        below = table(["model", "mean", "low", "high"], cells, title)
        below += table(*pairs, f"{title}: tests of each pair") if pairs[1] else ""
        plot = plots.intervals(f"{task}: {title} with 95 % intervals", rows, published)
        figures.append(
            element("h3", escape(title))
            + element("figure", plot, details("as a table, with the tests of each pair", below))
        )
    return figures


def metric_title(facts: Mapping[str, Any], name: str) -> str:
    """Return how a metric is called on a benchmark."""
    return ENTITY_TITLES.get(name, name) if facts["kind"] == "ner" and name in ENTITY_TITLES else METRICS[name]


def label_bars(report: Mapping[str, Any], task: str) -> str:
    """Return F1 per label of every model."""
    header, rows = scores_report.label_table(report, task)
    if not rows:
        return ""
    plot = plots.bars(f"{task}: F1 per label", {row[0]: [float(text) for text in row[1:]] for row in rows}, header[1:])
    below = details("as a table", table(header, rows, f"{task}: F1 per label"))
    return element("h3", "F1 per label") + element("figure", plot, below)


def learning_curves(report: Mapping[str, Any], task: str) -> str:
    """Return the figures over the number of training examples, a plot per metric."""
    points = [point for point in report["learning"] if point["task"] == task]
    figures = []
    for name in dict.fromkeys(point["metric"] for point in points):
        lines: dict[str, dict[int, plots.Point]] = {}
        for point in points:
            if point["metric"] == name and point["mean"] is not None:
                spread = (100 * point["mean"], 100 * point["low"], 100 * point["high"])
                lines.setdefault(point["model"], {})[point["size"]] = spread
        if lines:
            title = f"{metric_title(report['tasks'][task], name)} over training examples"
            figures.append(
                element("figure", plots.curves(f"{task}: {title}", lines), element("figcaption", escape(title)))
            )
    if not figures:
        return ""
    below = details("as a table", table(*scores_report.learning_table(report, task), f"{task}: learning curves"))
    return element("h3", "Learning curves") + "".join(figures) + below


def task_section(report: Mapping[str, Any], task: str) -> list[str]:
    """Return all of a benchmark."""
    facts = report["tasks"][task]
    title = f"{task} (synthetic)" if facts["synthetic"] else task
    parts = [element("h2", escape(title), id=f"task-{task}")]
    if facts["synthetic"]:
        parts.append(element("p", SYNTHETIC, class_="mark"))
    sizes = " / ".join(f"{facts[name]:,}" for name in ("train", "valid", "test"))
    parts.append(element("p", f"{sizes} examples for training, validation and test; {len(facts['labels'])} labels."))
    if facts["kind"] == "ner":
        columns = ENTITIES
        parts.append(table(*scores_report.scores_table(report, task, columns, False), title))
        parts.append(element("p", "Strict: boundaries and type (IOB2). Per tag: each word's tag, the published rule."))
    else:
        columns = CLASSIFICATION
        parts.append(table(*scores_report.scores_table(report, task, columns, True), title))
        parts.append(element("p", scores_report.PRECISION, class_="soft"))
        for others, name in ((AT_HALF, "with thresholds of 0.5"), (OTHERS, "further figures")):
            rows = scores_report.scores_table(report, task, others, False)
            parts.append(details(name, table(*rows, f"{title}: {name}")))
    parts.append(element("ul", *(element("li", escape(line)) for line in scores_report.notes(report, task))))
    parts += score_plots(report, task, columns)
    parts += [label_bars(report, task), learning_curves(report, task)]
    cost = scores_report.cost_table(report, task)
    if cost[1]:
        memory = "Peak memory: on a GPU what was allocated there, otherwise of the whole process."
        parts += [element("h3", "Cost"), table(*cost, f"{title}: cost"), element("p", memory, class_="soft")]
    return parts


def intrinsic_section(report: Mapping[str, Any]) -> list[str]:
    """Return the intrinsic comparison, nothing where it was not made."""
    if not report["intrinsic"]:
        return []
    parts = [element("h2", "Intrinsic comparison", id="intrinsic")]
    parts.append(element("p", escape(scores_report.intrinsic_methods(report["intrinsic"]))))
    for metric, title in INTRINSIC.items():
        parts += [element("h3", escape(title)), table(*scores_report.intrinsic_table(report, metric), title)]
    return parts


def page(report: Mapping[str, Any]) -> str:
    """Return `scores.html` of the content of scores.json."""
    style = resources.files("medbert").joinpath("scores.css").read_text("utf-8")
    synthetic = [task for task, facts in report["tasks"].items() if facts["synthetic"]]
    links = [(f"task-{task}", task) for task in (*report["tasks"], *report["missing"])]
    links += [("intrinsic", "intrinsic comparison")] if report["intrinsic"] else []
    items = [
        element("li", element("a", escape(name), href=f"#{place}")) for place, name in [*links, ("methods", "methods")]
    ]
    body = [
        element("h1", "Evaluation"),
        element("p", "Per cent, means over fine-tunings with 95 % intervals. Bold: better than every other model, by "
                "paired bootstrap tests with Holm's correction."),
    ]  # fmt: skip
    if synthetic:
        body.append(element("p", escape(f"Synthetic data: {', '.join(synthetic)}."), class_="mark"))
    if not report["complete"]:
        body.append(element("p", "Incomplete: the budget of time ended before all runs were made.", class_="mark"))
    body.append(element("nav", element("ul", *items), aria_label="contents"))
    for task in report["tasks"]:
        body += task_section(report, task)
    for task, reason in report["missing"].items():
        body += [element("h2", escape(task), id=f"task-{task}"), element("p", escape(f"Missing: {reason}."))]
    body += intrinsic_section(report)
    body += [element("h2", "Methods", id="methods"), element("p", escape(scores_report.methods(report)))]
    head = '<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">' + POLICY
    head += element("title", "Evaluation (synthetic data)" if synthetic else "Evaluation") + element("style", style)
    return "<!doctype html>\n" + element(
        "html", element("head", head), element("body", element("main", *body)), lang="en"
    )
