import json
from dataclasses import replace
from importlib import resources
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
from jsonschema import validate
from transformers import BertConfig, BertForMaskedLM, ByT5Tokenizer

from medbert import evaluate, finetune, models, protocol, scores_report
from medbert.batching import bucketed_batches, cut_text, encode_words
from medbert.tasks import read_task
from medbert.tasks.examples import Example
from pipelines.sampling.benchmarks import write_benchmark
from tests.medbert import tiny_models

WORDS = ("erguss", "stauung", "kein", "rechts", "links")
SCHEMA = json.loads(resources.files("schemas").joinpath("scores.schema.json").read_text("utf-8"))


def write_reports(folder: Path, unlucky: str = "") -> Path:
    folder.mkdir()
    generator = np.random.default_rng(3)
    for split, count in (("train", 24), ("valid", 8), ("test", 8)):
        lines = ["text,labels"]
        for number in range(count):
            found = [word for word in WORDS[:2] if generator.random() < 0.5]
            noise = " ".join("".join(generator.choice(list("abcdefgh"), 4)) for _ in range(8))
            lines.append(f'"{" ".join(found)} {noise} {number}","{unlucky if split == "test" else ",".join(found)}"')
        (folder / f"{split}.csv").write_text("\n".join(lines), encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def bert(tmp_path_factory) -> Path:
    return tiny_models.make(tmp_path_factory.mktemp("models"), "bert", WORDS)


def arguments(output: Path, data: Path, *more: str) -> list[str]:
    return [
        "--task", f"classification={data}", "--output", str(output), "--runs", "2", "--epochs", "1",
        "--batch-size", "8", "--max-length", "64", "--draws", "50", "--learning-rates", "1e-3", *more,
    ]  # fmt: skip


def test_the_command_makes_the_table_and_goes_on(tmp_path, bert, monkeypatch):
    data = write_reports(tmp_path / "data")
    others = [tiny_models.make(tmp_path, kind, WORDS) for kind in ("roberta", "modernbert")]
    (empty := tmp_path / "empty").mkdir()
    command = arguments(tmp_path / "out", data, "--synthetic", "classification", "--model", f"Ours={bert}")
    command += [part for folder in (*others, empty) for part in ("--model", str(folder))]
    command += ["--training-sizes", "8", "100", "--task", "germeval14=", "--task", f"ler={tmp_path / 'absent'}"]
    assert evaluate.main(command) == 0
    report = json.loads((tmp_path / "out" / "scores.json").read_text())
    validate(report, SCHEMA)
    assert {entry["model"]: entry["runs"] for entry in report["models"]} == {
        "Ours": 2, "roberta": 2, "modernbert": 2, "empty": 0
    }  # fmt: skip
    assert [entry["reason"][:12] for entry in report["models"]] == ["", "", "", "no_tokenizer"]
    page = (tmp_path / "out" / "scores.md").read_text()
    assert "synthetic" in page
    assert "empty has no figures: no_tokenizer" in page
    assert report["missing"] == {"germeval14": "no path was given", "ler": "no such file or folder"}
    assert {point["size"] for point in report["learning"]} == {8, 24}, "a size beyond the training split is none"
    for text in ("Learning curves", "classification (synthetic)", "Missing: no path was given."):
        assert text in (tmp_path / "out" / "scores.html").read_text()
    monkeypatch.setattr(finetune, "fit", None)  # nothing is trained again
    before = (tmp_path / "out" / "scores.json").read_bytes()
    assert evaluate.main(command) == 0
    assert (tmp_path / "out" / "scores.json").read_bytes() == before


def test_readmes_say_that_data_are_synthetic(tmp_path):
    write_benchmark("chest_ct", tmp_path / "folder", 30, 1)
    write_benchmark("chest_ct", tmp_path / "files" / "ct.csv", 30, 1)
    (real := tmp_path / "real").mkdir()
    assert evaluate.is_synthetic(tmp_path / "folder")
    assert evaluate.is_synthetic(tmp_path / "files" / "ct.csv")
    assert not evaluate.is_synthetic(real)


def test_wrong_input_is_told(tmp_path, bert, capsys):
    data = write_reports(tmp_path / "data")
    for more, message in (
        (["--task", "nothing"], "NAME=PATH is wanted"),
        (["--task", f"nothing={data}"], "task nothing: one of"),
        (["--max-length", "2"], "--max-length 2: 3 at least"),
        (["--model", f"bert={data}"], "two models have the same name"),
        (["--intrinsic", str(data / "train.csv")], "not a file that python -m medbert.intrinsic wrote"),
    ):
        assert evaluate.main(arguments(tmp_path / "out", data, "--model", str(bert), *more)) == 2
        assert message in capsys.readouterr().err
    assert evaluate.main(["--task", "ler=", "--model", str(bert), "--output", str(tmp_path / "out")]) == 2
    assert "no benchmark is there" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("option", "value"),
    [("--runs", "0"), ("--epochs", "-1"), ("--learning-rates", "nan"), ("--minutes", "0"), ("--device", "nonsense")],
)
def test_arguments_out_of_range_are_refused_before_any_work(option, value, tmp_path, capsys):
    with pytest.raises(SystemExit, match="2"):
        evaluate.main(["--task", "ler=x", "--output", str(tmp_path / "out"), option, value])
    assert f"argument {option}: {value}:" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_a_spent_budget_is_told(tmp_path, bert):
    data = write_reports(tmp_path / "data")
    assert evaluate.main(arguments(tmp_path / "out", data, "--model", str(bert), "--minutes", "1e-9")) == 3
    report = json.loads((tmp_path / "out" / "scores.json").read_text())
    assert not report["complete"]
    assert report["models"][0]["missing"] == 2


def test_test_labels_do_not_change_what_is_chosen(tmp_path, bert):
    chosen = []
    for name, planted in (("one", ""), ("two", "stauung"), ("three", "neu")):
        splits = read_task("classification", write_reports(tmp_path / name, planted))
        settings = finetune.Settings(epochs=1, batch_size=8, max_length=64)
        plan = protocol.Protocol(tmp_path / f"out-{name}", settings, (1e-5, 1e-3, 1e-2))
        chosen.append(protocol.select(plan, models.ModelRow("m", str(bert)), splits))
    assert chosen[0] == chosen[1] == chosen[2]


def test_selection_sees_no_test(tmp_path, bert):
    splits = read_task("classification", write_reports(tmp_path / "data"))

    def fit(row: Any, given: Any, settings: Any, *rest: Any) -> finetune.Fitted:
        assert given.test == given.unseen == ()
        return finetune.Fitted(None, None, settings, 64, score=settings.learning_rate)

    plan = protocol.Protocol(tmp_path, finetune.Settings(max_length=64), (0.1, 0.3, 0.2))
    found = protocol.select(plan, models.ModelRow("m", str(bert)), splits, fit)
    assert found["chosen"]["learning_rate"] == 0.3


def test_a_run_that_is_not_finite_is_a_failed_run(tmp_path, bert):
    splits = read_task("classification", write_reports(tmp_path / "data"))
    settings = finetune.Settings(learning_rate=float("inf"), epochs=2, batch_size=8, max_length=64)
    plan = protocol.Protocol(tmp_path, settings)
    result = protocol.run_once(plan, models.ModelRow("m", str(bert)), splits, settings, 0)
    assert result["failed"] in ("loss_not_finite", "prediction_not_finite")


def test_out_of_memory_halves_the_batch(bert, tmp_path, monkeypatch):
    splits = read_task("classification", write_reports(tmp_path / "data"))
    real, sizes = finetune.forward, []

    def small(fitted: Any, kind: str, batch: Any) -> Any:
        sizes.append(len(batch))
        if len(batch) > 4:
            raise finetune.torch.OutOfMemoryError
        return real(fitted, kind, batch)

    monkeypatch.setattr(finetune, "forward", small)
    settings = finetune.Settings(epochs=1, batch_size=8, max_length=64)
    row = models.ModelRow("m", str(bert))
    small_splits = replace(splits, train=splits.train[:8], valid=splits.valid[:4])
    monkeypatch.setattr(finetune, "predict", lambda *_: [np.array([0.5, 0.5])] * 4)
    fitted = finetune.fit(row, small_splits, settings, 0, "cpu", False)
    assert sizes == [8, 4, 4]
    assert fitted.micro_batch == 4


def test_entities_are_learned_over_several_pieces(bert):
    tokenizer = models.load_tokenizer(str(bert))
    words = ("erguss", "\u200b", "kein") * 20
    encoded = encode_words(tokenizer, [Example("", ("O",) * 60, words)], 16)[0]
    assert sum(map(len, encoded.words)) == 60
    assert max(map(len, encoded.pieces)) <= 16


def test_ways_with_long_texts():
    ids = list(range(100))
    assert cut_text(ids, 40, "truncate") == ([ids[:40]], 60)
    assert cut_text(ids, 40, "head_tail") == ([ids[:10] + ids[-30:]], 60)
    pieces, lost = cut_text(ids, 40, "windows")
    assert lost == 0
    assert sorted({number for piece in pieces for number in piece}) == ids


def test_batches_hold_everything_once():
    batches = bucketed_batches(np.arange(103), 8, np.random.default_rng(0))
    assert sorted(np.concatenate(batches).tolist()) == list(range(103))


def test_a_missing_model_says_so():
    with pytest.raises(models.ModelError, match="not_found"):
        models.load_tokenizer("nobody/such-model")


def test_bold_only_where_the_difference_holds():
    score = {"mean": 0.5, "low": 0.4, "high": 0.6, "failed": 0, "best": False}
    assert scores_report.cell_text(score) == "50.00 [40.00, 60.00]"
    assert scores_report.cell_text(score | {"best": True, "failed": 1}) == "**50.00** [40.00, 60.00] (1 failed)"
    assert scores_report.cell_text(cast("Any", None)) == "–"


def write_entities(folder: Path) -> Path:
    """Write a benchmark whose test has a type of its own."""
    folder.mkdir()
    generator = np.random.default_rng(4)
    for split in ("train", "dev", "test"):
        sentences = []
        for number in range(8):
            words = [f"{split[0]}{number}", *generator.choice(WORDS, 6)]
            sentences.append("\n".join(f"{word} {'B-X' if word == 'erguss' else 'O'}" for word in words))
        (folder / f"{split}.conll").write_text("\n\n".join([*sentences, "neu B-Y"] if split == "test" else sentences))
    return folder


def test_entities_from_end_to_end(tmp_path, bert):
    data = write_entities(tmp_path / "data")
    command = arguments(tmp_path / "out", data, "--model", str(bert))
    assert evaluate.main(["--task", f"ner={data}", *command[2:]]) == 0
    report = json.loads((tmp_path / "out" / "scores.json").read_text())
    validate(report, SCHEMA)
    assert report["tasks"]["ner"]["unseen"] == ["Y"]
    assert {entry["metric"] for entry in report["scores"]} >= {"micro_f1", "token_f1"}
    assert "strict entity F1" in (tmp_path / "out" / "scores.md").read_text()


def test_a_tokenizer_without_offsets_or_vocabulary_serves(tmp_path):
    tokenizer = ByT5Tokenizer()
    assert not tokenizer.is_fast
    size: dict[str, Any] = {**tiny_models.SMALL, "vocab_size": len(tokenizer), "max_position_embeddings": 64}
    BertForMaskedLM(BertConfig(**size)).save_pretrained(tmp_path / "bytes")
    tokenizer.save_pretrained(tmp_path / "bytes")
    assert not any((tmp_path / "bytes" / name).is_file() for name in models.TOKENIZER_FILES)
    data = write_entities(tmp_path / "data")
    command = arguments(tmp_path / "out", data, "--model", str(tmp_path / "bytes"))
    assert evaluate.main(["--task", f"ner={data}", *command[2:]]) == 0
    report = json.loads((tmp_path / "out" / "scores.json").read_text())
    assert [(entry["reason"], entry["runs"]) for entry in report["models"]] == [("", 2)]


def test_a_tokenizer_without_its_vocabulary_is_none(tmp_path):
    (tmp_path / "tokenizer_config.json").write_text('{"tokenizer_class": "BertTokenizer"}')
    with pytest.raises(models.ModelError, match="no_tokenizer"):
        models.load_tokenizer(str(tmp_path))
