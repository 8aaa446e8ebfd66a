"""The page: self-contained, every plot with its data, bold only where the tests say so."""

import re
from typing import Any

import pytest

from medbert import models, plots, scores_page, scores_report
from medbert.plots import element


def score(model: str, metric: str, mean: float | None, best: bool = False) -> dict[str, Any]:
    low, high = (None, None) if mean is None else (mean - 0.1, mean + 0.1)
    found = {"model": model, "task": "chest_ct", "metric": metric, "mean": mean, "low": low, "high": high, "best": best}
    return found | {"failed": 0, "runs": 2, "better_than": []}


@pytest.fixture
def report() -> dict[str, Any]:
    names = ("medBERT.de", "<b>other</b>")
    metrics = (*scores_report.CLASSIFICATION, *scores_report.AT_HALF, *scores_report.OTHERS)
    cost = {"parameters": 2_800_000, "tokens_per_second": 1000.0, "memory_bytes": 2**30}
    cost |= {"test_tokens_cut": 0, "test_texts_cut": 0, "test_tokens": 10}
    facts = {"kind": "multi_label", "labels": ["a", "b"], "unseen": [], "train": 20, "valid": 5, "test": 5}
    settings = {"learning_rates": [1e-3], "runs": 2, "draws": 50, "leaks": "drop", "batch_size": 8, "epochs": 1}
    points = [(30, 0.5), (60, 0.6)]
    return {
        "complete": True,
        "settings": settings | {"patience": 3, "max_length": 64},
        "tasks": {"chest_ct": facts | {"synthetic": True, "warnings": ["w"], "fingerprint": "0"}},
        "missing": {"germeval14": "no path was given"},
        "models": [
            {"model": name, "location": name, "task": "chest_ct", "reason": "", "runs": 2, "failed": 0, "missing": 0}
            | {"reasons": [], "chosen": {"learning_rate": 1e-3, "strategy": "truncate"}, "cost": cost}
            for name in names
        ],
        "scores": [score(name, metric, 0.5, name == names[0]) for name in names for metric in metrics],
        "tests": [
            {"task": "chest_ct", "metric": "auroc", "models": list(names), "difference": 0.1, "p": 0.01, "p_holm": 0.02}
        ],
        "labels": {"chest_ct": {name: {"a": 0.5, "b": 0.7} for name in names}},
        "learning": [
            {
                "task": "chest_ct",
                "model": name,
                "size": size,
                "metric": "auroc",
                "mean": mean,
                "low": mean,
                "high": mean,
            }
            | {"runs": 2, "failed": 0}
            for name in names
            for size, mean in points
        ],
        "intrinsic": None,
        "published": models.published_scores(),
    }


def test_it_is_self_contained_and_nothing_is_executed(report):
    page = scores_page.page(report)
    assert "default-src 'none'" in page
    assert not re.search(r"<script|https?://|src=|@import|url\(", page)
    assert "<b>other</b>" not in page
    assert "&lt;b&gt;other&lt;/b&gt;" in page


def test_synthetic_is_said_in_title_head_and_section(report):
    page = scores_page.page(report)
    assert "<title>Evaluation (synthetic data)</title>" in page
    assert "chest_ct (synthetic)" in page
    assert page.lower().count("synthetic") >= 4
    report["tasks"]["chest_ct"]["synthetic"] = False
    assert "synthetic" not in scores_page.page(report).lower()


def test_the_cards_figures_are_drawn_beside_real_reports_only(report):
    assert 'class="card"' not in scores_page.page(report)
    report["tasks"]["chest_ct"]["synthetic"] = False
    assert scores_page.page(report).count('class="card"') == len(scores_report.CLASSIFICATION)


def test_every_plot_has_its_figures_as_a_table(report):
    page = scores_page.page(report)
    figures = re.findall(r"<figure>.*?</figure>", page, re.DOTALL)
    plots_without = [figure for figure in figures if "<table" not in figure]
    learning = page[page.index("Learning curves") :]
    assert len(figures) == len(scores_report.CLASSIFICATION) + 1 + 1
    assert len(plots_without) == 1, "the learning curves' table stands below all of them"
    assert "training examples" in learning[: learning.index("</table>")]
    assert page.count('role="img"') == len(figures)
    assert page.count("<th scope") + page.count('scope="row"') > 0
    assert not re.search(r"<th(?![^>]*scope)[ >]", page)


def test_bold_only_where_the_tests_hold(report):
    page = scores_page.page(report)
    assert page.count("<strong>") == 12
    for entry in report["scores"]:
        entry["best"] = False
    assert "<strong>" not in scores_page.page(report)


def test_missing_benchmarks_and_incomplete_runs_are_said(report):
    assert "Missing: no path was given." in scores_page.page(report)
    assert "Missing: no path was given." in scores_report.markdown(report)
    assert "Incomplete" in scores_page.page(report | {"complete": False})


def test_undefined_figures_and_no_figures(report):
    for entry in report["scores"]:
        entry["mean"] = None
    assert 'class="mean"' not in scores_page.page(report)
    empty = report | {"scores": [], "tests": [], "labels": {"chest_ct": {}}, "learning": []}
    assert "<svg" not in scores_page.page(empty)


def test_axes_are_never_empty():
    assert plots.reach([50.0, 50.0]) == (40.0, 50.0)
    assert plots.reach([0.0]) == (0.0, 10.0)
    assert plots.reach([100.0]) == (90.0, 100.0)
    assert plots.reach([12.0, 97.0]) == (10.0, 100.0)


def test_attributes_are_escaped():
    assert element("p", "x", title='"<') == '<p title="&quot;&lt;">x</p>'
