"""The models that are compared, and loading them from a hub's cache or a folder."""

import contextlib
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

import torch
from transformers import (
    AutoConfig,
    AutoModelForSequenceClassification,
    AutoModelForTokenClassification,
    AutoTokenizer,
)

TOKENIZER_FILES = ("tokenizer.json", "vocab.txt", "vocab.json", "spm.model", "sentencepiece.bpe.model", "spiece.model")
OF_BYTES = {"ByT5Tokenizer", "CanineTokenizer", "PerceiverTokenizer"}
"""Tokenizers that have no vocabulary, so no such file."""
OFFSET_POSITIONS = {"roberta", "xlm-roberta", "camembert", "xlm-roberta-xl", "data2vec-text", "roberta-prelayernorm"}
"""Architectures that number positions from the padding token's id + 1 on."""


class ModelError(ValueError):
    """A model that cannot be loaded; the message is the reason that its row shows."""


@dataclass(frozen=True, slots=True)
class ModelRow:
    """A row of the table: its name and where the model is, a hub id or a folder."""

    name: str
    location: str


PUBLISHED = (
    ModelRow("GottBERT", "uklfr/gottbert-base"),
    ModelRow("BioGottBERT", "SCAI-BIO/bio-gottbert-base"),
    ModelRow("Multilingual BERT", "bert-base-multilingual-cased"),
    ModelRow("German-MedBERT", "smanjil/German-MedBERT"),
    ModelRow("medBERT.de", "GerMedBERT/medbert-512"),
    ModelRow("medBERT.de-dedup", "GerMedBERT/medbert-512-no-duplicates"),
)
"""The rows of the published table, in its order."""

NEWER = (
    ModelRow("GBERT-BioM-Translation-base", "ikim-uk-essen/GBERT-BioM-Translation-base"),
    ModelRow("GBERT-BioM-Translation-large", "ikim-uk-essen/GBERT-BioM-Translation-large"),
    ModelRow("GeBERTa-base", "ikim-uk-essen/geberta-base"),
    ModelRow("GeistBERT-base", "GeistBERT/GeistBERT_base"),
    ModelRow("ModernGBERT-134M", "LSX-UniWue/ModernGBERT_134M"),
)


def parse_row(text: str) -> ModelRow:
    """Return the row of `NAME=FOLDER`, a folder, a hub id or a row's name, whose case does not count."""
    name, mark, location = text.partition("=")
    if mark:
        return ModelRow(name, location)
    for row in (*PUBLISHED, *NEWER):
        if text.lower() in (row.name.lower(), row.location.lower()):
            return row
    return ModelRow(Path(text).name or text, text)


def parse_rows(texts: Sequence[str] | None, newer: bool = False) -> list[ModelRow]:
    """Return the rows of `texts`, without any those of the published table; with `newer` also those since.

    Raises ValueError where two have one name.
    """
    rows = [parse_row(text) for text in texts] if texts else list(PUBLISHED)
    rows += NEWER if newer else ()
    if len({row.name for row in rows}) < len(rows):
        raise ValueError("two models have the same name: give one as NAME=FOLDER")
    return rows


def published_scores() -> dict[str, dict[str, dict[str, float]]]:
    """Return the published card's figures in per cent, by task, model and metric."""
    return json.loads(resources.files("medbert").joinpath("published_scores.json").read_text("utf-8"))["scores"]


def has_tokenizer(folder: Path) -> bool:
    """Tell whether a folder has the files of a tokenizer: without, transformers makes an empty one and says nothing."""
    if any((folder / name).is_file() for name in TOKENIZER_FILES):
        return True
    with contextlib.suppress(OSError, ValueError):
        return json.loads((folder / "tokenizer_config.json").read_text("utf-8")).get("tokenizer_class") in OF_BYTES
    return False


def load_tokenizer(location: str, download: bool = False) -> Any:
    """Return the tokenizer at `location`. Raises ModelError with the reason."""
    folder = Path(location)
    if folder.is_dir() and not has_tokenizer(folder):
        raise ModelError("no_tokenizer: the folder has none of " + ", ".join(TOKENIZER_FILES[:3]))
    try:
        tokenizer = AutoTokenizer.from_pretrained(location, local_files_only=not download)
    except OSError:
        raise ModelError("not_found: neither a folder nor in the hub's cache; give its folder as NAME=FOLDER") from None
    except Exception as error:
        raise ModelError(f"tokenizer_not_loaded: {type(error).__name__}") from None
    if tokenizer.unk_token_id is None and tokenizer.pad_token_id is None and tokenizer.eos_token_id is None:
        raise ModelError("tokenizer_without_special_tokens")
    return tokenizer


def load(location: str, kind: str, labels: int, seed: int, download: bool = False) -> Any:
    """Return the model at `location` with a new head for a task of `kind`, the head a function of `seed`.

    Raises ModelError with the reason where it is not there or not a model of this kind.
    """
    folder = Path(location)
    if folder.is_dir() and not (folder / "config.json").is_file():
        raise ModelError("no_config: the folder has no config.json")
    head = AutoModelForTokenClassification if kind == "ner" else AutoModelForSequenceClassification
    torch.manual_seed(seed)
    try:
        config = AutoConfig.from_pretrained(location, local_files_only=not download, num_labels=labels)
        return head.from_pretrained(location, config=config, local_files_only=not download, dtype=torch.float32)
    except Exception as error:
        raise ModelError(f"model_not_loaded: {type(error).__name__}") from None


def longest_input(config: Any, tokenizer: Any, wanted: int) -> int:
    """Return how many tokens, special ones with them, the model takes, `wanted` at most."""
    positions = getattr(config, "max_position_embeddings", None) or math.inf
    if getattr(config, "model_type", "") in OFFSET_POSITIONS:
        positions -= (config.pad_token_id or 0) + 1
    return int(min(positions, wanted, getattr(tokenizer, "model_max_length", None) or math.inf))
