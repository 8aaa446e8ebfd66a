"""Pretraining: `python -m medbert.pretrain --tokens-folder DIR --tokenizer DIR --output DIR --recipe modern`.

Several GPUs by `torchrun --nproc-per-node N -m medbert.pretrain ...`: each takes its own buffers and
gradients are averaged. A run that was killed goes on from its last checkpoint, to the same bits on a
CPU: data, masks and dropout are functions of (seed, step).
"""

import argparse
import json
import math
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import distributed
from torch.utils.tensorboard import SummaryWriter

from medbert import checkpoint, tokenizer
from medbert.buffers import Buffer, TokenStream
from medbert.config import RECIPES, Phase, Recipe
from medbert.flops import model_flops_utilisation
from medbert.masking import continuations, mask_tokens
from medbert.model import PackedMaskedLM, new_model
from medbert.optim import learning_rate, new_optimiser
from medbert.tokens import TokenFiles, open_tokens

VALIDATION_RATE = 0.15
"""Share of tokens masked in validation, whatever the recipe masks in training, so that losses compare."""


class DivergedError(RuntimeError):
    """The loss is not a number."""


@dataclass
class Run:
    """A training run: what to train, on what, where to, and how far it is."""

    recipe: Recipe
    files: TokenFiles
    tokenizer_folder: Path
    output: Path
    minutes: float | None = None
    continue_from: Path | None = None
    device: torch.device = field(default_factory=lambda: torch.device("cuda" if torch.cuda.is_available() else "cpu"))
    rank: int = 0
    world: int = 1


class Trainer:
    """Holds the model and its optimiser, and takes steps."""

    def __init__(self, run: Run) -> None:
        self.run, recipe = run, run.recipe
        encoder = tokenizer.load(run.tokenizer_folder)
        self.continues = continuations(encoder)
        torch.manual_seed(recipe.seed)
        self.model = PackedMaskedLM(load_or_new(run, encoder.get_vocab_size())).to(run.device)
        self.optimiser = new_optimiser(self.model, recipe.optimiser)
        self.forward: Any = torch.compile(self.model) if run.device.type == "cuda" else self.model
        self.step = self.phase = self.phase_step = 0
        self.seconds = 0.0
        self.streams: dict[tuple[str, int], TokenStream] = {}

    def stream(self, split: str, length: int) -> TokenStream:
        """Return the tokens of `split` for sequences of `length`, opened once."""
        if (split, length) not in self.streams:
            self.streams[split, length] = TokenStream(self.run.files, split, length, self.run.recipe.seed)
        return self.streams[split, length]

    def batch(self, split: str, phase: Phase, number: int, rate: float) -> dict[str, Any]:
        """Return micro-batch `number` of a phase's length as tensors on the device, masked."""
        recipe = self.run.recipe
        buffer = self.stream(split, phase.length).buffer(number, recipe.micro_tokens)
        kind = 0 if split == "train" else 1
        generator = np.random.default_rng([recipe.seed, kind, self.phase if kind == 0 else 0, number])
        whole = recipe.whole_words if split == "train" else False
        masked = mask_tokens(buffer.tokens, rate, self.continues, generator, whole)
        device = self.run.device
        tensors: dict[str, Any] = {
            "inputs": torch.from_numpy(masked.inputs).long(),
            "positions": torch.from_numpy(buffer.positions).long(),
            "boundaries": torch.from_numpy(padded_boundaries(buffer, phase.length)),
            "where": torch.from_numpy(masked.where),
            "labels": torch.from_numpy(masked.labels).long(),
        }
        if device.type == "cuda":
            tensors = {name: tensor.pin_memory().to(device, non_blocking=True) for name, tensor in tensors.items()}
        else:
            tensors["lengths"] = np.diff(buffer.boundaries).tolist()
        return {**tensors, "longest": phase.length}

    def micro_steps(self, phase: Phase) -> int:
        """Return how many micro-batches of one device make a step. Raises ValueError where they do not fit."""
        share = self.run.recipe.micro_tokens * self.run.world
        if phase.tokens_per_step % share:
            raise ValueError(
                f"{phase.tokens_per_step} tokens a step do not divide by {share} on {self.run.world} devices"
            )
        return phase.tokens_per_step // share

    def train_step(self, phase: Phase, done: float, batches: Iterator[dict[str, Any]]) -> dict[str, float]:
        """Take one step at the share `done` of the phase and return loss, accuracy, rate and gradient norm."""
        recipe, micro = self.run.recipe, self.micro_steps(phase)
        rate = learning_rate(phase, done)
        for group in self.optimiser.param_groups:
            group["lr"] = rate
        self.model.train()
        torch.manual_seed(recipe.seed * 1_000_003 + self.step)  # dropout, the same after a resume
        losses, right, masked = [], [], 0
        for _ in range(micro):
            tensors = next(batches)
            with torch.autocast("cuda", torch.bfloat16, enabled=self.run.device.type == "cuda"):
                loss, hits = self.forward(**tensors)
            (loss / micro).backward()
            losses.append(loss.detach())
            right.append(hits)
            masked += len(tensors["labels"])
        if self.run.world > 1:
            average_gradients(self.model, self.run.world)
        norm = torch.nn.utils.clip_grad_norm_(self.model.parameters(), recipe.optimiser.clip)
        loss = float(torch.stack(losses).mean())
        if not math.isfinite(loss) or not math.isfinite(float(norm)):
            raise DivergedError(f"step {self.step}: the loss is {loss} and the gradient norm {float(norm)}")
        self.optimiser.step()
        self.optimiser.zero_grad(set_to_none=True)
        return {
            "loss": loss,
            "accuracy": float(torch.stack(right).sum()) / max(masked, 1),
            "lr": rate,
            "norm": float(norm),
        }

    @torch.no_grad()
    def validate(self, phase: Phase) -> dict[str, float]:
        """Return loss (nats) and accuracy on held-out documents, 15 % of single tokens masked; nothing without any."""
        if not self.run.files.tokens["validation"]:
            return {}
        self.model.eval()
        count = max(
            1,
            min(self.run.recipe.validation_tokens, self.run.files.tokens["validation"]) // self.run.recipe.micro_tokens,
        )
        losses, right, masked = 0.0, 0, 0
        for number in range(count):
            tensors = self.batch("validation", phase, number, VALIDATION_RATE)
            with torch.autocast("cuda", torch.bfloat16, enabled=self.run.device.type == "cuda"):
                loss, hits = self.model(**tensors)
            losses += float(loss)
            right += int(hits)
            masked += len(tensors["labels"])
        return {"validation_loss": losses / count, "validation_accuracy": right / max(masked, 1)}

    def state(self) -> dict[str, Any]:
        """Return all that a resumed run needs."""
        return {
            "model": self.model.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "position": [self.step, self.phase, self.phase_step],
            "seconds": self.seconds,
            "recipe": json.dumps(asdict(self.run.recipe), sort_keys=True),
            "corpus": self.run.files.corpus,
            "variant": self.run.files.variant,
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Take up `state`. Raises ValueError where it is of another recipe, corpus or variant."""
        mine = self.state()
        for name in ("recipe", "corpus", "variant"):
            if state[name] != mine[name]:
                raise ValueError(f"{self.run.output}: its checkpoint is of another {name}; name another folder")
        self.model.load_state_dict(state["model"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.step, self.phase, self.phase_step = state["position"]
        self.seconds = state["seconds"]


def padded_boundaries(buffer: Buffer, length: int) -> np.ndarray:
    """Return the boundaries, int32, filled up with the end to a number that depends on shapes alone."""
    tokens = len(buffer.tokens)
    count = max(len(buffer.boundaries), tokens // 8 + 2) if length > 8 else tokens + 2
    padded = np.full(count, tokens, np.int32)
    padded[: len(buffer.boundaries)] = buffer.boundaries
    return padded


def average_gradients(model: torch.nn.Module, world: int) -> None:
    """Average the gradients over all processes."""
    for parameter in model.parameters():
        if parameter.grad is not None:
            distributed.all_reduce(parameter.grad)
            parameter.grad /= world


def load_or_new(run: Run, vocabulary_size: int) -> torch.nn.Module:
    """Return a new model, or the one in `continue_from`. Raises ValueError where its vocabulary is another."""
    if run.continue_from is None:
        return new_model(run.recipe.architecture, vocabulary_size)
    from transformers import AutoModelForMaskedLM

    model = AutoModelForMaskedLM.from_pretrained(run.continue_from, attn_implementation="packed", local_files_only=True)
    if model.config.vocab_size != vocabulary_size:
        entries = model.config.vocab_size
        raise ValueError(
            f"{run.continue_from}: {entries} entries in its vocabulary, the tokenizer has {vocabulary_size}"
        )
    return model


def prefetch(trainer: Trainer, phase: Phase, first: int) -> Iterator[dict[str, Any]]:
    """Yield this process's micro-batches from number `first` on, the next one made by a thread meanwhile."""
    run = trainer.run
    with ThreadPoolExecutor(1) as thread:
        number = first
        ready = thread.submit(trainer.batch, "train", phase, number * run.world + run.rank, run.recipe.mask_rate)
        while True:
            batch, number = ready.result(), number + 1
            ready = thread.submit(trainer.batch, "train", phase, number * run.world + run.rank, run.recipe.mask_rate)
            yield batch


def train(run: Run) -> Trainer:
    """Train to the end of the recipe, or of the `minutes` with the schedule completed, and return the trainer.

    Raises DivergedError, with the last good checkpoint named, ValueError and OSError.
    """
    trainer, folder = Trainer(run), run.output / "checkpoints"
    if (state := checkpoint.read(folder)) is not None:
        trainer.restore(state)
    run.output.mkdir(parents=True, exist_ok=True)
    with SummaryWriter(str(run.output / "tensorboard")) as board, (run.output / "log.jsonl").open("a") as log:
        try:
            while trainer.phase < len(run.recipe.phases):
                train_phase(trainer, run.recipe.phases[trainer.phase], folder, log, board)
                trainer.phase, trainer.phase_step = trainer.phase + 1, 0
        except DivergedError as error:
            good = checkpoint.checkpoints(folder)
            raise DivergedError(f"{error}; the last good checkpoint is {good[-1] if good else 'none'}") from None
    return trainer


def train_phase(trainer: Trainer, phase: Phase, folder: Path, log: Any, board: SummaryWriter) -> None:
    """Train one phase from where it stands."""
    run, recipe = trainer.run, trainer.run.recipe
    budget = None if run.minutes is None else run.minutes * 60 * phase.tokens / sum(p.tokens for p in recipe.phases)
    batches = prefetch(trainer, phase, trainer.phase_step * trainer.micro_steps(phase))
    began, spent = time.monotonic(), trainer.seconds
    while (done := progress(trainer, phase, budget, time.monotonic() - began + trainer.seconds - spent)) < 1:
        started = time.monotonic()
        figures = trainer.train_step(phase, done, batches)
        seconds = time.monotonic() - started
        trainer.step, trainer.phase_step = trainer.step + 1, trainer.phase_step + 1
        speed = phase.tokens_per_step / seconds
        figures |= {
            "tokens_per_second": speed,
            "mfu": model_flops_utilisation(recipe, phase, speed, run.device, run.world),
        }
        if trainer.step % recipe.validation_every == 0:
            figures |= trainer.validate(phase)
        if run.rank == 0:
            say(trainer, figures, log, board)
            if trainer.step % recipe.checkpoint_every == 0:
                checkpoint.write(folder, trainer.step, trainer.state())
    if run.rank == 0:
        say(trainer, trainer.validate(phase), log, board)
        checkpoint.write(folder, trainer.step, trainer.state())


def progress(trainer: Trainer, phase: Phase, budget: float | None, elapsed: float) -> float:
    """Return the share of the phase that is done: of its steps, or of its seconds if a budget of time is given."""
    if budget is None:
        return trainer.phase_step / phase.steps
    return elapsed / budget


def say(trainer: Trainer, figures: Mapping[str, float | None], log: Any, board: SummaryWriter) -> None:
    """Write one JSON line and the same figures to TensorBoard."""
    if not figures:
        return
    memory = torch.cuda.max_memory_allocated() if trainer.run.device.type == "cuda" else None
    line = {"step": trainer.step, "phase": trainer.phase, **figures, "memory": memory}
    log.write(json.dumps({k: v for k, v in line.items() if v is not None}) + "\n")
    log.flush()
    for name, value in figures.items():
        if value is not None:
            board.add_scalar(name, value, trainer.step)
    if sys.stderr.isatty() or trainer.step % 50 == 0:
        print(
            f"step {trainer.step} " + " ".join(f"{k} {v:.4g}" for k, v in figures.items() if v is not None),
            file=sys.stderr,
        )


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = argparse.ArgumentParser(prog="python -m medbert.pretrain", description=__doc__, allow_abbrev=False)
    parser.add_argument("--tokens-folder", required=True, type=Path, metavar="DIR", help="made by medbert.tokens")
    parser.add_argument("--tokenizer", required=True, type=Path, metavar="DIR")
    parser.add_argument("--output", required=True, type=Path, metavar="DIR")
    parser.add_argument("--recipe", choices=sorted(RECIPES), default="modern")
    budget = parser.add_mutually_exclusive_group()
    budget.add_argument("--tokens", type=int, metavar="N", help="budget of tokens instead of the recipe's")
    budget.add_argument(
        "--minutes", type=float, metavar="N", help="budget of time; the schedule is completed within it"
    )
    parser.add_argument("--continue-from", type=Path, metavar="DIR", help="a model on disk to go on from")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns 0, 2 for wrong input and 4 where training diverged."""
    parsed = build_parser().parse_args(arguments)
    recipe = RECIPES[parsed.recipe]()
    try:
        rank, world = join_group()
        files = open_tokens(parsed.tokens_folder, parsed.tokenizer)
        if parsed.tokens:
            recipe = recipe.scaled(parsed.tokens)
        run = Run(
            recipe, files, parsed.tokenizer, parsed.output, parsed.minutes, parsed.continue_from, rank=rank, world=world
        )
        train(run)
    except DivergedError as error:
        print(f"error: {error}", file=sys.stderr)
        return 4
    except (OSError, ValueError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


def join_group() -> tuple[int, int]:
    """Return this process's rank and the number of processes, joined where torchrun started several."""
    if not distributed.is_torchelastic_launched():
        return 0, 1
    distributed.init_process_group("nccl" if torch.cuda.is_available() else "gloo")
    if torch.cuda.is_available():
        torch.cuda.set_device(distributed.get_rank() % torch.cuda.device_count())
    return distributed.get_rank(), distributed.get_world_size()


if __name__ == "__main__":
    sys.exit(main())
