"""Fine-tuning one model on one benchmark's training split, the best epoch taken by validation.

The test split is no argument of anything that chooses: `fit` sees train and validation only.
"""

import copy
import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch.nn import functional as F

from medbert import memory, metrics, models
from medbert.batching import Encoded, bucketed_batches, encode_texts, encode_words, pad
from medbert.tasks.examples import Example, Splits, label_table


class FailedRunError(RuntimeError):
    """A fine-tuning that gave no figures; the message is its reason code."""


@dataclass(frozen=True, slots=True)
class Settings:
    """The hyper-parameters of a fine-tuning; the grid varies the first two."""

    learning_rate: float = 5e-5
    strategy: str = "truncate"
    epochs: int = 10
    patience: int = 3
    batch_size: int = 32
    max_length: int = 512
    warm_up: float = 0.1
    weight_decay: float = 0.01


@dataclass(slots=True)
class Fitted:
    """A fine-tuned model with its validation score and its cost."""

    model: Any
    tokenizer: Any
    settings: Settings
    length: int
    score: float = -math.inf
    epoch: int = 0
    tokens: int = 0
    seconds: float = 0.0
    micro_batch: int = 0
    memory: int | None = None
    losses: list[float] = field(default_factory=list)


def tags_of(splits: Splits) -> list[str]:
    """Return the IOB2 tags that a model predicts."""
    return ["O", *(f"{mark}-{name}" for name in splits.labels for mark in "BI")]


def outputs(splits: Splits) -> int:
    """Return how many logits the head has."""
    return len(tags_of(splits)) if splits.kind == "ner" else len(splits.labels)


def encode(tokenizer: Any, splits: Splits, examples: Sequence[Example], settings: Settings, length: int) -> list:
    """Return `examples` as token ids (list of Encoded)."""
    if splits.kind == "ner":
        return encode_words(tokenizer, examples, length)
    return encode_texts(tokenizer, examples, length, settings.strategy)


def targets(splits: Splits, examples: Sequence[Example]) -> list[torch.Tensor]:
    """Return per example what is to be predicted: float [labels], a class, or a tag per word."""
    if splits.kind == "ner":
        number = {tag: i for i, tag in enumerate(tags_of(splits))}
        return [torch.tensor([number.get(tag, 0) for tag in example.labels]) for example in examples]
    table = label_table(tuple(examples), splits.labels)
    if splits.kind == "multi_class":
        return [torch.tensor(int(row.argmax())) for row in table]
    return [torch.tensor(row, dtype=torch.float32) for row in table]


def forward(fitted: Fitted, kind: str, batch: Sequence[Encoded]) -> torch.Tensor:
    """Return logits, float32 [examples, labels], or [words of all examples, tags] of an entity task."""
    device = next(fitted.model.parameters()).device
    pieces = [piece for encoded in batch for piece in encoded.pieces]
    padding = fitted.tokenizer.pad_token_id or 0
    with torch.autocast(device.type, torch.bfloat16, enabled=device.type == "cuda"):
        logits = fitted.model(**pad(pieces, padding, device)).logits.float()
    if kind == "ner":
        places = [words for encoded in batch for words in encoded.words]
        rows = [row for row, words in enumerate(places) for _ in words]
        return logits[rows, [place for words in places for place in words]]
    owner = torch.tensor([i for i, encoded in enumerate(batch) for _ in encoded.pieces], device=device)
    pooled = logits.new_full((len(batch), logits.shape[1]), -torch.inf)
    return pooled.scatter_reduce(0, owner[:, None].expand_as(logits), logits, "amax")


def loss_of(kind: str, logits: torch.Tensor, wanted: Sequence[torch.Tensor]) -> torch.Tensor:
    """Return the mean loss of a micro batch."""
    if kind == "ner":
        return F.cross_entropy(logits, torch.cat(list(wanted)).to(logits.device))
    stacked = torch.stack(list(wanted)).to(logits.device)
    return (
        F.cross_entropy(logits, stacked)
        if kind == "multi_class"
        else F.binary_cross_entropy_with_logits(logits, stacked)
    )


def gradients(fitted: Fitted, kind: str, batch: Sequence[Encoded], wanted: Sequence[torch.Tensor]) -> float:
    """Accumulate the gradients of a batch and return its loss; out of memory halves the micro batch.

    Raises FailedRunError where one example does not fit or the loss is not finite.
    """
    while True:
        try:
            total, size = 0.0, fitted.micro_batch
            for start in range(0, len(batch), size):
                part = slice(start, start + size)
                share = len(batch[part]) / len(batch)
                loss = loss_of(kind, forward(fitted, kind, batch[part]), wanted[part]) * share
                if not torch.isfinite(loss):
                    raise FailedRunError("loss_not_finite")
                loss.backward()
                total += float(loss.detach())
            return total
        except torch.OutOfMemoryError:
            fitted.model.zero_grad(set_to_none=True)
            if fitted.micro_batch == 1:
                raise FailedRunError("out_of_memory") from None
            fitted.micro_batch //= 2
            if torch.cuda.is_available():
                torch.cuda.empty_cache()


@torch.inference_mode()
def predict(fitted: Fitted, splits: Splits, examples: Sequence[Example]) -> list[np.ndarray]:
    """Return per example the probabilities, float64 [labels], or a tag number per word, int64 [words].

    Out of memory halves the batch. Raises FailedRunError where one example does not fit or a logit is not finite.
    """
    fitted.model.eval()
    encoded = encode(fitted.tokenizer, splits, examples, fitted.settings, fitted.length)
    order = np.argsort([entry.tokens for entry in encoded], kind="stable")
    results: list[np.ndarray] = [np.zeros(0)] * len(examples)
    size, start = max(1, fitted.micro_batch) * 2, 0
    while start < len(order):
        chosen = order[start : start + size]
        try:
            logits = forward(fitted, splits.kind, [encoded[i] for i in chosen])
        except torch.OutOfMemoryError:
            if size == 1:
                raise FailedRunError("out_of_memory") from None
            size //= 2
            continue
        if not torch.isfinite(logits).all():
            raise FailedRunError("prediction_not_finite")
        if splits.kind == "ner":
            counts = [sum(map(len, encoded[i].words)) for i in chosen]
            parts = np.split(logits.argmax(dim=1).cpu().numpy(), np.cumsum(counts)[:-1])
        else:
            parts = (logits.softmax(1) if splits.kind == "multi_class" else logits.sigmoid()).double().cpu().numpy()
        for i, part in zip(chosen, parts, strict=True):
            results[i] = part
        start += len(chosen)
    return results


def validation_score(splits: Splits, predicted: Sequence[np.ndarray]) -> float:
    """Return what hyper-parameters and epochs are chosen by: macro AUPRC, or strict entity micro F1."""
    ones = np.ones((1, len(splits.valid)))
    if splits.kind == "ner":
        tags = tags_of(splits)
        said = [[tags[i] for i in guess] for guess in predicted]
        counts = metrics.entity_counts([example.labels for example in splits.valid], said, splits.labels)
        return float(metrics.sequence_figures(counts, ones)["micro_f1"][0])
    score = metrics.ranking_figures(label_table(splits.valid, splits.labels), np.stack(predicted), ones)["auprc"][0]
    return 0.0 if math.isnan(score) else float(score)


def fit(row: models.ModelRow, splits: Splits, settings: Settings, seed: int, device: str, download: bool) -> Fitted:
    """Fine-tune on `splits.train` and return the best epoch's model; `splits.test` is not looked at.

    AdamW, linear warm-up and decay; head, order and dropout are functions of `seed`.
    Raises models.ModelError where the model is not there, FailedRunError where it diverged.
    """
    memory.start(device)
    tokenizer = models.load_tokenizer(row.location, download)
    model = models.load(row.location, splits.kind, outputs(splits), seed, download).to(device)
    if len(tokenizer) > model.get_input_embeddings().weight.shape[0]:
        raise models.ModelError("tokenizer_does_not_fit: it has more entries than the model has embeddings")
    length = models.longest_input(model.config, tokenizer, settings.max_length)
    fitted = Fitted(model, tokenizer, settings, length, micro_batch=settings.batch_size)
    encoded, wanted = encode(tokenizer, splits, splits.train, settings, length), targets(splits, splits.train)
    sizes = np.array([entry.tokens for entry in encoded])
    generator = np.random.default_rng([seed, 1])
    optimiser = torch.optim.AdamW(model.parameters(), settings.learning_rate, weight_decay=settings.weight_decay)
    steps = max(1, settings.epochs * math.ceil(len(encoded) / settings.batch_size))
    warm = max(1, int(steps * settings.warm_up))
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimiser, lambda step: min((step + 1) / warm, max(0.0, (steps - step) / max(1, steps - warm)))
    )
    best: dict[str, torch.Tensor] = {}
    for epoch in range(1, settings.epochs + 1):
        train_epoch(
            fitted,
            splits.kind,
            encoded,
            wanted,
            bucketed_batches(sizes, settings.batch_size, generator),
            optimiser,
            schedule,
        )
        score = validation_score(splits, predict(fitted, splits, splits.valid))
        if score > fitted.score:
            fitted.score, fitted.epoch, best = score, epoch, copy.deepcopy(model.state_dict())
        elif epoch - fitted.epoch >= settings.patience:
            break
    model.load_state_dict(best)
    fitted.memory = memory.peak(device)
    return fitted


def train_epoch(
    fitted: Fitted,
    kind: str,
    encoded: Sequence[Encoded],
    wanted: Sequence[torch.Tensor],
    batches: Sequence[np.ndarray],
    optimiser: torch.optim.Optimizer,
    schedule: Any,
) -> None:
    """Train one epoch over `batches`, positions of examples; the gradient's norm is clipped to 1."""
    fitted.model.train()
    started, losses = time.monotonic(), []
    for batch in batches:
        losses.append(gradients(fitted, kind, [encoded[i] for i in batch], [wanted[i] for i in batch]))
        torch.nn.utils.clip_grad_norm_(fitted.model.parameters(), 1.0)
        optimiser.step()
        optimiser.zero_grad(set_to_none=True)
        schedule.step()
        fitted.tokens += sum(len(piece) for i in batch for piece in encoded[i].pieces)
    fitted.losses.append(float(np.mean(losses)))
    fitted.seconds += time.monotonic() - started
