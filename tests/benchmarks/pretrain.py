"""Packed rows against rows padded to 512, and the decoder on masked tokens against all, on this CPU.

Documents have 40 to 300 tokens, 170 on average, at random; the same network and loss in all. Figures are
real tokens a second, and what masking in numpy does.
"""

import time
from collections.abc import Callable

import numpy as np
import torch

from medbert.config import Architecture
from medbert.masking import mask_tokens
from medbert.model import PackedMaskedLM, new_model
from tests.benchmarks.report import report

VOCABULARY, LONGEST, DOCUMENTS = 4_000, 512, 16


def seconds(work: Callable[[], object], times: int = 3) -> float:
    """Return the least of the times that `work` takes, after one for warmth."""
    work()
    taken = []
    for _ in range(times):
        began = time.perf_counter()
        work()
        taken.append(time.perf_counter() - began)
    return min(taken)


def main() -> None:
    torch.set_num_threads(1)
    torch.manual_seed(0)
    rng = np.random.default_rng(0)
    lengths = rng.integers(40, 301, DOCUMENTS).tolist()
    total = sum(lengths)
    shape = Architecture(layers=2, hidden=128, heads=2, feed_forward=512, positions=LONGEST, dropout=0.0)
    packed = PackedMaskedLM(new_model(shape, VOCABULARY)).train()
    inner = packed.model
    tokens = rng.integers(5, VOCABULARY, total).astype(np.int32)
    masked = mask_tokens(tokens, 0.15, np.zeros(VOCABULARY, bool), rng)
    row = {
        "inputs": torch.from_numpy(masked.inputs).long(),
        "positions": torch.cat([torch.arange(n) for n in lengths]),
        "boundaries": torch.tensor([0, *np.cumsum(lengths)], dtype=torch.int32),
        "longest": LONGEST,
        "lengths": lengths,
    }
    where, labels = torch.from_numpy(masked.where), torch.from_numpy(masked.labels).long()
    padded = torch.zeros(DOCUMENTS, LONGEST, dtype=torch.long)
    mask, targets = torch.zeros_like(padded), torch.full_like(padded, -100)
    flat = torch.full((total,), -100)
    flat[where] = labels
    for i, (ids, wanted) in enumerate(zip(row["inputs"].split(lengths), flat.split(lengths), strict=True)):
        padded[i, : len(ids)], mask[i, : len(ids)], targets[i, : len(ids)] = ids, 1, wanted
    losses: dict[str, float] = {}

    def step(name: str, loss: torch.Tensor) -> None:
        loss.backward()
        losses[name] = float(loss.detach())
        packed.zero_grad()

    def full() -> None:
        logits = packed.logits(packed.encode(**row))
        step("full", torch.nn.functional.cross_entropy(logits, flat))

    ours = total / seconds(lambda: step("packed", packed(**row, where=where, labels=labels)[0]))
    everywhere = total / seconds(full)
    inner.set_attn_implementation("sdpa")  # pyright: ignore
    theirs = total / seconds(lambda: step("padded", inner(input_ids=padded, attention_mask=mask, labels=targets).loss))
    assert max(losses.values()) - min(losses.values()) < 1e-3, losses
    report("packed", ours, "real tokens/s", "padded to 512", ours / theirs)
    report("decoder on masked tokens", ours, "real tokens/s", "on all tokens", ours / everywhere)
    many = rng.integers(5, VOCABULARY, 1 << 18).astype(np.int32)
    took = seconds(lambda: mask_tokens(many, 0.3, np.zeros(VOCABULARY, bool), np.random.default_rng(1)))
    report("masking", len(many) / took, "tokens/s")


if __name__ == "__main__":
    main()
