"""What training costs, and how much of a device it uses."""

from typing import Any

import torch

from medbert.config import Phase, Recipe

PEAK_FLOPS = {
    "H200": 989e12,
    "H100": 989e12,
    "A100": 312e12,
    "L40S": 362e12,
    "L4": 121e12,
}
"""Dense bfloat16 operations a second by the makers' data sheets, by a part of the device's name."""


def flops_per_token(recipe: Recipe, phase: Phase, vocabulary_size: int = 30_000) -> float:
    """Return floating-point operations of forward and backward for one token.

    Two for each weight that a token meets, attention over `phase.length` tokens, the decoder for the
    masked share only, and twice all that again for the backward pass (Kaplan et al. 2020, appendix).
    """
    a = recipe.architecture
    feed_forward = 3 if a.kind == "modernbert" else 2  # gated units have a third matrix
    layer = 2 * (4 * a.hidden**2 + feed_forward * a.hidden * a.feed_forward) + 4 * phase.length * a.hidden
    decoder = 2 * (a.hidden**2 + a.hidden * vocabulary_size) * recipe.mask_rate
    return 3 * (a.layers * layer + decoder)


def model_flops_utilisation(
    recipe: Recipe, phase: Phase, tokens_per_second: float, device: torch.device, world: int
) -> float | None:
    """Return the share of the devices' peak that `tokens_per_second` uses; None where the peak is not known."""
    if device.type != "cuda":
        return None
    name: Any = torch.cuda.get_device_name(device)
    peak = next((flops for part, flops in PEAK_FLOPS.items() if part in name), None)
    return None if peak is None else flops_per_token(recipe, phase) * tokens_per_second / (peak * world)
