"""Tiny randomly initialised models of several architectures, as folders."""

from pathlib import Path
from typing import Any

from tokenizers import Tokenizer, models, normalizers, pre_tokenizers
from transformers import (
    BertConfig,
    BertForMaskedLM,
    ModernBertConfig,
    ModernBertForMaskedLM,
    PreTrainedTokenizerFast,
    RobertaConfig,
    RobertaForMaskedLM,
)

SMALL: dict[str, Any] = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 32}
SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
CHARACTERS = "abcdefghijklmnopqrstuvwxyzäöüß0123456789.,:"


def make(folder: Path, kind: str = "bert", words: tuple[str, ...] = ()) -> Path:
    """Write a model of `kind` below `folder` and return its folder."""
    entries = [*SPECIAL, *CHARACTERS, *(f"##{letter}" for letter in CHARACTERS), *words]
    vocabulary = {entry: number for number, entry in enumerate(dict.fromkeys(entries))}
    inner = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]"))
    inner.normalizer = normalizers.Lowercase()
    inner.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=inner, pad_token="[PAD]", unk_token="[UNK]", cls_token="[CLS]", sep_token="[SEP]",
        mask_token="[MASK]", model_max_length=64,
    )  # fmt: skip
    size: dict[str, Any] = {"vocab_size": len(vocabulary), "pad_token_id": 0}
    if kind == "bert":
        model = BertForMaskedLM(BertConfig(**SMALL, **size, max_position_embeddings=64))
    elif kind == "roberta":
        model = RobertaForMaskedLM(RobertaConfig(**SMALL, **size, max_position_embeddings=65))
    else:
        ends: dict[str, Any] = {"cls_token_id": 2, "sep_token_id": 3, "bos_token_id": 2, "eos_token_id": 3}
        model = ModernBertForMaskedLM(ModernBertConfig(**SMALL, **size, **ends, max_position_embeddings=64))
    path = folder / kind
    model.save_pretrained(path)
    tokenizer.save_pretrained(path)
    return path
