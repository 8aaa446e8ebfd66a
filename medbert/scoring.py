"""From the test predictions of all runs to means, intervals and pairwise tests."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any

import numpy as np

from medbert import intervals, metrics
from medbert.finetune import tags_of
from medbert.tasks.examples import Splits, label_table
from schemas.scores import Score

SIGNIFICANT = 0.05


@dataclass(frozen=True, slots=True)
class Prediction:
    """A run's test predictions, per example as `finetune.predict` gives them, and its thresholds [labels]."""

    values: Sequence[np.ndarray]
    thresholds: np.ndarray


def test_groups(splits: Splits) -> np.ndarray:
    """Return int [examples]: which test examples are of one patient or document; others stand alone."""
    keys = [example.group or f"\0{i}" for i, example in enumerate(splits.test)]
    return np.unique(keys, return_inverse=True)[1]


def test_weights(splits: Splits, draws: int) -> np.ndarray:
    """Return float [1 + draws, test examples]: the test itself, then its resamples, the same for every model."""
    return np.vstack([np.ones((1, len(splits.test))), intervals.resamples(test_groups(splits), draws, 0)])


def figures(splits: Splits, prediction: Prediction, weights: np.ndarray) -> dict[str, np.ndarray]:
    """Return every metric [draws] of one run; labels that only the test has count as never predicted."""
    if splits.kind == "ner":
        tags, types = tags_of(splits), (*splits.labels, *splits.unseen)
        truth = [example.labels for example in splits.test]
        said = [[tags[i] for i in guess] for guess in prediction.values]
        strict = metrics.sequence_figures(metrics.entity_counts(truth, said, types), weights)
        return strict | metrics.tag_figures(metrics.token_counts(truth, said, types), weights)
    truth = label_table(splits.test, (*splits.labels, *splits.unseen))
    scores = np.stack(prediction.values)
    found = metrics.label_figures(truth, decide(splits, scores, prediction.thresholds), weights)
    half = metrics.label_figures(truth, decide(splits, scores, np.full(len(splits.labels), 0.5)), weights)
    padded = np.pad(scores, ((0, 0), (0, len(splits.unseen))))
    ranked = metrics.ranking_figures(truth, padded, weights)
    return found | {f"{name}_at_half": values for name, values in half.items()} | ranked


def decide(splits: Splits, scores: np.ndarray, thresholds: np.ndarray) -> np.ndarray:
    """Return bool [examples, labels and unseen labels]: at least the threshold, or the most likely class."""
    if splits.kind == "multi_class":
        said = np.eye(scores.shape[1], dtype=bool)[scores.argmax(axis=1)]
    else:
        said = scores >= thresholds
    return np.pad(said, ((0, 0), (0, len(splits.unseen))))


def label_f1(splits: Splits, prediction: Prediction) -> dict[str, float]:
    """Return F1 per label (of entities: strict, per type) on the test."""
    labels, ones = (*splits.labels, *splits.unseen), np.ones((1, len(splits.test)))
    result = {}
    if splits.kind == "ner":
        tags = tags_of(splits)
        said = [[tags[i] for i in guess] for guess in prediction.values]
        counts = metrics.entity_counts([example.labels for example in splits.test], said, labels)
        return {
            name: float(metrics.sequence_figures(counts[:, :, i : i + 1], ones)["macro_f1"][0])
            for i, name in enumerate(labels)
        }
    truth = label_table(splits.test, labels)
    said = decide(splits, np.stack(prediction.values), prediction.thresholds)
    for i, name in enumerate(labels):
        result[name] = float(metrics.label_figures(truth[:, i : i + 1], said[:, i : i + 1], ones)["macro_f1"][0])
    return result


def compare(
    task: str, splits: Splits, runs: Mapping[str, Mapping[int, Prediction]], failed: Mapping[str, int], draws: int
) -> tuple[list[Score], list[dict[str, Any]]]:
    """Return the scores of all models on one task and the tests of each pair, Holm-corrected per metric.

    `runs` are the predictions by model and seed. A pair is compared on the seeds that both have: their
    training resamples and test resamples are the same. Models with a failed run are compared to none.
    """
    weights = test_weights(splits, draws)
    found = {
        model: {seed: figures(splits, prediction, weights) for seed, prediction in sorted(of_model.items())}
        for model, of_model in runs.items()
    }
    names = list(next((next(iter(seeds.values())) for seeds in found.values() if seeds), {}))
    scores, tests = [], []
    for metric in names:
        pairs = {}
        for one, two in combinations(found, 2):
            common = sorted(found[one].keys() & found[two].keys())
            if common and not failed[one] and not failed[two]:
                pairs[one, two] = estimate([found[one][s][metric] - found[two][s][metric] for s in common])
        adjusted = intervals.holm({pair: entry.p for pair, entry in pairs.items()})
        better = better_than(pairs, adjusted)
        for pair, entry in pairs.items():
            tests.append(
                {"task": task, "metric": metric, "models": list(pair), "difference": number(entry.mean)}
                | {"p": number(entry.p), "p_holm": number(adjusted[pair])}
            )
        for model, seeds in found.items():
            entry = within_bounds(estimate([values[metric] for values in seeds.values()]))
            others = [other for other in found if other != model]
            worse = tuple(sorted(better.get(model, ())))
            scores.append(
                Score(
                    model, task, metric, number(entry.mean), number(entry.low), number(entry.high),
                    len(seeds), failed[model], worse, bool(others) and len(worse) == len(others),
                )
            )  # fmt: skip
    return scores, tests


def means(
    splits: Splits, runs: Mapping[int, Prediction], metrics_wanted: Sequence[str], draws: int
) -> dict[str, intervals.Estimate]:
    """Return the mean over `runs`, by seed, and its interval for each metric."""
    weights = test_weights(splits, draws)
    found = [figures(splits, prediction, weights) for _, prediction in sorted(runs.items())]
    return {name: within_bounds(estimate([values[name] for values in found])) for name in metrics_wanted}


def within_bounds(found: intervals.Estimate) -> intervals.Estimate:
    """Return `found`, a share, with its interval cut to 0 to 1; NaN stays NaN."""
    return replace(found, low=max(found.low, 0.0), high=min(found.high, 1.0))


def estimate(values: Sequence[np.ndarray]) -> intervals.Estimate:
    """Return the estimate of one figure per run, [1 + draws] each: on the test set, then on its resamples."""
    table = np.array(values).reshape(len(values), -1)
    return intervals.estimate(table[:, 0], table[:, 1:]) if len(values) else intervals.estimate(table, table)


def better_than(pairs: Mapping[tuple[str, str], intervals.Estimate], p: Mapping[tuple[str, str], float]) -> dict:
    """Return for each model the models that it is better than, by the corrected p-values (dict of sets)."""
    better: dict[str, set[str]] = {}
    for (one, two), entry in pairs.items():
        if p[one, two] < SIGNIFICANT:
            winner, loser = (one, two) if entry.mean > 0 else (two, one)
            better.setdefault(winner, set()).add(loser)
    return better


def number(value: float) -> float | None:
    """Return `value`, None where it is NaN."""
    return None if math.isnan(value) else float(value)
