"""The protocol: what chooses, what is counted, what goes on after a kill."""

import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from medbert import evaluate, finetune, metrics, protocol, scoring
from medbert.batching import encode_texts
from medbert.finetune import FailedRunError, Fitted, Settings
from medbert.models import ModelRow, load_tokenizer, longest_input
from medbert.protocol import Protocol
from medbert.scoring import Prediction
from medbert.tasks.examples import Example, Splits
from tests.medbert import tiny_models
from tests.medbert.test_evaluate import WORDS, arguments, write_reports


@pytest.fixture(scope="module")
def bert(tmp_path_factory) -> Path:
    return tiny_models.make(tmp_path_factory.mktemp("models"), "bert", WORDS)


def examples(count: int, words: int = 3) -> tuple[Example, ...]:
    return tuple(Example(" ".join(["kein"] * words), ("a",) if i % 2 else ("b",)) for i in range(count))


def splits(words: int = 3) -> Splits:
    return Splits("multi_label", ("a", "b"), examples(8, words), examples(4, words), examples(6, words))


@pytest.mark.parametrize("kind", tiny_models.KINDS)
def test_every_architecture_is_tuned_by_the_same_code(kind, tmp_path):
    folder = tiny_models.make(tmp_path, kind, WORDS)
    plan = Protocol(tmp_path / "out", Settings(epochs=1, batch_size=4, max_length=512))
    found = protocol.run_once(plan, ModelRow("m", str(folder)), splits(200), plan.settings, 0)
    assert found["cost"]["max_length"] == 64
    assert np.shape(found["predictions"]) == (6, 2)


def test_ways_with_long_texts_are_tried_only_where_texts_are_long(bert, tmp_path):
    plan, row = Protocol(tmp_path, Settings(max_length=32), (1e-3,)), ModelRow("m", str(bert))
    assert [settings.strategy for settings in protocol.grid(plan, row, splits(3))] == ["truncate"]
    long = [settings.strategy for settings in protocol.grid(plan, row, splits(80))]
    assert long == ["truncate", "head_tail", "windows"]


def test_the_way_with_long_texts_is_chosen_on_validation(bert, tmp_path):
    wanted = {"truncate": 0.2, "head_tail": 0.9, "windows": 0.4}

    def fit(row: Any, given: Any, settings: Settings, *rest: Any) -> Fitted:
        assert given.test == ()
        return Fitted(None, None, settings, 64, score=wanted[settings.strategy])

    plan = Protocol(tmp_path, Settings(max_length=32), (1e-3,))
    found = protocol.select(plan, ModelRow("m", str(bert)), splits(80), fit)
    assert found["chosen"]["strategy"] == "head_tail"
    assert [entry["score"] for entry in found["tried"]] == list(wanted.values())


def test_failed_fine_tunings_of_the_selection_are_listed_and_not_chosen(bert, tmp_path):
    def fit(row: Any, given: Any, settings: Settings, *rest: Any) -> Fitted:
        if settings.learning_rate > 0.1:
            raise FailedRunError("loss_not_finite")
        return Fitted(None, None, settings, 64, score=0.1)

    plan = Protocol(tmp_path, Settings(), (1.0, 0.01))
    found = protocol.select(plan, ModelRow("m", str(bert)), splits(), fit)
    assert found["tried"][0]["failed"] == "loss_not_finite"
    assert found["chosen"]["learning_rate"] == 0.01


def test_windows_pool_the_logits_of_a_text_by_maximum(bert):
    tokenizer = load_tokenizer(str(bert))
    settings = Settings(strategy="windows", max_length=16)
    model = finetune.models.load(str(bert), "multi_label", 2, 0).eval()
    fitted = Fitted(model, tokenizer, settings, 16, micro_batch=2)
    text = Example(" ".join(WORDS * 8))
    whole = encode_texts(tokenizer, [text], 16, "windows")[0]
    assert whole.cut == 0
    assert len(whole.pieces) > 2
    with finetune.torch.inference_mode():
        pooled = finetune.forward(fitted, "multi_label", [whole])[0]
        alone = [model(**finetune.pad([piece], 0, finetune.torch.device("cpu"))).logits[0] for piece in whole.pieces]
    assert pooled.numpy() == pytest.approx(np.max([logits.numpy() for logits in alone], axis=0), abs=1e-5)


def test_what_is_cut_off_is_counted(bert, tmp_path):
    plan = Protocol(tmp_path, Settings(epochs=1, batch_size=4, max_length=32))
    given = replace(splits(), test=(*examples(2, 3), *examples(3, 100)))
    cost = protocol.run_once(plan, ModelRow("m", str(bert)), given, plan.settings, 0)["cost"]
    assert (cost["test_texts_cut"], cost["test_tokens"], cost["test_tokens_cut"]) == (3, 306, 210)


def test_thresholds_come_from_validation_and_half_is_reported_too():
    valid = np.array([[0.2, 0.9], [0.3, 0.8], [0.1, 0.1]])
    thresholds = metrics.choose_thresholds(np.array([[True, False], [True, True], [False, False]]), valid)
    assert thresholds == pytest.approx([0.15, 0.45])
    given = splits()
    values = [np.array([0.3, 0.2]) if "a" in example.labels else np.array([0.1, 0.5]) for example in given.test]
    found = scoring.figures(given, Prediction(values, thresholds), np.ones((1, 6)))
    assert found["macro_recall"][0] == 1
    assert found["macro_recall_at_half"][0] == 0.5


def test_one_resample_serves_every_model_and_smaller_ones_are_its_parts():
    given = replace(splits(), train=tuple(Example(f"{i}", ("a",)) for i in range(50)))
    whole = protocol.resample_train(given, 3).train
    assert protocol.resample_train(given, 3).train == whole
    assert protocol.resample_train(given, 4).train != whole
    assert protocol.resample_train(given, 3, 20).train == whole[:20]


def test_memory_that_runs_out_in_prediction_halves_the_batch(bert, monkeypatch):
    given, real = splits(), finetune.forward
    model = finetune.models.load(str(bert), "multi_label", 2, 0)
    fitted = Fitted(model, load_tokenizer(str(bert)), Settings(max_length=64), 64, micro_batch=4)
    expected = finetune.predict(fitted, given, given.test)

    def small(fitted: Any, kind: str, batch: Any) -> Any:
        if len(batch) > limit:
            raise finetune.torch.OutOfMemoryError
        return real(fitted, kind, batch)

    limit = 2
    monkeypatch.setattr(finetune, "forward", small)
    assert np.stack(finetune.predict(fitted, given, given.test)) == pytest.approx(np.stack(expected), abs=1e-6)
    limit = 0
    with pytest.raises(FailedRunError, match="out_of_memory"):
        finetune.predict(fitted, given, given.test)


def test_halved_batches_give_the_gradients_of_the_whole_one(bert):
    given, tokenizer = splits(), load_tokenizer(str(bert))
    found = []
    for size in (8, 3):
        model = finetune.models.load(str(bert), "multi_label", 2, 0).eval()
        fitted = Fitted(model, tokenizer, Settings(), 64, micro_batch=size)
        encoded = finetune.encode(tokenizer, given, given.train, fitted.settings, 64)
        finetune.gradients(fitted, "multi_label", encoded, finetune.targets(given, given.train))
        found.append(np.concatenate([p.grad.numpy().ravel() for p in model.parameters() if p.grad is not None]))
    assert found[0] == pytest.approx(found[1], abs=1e-5)


def test_a_failed_run_is_counted_and_its_model_compared_to_none():
    given = splits()
    sure = [np.array([0.9, 0.1]) if "a" in example.labels else np.array([0.1, 0.9]) for example in given.test]
    wrong = [value[::-1] for value in sure]
    runs = {
        name: {seed: Prediction(values, np.full(2, 0.5)) for seed in seeds}
        for name, values, seeds in (("good", sure, (0, 1)), ("bad", wrong, (0, 1)), ("broken", sure, (0,)))
    }
    scores, tests = scoring.compare("t", given, runs, {"good": 0, "bad": 0, "broken": 1}, 50)
    assert {tuple(test["models"]) for test in tests} == {("good", "bad")}
    assert {score.failed for score in scores if score.model == "broken"} == {1}
    assert not any(score.best for score in scores), "nothing is better than all others where one has a failed run"
    scores, _ = scoring.compare("t", given, {name: runs[name] for name in ("good", "bad")}, {"good": 0, "bad": 0}, 50)
    assert {score.model for score in scores if score.best and score.metric == "macro_f1"} == {"good"}


def test_runs_are_those_of_the_weights_not_of_their_date(bert, tmp_path):
    plan, folder = Protocol(tmp_path), Path(shutil.copytree(bert, tmp_path / "copy"))
    row, weights = ModelRow("m", str(folder)), folder / "model.safetensors"
    key = plan.key(row, splits())
    os.utime(weights, ns=(1, 1))
    assert plan.key(row, splits()) == key
    content = bytearray(weights.read_bytes())
    content[-1] ^= 1
    weights.write_bytes(bytes(content))
    assert plan.key(row, splits()) != key


def test_positions_are_counted_as_the_architecture_does(tmp_path):
    for kind in tiny_models.KINDS:
        folder = tiny_models.make(tmp_path, kind)
        model = finetune.models.load(str(folder), "multi_label", 2, 0)
        assert longest_input(model.config, load_tokenizer(str(folder)), 512) == 64


def test_a_model_learns_what_the_text_says(tmp_path):
    """Not only plumbing: labels that a word tells are learned by an untrained model of few weights."""
    generator = np.random.default_rng(5)

    def draw(count: int) -> tuple[Example, ...]:
        names = [tuple(name for name in WORDS[:2] if generator.random() < 0.5) for _ in range(count)]
        return tuple(Example(" ".join(generator.permutation([*found, "kein", "links"])), found) for found in names)

    given = Splits("multi_label", WORDS[:2], draw(48), draw(16), draw(24))
    folder = tiny_models.make(tmp_path, "bert", WORDS)
    settings = Settings(learning_rate=1e-2, epochs=20, patience=20, batch_size=8, max_length=16)
    found = protocol.run_once(Protocol(tmp_path, settings), ModelRow("m", str(folder)), given, settings, 0)
    score = scoring.figures(given, protocol.to_prediction(found), np.ones((1, len(given.test))))
    assert score["auroc"][0] > 0.95


@pytest.mark.slow
def test_a_killed_evaluation_goes_on(tmp_path, bert):
    data, output = write_reports(tmp_path / "data"), tmp_path / "out"
    command = [sys.executable, "-m", "medbert.evaluate", *arguments(output, data, "--model", str(bert), "--runs", "40")]
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 180
    while len(made := sorted(output.rglob("seed-*.json"))) < 1 and time.monotonic() < deadline:
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()
    made = sorted(output.rglob("seed-*.json"))
    assert 1 <= len(made) < 40
    before = {path: path.stat().st_mtime_ns for path in made}
    assert evaluate.main([*command[3:-1], str(len(made) + 1)]) == 0
    assert {path: path.stat().st_mtime_ns for path in made} == before
    assert len(list(output.rglob("seed-*.json"))) == len(made) + 1
