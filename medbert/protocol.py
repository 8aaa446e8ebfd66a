"""The protocol: one grid and one set of resamples for all models; each step's result is a file."""

import hashlib
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from functools import lru_cache
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np

from medbert import finetune, metrics
from medbert.batching import STRATEGIES, encode_texts
from medbert.finetune import FailedRunError, Settings
from medbert.models import ModelRow, load_tokenizer
from medbert.scoring import Prediction
from medbert.tasks.examples import Splits, label_table

LEARNING_RATES = (2e-5, 5e-5, 1e-4)
LONG_SHARE = 0.01
"""Share of training texts beyond the model's length from which on the strategies for long texts are tried."""


@lru_cache(maxsize=64)
def file_digest(path: Path, size: int, changed: int) -> str:
    """Return the digest of a file; `size` and `changed` (ns) tell when it is to be read again."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "blake2b").hexdigest()


Fit = Callable[[ModelRow, Splits, Settings, int, str, bool], finetune.Fitted]


@dataclass(frozen=True, slots=True)
class Protocol:
    """What is the same for every model."""

    output: Path
    settings: Settings = field(default_factory=Settings)
    learning_rates: tuple[float, ...] = LEARNING_RATES
    strategies: tuple[str, ...] = STRATEGIES
    runs: int = 10
    training_sizes: tuple[int, ...] = ()
    device: str = "cpu"
    download: bool = False
    deadline: float = float("inf")

    def key(self, row: ModelRow, splits: Splits) -> str:
        """Return a digest of what a result depends on, so that a stale file is not taken for it."""
        config = Path(row.location) / "config.json"
        weights = Path(row.location) / "model.safetensors"
        stamp: list[Any] = [config.read_text() if config.is_file() else ""]
        if weights.is_file():
            stamp.append(file_digest(weights, weights.stat().st_size, weights.stat().st_mtime_ns))
        values = [row.location, splits.fingerprint(), asdict(self.settings), self.learning_rates, stamp]
        return blake2b(json.dumps(values).encode(), digest_size=12).hexdigest()

    def late(self) -> bool:
        """Tell whether the budget of time is spent."""
        return time.monotonic() >= self.deadline


def grid(protocol: Protocol, row: ModelRow, splits: Splits) -> list[Settings]:
    """Return the hyper-parameters to try; for classification each way with long texts, where there are any."""
    strategies = protocol.strategies[:1]
    if splits.kind != "ner":
        tokenizer = load_tokenizer(row.location, protocol.download)
        length = protocol.settings.max_length
        encoded = encode_texts(tokenizer, splits.train[:1000], length, "truncate")
        if sum(entry.cut > 0 for entry in encoded) > LONG_SHARE * len(encoded):
            strategies = protocol.strategies
    return [
        replace(protocol.settings, learning_rate=rate, strategy=strategy)
        for strategy in strategies
        for rate in protocol.learning_rates
    ]


def select(protocol: Protocol, row: ModelRow, splits: Splits, fit: Fit = finetune.fit) -> dict[str, Any]:
    """Return the hyper-parameters with the best validation score, and all tried with theirs.

    The test split is taken away first: nothing that chooses can see it. Failed fine-tunings stay listed; of
    equal scores the first in the grid wins. Raises models.ModelError where the model cannot be loaded, TimeoutError
    where the budget of time is spent.
    """
    blind = replace(splits, test=(), unseen=())
    tried: list[dict[str, Any]] = []
    options = grid(protocol, row, blind)
    for settings in options:
        if protocol.late():
            raise TimeoutError
        entry: dict[str, Any] = {"learning_rate": settings.learning_rate, "strategy": settings.strategy}
        if len(options) == 1:
            return {"chosen": asdict(settings), "tried": [entry | {"score": None}]}
        try:
            tried.append(entry | {"score": fit(row, blind, settings, 0, protocol.device, protocol.download).score})
        except FailedRunError as error:
            tried.append(entry | {"score": None, "failed": str(error)})
    ranked = [i for i, entry in enumerate(tried) if entry["score"] is not None]
    if not ranked:
        return {"chosen": None, "tried": tried}
    best = max(ranked, key=lambda i: (tried[i]["score"], -i))
    return {"chosen": asdict(options[best]), "tried": tried}


def resample_train(splits: Splits, seed: int, size: int | None = None) -> Splits:
    """Return `splits` with a bootstrap resample of train, a function of `seed` and the number of examples alone.

    With `size` only its first so many: the smaller resamples of a seed are parts of its larger ones.
    """
    chosen = np.random.default_rng([seed, 0]).integers(0, len(splits.train), len(splits.train))[:size]
    return replace(splits, train=tuple(splits.train[i] for i in chosen))


def run_once(
    protocol: Protocol, row: ModelRow, splits: Splits, settings: Settings, seed: int, size: int | None = None
) -> dict[str, Any]:
    """Fine-tune on the resample of `seed` and return its test predictions, thresholds and cost, JSON-ready."""
    try:
        resample = resample_train(splits, seed, size)
        fitted = finetune.fit(row, resample, settings, seed, protocol.device, protocol.download)
        thresholds = np.full(len(splits.labels), 0.5)
        if splits.kind == "multi_label":
            valid = np.stack(finetune.predict(fitted, splits, splits.valid))
            thresholds = metrics.choose_thresholds(label_table(splits.valid, splits.labels), valid)
        predicted = finetune.predict(fitted, splits, splits.test)
    except FailedRunError as error:
        return {"failed": str(error)}
    encoded = finetune.encode(fitted.tokenizer, splits, splits.test, settings, fitted.length)
    cost = {
        "parameters": sum(parameter.numel() for parameter in fitted.model.parameters()),
        "tokens_per_second": fitted.tokens / max(fitted.seconds, 1e-9),
        "memory_bytes": fitted.memory,
        "max_length": fitted.length,
        "micro_batch": fitted.micro_batch,
        "epochs": len(fitted.losses),
        "best_epoch": fitted.epoch,
        "test_texts_cut": sum(entry.cut > 0 for entry in encoded),
        "test_tokens": sum(entry.tokens for entry in encoded),
        "test_tokens_cut": sum(entry.cut for entry in encoded),
    }
    values = [np.round(value, 9).tolist() for value in predicted]
    return {"validation": fitted.score, "thresholds": thresholds.tolist(), "predictions": values, "cost": cost}


def to_prediction(result: Mapping[str, Any]) -> Prediction:
    """Return the predictions of a run's file."""
    return Prediction([np.array(value) for value in result["predictions"]], np.array(result["thresholds"]))


def cached(path: Path, key: str, make: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """Return the result in `path` if it was made from `key`, else make and write it, whole or not at all."""
    try:
        result = json.loads(path.read_text("utf-8"))
        if result.pop("key", None) == key:
            return result
    except (OSError, ValueError):
        pass
    result = make()
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(".tmp")
    temporary.write_text(json.dumps({"key": key, **result}), "utf-8")
    temporary.replace(path)
    return result


def evaluate_model(
    protocol: Protocol, row: ModelRow, task: str, splits: Splits, seed: int | None, size: int | None = None
) -> dict[str, Any]:
    """Return the selection (`seed` None) or one run of a model on a task, from its file where it is there.

    `size` is that of the training split where it is not all of it. Raises as `select` does.
    """
    slug = "".join(letter if letter.isalnum() or letter in "-_." else "_" for letter in row.name)
    digest = blake2b(f"{row.name}\0{row.location}".encode(), digest_size=3).hexdigest()
    folder = protocol.output / "runs" / task / f"{slug}-{digest}"
    key = protocol.key(row, splits)
    selection_path = folder / "selection.json"
    selection = cached(selection_path, key, lambda: select(protocol, row, splits))
    if seed is None or selection["chosen"] is None:
        return selection
    settings = Settings(**selection["chosen"])

    def run() -> dict[str, Any]:
        if protocol.late():
            raise TimeoutError
        return run_once(protocol, row, splits, settings, seed, size)

    run_key = f"{key}-{blake2b(json.dumps(selection['chosen']).encode(), digest_size=6).hexdigest()}"
    suffix = "" if size is None else f"-size-{size}"
    return cached(folder / f"seed-{seed:03}{suffix}.json", run_key, run)
