"""A released folder is what others load: with AutoModel, as fill-mask, as ONNX; its card says what it is."""

import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch
import yaml
from transformers import AutoModel, AutoModelForMaskedLM, AutoTokenizer, pipeline
from transformers.utils import logging

from medbert import pretrain, release, tokenizer
from medbert.config import Phase, Recipe, tiny, tiny_long
from medbert.corpus import Corpus
from medbert.tokens import TokenFiles, tokenise_shard
from medbert.trainer import Run
from tests.medbert import tiny_corpus


def recipe(kind: Recipe) -> Recipe:
    shape = replace(kind.architecture, layers=2, hidden=32, heads=2, feed_forward=48, positions=64)
    return replace(kind, architecture=shape, phases=(Phase(64, 512, 256, 1e-3, 0.1),), micro_tokens=256)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Corpus]:
    root = tmp_path_factory.mktemp("release")
    corpus = Corpus.open(str(tiny_corpus.write(root / "corpus", {"wikipedia-00000": tiny_corpus.letters(400)})))
    tokenizer.save(tokenizer.train(iter(tiny_corpus.letters(40)), 900), root / "tokenizer")
    tokens = root / "tokens"
    tokens.mkdir()
    tokenise_shard(corpus, corpus.manifest.shards[0], "dedup", root / "tokenizer", tokens)
    ends = {s: np.fromfile(tokens / f"wikipedia-00000.{s}.offsets", "<u8") for s in ("train", "validation")}
    files = TokenFiles(
        folder=tokens,
        corpus=corpus.manifest.fingerprint,
        tokenizer=tokenizer.digest(root / "tokenizer"),
        variant="dedup",
        shards=("wikipedia-00000",),
        documents={split: len(offsets) - 1 for split, offsets in ends.items()},
        tokens={split: int(offsets[-1]) for split, offsets in ends.items()},
    )
    for kind in (tiny(), tiny_long()):
        run = Run(recipe(kind), files, root / "tokenizer", root / "runs" / kind.name, device=torch.device("cpu"))
        pretrain.train(run)
    return root, corpus


@pytest.fixture(scope="module", params=["tiny", "tiny-long"])
def folder(request: pytest.FixtureRequest, made: tuple[Path, Corpus]) -> Path:
    root, corpus = made
    return release.release(root / "runs" / request.param, root / "tokenizer", corpus, root / request.param)


def test_it_loads_without_missing_weights(folder: Path) -> None:
    assert folder.name == "medbert.de-dedup"
    _, told = AutoModelForMaskedLM.from_pretrained(folder, output_loading_info=True)
    assert not told["missing_keys"]
    assert not told["unexpected_keys"]
    _, told = AutoModel.from_pretrained(folder, output_loading_info=True)
    assert all("pooler" in key for key in told["missing_keys"])  # no loss trains one
    assert json.loads((folder / "config.json").read_text())["vocab_size"] == len(AutoTokenizer.from_pretrained(folder))
    assert (folder / "vocab.txt").read_text().splitlines()[4] == "[MASK]"


def test_fill_mask_guesses_with_probabilities(folder: Path) -> None:
    logging.set_verbosity_error()
    guesses = pipeline("fill-mask", model=str(folder), device="cpu")("Der Patient klagt über [MASK].")
    assert len(guesses) == 5
    assert all(0 < guess["score"] <= 1 for guess in guesses)


@pytest.mark.slow
def test_onnx_gives_the_same_logits(folder: Path, tmp_path: Path) -> None:
    model = AutoModelForMaskedLM.from_pretrained(folder).eval()
    release.export_onnx(model, tmp_path / "model.onnx")
    session = onnxruntime.InferenceSession(tmp_path / "model.onnx", providers=["CPUExecutionProvider"])
    generator = torch.Generator().manual_seed(0)
    for batch, length in ((1, 7), (3, 40)):
        ids = torch.randint(5, 500, (batch, length), generator=generator)
        mask = torch.ones_like(ids)
        mask[-1, length - 3 :] = 0 if batch > 1 else 1
        with torch.no_grad():
            wanted = model(input_ids=ids, attention_mask=mask).logits[mask.bool()]
        (found,) = session.run(None, {"input_ids": ids.numpy(), "attention_mask": mask.numpy()})
        torch.testing.assert_close(torch.from_numpy(found)[mask.bool()], wanted, atol=1e-3, rtol=0)


def test_the_card_says_what_the_model_is(folder: Path) -> None:
    _, header, body = (folder / "README.md").read_text(encoding="utf-8").split("---\n", 2)
    assert yaml.safe_load(header)["pipeline_tag"] == "fill-mask"
    assert "`dedup` variant" in body
    rows = [line.split(" | ")[0] for line in body.splitlines() if line.startswith("| ")]
    assert rows[:4] == ["| source", "| ---", "| wikipedia", "| summary"]
    assert "| wikipedia | 400 |" in body
    assert "held-out loss" in body
    assert "| steps | 2 |" in body
    assert "{" not in body, "no configuration as it is in memory"


def test_a_run_on_another_corpus_is_not_released(made: tuple[Path, Corpus], tmp_path: Path) -> None:
    root, corpus = made
    other = Corpus(corpus.url, replace(corpus.manifest, fingerprint="other"))
    with pytest.raises(ValueError, match="another corpus"):
        release.release(root / "runs" / "tiny", root / "tokenizer", other, tmp_path)
    with pytest.raises(ValueError, match="no checkpoint"):
        release.release(tmp_path, root / "tokenizer", corpus, tmp_path)
    tokenizer.save(tokenizer.train(iter(["Ein anderer Text."] * 5), 800), tmp_path / "other")
    with pytest.raises(ValueError, match="another tokenizer"):
        release.release(root / "runs" / "tiny", tmp_path / "other", corpus, tmp_path)
    assert math.isfinite(release.last_figures(root / "runs" / "tiny")["loss"])
