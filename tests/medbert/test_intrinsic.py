import argparse
import json
import math
from collections.abc import Mapping, Sequence
from importlib import resources
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pyarrow as pa
import pytest
import torch
from jsonschema import validate

from medbert import intrinsic, models
from medbert.intrinsic import Sample
from medbert.models import ModelError, ModelRow
from medbert.pseudo_likelihood import encode, fitting, predict
from tests.medbert import tiny_models

SCHEMA = json.loads(resources.files("schemas").joinpath("intrinsic.schema.json").read_text("utf-8"))
WORDS = ("erguss", "kein", "rechts")


class FakeCorpus:
    """A corpus of one shard a source, whose ids say whether they are held out."""

    def __init__(self, rows: Mapping[str, Sequence[tuple[str, str, str | None]]]) -> None:
        self.rows = rows
        self.manifest = SimpleNamespace(shards=[SimpleNamespace(path=f"data/{name}-00000.parquet") for name in rows])

    def is_held_out(self, identity: str) -> bool:
        return identity.startswith("h")

    def batches(self, shard: Any, variant: str, columns: list[str]) -> list[pa.RecordBatch]:
        assert variant == "full"
        rows = self.rows[shard.path[5:].partition("-")[0]]
        return [pa.RecordBatch.from_pylist([dict(zip(columns, row, strict=True)) for row in rows])] if rows else []


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return tiny_models.make(tmp_path_factory.mktemp("models"), "bert", WORDS)


def test_held_out_documents_with_a_near_duplicate_are_left_out():
    rows = [
        ("h1", "kein erguss rechts", None),
        ("t1", "nicht zurückgehalten", None),
        ("h2", "das original", None),
        ("t2", "die kopie steht im training", "h2"),
        ("h3", "eine kopie", "t1"),
    ]
    found = intrinsic.sample(cast("Any", FakeCorpus({"thieme": rows, "wikipedia": []})), 5, 2)
    assert found.passages == {"thieme": [("kein", "erguss")], "wikipedia": []}
    assert found.near_duplicates == 2


def test_a_sample_does_not_depend_on_the_order():
    rows = [(f"h{i}", f"text {i}", None) for i in range(20)]
    one = intrinsic.sample(cast("Any", FakeCorpus({"thieme": rows})), 5)
    two = intrinsic.sample(cast("Any", FakeCorpus({"thieme": rows[::-1]})), 5)
    assert one == two
    assert len(one.passages["thieme"]) == 5


def test_a_token_is_hidden_with_the_rest_of_its_word(folder):
    tokenizer, seen = models.load_tokenizer(str(folder)), []
    encoded = encode(tokenizer, ("kein", "ab"), 64)  # [CLS] kein a ##b [SEP]

    class Model(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.weight = torch.nn.Parameter(torch.zeros(1))

        def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> Any:
            seen.extend(input_ids.tolist())
            return SimpleNamespace(logits=torch.zeros(*input_ids.shape, len(tokenizer)))

    likelihoods, _ = predict(Model(), tokenizer, encoded, 2)
    mask = tokenizer.mask_token_id
    kein, a, b = encoded.ids[1:4]
    assert [row[1:4] for row in seen] == [[mask, a, b], [kein, mask, mask], [kein, a, mask]]
    assert likelihoods == pytest.approx(np.full(3, -math.log(len(tokenizer))))


def test_passages_are_cut_to_what_every_model_takes(folder):
    tokenizer = models.load_tokenizer(str(folder))
    words = ("kein", "erguss", "abc", "rechts")
    assert fitting(tokenizer, words, 7) == 3
    assert fitting(tokenizer, words, 6) == 2
    passages = intrinsic.cut({"thieme": [words, ("abcdefgh",)]}, [(tokenizer, 64), (tokenizer, 6)])
    assert passages == {"thieme": [("kein", "erguss")]}


def test_figures_by_hand():
    sums = np.array([2, 4, 16, 8, 8 * math.log(2), 6, 3, 1], float)
    found = {name: float(value) for name, value in intrinsic.figures(sums).items()}
    assert found == pytest.approx(
        {
            "word_perplexity": 4, "token_perplexity": 2, "bits_per_byte": 0.5, "token_accuracy": 0.75,
            "word_accuracy": 0.75, "fertility": 2, "unknown_share": 0.125,
        }
    )  # fmt: skip


def test_equal_models_have_equal_figures_and_reasons_are_kept(folder, tmp_path):
    rows = [ModelRow(name, str(folder)) for name in ("one", "two")] + [ModelRow("absent", str(tmp_path))]
    options = argparse.Namespace(device="cpu", download=False, batch_size=8, draws=50, documents=3, words=20)
    found = intrinsic.compare(
        rows, Sample({"thieme": [("kein", "erguss"), ("ab", "rechts")], "ggponc": []}, 0), options
    )
    report = {"corpus": "0", **found}
    validate(report, SCHEMA)
    assert [entry["reason"][:12] for entry in report["models"]] == ["", "", "no_tokenizer"]
    one, two = ([e | {"model": ""} for e in report["scores"] if e["model"] == name] for name in ("one", "two"))
    assert one == two
    assert {entry["source"] for entry in one} == {"thieme", "summary"}
    assert all(entry["low"] <= entry["mean"] + 1e-9 and entry["mean"] <= entry["high"] + 1e-9 for entry in one)


def test_a_model_without_its_masked_language_head_says_so(tmp_path, folder):
    model = models.load(str(folder), "multi_label", 3, 0)
    model.save_pretrained(tmp_path)
    models.load_tokenizer(str(folder)).save_pretrained(tmp_path)
    with pytest.raises(ModelError, match="no_masked_language_head"):
        intrinsic.load(ModelRow("m", str(tmp_path)), "cpu", False)


def test_wrong_input_is_told(tmp_path, capsys):
    assert intrinsic.main(["--corpus", str(tmp_path), "--output", str(tmp_path / "out.json")]) == 2
    assert "not a corpus" in capsys.readouterr().err
