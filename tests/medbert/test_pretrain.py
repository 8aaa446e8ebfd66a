"""Runs on a few generated sequences: resume, divergence, budgets, continuing and release."""

import json
import math
import os
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import distributed as distributed

from medbert import checkpoint, pretrain, tokenizer
from medbert.config import Phase, Recipe, tiny, tiny_long
from medbert.model import new_model
from medbert.tokens import TokenFiles
from medbert.train import unigram_entropy
from medbert.trainer import DivergedError, Run, Trainer


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("run")
    encoder = tokenizer.train(iter(["Der Patient klagt über Schmerzen."] * 10), 800)
    (root / "tokenizer").mkdir()
    tokenizer.save(encoder, root / "tokenizer")
    rng, tokens = np.random.default_rng(0), root / "tokens"
    tokens.mkdir()
    counts = {}
    for split, documents in (("train", 60), ("validation", 5)):
        lengths = rng.integers(5, 60, documents)
        counts[split] = int(lengths.sum())
        rng.integers(5, 300, counts[split]).astype("<u2").tofile(tokens / f"a.{split}.tokens")
        np.cumsum([0, *lengths], dtype="<u8").tofile(tokens / f"a.{split}.offsets")
    files(root, counts).write()
    return root


def files(root: Path, counts: dict[str, int] | None = None) -> TokenFiles:
    digest = tokenizer.digest(root / "tokenizer")
    counts = counts or json.loads((root / "tokens/tokens.json").read_text())["tokens"]
    return TokenFiles(root / "tokens", "c", digest, "full", ("a",), {"train": 60, "validation": 5}, counts)  # pyright: ignore[reportArgumentType]


def short(steps: int = 8, dropout: float = 0.1) -> Recipe:
    shape = replace(tiny().architecture, layers=1, hidden=32, feed_forward=64, positions=64, dropout=dropout)
    phases = (Phase(64, steps * 256, 256, 1e-3, 0.1),)
    return replace(tiny(), architecture=shape, phases=phases, micro_tokens=128, checkpoint_every=3, validation_every=4)


def run(root: Path, output: Path, recipe: Recipe, **more: object) -> Run:
    return Run(recipe, files(root), root / "tokenizer", output, device=torch.device("cpu"), **more)  # type: ignore[arg-type]


SCRIPT = """
import sys
from pathlib import Path
sys.path.insert(0, {here!r})
import importlib.util
spec = importlib.util.spec_from_file_location("t", {file!r}); t = importlib.util.module_from_spec(spec)
spec.loader.exec_module(t)
t.pretrain.train(t.run(Path({root!r}), Path({output!r}), t.short(2000)))
"""


@pytest.mark.slow
def test_a_killed_run_ends_in_the_same_bits(folder: Path, tmp_path: Path) -> None:
    killed = tmp_path / "killed"
    here = str(Path(__file__).parents[2])
    script = SCRIPT.format(here=here, file=__file__, root=str(folder), output=str(killed))
    process = subprocess.Popen([sys.executable, "-c", script])
    deadline = time.monotonic() + 240
    while not checkpoint.checkpoints(killed / "checkpoints") and time.monotonic() < deadline:
        assert process.poll() is None
        time.sleep(0.02)
    process.kill()
    process.wait()
    state = checkpoint.read(killed / "checkpoints")
    assert state is not None
    # the schedule depends on the number of steps, so the whole run is the same recipe; stop both soon after
    stop = state["position"][0] + 4
    ends = []
    for output in (killed, tmp_path / "whole"):
        with pytest.MonkeyPatch.context() as patch:
            written: list[dict] = []

            def log(self: object, trainer: object, figures: object, seen: list[dict] = written) -> None:
                if trainer.step == stop:  # type: ignore[attr-defined]
                    seen.append({k: v.clone() for k, v in trainer.model.state_dict().items()})  # type: ignore[attr-defined]
                    raise KeyboardInterrupt

            patch.setattr(pretrain.Log, "write", log)
            with pytest.raises(KeyboardInterrupt):
                pretrain.train(run(folder, output, short(2000)))
            ends += written
    assert all(torch.equal(ends[0][name], ends[1][name]) for name in ends[0])


def test_a_loss_that_is_no_number_ends_the_run(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(DivergedError, match="the last good checkpoint is none"):
        pretrain.train(run(folder, tmp_path / "first", replace(short(), phases=(Phase(64, 2048, 256, math.nan, 0.1),))))
    loss = Trainer.loss

    def broken(trainer: Trainer, tensors: dict[str, Any], forward: Any) -> tuple[torch.Tensor, torch.Tensor]:
        value, right = loss(trainer, tensors, forward)
        return value * (math.nan if trainer.step == 5 else 1), right

    monkeypatch.setattr(Trainer, "loss", broken)
    with pytest.raises(DivergedError, match=r"step 6: the loss is nan .* checkpoint is .*step-00000003\.pt"):
        pretrain.train(run(folder, tmp_path / "later", short()))
    assert (state := checkpoint.read(tmp_path / "later" / "checkpoints")) is not None
    assert all(torch.isfinite(tensor).all() for tensor in state["model"].values())


def test_a_diverged_run_has_an_exit_code_of_its_own(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    phase = replace(short().phases[0], learning_rate=math.nan)
    monkeypatch.setitem(pretrain.RECIPES, "tiny", lambda: replace(short(), phases=(phase,)))
    command = [f"--tokens-folder={folder / 'tokens'}", f"--tokenizer={folder / 'tokenizer'}", f"--output={tmp_path}"]
    assert pretrain.main([*command, "--recipe=tiny"]) == 4
    assert "the last good checkpoint is none" in capsys.readouterr().err


def test_a_budget_of_tokens_ends_with_the_schedule_done(folder: Path, tmp_path: Path) -> None:
    recipe = replace(short(40), phases=(Phase(32, 5120, 256, 1e-3, 0.1), Phase(64, 5120, 256, 2e-3, 0.1, 0.05)))
    pretrain.train(run(folder, tmp_path, recipe.scaled(2560)))
    lines = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    assert [line["phase"] for line in lines] == [0] * 5 + [1] * 5
    assert [lines[4]["lr"], lines[9]["lr"]] == pytest.approx([0.0, 1e-4])
    assert {"loss", "accuracy", "norm", "tokens_per_second", "validation_loss"} <= set(lines[-1])


def test_training_starts_at_the_unigram_entropy(folder: Path, tmp_path: Path) -> None:
    counts = files(folder).unigram_counts(tokenizer.load(folder / "tokenizer").get_vocab_size())
    assert counts.sum() == files(folder).tokens["train"]
    pretrain.train(run(folder, tmp_path, replace(short(1), mask_rate=0.5)))
    first = json.loads((tmp_path / "log.jsonl").read_text().splitlines()[0])
    assert first["loss"] == pytest.approx(unigram_entropy(counts), abs=0.25)


def test_a_model_on_disk_is_trained_on(folder: Path, tmp_path: Path) -> None:
    model = new_model(short().architecture, tokenizer.load(folder / "tokenizer").get_vocab_size())
    model.save_pretrained(tmp_path / "hospital")  # pyright: ignore[reportCallIssue]
    start = model.state_dict()["bert.embeddings.word_embeddings.weight"].clone()
    still = replace(short(1), phases=(replace(short(1).phases[0], learning_rate=0.0),))
    trained = pretrain.train(run(folder, tmp_path / "still", still, continue_from=tmp_path / "hospital"))
    found = trained.model.state_dict()["model.bert.embeddings.word_embeddings.weight"]
    torch.testing.assert_close(found, start)
    moved = pretrain.train(run(folder, tmp_path / "moved", short(2), continue_from=tmp_path / "hospital"))
    assert not torch.equal(moved.model.state_dict()["model.bert.embeddings.word_embeddings.weight"], start)


def test_a_model_that_does_not_fit_is_refused(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"no config\.json"):
        pretrain.train(run(folder, tmp_path, short(1), continue_from=tmp_path / "nothing"))
    new_model(short().architecture, 700).save_pretrained(tmp_path / "other")  # pyright: ignore[reportCallIssue]
    with pytest.raises(ValueError, match="700 entries in its vocabulary"):
        pretrain.train(run(folder, tmp_path, short(1), continue_from=tmp_path / "other"))
    entries = tokenizer.load(folder / "tokenizer").get_vocab_size()
    new_model(replace(short().architecture, positions=16), entries).save_pretrained(tmp_path / "short")  # pyright: ignore[reportCallIssue]
    with pytest.raises(ValueError, match="has 16 positions, the recipe trains on 64"):
        pretrain.train(run(folder, tmp_path, short(1), continue_from=tmp_path / "short"))


PROCESSES = """
import importlib.util, sys
from pathlib import Path
spec = importlib.util.spec_from_file_location("t", {file!r}); t = importlib.util.module_from_spec(spec)
spec.loader.exec_module(t)
rank, world = t.pretrain.join_group()
assert world == 2
t.pretrain.train(t.run(Path({root!r}), Path({output!r}), t.short(6, dropout=0.0), rank=rank, world=world))
t.distributed.destroy_process_group()
"""


@pytest.mark.slow
def test_two_processes_train_as_one_does(folder: Path, tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(PROCESSES.format(file=__file__, root=str(folder), output=str(tmp_path / "two")))
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2", str(script)]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2]), "OMP_NUM_THREADS": "1"}
    subprocess.run(torchrun, check=True, env=environment, timeout=280)
    pretrain.train(run(folder, tmp_path / "one", short(6, dropout=0.0)))
    two, one = (checkpoint.read(tmp_path / name / "checkpoints") for name in ("two", "one"))
    assert two is not None
    assert one is not None
    assert two["position"] == one["position"]
    for name, tensor in one["model"].items():
        torch.testing.assert_close(two["model"][name], tensor, atol=1e-5, rtol=1e-4)
    lines = (tmp_path / "two" / "log.jsonl").read_text().splitlines()
    assert [json.loads(line)["step"] for line in lines] == [1, 2, 3, 4, 5, 6]


def test_minutes_end_with_the_schedule_done(folder: Path, tmp_path: Path) -> None:
    pretrain.train(run(folder, tmp_path, short(100_000), minutes=0.02))
    lines = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    assert lines[-1]["lr"] == pytest.approx(0.0, abs=1e-9)
    assert len(checkpoint.checkpoints(tmp_path / "checkpoints")) == 1 + (len(lines) > 3)


def test_another_recipe_does_not_go_on_from_a_checkpoint(folder: Path, tmp_path: Path) -> None:
    pretrain.train(run(folder, tmp_path, short(2)))
    with pytest.raises(ValueError, match="another recipe"):
        pretrain.train(run(folder, tmp_path, short(3)))


def test_the_long_recipe_trains(folder: Path, tmp_path: Path) -> None:
    shape = replace(tiny_long().architecture, hidden=32, feed_forward=32)
    recipe = replace(tiny_long(), architecture=shape, phases=(Phase(1024, 2048, 1024, 1e-3, 0.1),), micro_tokens=1024)
    assert pretrain.train(run(folder, tmp_path, recipe)).step == 2


def test_a_full_disk_is_named(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*arguments: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(torch, "save", full)
    with pytest.raises(OSError, match=r"disk of .* is full"):
        pretrain.train(run(folder, tmp_path, short(1)))
    assert not list((tmp_path / "checkpoints").iterdir())
