"""Compares models on benchmarks: the same protocol for all, intervals, tests of each pair.

python -m medbert.evaluate --task chest_ct=DIR --task germeval14=DIR --model NAME=FOLDER --output build/scores

Writes scores.json and scores.md. Runs are kept below the output, so that the same command goes on where it
ended. Without --model the published table's six models are rows; what cannot be loaded keeps its row.
"""

import argparse
import json
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
from rich.console import Console
from rich.progress import Progress
from transformers.utils import logging

from medbert import intervals, scores_report
from medbert.batching import STRATEGIES
from medbert.finetune import Settings
from medbert.models import NEWER, PUBLISHED, ModelError, ModelRow, parse_row, published_scores
from medbert.protocol import LEARNING_RATES, Protocol, evaluate_model, to_prediction
from medbert.scoring import Prediction, compare, label_f1
from medbert.tasks import TASKS, read_task
from medbert.tasks.examples import LEAKS, SPLITS, Splits

Results = dict[tuple[str, str], dict[str, Any]]


def run_all(protocol: Protocol, rows: Sequence[ModelRow], tasks: Mapping[str, Splits]) -> tuple[Results, bool]:
    """Return what was made by (task, model), and whether all was.

    Seeds come outermost, so that a spent budget leaves all models with about the same number of runs.
    """
    results: Results = {
        (task, row.name): {"reason": "", "chosen": None, "runs": {}, "failed": {}} for task in tasks for row in rows
    }
    total, complete = (protocol.runs + 1) * len(results), True
    with Progress(console=Console(stderr=True), disable=not sys.stderr.isatty()) as progress:
        bar = progress.add_task("evaluate", total=total)
        for seed in (None, *range(protocol.runs)):
            for task, splits in tasks.items():
                for row in rows:
                    progress.update(bar, description=f"{task} {row.name} {'selection' if seed is None else seed}")
                    complete &= step(protocol, row, task, splits, seed, results[task, row.name])
                    progress.advance(bar)
    return results, complete


def step(protocol: Protocol, row: ModelRow, task: str, splits: Splits, seed: int | None, entry: dict[str, Any]) -> bool:
    """Make one selection or run and note it in `entry`; returns False where the budget of time is spent."""
    if entry["reason"]:
        return True
    try:
        result = evaluate_model(protocol, row, task, splits, seed)
    except TimeoutError:
        return False
    except ModelError as error:
        entry["reason"] = str(error)
        return True
    if seed is None:
        entry["chosen"] = result["chosen"]
        if result["chosen"] is None:
            reasons = sorted({tried["failed"] for tried in result["tried"]})
            entry["reason"] = f"every fine-tuning of the selection failed: {', '.join(reasons)}"
    elif "failed" in result:
        entry["failed"][seed] = result["failed"]
    elif "predictions" in result:
        entry["chosen"] = entry["chosen"] or {}
        entry["runs"][seed] = result
    return True


def make_report(
    protocol: Protocol,
    rows: Sequence[ModelRow],
    tasks: Mapping[str, Splits],
    results: Results,
    complete: bool,
    draws: int,
    leaks: str,
    synthetic: Sequence[str],
) -> dict[str, Any]:
    """Return the content of scores.json."""
    settings = {key: value for key, value in asdict(protocol.settings).items() if key not in SELECTED}
    report: dict[str, Any] = {
        "version": 1,
        "complete": complete,
        "settings": settings
        | {"learning_rates": list(protocol.learning_rates), "runs": protocol.runs, "draws": draws, "leaks": leaks},
        "tasks": {task: task_facts(splits, task in synthetic) for task, splits in tasks.items()},
        "models": [model_facts(protocol, row, task, results[task, row.name]) for task in tasks for row in rows],
        "scores": [],
        "tests": [],
        "labels": {},
        "published": published_scores(),
    }
    for task, splits in tasks.items():
        runs: dict[str, dict[int, Prediction]] = {
            row.name: {seed: to_prediction(run) for seed, run in results[task, row.name]["runs"].items()}
            for row in rows
        }
        failed = {row.name: len(results[task, row.name]["failed"]) for row in rows}
        loaded = {name: of_model for name, of_model in runs.items() if of_model}
        scores, tests = compare(task, splits, loaded, failed, draws)
        report["scores"] += [score.to_json() for score in scores]
        report["tests"] += tests
        report["labels"][task] = {
            name: mean_by_label([label_f1(splits, run) for run in of_model.values()])
            for name, of_model in loaded.items()
        }
    return report


SELECTED = {"learning_rate", "strategy"}


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


def is_synthetic(path: Path) -> bool:
    """Tell whether the folder's README says that its data are synthetic."""
    readme = (path if path.is_dir() else path.parent) / "README.md"
    return readme.is_file() and "synthetic" in readme.read_text("utf-8", errors="replace").lower()


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    formatter = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(
        prog="python -m medbert.evaluate", description=__doc__, formatter_class=formatter, allow_abbrev=False
    )
    add, defaults = parser.add_argument, Settings()
    add("--task", action="append", required=True, metavar="NAME=PATH", help=f"a benchmark: {', '.join(TASKS)}")
    add("--model", action="append", metavar="[NAME=]MODEL", help="a folder, a hub id or a row's name; may be repeated")
    add("--newer", action="store_true", help="also the models published since")
    add("--synthetic", action="append", default=[], metavar="TASK", help="say that a task's data are synthetic")
    add("--output", type=Path, default=Path("build/scores"), metavar="DIR")
    add("--runs", type=int, metavar="N", help="fine-tunings per model and task (default: 10 on a GPU, else 3)")
    add(
        "--minutes", type=float, metavar="N", help="start no fine-tuning after so long; the report says what is missing"
    )
    add("--learning-rates", type=float, nargs="+", default=list(LEARNING_RATES), metavar="X", help="the grid")
    add("--long-texts", nargs="+", choices=STRATEGIES, default=list(STRATEGIES), help="the grid's second side")
    add("--epochs", type=int, default=defaults.epochs)
    add("--batch-size", type=int, default=defaults.batch_size)
    add("--max-length", type=int, default=defaults.max_length, metavar="TOKENS")
    add("--limit", type=int, metavar="N", help="at most N examples of each split, the first ones: for a trial")
    add("--draws", type=int, default=intervals.DRAWS, help="bootstrap resamples of the test (default: %(default)s)")
    add("--leaks", choices=LEAKS, default="drop", help="what becomes of texts in two splits (default: %(default)s)")
    add("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    add("--download", action="store_true", help="fetch models from the hub; otherwise only its cache and folders")
    return parser


def read_tasks(parsed: argparse.Namespace) -> tuple[dict[str, Splits], list[str]]:
    """Return the benchmarks by name and those that are synthetic. Raises ValueError."""
    tasks, synthetic = {}, list(parsed.synthetic)
    for text in parsed.task:
        name, mark, path = text.partition("=")
        if not mark:
            raise ValueError(f"--task {text}: NAME=PATH is wanted")
        splits = read_task(name, Path(path), parsed.leaks, parsed.limit)
        for warning in splits.warnings:
            print(f"{name}: {warning}", file=sys.stderr)
        tasks[name] = splits
        if is_synthetic(Path(path)):
            synthetic.append(name)
    return tasks, synthetic


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns 0, 2 for wrong input and 3 where no model could be evaluated."""
    started = time.monotonic()
    parsed = build_parser().parse_args(arguments)
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    rows = [parse_row(text) for text in parsed.model] if parsed.model else list(PUBLISHED)
    rows += NEWER if parsed.newer else ()
    runs = parsed.runs or (10 if parsed.device.startswith("cuda") else 3)
    protocol = Protocol(
        parsed.output,
        Settings(epochs=parsed.epochs, batch_size=parsed.batch_size, max_length=parsed.max_length),
        tuple(parsed.learning_rates),
        tuple(parsed.long_texts),
        runs,
        parsed.device,
        parsed.download,
        started + 60 * parsed.minutes if parsed.minutes is not None else float("inf"),
    )
    try:
        if len({row.name for row in rows}) < len(rows):
            raise ValueError("two models have the same name: give one as NAME=FOLDER")
        tasks, synthetic = read_tasks(parsed)
        results, complete = run_all(protocol, rows, tasks)
        report = make_report(protocol, rows, tasks, results, complete, parsed.draws, parsed.leaks, synthetic)
        parsed.output.mkdir(parents=True, exist_ok=True)
        content = json.dumps(report, indent=1, ensure_ascii=False, allow_nan=False) + "\n"
        (parsed.output / "scores.json").write_text(content, "utf-8")
        (parsed.output / "scores.md").write_text(scores_report.markdown(report), "utf-8")
    except (OSError, ValueError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    print(parsed.output / "scores.md")
    return 0 if report["scores"] else 3


if __name__ == "__main__":
    sys.exit(main())
