"""Tiny randomly initialised models of several architectures, as folders.

python -m tests.medbert.tiny_models --output DIR
"""

import argparse
import string
import sys
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers
from transformers import (
    BertConfig,
    BertForMaskedLM,
    DebertaV2Config,
    DebertaV2ForMaskedLM,
    ModernBertConfig,
    ModernBertForMaskedLM,
    PreTrainedTokenizerFast,
    RobertaConfig,
    RobertaForMaskedLM,
)

SMALL: dict[str, Any] = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 32}
SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
CHARACTERS = string.ascii_lowercase + "äöüß" + string.digits + string.punctuation
KINDS = ("bert", "roberta", "modernbert", "deberta")


def make(folder: Path, kind: str = "bert", words: tuple[str, ...] = (), length: int = 64) -> Path:
    """Write a model of `kind` with `length` positions below `folder` and return its folder."""
    entries = [*SPECIAL, *CHARACTERS, *(f"##{letter}" for letter in CHARACTERS), *words]
    vocabulary = {entry: number for number, entry in enumerate(dict.fromkeys(entries))}
    inner = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]"))
    inner.normalizer = normalizers.Lowercase()
    inner.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=inner, pad_token="[PAD]", unk_token="[UNK]", cls_token="[CLS]", sep_token="[SEP]",
        mask_token="[MASK]", model_max_length=length,
    )  # fmt: skip
    size: dict[str, Any] = {"vocab_size": len(vocabulary), "pad_token_id": 0}
    torch.manual_seed(0)
    if kind == "bert":
        model = BertForMaskedLM(BertConfig(**SMALL, **size, max_position_embeddings=length))
    elif kind == "roberta":
        model = RobertaForMaskedLM(RobertaConfig(**SMALL, **size, max_position_embeddings=length + 1))
    elif kind == "deberta":
        relative: dict[str, Any] = {"relative_attention": True, "pos_att_type": ["p2c", "c2p"], "position_buckets": 16}
        model = DebertaV2ForMaskedLM(DebertaV2Config(**SMALL, **size, **relative, max_position_embeddings=length))
    else:
        ends: dict[str, Any] = {"cls_token_id": 2, "sep_token_id": 3, "bos_token_id": 2, "eos_token_id": 3}
        model = ModernBertForMaskedLM(ModernBertConfig(**SMALL, **size, **ends, max_position_embeddings=length))
    path = folder / kind
    model.save_pretrained(path)
    tokenizer.save_pretrained(path)
    return path


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.medbert.tiny_models", description=__doc__)
    parser.add_argument("--output", type=Path, required=True, metavar="DIR")
    output = parser.parse_args().output
    for kind in KINDS:
        print(make(output, kind, length=128))
    return 0


if __name__ == "__main__":
    sys.exit(main())
