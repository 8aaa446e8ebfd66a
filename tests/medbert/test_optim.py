import pytest
import torch

from medbert.config import Phase, published
from medbert.optim import Lamb, learning_rate


def straightforward_lamb(
    weight: torch.Tensor, gradients: list[torch.Tensor], rate: float, decay: float
) -> torch.Tensor:
    mean, square = torch.zeros_like(weight), torch.zeros_like(weight)
    for t, gradient in enumerate(gradients, 1):
        mean = 0.9 * mean + 0.1 * gradient
        square = 0.999 * square + 0.001 * gradient**2
        step = (mean / (1 - 0.9**t)) / ((square / (1 - 0.999**t)).sqrt() + 1e-6) + decay * weight
        weight = weight - rate * weight.norm() / step.norm() * step
    return weight


def test_lamb_equals_its_definition() -> None:
    torch.manual_seed(0)
    start = torch.randn(5, 4, dtype=torch.float64)
    gradients = [torch.randn(5, 4, dtype=torch.float64) for _ in range(6)]
    parameter = torch.nn.Parameter(start.clone())
    optimiser = Lamb([{"params": [parameter], "weight_decay": 0.01}], lr=0.01)
    for gradient in gradients:
        parameter.grad = gradient.clone()
        optimiser.step()
    torch.testing.assert_close(parameter.detach(), straightforward_lamb(start, gradients, 0.01, 0.01))


@pytest.mark.parametrize("phase", [*published().phases, Phase(128, 1000, 10, 1e-3, 0.06, 0.02)])
def test_the_schedule_ends_at_its_final_value(phase: Phase) -> None:
    rates = [learning_rate(phase, (step + 1) / phase.steps) for step in range(phase.steps)]
    assert rates[0] > 0
    assert max(rates) == pytest.approx(phase.learning_rate, rel=0.02)
    assert rates[-1] == pytest.approx(phase.final * phase.learning_rate, abs=1e-12)
    assert rates[-len(rates) // 4] > 0.1 * phase.learning_rate  # no long tail at a rate near 0
