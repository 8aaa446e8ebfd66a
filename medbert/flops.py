"""What training costs, and how much of a device it uses."""

from typing import Any

import torch

from medbert.config import GLOBAL_EVERY, Recipe

PEAK_FLOPS = {
    "H200": 989e12,
    "H100": 989e12,
    "A100": 312e12,
    "L40S": 362e12,
    "L4": 121e12,
}
"""Dense bfloat16 operations a second by the makers' data sheets, by a part of the device's name."""


def flops_per_token(recipe: Recipe, attended: float, vocabulary_size: int = 30_000) -> float:
    """Return floating-point operations of forward and backward for one token that sees `attended` tokens.

    Two for each weight that a token meets, attention over the tokens of its own sequence, the decoder for
    the masked share only, and twice all that again for the backward pass (Kaplan et al. 2020, appendix).
    """
    a = recipe.architecture
    feed_forward = 3 if a.kind == "modernbert" else 2  # gated units have a third matrix
    weights = a.layers * 2 * (4 * a.hidden**2 + feed_forward * a.hidden * a.feed_forward)
    everywhere = -(-a.layers // GLOBAL_EVERY) if a.kind == "modernbert" else a.layers
    seen = everywhere * attended + (a.layers - everywhere) * min(attended, a.local_attention)
    decoder = 2 * (a.hidden**2 + a.hidden * vocabulary_size) * recipe.mask_rate
    return 3 * (weights + 4 * a.hidden * seen + decoder)


def model_flops_utilisation(flops: float, tokens_per_second: float, device: torch.device, world: int) -> float | None:
    """Return the share of the devices' peak that `tokens_per_second` use at `flops` a token.

    None where the peak is not known.
    """
    if device.type != "cuda":
        return None
    name: Any = torch.cuda.get_device_name(device)
    peak = next((peak for part, peak in PEAK_FLOPS.items() if part in name), None)
    return None if peak is None else flops * tokens_per_second / (peak * world)
