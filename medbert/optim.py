"""Optimisers and the learning rate."""

from collections.abc import Iterable
from typing import Any

import torch
from torch import nn

from medbert.config import Optimiser, Phase


class Lamb(torch.optim.Optimizer):
    """LAMB (You et al. 2020, algorithm 2) with decoupled weight decay and bias correction.

    The step of each parameter tensor is scaled by the ratio of its norm to that of its Adam step; a norm
    of 0 on either side gives a ratio of 1. Tensors without weight decay (biases, norms) are not scaled.
    """

    def __init__(
        self,
        parameters: Iterable[dict[str, Any]],
        lr: float,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-6,
        weight_decay: float = 0.01,
    ) -> None:
        super().__init__(parameters, {"lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self, closure: Any = None) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Take one step with the gradients that are there."""
        for group in self.param_groups:
            for parameter in group["params"]:
                if parameter.grad is not None:
                    self._update(parameter, group)

    def _update(self, parameter: torch.Tensor, group: dict[str, Any]) -> None:
        state, gradient = self.state[parameter], parameter.grad
        assert gradient is not None
        if not state:
            state["step"] = 0
            state["exp_avg"], state["exp_avg_sq"] = torch.zeros_like(parameter), torch.zeros_like(parameter)
        state["step"] += 1
        beta1, beta2 = group["betas"]
        mean = state["exp_avg"].lerp_(gradient, 1 - beta1)
        square = state["exp_avg_sq"].mul_(beta2).addcmul_(gradient, gradient, value=1 - beta2)
        update = mean / (1 - beta1 ** state["step"])
        update = update / ((square / (1 - beta2 ** state["step"])).sqrt() + group["eps"])
        if not group["weight_decay"]:
            parameter.sub_(update, alpha=group["lr"])
            return
        update = update.add_(parameter, alpha=group["weight_decay"])
        weight, step = parameter.norm(), update.norm()
        ratio = torch.where((weight > 0) & (step > 0), weight / step, torch.ones_like(weight))
        parameter.sub_(update * (ratio * group["lr"]))


def parameter_groups(model: nn.Module, weight_decay: float) -> list[dict[str, Any]]:
    """Return matrices, which decay, and biases and norms, which do not."""
    named = [(name, p) for name, p in model.named_parameters() if p.requires_grad]
    decaying = [p for _, p in named if p.ndim > 1]
    others = [p for _, p in named if p.ndim <= 1]
    return [{"params": decaying, "weight_decay": weight_decay}, {"params": others, "weight_decay": 0.0}]


def new_optimiser(model: nn.Module, settings: Optimiser) -> torch.optim.Optimizer:
    """Return the optimiser of `settings`, fused on a GPU. Raises ValueError for an unknown name."""
    groups = parameter_groups(model, settings.weight_decay)
    betas = (settings.beta1, settings.beta2)
    if settings.name == "lamb":
        return Lamb(groups, lr=0.0, betas=betas, eps=settings.epsilon, weight_decay=settings.weight_decay)
    if settings.name == "adamw":
        fused = next(model.parameters()).is_cuda
        return torch.optim.AdamW(groups, lr=0.0, betas=betas, eps=settings.epsilon, fused=fused)
    raise ValueError(f"optimiser {settings.name}: one of adamw, lamb")


def learning_rate(phase: Phase, done: float) -> float:
    """Return the rate at the share `done`, 0 to 1, of a phase: linear up, then linear down to its very end.

    The horizon is the whole phase: with the warm-up taken off it, as in the published run, the last
    steps train at a rate near 0.
    """
    if done < phase.warmup:
        return phase.learning_rate * done / phase.warmup
    left = (1 - done) / (1 - phase.warmup) if phase.warmup < 1 else 0.0
    return phase.learning_rate * max(phase.final, phase.final + (1 - phase.final) * left)
