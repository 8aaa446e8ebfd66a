"""The content of scores.json, made from what every run predicted."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from medbert.models import ModelRow, published_scores
from medbert.protocol import Protocol, to_prediction
from medbert.scoring import Prediction, compare, label_f1, means, number
from medbert.tasks.examples import SPLITS, Splits

Results = dict[tuple[str, str], dict[str, Any]]
"""What was made, by task and model: reason, chosen, runs and failed by seed, curves by size of training."""

SELECTED = {"learning_rate", "strategy"}
CURVES = {"multi_label": ("auroc", "macro_f1"), "multi_class": ("auroc", "macro_f1"), "ner": ("micro_f1", "token_f1")}
"""The metrics of learning curves."""


def make_report(
    protocol: Protocol,
    rows: Sequence[ModelRow],
    tasks: Mapping[str, Splits],
    results: Results,
    draws: int,
    synthetic: Sequence[str],
) -> dict[str, Any]:
    """Return the figures of all models on all tasks, JSON-ready."""
    settings = {key: value for key, value in asdict(protocol.settings).items() if key not in SELECTED}
    report: dict[str, Any] = {
        "version": 1,
        "settings": settings | {"learning_rates": list(protocol.learning_rates), "runs": protocol.runs},
        "tasks": {task: task_facts(splits, task in synthetic) for task, splits in tasks.items()},
        "models": [model_facts(protocol, row, task, results[task, row.name]) for task in tasks for row in rows],
        "scores": [],
        "tests": [],
        "labels": {},
        "learning": [],
        "published": published_scores(),
    }
    for task, splits in tasks.items():
        runs = {row.name: predictions(results[task, row.name]["runs"]) for row in rows}
        failed = {row.name: len(results[task, row.name]["failed"]) for row in rows}
        loaded = {name: of_model for name, of_model in runs.items() if of_model}
        scores, tests = compare(task, splits, loaded, failed, draws)
        report["scores"] += [score.to_json() for score in scores]
        report["tests"] += tests
        report["labels"][task] = {
            name: mean_by_label([label_f1(splits, run) for run in of_model.values()])
            for name, of_model in loaded.items()
        }
        for row in rows:
            report["learning"] += learning_curve(task, row.name, splits, results[task, row.name], draws)
    return report


def predictions(runs: Mapping[int, Mapping[str, Any]]) -> dict[int, Prediction]:
    """Return the test predictions of runs by seed."""
    return {seed: to_prediction(run) for seed, run in runs.items()}


def learning_curve(task: str, model: str, splits: Splits, entry: Mapping[str, Any], draws: int) -> list[dict[str, Any]]:
    """Return the figures at each size of the training split, the whole one last; nothing without smaller ones."""
    if not entry["curves"]:
        return []
    points = {**entry["curves"], len(splits.train): entry}
    return [
        {"task": task, "model": model, "size": size, "metric": metric, "mean": number(found.mean)}
        | {"low": number(found.low), "high": number(found.high)}
        | {"runs": len(point["runs"]), "failed": len(point["failed"])}
        for size, point in sorted(points.items())
        for metric, found in means(splits, predictions(point["runs"]), CURVES[splits.kind], draws).items()
    ]


def task_facts(splits: Splits, synthetic: bool) -> dict[str, Any]:
    """Return what scores.json says of a benchmark."""
    return {
        "kind": splits.kind,
        "labels": list(splits.labels),
        "unseen": list(splits.unseen),
        **{name: len(getattr(splits, name)) for name in SPLITS},
        "synthetic": synthetic,
        "warnings": list(splits.warnings),
        "fingerprint": splits.fingerprint(),
    }


def model_facts(protocol: Protocol, row: ModelRow, task: str, entry: Mapping[str, Any]) -> dict[str, Any]:
    """Return what scores.json says of a model on a benchmark; the cost is that of the first run."""
    made, failed = len(entry["runs"]), len(entry["failed"])
    first = next(iter(entry["runs"].values()), None)
    return {
        "model": row.name,
        "location": Path(row.location).name if Path(row.location).exists() else row.location,
        "task": task,
        "reason": entry["reason"],
        "chosen": entry["chosen"],
        "runs": made,
        "failed": failed,
        "missing": 0 if entry["reason"] else protocol.runs - made - failed,
        "reasons": sorted(set(entry["failed"].values())),
        "cost": first["cost"] if first else None,
    }


def mean_by_label(runs: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """Return the mean over runs of each label's figure."""
    return {label: float(np.mean([run[label] for run in runs])) for label in runs[0]}
