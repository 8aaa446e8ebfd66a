"""Pretraining on one CPU core against the Hugging Face Trainer, on the same generated reports.

The same network, optimiser, reports a step and share of masked tokens in all; figures are real tokens a
second of CPU time, medians of interleaved rounds. The Trainer pads each batch to its longest report, as
its collator does, or to 512; the losses must agree. Then masking, tokenising and the making of batches,
which no GPU must wait for.
"""

import os
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from datasets import Dataset
from datasets.utils.logging import disable_progress_bar
from transformers import (
    DataCollatorForLanguageModeling,
    PreTrainedTokenizerFast,
    PrinterCallback,
    TrainerCallback,
    TrainingArguments,
)
from transformers import Trainer as TheirTrainer

from medbert import tokenizer, tokens
from medbert.config import Architecture, Optimiser, Phase, Recipe, tiny
from medbert.masking import continuations, mask_tokens
from medbert.model import new_model
from medbert.tokens import TokenFiles
from medbert.trainer import Run, Trainer, prefetch
from tests.benchmarks import texts
from tests.benchmarks.report import report

VOCABULARY, LONGEST, REPORTS, STEPS, ROUNDS, CUT = 4_000, 512, 16, 4, 3, 64
RATE = 0.15


def seconds(work: Callable[[], object], rounds: int = 5) -> float:
    """Return the median CPU time of `work`, after one run for warmth."""
    work()
    taken = []
    for _ in range(rounds):
        began = time.process_time()
        work()
        taken.append(time.process_time() - began)
    return statistics.median(taken)


def recipe(micro_tokens: int) -> Recipe:
    """Return the recipe of all sides: a small BERT, AdamW without weight decay, a constant rate."""
    shape = Architecture(layers=2, hidden=128, heads=2, feed_forward=512, positions=LONGEST, dropout=0.0)
    phase = Phase(LONGEST, micro_tokens * STEPS, micro_tokens, 1e-3, 1e-9, final=1.0)
    optimiser = Optimiser(beta2=0.999, weight_decay=0.0)
    return replace(
        tiny(),
        architecture=shape,
        optimiser=optimiser,
        phases=(phase,),
        mask_rate=RATE,
        whole_words=False,
        micro_tokens=micro_tokens,
        unigram_bias=False,
    )


def write_tokens(folder: Path, ids: list[list[int]], encoder: Path) -> TokenFiles:
    """Write reports as the token files that training reads."""
    for split in tokens.SPLITS:
        np.concatenate([np.asarray(row, "<u2") for row in ids]).tofile(folder / f"a.{split}.tokens")
        np.cumsum([0, *map(len, ids)], dtype="<u8").tofile(folder / f"a.{split}.offsets")
    counts: dict[str, int] = dict.fromkeys(tokens.SPLITS, sum(map(len, ids)))
    documents: dict[str, int] = dict.fromkeys(tokens.SPLITS, len(ids))
    return TokenFiles(folder, "", tokenizer.digest(encoder), "full", ("a",), documents, counts)


class Clock(TrainerCallback):
    """The CPU time of a training loop, without what is set up around it."""

    seconds = 0.0

    def on_train_begin(self, *arguments: Any, **named: Any) -> None:
        self.seconds = -time.process_time()

    def on_train_end(self, *arguments: Any, **named: Any) -> None:
        self.seconds += time.process_time()


def theirs(rows: Dataset, fast: PreTrainedTokenizerFast, folder: Path, multiple: int | None) -> tuple[float, float]:
    """Return CPU seconds and mean loss of `STEPS` steps of the Trainer; batches are padded to `multiple`."""
    torch.manual_seed(1)
    model: Any = new_model(recipe(1).architecture, len(fast))
    model.set_attn_implementation("sdpa")
    settings = TrainingArguments(
        output_dir=str(folder / "trainer"),
        per_device_train_batch_size=REPORTS,
        max_steps=STEPS,
        learning_rate=1e-3,
        adam_epsilon=1e-6,
        adam_beta2=0.999,
        lr_scheduler_type="constant",
        report_to=[],
        save_strategy="no",
        logging_strategy="no",
        disable_tqdm=True,
        use_cpu=True,
        seed=1,
    )
    collator = DataCollatorForLanguageModeling(fast, mlm_probability=RATE, pad_to_multiple_of=multiple)
    clock = Clock()
    trainer = TheirTrainer(model, settings, collator, rows, callbacks=[clock])
    trainer.remove_callback(PrinterCallback)
    loss = trainer.train().training_loss
    return clock.seconds, loss


def ours(files: TokenFiles, encoder: Path, folder: Path, micro_tokens: int) -> tuple[float, float]:
    """Return CPU seconds and mean loss of `STEPS` steps of ours, the making of batches included."""
    settings = recipe(micro_tokens)
    trainer = Trainer(Run(settings, files, encoder, folder / "ours", device=torch.device("cpu")))
    batches = prefetch(trainer, 0, 0)
    began, losses = time.process_time(), []
    for step in range(STEPS):
        losses.append(trainer.train_step(settings.phases[0], (step + 1) / STEPS, batches)["loss"])
    took = time.process_time() - began
    batches.close()
    return took, statistics.mean(losses)


def training(ids: list[list[int]], fast: PreTrainedTokenizerFast, encoder: Path, folder: Path) -> None:
    """Report the speed of training steps."""
    files = write_tokens(folder, ids, encoder)
    special = [[2, *row, 3] for row in ids]
    rows = Dataset.from_dict({"input_ids": special, "attention_mask": [[1] * len(row) for row in special]})
    mean = statistics.mean(map(len, special))
    micro_tokens = round(mean * REPORTS)
    found: dict[str, list[tuple[float, float]]] = {"packed": [], "Trainer": [], "padded to 512": []}
    for _ in range(ROUNDS):
        found["packed"].append(ours(files, encoder, folder, micro_tokens))
        found["Trainer"].append(theirs(rows, fast, folder, None))
        found["padded to 512"].append(theirs(rows, fast, folder, LONGEST))
    loss = {name: statistics.mean(loss for _, loss in rounds) for name, rounds in found.items()}
    assert max(loss.values()) - min(loss.values()) < 0.1, loss
    took = {name: statistics.median(time for time, _ in rounds) for name, rounds in found.items()}
    speed = micro_tokens * STEPS / took["packed"]
    for name in ("Trainer", "padded to 512"):
        report("packed", speed, "real tokens/s", name, took[name] / took["packed"])
    for name, value in loss.items():
        report(f"mean loss, {name}", value, "nats")
    decoder(Trainer(Run(recipe(micro_tokens), files, encoder, folder / "ours", device=torch.device("cpu"))))


def decoder(trainer: Trainer) -> None:
    """Report what the decoder on masked tokens alone saves, forward and backward."""
    batch, losses = trainer.batch(0, 0), {}
    row = {name: batch[name] for name in ("inputs", "positions", "boundaries", "longest", "lengths")}
    labels = torch.full((len(batch["inputs"]),), -100)
    labels[batch["where"]] = batch["labels"]

    def step(name: str, loss: torch.Tensor) -> None:
        loss.backward()
        losses[name] = float(loss.detach())
        trainer.model.zero_grad()

    def everywhere() -> None:
        logits = trainer.model.logits(trainer.model.encode(**row))
        step("all", torch.nn.functional.cross_entropy(logits, labels))

    masked = seconds(lambda: step("masked", trainer.model(**batch)[0]), ROUNDS)
    full = seconds(everywhere, ROUNDS)
    assert abs(losses["all"] - losses["masked"]) < 1e-3, losses
    report("decoder on masked tokens", len(labels) / masked, "real tokens/s", "on all tokens", full / masked)


def data(documents: list[str], fast: PreTrainedTokenizerFast, encoder: Path, folder: Path) -> None:
    """Report masking, batches and tokenising, one thread."""
    inner = tokenizer.load(encoder)
    # the collator does not pad the offsets that it needs: reports are cut to one length
    encoded = fast(documents, return_offsets_mapping=True, truncation=True, max_length=CUT)
    columns = zip(encoded["input_ids"], encoded["offset_mapping"], strict=True)
    features = [{"input_ids": ids, "offset_mapping": places} for ids, places in columns if len(ids) == CUT]
    flat = np.concatenate([np.asarray(row["input_ids"], np.int32) for row in features])
    whole_words = {"whole_word_mask": True, "mask_replace_prob": 1.0, "random_replace_prob": 0.0}
    collator = DataCollatorForLanguageModeling(fast, mlm_probability=0.3, **whole_words)  # pyright: ignore[reportArgumentType]
    peer = len(flat) / seconds(lambda: [collator(features[i : i + 32]) for i in range(0, len(features), 32)], ROUNDS)
    many = np.tile(flat, -(-65_536 // len(flat)))[:65_536]
    continues, random = continuations(inner), np.random.default_rng(1)
    speed = len(many) / seconds(lambda: mask_tokens(many, 0.3, continues, random))
    report("masking whole words", speed, "tokens/s", "DataCollatorForLanguageModeling, whole words", speed / peer)

    settings = replace(recipe(65_536), mask_rate=0.3, whole_words=True)
    files = write_tokens(folder, [row["input_ids"][1:-1] for row in features], encoder)
    trainer = Trainer(Run(settings, files, encoder, folder / "batches", device=torch.device("cpu")))
    report("batches by the background thread", 65_536 / seconds(lambda: trainer.batch(0, 1)), "tokens/s")

    size = sum(len(text.encode()) for text in documents) / 1e6
    rows = Dataset.from_dict({"text": documents})
    columns = {"batched": True, "remove_columns": ["text"], "load_from_cache_file": False, "keep_in_memory": True}
    mapped = size / seconds(lambda: rows.map(lambda batch: fast(batch["text"]), **columns), ROUNDS)
    speed = size / seconds(lambda: list(tokens.encode(inner, documents)), ROUNDS)
    report("tokenising", speed, "MB/s", "datasets.map with the same tokenizer", speed / mapped)


def main() -> None:
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    torch.set_num_threads(1)
    disable_progress_bar()
    documents = texts.texts(600)
    random = np.random.default_rng(0)
    documents = [" ".join(text.split()[: int(random.integers(20, 144))]) for text in documents]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        encoder = folder / "tokenizer"
        tokenizer.save(tokenizer.train(iter(documents), VOCABULARY), encoder, LONGEST)
        fast = PreTrainedTokenizerFast.from_pretrained(str(encoder))
        ids = [row.tolist() for row in tokens.encode(tokenizer.load(encoder), documents)]
        report("tokens a report", statistics.mean(map(len, ids)), "tokens")
        training(ids, fast, encoder, folder)
        data(documents[:200], fast, encoder, folder)


if __name__ == "__main__":
    main()
