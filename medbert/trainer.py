"""Taking steps: batches from token files, forward, backward, optimiser, validation.

Data, masks and dropout are functions of (seed, step), so a run that goes on from a checkpoint ends, on
a CPU, in the same bits as one that was never stopped.
"""

import json
import math
from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import distributed
from transformers import AutoModelForMaskedLM

from medbert import tokenizer
from medbert.buffers import Buffer, TokenStream
from medbert.config import Phase, Recipe
from medbert.masking import continuations, mask_tokens
from medbert.model import PACKED, PackedMaskedLM, new_model, start_from_frequencies
from medbert.optim import learning_rate, new_optimiser
from medbert.tokens import TokenFiles

VALIDATION_RATE = 0.15
"""Share of tokens masked in validation, whatever the recipe masks in training, so that losses compare."""


class DivergedError(RuntimeError):
    """The loss is not a number."""


@dataclass
class Run:
    """A training run: what to train, on what, where to, and with which devices."""

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
    """Holds the model and its optimiser, and takes steps.

    `step` counts over all phases; `phase` and `phase_step` say where the next step is, and `seconds` how
    long the steps of this phase took.
    """

    def __init__(self, run: Run) -> None:
        self.run, recipe = run, run.recipe
        encoder = tokenizer.load(run.tokenizer_folder)
        self.continues = continuations(encoder)
        torch.manual_seed(recipe.seed)
        inner = load_or_new(run, encoder.get_vocab_size())
        self.config: str = inner.config.to_json_string(use_diff=False)  # pyright: ignore
        self.model = PackedMaskedLM(inner).to(run.device)
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

    def batch(self, phase: int, number: int) -> dict[str, Any]:
        """Return training micro-batch `number` of phase number `phase` as tensors on the device, masked."""
        recipe = self.run.recipe
        length = recipe.phases[phase].length
        buffer = self.stream("train", length).buffer(number, recipe.micro_tokens)
        generator = np.random.default_rng([recipe.seed, 0, phase, number])
        return self._tensors(buffer, length, recipe.mask_rate, generator, recipe.whole_words)

    def validation_batch(self, length: int, number: int) -> dict[str, Any]:
        """Return held-out micro-batch `number`, single tokens masked, the same at every step and in every recipe."""
        buffer = self.stream("validation", length).buffer(number, self.run.recipe.micro_tokens)
        return self._tensors(buffer, length, VALIDATION_RATE, np.random.default_rng([0, 1, number]), False)

    def _tensors(
        self, buffer: Buffer, length: int, rate: float, generator: np.random.Generator, whole_words: bool
    ) -> dict[str, Any]:
        masked = mask_tokens(buffer.tokens, rate, self.continues, generator, whole_words)
        device = self.run.device
        tensors: dict[str, Any] = {
            "inputs": torch.from_numpy(masked.inputs).long(),
            "positions": torch.from_numpy(buffer.positions).long(),
            "boundaries": torch.from_numpy(padded_boundaries(buffer)),
            "where": torch.from_numpy(masked.where),
            "labels": torch.from_numpy(masked.labels).long(),
        }
        if device.type == "cuda":
            tensors = {name: tensor.pin_memory().to(device, non_blocking=True) for name, tensor in tensors.items()}
        else:
            tensors["lengths"] = np.diff(buffer.boundaries).tolist()
        return {**tensors, "longest": length}

    def micro_steps(self, phase: Phase) -> int:
        """Return how many micro-batches of one device make a step. Raises ValueError where they do not fit."""
        share = self.run.recipe.micro_tokens * self.run.world
        if phase.tokens_per_step % share:
            raise ValueError(
                f"{phase.tokens_per_step} tokens a step do not divide by {share} on {self.run.world} devices"
            )
        return phase.tokens_per_step // share

    def loss(self, tensors: dict[str, Any], forward: Any) -> tuple[torch.Tensor, torch.Tensor]:
        """Return mean loss and right guesses of a micro-batch, in bfloat16 on a GPU."""
        with torch.autocast("cuda", torch.bfloat16, enabled=self.run.device.type == "cuda"):
            return forward(**tensors)

    def train_step(self, phase: Phase, done: float, batches: Iterator[dict[str, Any]]) -> dict[str, float]:
        """Take the step that ends at the share `done` of the phase; return loss, accuracy, rate, gradient norm."""
        run, micro = self.run, self.micro_steps(phase)
        rate = learning_rate(phase, done)
        for group in self.optimiser.param_groups:
            group["lr"] = rate
        self.model.train()
        seed = (run.recipe.seed * 1_000_003 + self.step) * run.world + run.rank
        torch.manual_seed(seed)  # dropout, the same after a resume
        losses, right, masked = [], [], 0
        for _ in range(micro):
            tensors = next(batches)
            loss, hits = self.loss(tensors, self.forward)
            (loss / micro).backward()
            losses.append(loss.detach())
            right.append(hits)
            masked += len(tensors["labels"])
        if run.world > 1:
            average_gradients(self.model, run.world)
        norm = float(torch.nn.utils.clip_grad_norm_(self.model.parameters(), run.recipe.optimiser.clip))
        mean = float(torch.stack(losses).mean())
        if not math.isfinite(mean) or not math.isfinite(norm):
            raise DivergedError(f"step {self.step + 1}: the loss is {mean} and the gradient norm {norm}")
        self.optimiser.step()
        self.optimiser.zero_grad(set_to_none=True)
        accuracy = float(torch.stack(right).sum()) / max(masked, 1)
        return {"loss": mean, "accuracy": accuracy, "lr": rate, "norm": norm}

    @torch.no_grad()
    def validate(self, phase: Phase) -> dict[str, float]:
        """Return loss (nats) and accuracy on held-out documents, 15 % of single tokens masked; nothing without any."""
        available, recipe = self.run.files.tokens["validation"], self.run.recipe
        if not available:
            return {}
        self.model.eval()
        count = max(1, min(recipe.validation_tokens, available) // recipe.micro_tokens)
        losses, right, masked = 0.0, 0, 0
        for number in range(count):
            tensors = self.validation_batch(phase.length, number)
            loss, hits = self.loss(tensors, self.model)
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
            "config": self.config,
            "recipe": json.dumps(asdict(self.run.recipe), sort_keys=True),
            "corpus": self.run.files.corpus,
            "tokenizer": self.run.files.tokenizer,
            "variant": self.run.files.variant,
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Take up `state`. Raises ValueError where it is of another recipe, corpus, tokenizer or variant."""
        mine = self.state()
        for name in ("recipe", "corpus", "tokenizer", "variant"):
            if state.get(name) != mine[name]:
                raise ValueError(f"{self.run.output}: its checkpoint is of another {name}; name another folder")
        self.model.load_state_dict(state["model"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.step, self.phase, self.phase_step = state["position"]
        self.seconds = state["seconds"]


def padded_boundaries(buffer: Buffer) -> np.ndarray:
    """Return the boundaries, int32, filled up with the end to a number that seldom changes with the buffer.

    One shape is one compilation; more than one sequence in eight tokens is possible, but no corpus.
    """
    tokens = len(buffer.tokens)
    padded = np.full(max(len(buffer.boundaries), tokens // 8 + 2), tokens, np.int32)
    padded[: len(buffer.boundaries)] = buffer.boundaries
    return padded


def average_gradients(model: torch.nn.Module, world: int) -> None:
    """Average the gradients over all processes."""
    for parameter in model.parameters():
        if parameter.grad is not None:
            distributed.all_reduce(parameter.grad)
            parameter.grad /= world


def load_or_new(run: Run, vocabulary_size: int) -> torch.nn.Module:
    """Return a new model, or the one in `continue_from`.

    Raises ValueError where that one has another vocabulary or is too short for the recipe.
    """
    if run.continue_from is None:
        model = new_model(run.recipe.architecture, vocabulary_size)
        if run.recipe.unigram_bias:
            start_from_frequencies(model, run.files.unigram_counts(vocabulary_size))
        return model
    if not (run.continue_from / "config.json").is_file():
        raise ValueError(f"{run.continue_from}: no config.json: not a model's folder")
    model = AutoModelForMaskedLM.from_pretrained(run.continue_from, attn_implementation=PACKED, local_files_only=True)
    entries, positions = model.config.vocab_size, model.config.max_position_embeddings
    if entries != vocabulary_size:
        raise ValueError(
            f"{run.continue_from}: {entries} entries in its vocabulary, the tokenizer has {vocabulary_size}"
        )
    longest = max(phase.length for phase in run.recipe.phases)
    if positions < longest:
        raise ValueError(f"{run.continue_from}: has {positions} positions, the recipe trains on {longest}")
    return model.float()


def prefetch(trainer: Trainer, phase: int, first: int) -> Generator[dict[str, Any], None, None]:
    """Yield this process's micro-batches of a phase from number `first` on, the next made by a thread meanwhile."""
    run = trainer.run
    with ThreadPoolExecutor(1) as thread:
        number = first
        ready = thread.submit(trainer.batch, phase, number * run.world + run.rank)
        while True:
            batch, number = ready.result(), number + 1
            ready = thread.submit(trainer.batch, phase, number * run.world + run.rank)
            yield batch
