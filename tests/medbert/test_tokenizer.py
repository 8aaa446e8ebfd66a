from pathlib import Path

import numpy as np
import pytest
from tokenizers import Tokenizer

from medbert.tokenizer import SPECIAL_TOKENS, load, save, shares, train
from medbert.tokens import encode

TEXTS = ["Der Patient klagt über Übelkeit, Größe 5 mm² bei α-Rezeptor und 3 µg/kg. 中文 слово"] * 20


@pytest.fixture(scope="module")
def trained() -> Tokenizer:
    return train(iter(TEXTS), 3000)


def test_special_tokens_come_first(trained: Tokenizer) -> None:
    assert [trained.token_to_id(name) for name in SPECIAL_TOKENS] == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("text", ["Größe äöüÄÖÜß", "3 µg 5 mm²", "α β γ Ω αβ", "Ödem Übelkeit Straße", "10³ µl"])
def test_german_and_units_survive_a_round_trip(trained: Tokenizer, text: str) -> None:
    encoding = trained.encode(text, add_special_tokens=False)
    assert "[UNK]" not in encoding.tokens
    assert trained.decode(encoding.ids) == text


def test_a_decomposed_umlaut_is_the_same(trained: Tokenizer) -> None:
    assert trained.encode("U\u0308belkeit").ids == trained.encode("Übelkeit").ids


def test_no_slot_goes_to_a_foreign_script(trained: Tokenizer) -> None:
    letters = "".join(trained.get_vocab())
    assert not [c for c in letters if "\u0400" <= c <= "\u052f" or "\u3000" <= c <= "\u9fff"]


def test_a_saved_tokenizer_is_the_same(trained: Tokenizer, tmp_path: Path) -> None:
    save(trained, tmp_path)
    assert load(tmp_path).encode(TEXTS[0]).ids == trained.encode(TEXTS[0]).ids
    vocabulary = (tmp_path / "vocab.txt").read_text(encoding="utf-8").splitlines()
    assert vocabulary[:5] == list(SPECIAL_TOKENS)
    assert len(vocabulary) == trained.get_vocab_size()


def test_pieces_of_a_long_text_give_the_same_ids(trained: Tokenizer) -> None:
    texts = ["Übelkeit\nund Größe " * 40, "", "kurz"]
    whole = [np.array(trained.encode(text, add_special_tokens=False).ids) for text in texts]
    for got, expected in zip(encode(trained, texts, piece=50), whole, strict=True):
        np.testing.assert_array_equal(got, expected)


def test_a_sample_is_stratified_by_the_root_of_the_size() -> None:
    share = shares({"large": 10_000, "small": 100, "least": 4}, 1_000)
    assert share["least"] == 1.0
    assert share["small"] == pytest.approx(10 * share["large"])
    assert share["small"] * 100 + share["large"] * 10_000 + 4 == pytest.approx(1_000)
