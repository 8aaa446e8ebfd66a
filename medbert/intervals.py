"""How sure a mean over fine-tunings is, and whether two models differ.

Two things vary: the fine-tuning (seed, resample of the training set) and the test set. The variance of
the mean over the runs is taken as the sum of the bootstrap variance over test examples (Efron 1979) and
the runs' variance divided by their number (Bouthillier et al. 2021, Accounting for variance in machine
learning benchmarks). The noise that both see is counted twice, which errs on the safe side. The runs are
few, so the quantile is Student's, with Welch and Satterthwaite's degrees of freedom.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy import stats

DRAWS = 1_000
LEVEL = 0.95


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean and its interval; `p` is the two-sided probability of a mean as far from 0 by chance."""

    mean: float
    low: float
    high: float
    p: float


def resamples(groups: np.ndarray, draws: int, seed: int) -> np.ndarray:
    """Return float [draws, examples]: how often each example is in each bootstrap draw.

    `groups`, int [examples], are drawn whole: reports of one patient are not independent.
    """
    _, member = np.unique(groups, return_inverse=True)
    count = int(member.max()) + 1 if len(member) else 0
    if not count:
        return np.zeros((draws, 0))
    generator = np.random.default_rng(seed)
    times = generator.multinomial(count, np.full(count, 1 / count), size=draws)
    return times[:, member].astype(float)


def estimate(points: np.ndarray, draws: np.ndarray) -> Estimate:
    """Return the mean over runs and its 95 % interval.

    `points`, float [runs], are each run's figure on the test set (or difference of two models' figures);
    `draws`, float [runs, draws], on the resamples of the test set. Draws in which a figure is undefined are
    left out. With one run the interval tells the test set's share alone, and there is no p: what another
    seed would bring is unknown. Any undefined run makes all NaN.
    """
    if not len(points) or not np.isfinite(points).all():
        return Estimate(math.nan, math.nan, math.nan, math.nan)
    mean, runs = float(points.mean()), len(points)
    drawn = draws.mean(axis=0)
    drawn = drawn[np.isfinite(drawn)]
    of_test = float(drawn.var(ddof=1)) if len(drawn) > 1 else 0.0
    of_runs = float(points.var(ddof=1)) / runs if runs > 1 else 0.0
    variance = of_test + of_runs
    if variance < 1e-18:  # rounding
        return Estimate(mean, mean, mean, math.nan if runs == 1 else 1.0 if abs(mean) < 1e-9 else 0.0)
    degrees = variance**2 / (of_runs**2 / (runs - 1)) if of_runs > 0 else math.inf
    degrees = min(degrees, 1e9)
    reach = float(stats.t.ppf((1 + LEVEL) / 2, degrees)) * math.sqrt(variance)
    p = float(2 * stats.t.sf(abs(mean) / math.sqrt(variance), degrees))
    return Estimate(mean, mean - reach, mean + reach, math.nan if runs == 1 else p)


def holm(p_values: Mapping[tuple[str, str], float]) -> dict[tuple[str, str], float]:
    """Return Holm's adjusted p-values (Holm 1979) of a family of tests; NaN stays and is not counted."""
    tested = sorted((p, pair) for pair, p in p_values.items() if not math.isnan(p))
    adjusted, highest = dict(p_values), 0.0
    for rank, (p, pair) in enumerate(tested):
        highest = max(highest, min(1.0, p * (len(tested) - rank)))
        adjusted[pair] = highest
    return adjusted
