"""Tokens per word: counted, and of several vocabularies side by side."""

import gzip
import json
from pathlib import Path

import pytest

from medbert import fertility, tokenizer

LETTERS = ["Die Gallenblase ist frei.", "Kein Erguß, 5 µg", ""]


@pytest.fixture
def vocabulary(tmp_path: Path) -> Path:
    entries = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "Die", "Gallen", "##blase", "ist", "frei", "Kein", "5"]
    path = tmp_path / "vocab.txt"
    path.write_text("\n".join(entries) + "\n", encoding="utf-8")
    return path


def test_tokens_split_and_unknown_words_are_counted(vocabulary: Path) -> None:
    found = fertility.fertility(fertility.load(vocabulary), LETTERS)
    assert (found.words, found.tokens, found.split, found.unknown) == (8, 9, 1, 2)
    assert fertility.Fertility().figures() == {}


def test_a_vocabulary_is_cased_and_its_umlauts_stay(tmp_path: Path) -> None:
    (tmp_path / "vocab.txt").write_text("[UNK]\nÜbel\n##keit\n", encoding="utf-8")
    loaded = fertility.load(tmp_path)
    assert loaded.encode("Übelkeit").tokens == ["Übel", "##keit"]
    assert loaded.encode("übelkeit").tokens == ["[UNK]"]


def test_the_command_sets_vocabularies_side_by_side(
    tmp_path: Path, vocabulary: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tokenizer.save(tokenizer.train(iter(LETTERS * 5), 900), tmp_path / "ours")
    letters = tmp_path / "letters.jsonl.gz"
    letters.write_bytes(gzip.compress("\n".join(json.dumps({"text": text}) for text in LETTERS).encode()))
    command = [f"--tokenizer=ours={tmp_path / 'ours'}", f"--tokenizer=theirs={vocabulary}", f"--texts={letters}"]
    assert fertility.main(command) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[2].startswith("| ours | 8 |")
    assert lines[2].endswith("0.00% |")
    assert lines[3] == "| theirs | 8 | 1.125 | 12.5% | 25.00% |"


def test_wrong_input_is_told(tmp_path: Path, vocabulary: Path, capsys: pytest.CaptureFixture[str]) -> None:
    texts, broken = tmp_path / "a.jsonl", tmp_path / "broken.json"
    texts.write_text('{"body": "x"}\n', encoding="utf-8")
    broken.write_text("{}", encoding="utf-8")
    plain = tmp_path / "plain.txt"
    plain.write_text("Kein Befund.", encoding="utf-8")
    for location, of, message in (
        (tmp_path / "absent", plain, "neither a folder"),
        (broken, plain, "not a tokenizer"),
        (plain, plain, r"no [UNK] in it"),
        (vocabulary, texts, "record 1: no text in it"),
        (vocabulary, tmp_path / "absent.txt", "absent.txt"),
    ):
        assert fertility.main([f"--tokenizer={location}", f"--texts={of}"]) == 2
        assert message in capsys.readouterr().err


def test_the_released_vocabulary_on_the_development_letters(real_data: Path) -> None:
    vocabulary = real_data / "tokenizer" / "medbert_512" / "medbert-512.vocab.txt"
    texts = fertility.read_texts(real_data / "phi" / "grascco_dev" / "dev.jsonl")
    figures = fertility.fertility(fertility.load(vocabulary), texts).figures()
    assert figures["words"] > 15_000
    assert 1.3 < figures["tokens_per_word"] < 1.6
    assert figures["unknown_share"] < 0.001
