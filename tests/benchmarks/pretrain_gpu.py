"""Pretraining on this machine's GPU: equality, speed, where the time goes, and a curve.

python -m tests.benchmarks.pretrain_gpu [--dry-run] [--tokens N] [--tokens-folder DIR --tokenizer DIR]

Without token files of a corpus, the curve is on generated ones whose next token depends on the one before.
`--dry-run` does all of it in small on the CPU: it shows that the script runs, and no figure of it counts.
"""

import argparse
import json
import re
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from medbert import pretrain, tokenizer
from medbert.config import RECIPES, Architecture, Phase, Recipe
from medbert.flops import flops_per_token, model_flops_utilisation
from medbert.model import PackedMaskedLM, new_model
from medbert.tokens import SPLITS, TokenFiles, open_tokens
from medbert.train import unigram_entropy
from medbert.trainer import Run, Trainer, prefetch
from tests.benchmarks.report import report

GROUPS = {
    "attention": r"flash|fmha|attention|varlen",
    "optimiser": r"multi_tensor|adam|lamb|foreach|lerp|addcmul|addcdiv",
    "loss": r"softmax|nll|cross_entropy|argmax",
    "matrix products": r"gemm|nvjet|cutlass|cublas|::mm|addmm|::bmm|linear",
    "copies": r"memcpy|memset|copy|fill|index|gather|scatter|embedding|cat",
    "norms and elementwise": r"",
}
"""Kernels by a part of their name; the first group that fits is theirs."""

FLOOR = 510_000
"""Real tokens/s of a model of 110 million weights that one H200 should pass, 650,000 better."""


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much of everything: in earnest, or in a dry run."""

    device: torch.device
    documents: int
    steps: int
    tokens: int
    shrink: Callable[[Recipe], Recipe]


def small(recipe: Recipe) -> Recipe:
    """Return a recipe of the same kind that a CPU can step through; its head size stays 96."""
    shape = replace(recipe.architecture, layers=1, hidden=192, heads=2, feed_forward=256)
    phases = tuple(replace(p, tokens=2_048, tokens_per_step=1_024) for p in recipe.phases)
    return replace(recipe, architecture=shape, phases=phases, micro_tokens=1_024, validation_tokens=1_024)


def generated(folder: Path, encoder: Path, lengths: np.ndarray, seed: int = 1) -> TokenFiles:
    """Write token files of documents of `lengths`, int64 [documents]; each token has eight likely followers."""
    entries, random = tokenizer.load(encoder).get_vocab_size(), np.random.default_rng(seed)
    followers = random.zipf(1.3, (entries, 8)) % (entries - 5) + 5
    folder.mkdir(parents=True)
    counts, documents = {}, {}
    for split, chosen in zip(SPLITS, (lengths, lengths[: max(1, len(lengths) // 50)]), strict=True):
        ends = np.cumsum([0, *chosen])
        ids, here = np.empty(ends[-1], "<u2"), random.integers(5, entries, len(chosen))
        for place in range(int(chosen.max())):
            inside = chosen > place
            ids[ends[:-1][inside] + place] = here[inside]
            here = followers[here, random.integers(0, 8, len(here))]
        ids.tofile(folder / f"a.{split}.tokens")
        ends.astype("<u8").tofile(folder / f"a.{split}.offsets")
        counts[split], documents[split] = len(ids), len(chosen)
    files = TokenFiles(folder, "generated", tokenizer.digest(encoder), "full", ("a",), documents, counts)
    files.write()
    return files


def equality(device: torch.device) -> None:
    """Report how far packed attention is from padded rows, forward and backward, at head size 96.

    Raises AssertionError where the relative error is more than bfloat16 explains.
    """
    torch.manual_seed(0)
    lengths = [7, 1, 90, 128, 33, 2]
    shape = Architecture(layers=2, hidden=192, heads=2, feed_forward=384, positions=128, dropout=0.0)
    model = PackedMaskedLM(new_model(shape, 500)).to(device).eval()
    ids = torch.randint(5, 500, (sum(lengths),), device=device)
    bounds = torch.tensor([0, *np.cumsum(lengths)], dtype=torch.int32, device=device)
    row = {"inputs": ids, "positions": torch.cat([torch.arange(n) for n in lengths]).to(device), "boundaries": bounds}
    padded = torch.nn.utils.rnn.pad_sequence(list(ids.split(lengths)), batch_first=True)
    mask = torch.nn.utils.rnn.pad_sequence([torch.ones(n, dtype=torch.long) for n in lengths], batch_first=True).to(
        device
    )
    weight = torch.randn(sum(lengths), shape.hidden, device=device)
    inner: Any = model.model

    def states_and_gradients(work: Callable[[], torch.Tensor]) -> dict[str, torch.Tensor]:
        model.zero_grad()
        with torch.autocast("cuda", torch.bfloat16, enabled=device.type == "cuda"):
            states = work().float()
        (states * weight).sum().backward()
        gradients = [p.grad.flatten() for _, p in sorted(inner.bert.named_parameters()) if p.grad is not None]
        return {"forward": states.detach(), "backward": torch.cat(gradients).clone()}

    told = {} if device.type == "cuda" else {"lengths": lengths}
    packed = states_and_gradients(lambda: model.encode(**row, longest=128, **told))  # pyright: ignore[reportArgumentType]
    inner.set_attn_implementation("sdpa")
    alone = states_and_gradients(
        lambda: inner.base_model(input_ids=padded, attention_mask=mask).last_hidden_state[mask.bool()]
    )
    for name in packed:
        error = float((packed[name] - alone[name]).norm() / alone[name].norm())
        report(f"packed against padded rows, {name}", 1e6 * error, "millionths, relative error")
        assert error < (2e-2 if device.type == "cuda" else 1e-4), f"{name}: {error}"


def speed(name: str, recipe: Recipe, phase: Phase, files: TokenFiles, encoder: Path, sizes: Sizes) -> None:
    """Report tokens/s, MFU and memory of steps of one phase, and the shares of kernels in them."""
    phase = replace(phase, tokens_per_step=min(phase.tokens_per_step, 8 * recipe.micro_tokens))
    trainer = Trainer(Run(replace(recipe, phases=(phase,)), files, encoder, files.folder / "run", device=sizes.device))
    batches = prefetch(trainer, 0, 0)

    def steps() -> float:
        began = time.perf_counter()
        for _ in range(sizes.steps):
            trainer.train_step(phase, 0.5, batches)  # it reads the loss, and so waits for the device
            trainer.step += 1
        return time.perf_counter() - began

    steps()  # compiles
    tokens_per_second = phase.tokens_per_step * sizes.steps / steps()
    flops = flops_per_token(recipe, trainer.stream("train", phase.length).attended, len(trainer.continues))
    utilisation = model_flops_utilisation(flops, tokens_per_second, sizes.device, 1)
    report(
        f"{name}: speed", tokens_per_second, "real tokens/s", "what is asked for at least", tokens_per_second / FLOOR
    )
    if utilisation is not None:
        report(f"{name}: MFU", utilisation, "of the dense bfloat16 peak")
        report(f"{name}: memory", torch.cuda.max_memory_allocated() / 2**30, "GiB")
    activity = torch.profiler.ProfilerActivity
    watched = [activity.CUDA, activity.CPU] if sizes.device.type == "cuda" else [activity.CPU]
    with torch.profiler.profile(activities=watched) as profiler:
        took = steps()
    batches.close()
    for group, seconds in kernels(profiler, sizes.device.type == "cuda").items():
        report(f"{name}: {group}", seconds / took, "of the time of a step")


def kernels(profiler: Any, cuda: bool) -> dict[str, float]:
    """Return the seconds of every group of kernels, those of the device or, on a CPU, of the operators."""
    spent = dict.fromkeys(GROUPS, 0.0)
    for event in profiler.key_averages():
        if cuda and event.device_type != torch.autograd.DeviceType.CUDA:
            continue
        group = next(group for group, names in GROUPS.items() if re.search(names, event.key, re.IGNORECASE))
        spent[group] += (event.self_device_time_total if cuda else event.self_cpu_time_total) / 1e6
    return spent


def curve(files: TokenFiles, encoder: Path, output: Path, sizes: Sizes) -> None:
    """Train `modern` on `sizes.tokens` tokens and report its losses on the way, against the unigram entropy."""
    recipe = sizes.shrink(RECIPES["modern"]()).scaled(sizes.tokens)
    phase = recipe.phases[0]
    recipe = replace(recipe, validation_every=max(1, phase.steps // 20), checkpoint_every=max(1, phase.steps // 2))
    pretrain.train(Run(recipe, files, encoder, output, device=sizes.device))
    lines = [json.loads(line) for line in (output / "log.jsonl").read_text().splitlines()]
    for line in lines:
        if "validation_loss" in line:
            tokens = line["step"] * phase.tokens_per_step
            report(f"held-out loss after {tokens:,} tokens", line["validation_loss"], "nats")
    report("unigram entropy", unigram_entropy(files.unigram_counts(1 << 16)), "nats")
    times = sorted(line["tokens_per_second"] for line in lines)
    report("speed, median over the run", times[len(times) // 2], "real tokens/s")


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.pretrain_gpu", allow_abbrev=False)
    parser.add_argument("--dry-run", action="store_true", help="in small, on the CPU")
    parser.add_argument("--tokens", type=int, default=300_000_000, metavar="N", help="length of the curve")
    parser.add_argument("--tokens-folder", type=Path, metavar="DIR", help="made by medbert.tokens")
    parser.add_argument("--tokenizer", type=Path, metavar="DIR")
    return parser


def run() -> None:
    """Run the command line."""
    parsed = build_parser().parse_args()
    if not parsed.dry_run and not torch.cuda.is_available():
        sys.exit("no CUDA device: nothing was measured; --dry-run shows that the script runs")
    if (parsed.tokens_folder is None) != (parsed.tokenizer is None):
        sys.exit("--tokens-folder and --tokenizer go together")
    if parsed.dry_run:
        sizes = Sizes(torch.device("cpu"), 400, 1, 4_096, small)
    else:
        sizes = Sizes(torch.device("cuda"), 1_000_000, 10, parsed.tokens, lambda recipe: recipe)
    random = np.random.default_rng(0)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        encoder = parsed.tokenizer or folder / "tokenizer"
        if parsed.tokenizer is None:
            entries = [f"w{number}" for number in range(1_000 if parsed.dry_run else 30_000)]
            tokenizer.save(tokenizer.train(iter(entries * 2), len(entries)), encoder)
        equality(sizes.device)
        reports = generated(folder / "reports", encoder, random.integers(40, 301, sizes.documents))
        if parsed.tokens_folder is not None:
            reports = open_tokens(parsed.tokens_folder, encoder)
        full = {n: generated(folder / str(n), encoder, np.full(sizes.documents // 4, n - 2)) for n in (128, 512)}
        for kind in ("published", "modern"):
            recipe = sizes.shrink(RECIPES[kind]())
            for length, files in full.items():
                phase = next((p for p in recipe.phases if p.length == length), replace(recipe.phases[0], length=length))
                speed(f"{kind}, all of {length} tokens", recipe, phase, files, encoder, sizes)
            speed(f"{kind}, reports packed", recipe, recipe.phases[-1], reports, encoder, sizes)
        curve(reports, encoder, folder / "curve", sizes)


if __name__ == "__main__":
    run()
