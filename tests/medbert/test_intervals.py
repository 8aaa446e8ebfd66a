import numpy as np
import pytest

from medbert import intervals

SIMULATIONS = 500


def simulate(generator: np.random.Generator, runs: int, examples: int, hard: np.ndarray) -> np.ndarray:
    """Whether each run answers each example, float [runs, examples]: examples and runs differ in difficulty."""
    of_run = generator.normal(0, 0.02, (runs, 1))
    return (generator.random((runs, examples)) < np.clip(hard + of_run, 0, 1)).astype(float)


def test_the_interval_of_one_run_covers_the_truth():
    generator, covered = np.random.default_rng(1), 0
    for _ in range(SIMULATIONS):
        answers = (generator.random((1, 250)) < 0.8).astype(float)
        weights = intervals.resamples(np.arange(250), 400, int(generator.integers(2**31)))
        found = intervals.estimate(answers.mean(axis=1), answers @ weights.T / weights.sum(axis=1))
        covered += found.low <= 0.8 <= found.high
    assert 0.93 <= covered / SIMULATIONS <= 0.97


def test_the_interval_over_five_runs_covers_the_truth():
    generator, covered = np.random.default_rng(2), 0
    for _ in range(SIMULATIONS):
        shared = generator.normal(0, 1, 200)  # the difficulty of the examples, the same in all runs
        figures = 0.5 + 0.1 * shared + generator.normal(0, 0.01, (5, 1))
        weights = intervals.resamples(np.arange(200), 400, int(generator.integers(2**31)))
        found = intervals.estimate(figures.mean(axis=1), figures @ weights.T / weights.sum(axis=1))
        covered += found.low <= 0.5 <= found.high
    assert 0.93 <= covered / SIMULATIONS <= 0.97


@pytest.mark.parametrize("runs", [2, 3, 10])
def test_two_equal_models_rarely_differ(runs):
    generator, differing = np.random.default_rng(runs), 0
    for _ in range(SIMULATIONS):
        hard = generator.beta(8, 2, 150)
        first, second = (simulate(generator, runs, 150, hard) for _ in range(2))
        difference = first - second
        weights = intervals.resamples(np.arange(150), 200, int(generator.integers(2**31)))
        found = intervals.estimate(difference.mean(axis=1), difference @ weights.T / weights.sum(axis=1))
        differing += found.p < 0.05
    assert differing / SIMULATIONS <= 0.05


def test_one_run_decides_nothing():
    assert np.isnan(intervals.estimate(np.array([0.3]), np.full((1, 9), 0.3)).p)


def test_the_same_predictions_never_differ():
    assert intervals.estimate(np.zeros(3), np.zeros((3, 10))).p == 1


def test_an_undefined_run_is_not_dropped():
    assert np.isnan(intervals.estimate(np.array([0.5, np.nan]), np.zeros((2, 5))).mean)


def test_patients_are_drawn_whole():
    weights = intervals.resamples(np.array([7, 7, 3]), 50, 0)
    assert (weights[:, 0] == weights[:, 1]).all()
    assert (weights[:, 0] + weights[:, 2] == 2).all()


def test_holm_by_hand():
    adjusted = intervals.holm({("a", "b"): 0.01, ("a", "c"): 0.04, ("b", "c"): 0.03, ("x", "y"): float("nan")})
    assert adjusted[("a", "b")] == pytest.approx(0.03)
    assert adjusted[("b", "c")] == pytest.approx(0.06)
    assert adjusted[("a", "c")] == pytest.approx(0.06)
