"""A trained model as a Hugging Face folder.

python -m medbert.release --run DIR --tokenizer DIR --corpus DIR --output DIR
"""

import argparse
import json
import shutil
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from transformers import AutoConfig, AutoModelForMaskedLM

from medbert import checkpoint, tokenizer
from medbert.corpus import Corpus
from medbert.model_card import model_card

NAMES = {"full": "medbert.de", "dedup": "medbert.de-dedup"}


def release(run: Path, tokenizer_folder: Path, corpus: Corpus, output: Path, onnx: bool = False) -> Path:
    """Write the newest checkpoint of `run` as a folder below `output` and return it.

    The folder has config.json, model.safetensors, the tokenizer's files, vocab.txt and a model card.
    Raises ValueError where the run has no checkpoint or was trained on another corpus.
    """
    state = checkpoint.read(run / "checkpoints")
    if state is None:
        raise ValueError(f"{run}: no checkpoint: train a model with python -m medbert.pretrain")
    if state["corpus"] != corpus.manifest.fingerprint:
        raise ValueError(f"{run}: was trained on another corpus than {corpus.url}")
    if state["tokenizer"] != tokenizer.digest(tokenizer_folder):
        raise ValueError(f"{run}: was trained with another tokenizer than {tokenizer_folder}")
    recipe, encoder = json.loads(state["recipe"]), tokenizer.load(tokenizer_folder)
    model = trained_model(state)
    folder = output / NAMES[state["variant"]]
    folder.mkdir(parents=True, exist_ok=True)
    model.save_pretrained(folder)
    tokenizer.save(encoder, folder, model_length=model.config.max_position_embeddings)
    name, entries = NAMES[state["variant"]], encoder.get_vocab_size()
    card = model_card(name, state["variant"], recipe, corpus, last_figures(run), entries)
    (folder / "README.md").write_text(card, encoding="utf-8")
    if onnx:
        export_onnx(model, folder / "model.onnx")
    for name in ("fertility.json", "fertility.md"):
        if (tokenizer_folder / name).is_file():
            shutil.copyfile(tokenizer_folder / name, folder / name)
    return folder


def trained_model(state: Mapping[str, Any]) -> Any:
    """Return the model of a checkpoint as transformers loads it, ready to evaluate."""
    settings = json.loads(state["config"])
    config = AutoConfig.for_model(**settings)
    model = AutoModelForMaskedLM.from_config(config, attn_implementation="sdpa")
    model.load_state_dict({name.removeprefix("model."): tensor for name, tensor in state["model"].items()})
    return model.eval()


def last_figures(run: Path) -> dict[str, float]:
    """Return the last figures of each kind that the run logged."""
    figures: dict[str, float] = {}
    log = run / "log.jsonl"
    if log.is_file():
        for line in log.read_text().splitlines():
            figures |= json.loads(line)
    return figures


def export_onnx(model: torch.nn.Module, path: Path) -> None:
    """Write `model` as ONNX, batch and length free; inputs are input_ids and attention_mask, int64."""

    class Logits(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
            return self.model(input_ids=input_ids, attention_mask=attention_mask).logits

    ids = torch.randint(5, 100, (2, 16))
    batch, length = torch.export.Dim("batch", min=1, max=4096), torch.export.Dim("length", min=2, max=512)
    torch.onnx.export(
        Logits().eval(),
        (ids, torch.ones_like(ids)),
        str(path),
        input_names=["input_ids", "attention_mask"],
        output_names=["logits"],
        dynamic_shapes=({0: batch, 1: length}, {0: batch, 1: length}),
        dynamo=True,
        external_data=False,
        verbose=False,
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns 0, or 2 where there is nothing to release."""
    parser = argparse.ArgumentParser(prog="python -m medbert.release", description=__doc__, allow_abbrev=False)
    parser.add_argument("--run", required=True, type=Path, metavar="DIR", help="output of medbert.pretrain")
    parser.add_argument("--tokenizer", required=True, type=Path, metavar="DIR", help="that of the run")
    parser.add_argument("--corpus", required=True, metavar="DIR", help="that of the run, for the card's table")
    parser.add_argument(
        "--output",
        type=Path,
        default=Path("build/models"),
        metavar="DIR",
        help="the folder of models (default: %(default)s)",
    )
    parser.add_argument("--onnx", action="store_true", help="also write model.onnx")
    parsed = parser.parse_args(arguments)
    try:
        folder = release(parsed.run, parsed.tokenizer, Corpus.open(parsed.corpus), parsed.output, parsed.onnx)
    except (OSError, ValueError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    print(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
