"""Compares models on benchmarks: the same protocol for all, intervals, tests of each pair.

python -m medbert.evaluate --task chest_ct=DIR --task germeval14=DIR --model NAME=FOLDER --output build/scores

Writes scores.json, scores.md and the page scores.html. Runs are kept below the output, so that the same
command goes on where it ended. Without --model the published table's six models are rows; what cannot be
loaded keeps its row, and a benchmark that is not there its place, with the reason.
"""

import argparse
import json
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import Progress
from transformers.utils import logging

from medbert import intervals, scores_page, scores_report
from medbert.arguments import COUNT, add_models, positive_number
from medbert.batching import STRATEGIES
from medbert.finetune import Settings
from medbert.models import ModelError, ModelRow, parse_rows
from medbert.protocol import LEARNING_RATES, Protocol, evaluate_model
from medbert.scores_file import Results, make_report
from medbert.tasks import TASKS, read_task
from medbert.tasks.examples import LEAKS, Splits

SHORTEST = 3


def run_all(protocol: Protocol, rows: Sequence[ModelRow], tasks: Mapping[str, Splits]) -> tuple[Results, bool]:
    """Return what was made by (task, model), and whether all was.

    Seeds come outermost, so that a spent budget leaves all models with about the same number of runs.
    """
    results: Results = {
        (task, row.name): {"reason": "", "chosen": None, "runs": {}, "failed": {}, "curves": {}}
        for task in tasks
        for row in rows
    }
    works = [
        (seed, task, row, size)
        for seed in (None, *range(protocol.runs))
        for task, splits in tasks.items()
        for row in rows
        for size in (*sizes_of(protocol, splits, seed), None)
    ]
    complete = True
    with Progress(console=Console(stderr=True), disable=not sys.stderr.isatty()) as progress:
        bar = progress.add_task("evaluate", total=len(works))
        for seed, task, row, size in works:
            progress.update(bar, description=f"{task} {row.name} {'selection' if seed is None else seed}")
            complete &= step(protocol, row, task, tasks[task], results[task, row.name], seed, size)
            progress.advance(bar)
    return results, complete


def sizes_of(protocol: Protocol, splits: Splits, seed: int | None) -> list[int]:
    """Return the sizes of a learning curve that are smaller than the training split; none for the selection."""
    return [] if seed is None else [size for size in protocol.training_sizes if size < len(splits.train)]


def step(
    protocol: Protocol,
    row: ModelRow,
    task: str,
    splits: Splits,
    entry: dict[str, Any],
    seed: int | None,
    size: int | None,
) -> bool:
    """Make one selection or run and note it in `entry`; returns False where the budget of time is spent."""
    if entry["reason"]:
        return True
    try:
        result = evaluate_model(protocol, row, task, splits, seed, size)
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
        return True
    place = entry if size is None else entry["curves"].setdefault(size, {"runs": {}, "failed": {}})
    if "failed" in result:
        place["failed"][seed] = result["failed"]
    else:
        place["runs"][seed] = result
    return True


def is_synthetic(path: Path) -> bool:
    """Tell whether the README in the folder, or beside the file (NAME.README.md), says that its data are synthetic."""
    beside = [] if path.is_dir() else [path.with_suffix(".README.md")]
    readmes = [*beside, (path if path.is_dir() else path.parent) / "README.md"]
    return any(
        readme.is_file() and "synthetic" in readme.read_text("utf-8", errors="replace").lower() for readme in readmes
    )


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    formatter = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(
        prog="python -m medbert.evaluate", description=__doc__, formatter_class=formatter, allow_abbrev=False
    )
    add = parser.add_argument
    add("--task", action="append", required=True, metavar="NAME=PATH", help=f"a benchmark: {', '.join(TASKS)}")
    add_models(parser)
    add("--newer", action="store_true", help="also the models published since")
    add("--synthetic", action="append", default=[], metavar="TASK", help="say that a task's data are synthetic")
    made = "of scores and runs (default: %(default)s)"
    add("--output", type=Path, default=Path("build/scores"), metavar="DIR", help=made)
    late = "start no fine-tuning after so long; the report says what is missing (default: no end)"
    add("--minutes", type=positive_number, metavar="N", help=late)
    add("--intrinsic", type=Path, metavar="FILE", help="figures of python -m medbert.intrinsic, for the page")
    add("--limit", **COUNT, help="at most N examples of each split, the first ones: for a trial")
    add("--leaks", choices=LEAKS, default="drop", help="what becomes of texts in two splits (default: %(default)s)")
    add_protocol(parser)
    return parser


def add_protocol(parser: argparse.ArgumentParser) -> None:
    """Add the options of the protocol, the same for every model."""
    add, defaults = parser.add_argument_group("protocol").add_argument, Settings()
    add("--runs", **COUNT, help="fine-tunings per model and task (default: 10 on a GPU, else 3)")
    grid = {"type": positive_number, "nargs": "+", "default": list(LEARNING_RATES), "metavar": "X"}
    add("--learning-rates", **grid, help="the grid (default: %(default)s)")
    long_texts = "the grid's second side: what becomes of texts beyond --max-length (default: all)"
    add("--long-texts", nargs="+", choices=STRATEGIES, default=list(STRATEGIES), help=long_texts)
    add("--epochs", **COUNT, default=defaults.epochs, help="at most (default: %(default)s)")
    add("--batch-size", **COUNT, default=defaults.batch_size, help="examples a step (default: %(default)s)")
    length = "tokens of an input, special ones with them; a model may take less (default: %(default)s)"
    add("--max-length", **COUNT, default=defaults.max_length, help=length)
    add("--training-sizes", **COUNT, nargs="+", default=[], help="learning curves over so many examples")
    add("--draws", **COUNT, default=intervals.DRAWS, help="bootstrap resamples of the test (default: %(default)s)")


def read_tasks(parsed: argparse.Namespace) -> tuple[dict[str, Splits], list[str], dict[str, str]]:
    """Return the benchmarks by name, those that are synthetic, and why others are missing.

    A benchmark whose files are not there is missing; one whose files are malformed stops all: ValueError.
    """
    tasks, synthetic, missing = {}, list(parsed.synthetic), {}
    for text in parsed.task:
        name, mark, path = text.partition("=")
        if not mark:
            raise ValueError(f"--task {text}: NAME=PATH is wanted")
        if name in TASKS and not (path and Path(path).exists()):
            missing[name] = "no path was given" if not path else "no such file or folder"
            print(f"{name}: missing: {path or 'no path'}", file=sys.stderr)
            continue
        splits = read_task(name, Path(path), parsed.leaks, parsed.limit)
        for warning in splits.warnings:
            print(f"{name}: {warning}", file=sys.stderr)
        tasks[name] = splits
        if is_synthetic(Path(path)):
            synthetic.append(name)
    if not tasks:
        raise ValueError("no benchmark is there")
    return tasks, synthetic, missing


def read_intrinsic(path: Path | None) -> dict[str, Any] | None:
    """Return what medbert.intrinsic wrote. Raises ValueError where it is something else."""
    if path is None:
        return None
    try:
        value = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        value = None
    if not isinstance(value, dict) or not {"scores", "models", "settings"} <= value.keys():
        raise ValueError(f"{path}: not a file that python -m medbert.intrinsic wrote")
    return value


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns 0, 2 for wrong input and 3 where no model could be evaluated."""
    started = time.monotonic()
    parsed = build_parser().parse_args(arguments)
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    runs = parsed.runs if parsed.runs is not None else (10 if parsed.device.startswith("cuda") else 3)
    protocol = Protocol(
        parsed.output,
        Settings(epochs=parsed.epochs, batch_size=parsed.batch_size, max_length=parsed.max_length),
        tuple(parsed.learning_rates),
        tuple(parsed.long_texts),
        runs,
        tuple(sorted(set(parsed.training_sizes))),
        parsed.device,
        parsed.download,
        started + 60 * parsed.minutes if parsed.minutes is not None else float("inf"),
    )
    try:
        rows = parse_rows(parsed.model, parsed.newer)
        if parsed.max_length < SHORTEST:
            raise ValueError(f"--max-length {parsed.max_length}: {SHORTEST} at least, since two tokens are special")
        tasks, synthetic, missing = read_tasks(parsed)
        intrinsic = read_intrinsic(parsed.intrinsic)
        parsed.output.mkdir(parents=True, exist_ok=True)
        results, complete = run_all(protocol, rows, tasks)
        report = make_report(protocol, rows, tasks, results, parsed.draws, synthetic)
        report |= {"complete": complete, "missing": missing, "intrinsic": intrinsic}
        report["settings"] |= {"draws": parsed.draws, "leaks": parsed.leaks}
        content = json.dumps(report, indent=1, ensure_ascii=False, allow_nan=False) + "\n"
        (parsed.output / "scores.json").write_text(content, "utf-8")
        (parsed.output / "scores.md").write_text(scores_report.markdown(report), "utf-8")
        (parsed.output / "scores.html").write_text(scores_page.page(report), "utf-8")
    except (OSError, ValueError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    print(parsed.output / "scores.md")
    return 0 if report["scores"] else 3


if __name__ == "__main__":
    sys.exit(main())
