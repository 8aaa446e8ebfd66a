"""Runs on a few generated sequences: resume, divergence, budgets, continuing and release."""

import json
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from medbert import checkpoint, pretrain, tokenizer
from medbert.config import Phase, Recipe, tiny, tiny_long
from medbert.tokens import TokenFiles
from medbert.trainer import DivergedError, Run


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
    deadline = time.monotonic() + 120
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


def test_a_loss_that_is_no_number_ends_the_run(folder: Path, tmp_path: Path) -> None:
    recipe = short()
    pretrain.train(run(folder, tmp_path, recipe))
    worse = replace(recipe, phases=(replace(recipe.phases[0], learning_rate=float("nan")),))
    with pytest.raises(DivergedError, match="the last good checkpoint is none"):
        pretrain.train(run(folder, tmp_path / "other", worse))


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
