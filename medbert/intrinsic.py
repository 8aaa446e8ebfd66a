"""How well masked language models predict a corpus's held-out documents, without fine-tuning.

python -m medbert.intrinsic --corpus DIR --model NAME=FOLDER --output build/scores/intrinsic.json

Per source: pseudo-perplexity, masked accuracy, fertility, each with an interval over the documents. Documents
with a near-duplicate in the corpus are left out, since a model may have seen the other copy.
"""

import argparse
import json
import math
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np
import torch
from rich.console import Console
from rich.progress import track
from transformers import AutoModelForMaskedLM
from transformers.utils import logging

from medbert import intervals, models
from medbert.arguments import COUNT, add_models
from medbert.corpus import Corpus
from medbert.disk import write_whole
from medbert.models import ModelError, ModelRow, parse_rows
from medbert.pseudo_likelihood import count, fitting

DOCUMENTS, WORDS, DRAWS = 50, 100, 1_000
SUMMARY = "summary"


@dataclass(frozen=True, slots=True)
class Sample:
    """Held-out passages by source, each a tuple of words, and how many documents were left out as near-duplicates."""

    passages: dict[str, list[tuple[str, ...]]]
    near_duplicates: int


def sample(corpus: Corpus, documents: int = DOCUMENTS, words: int = WORDS) -> Sample:
    """Return the first `words` words of held-out documents, `documents` of a source at most.

    Which of more documents are taken is told by their ids. A document that is, or has, a near-duplicate is left
    out: what is held out of one copy is not held out of the other.
    """
    found: dict[str, list[tuple[bytes, str, tuple[str, ...]]]] = {}
    copied: set[str] = set()
    for shard in corpus.manifest.shards:
        source = shard.path.rpartition("/")[2].rpartition("-")[0]
        kept = found.setdefault(source, [])
        for batch in corpus.batches(shard, "full", ["id", "text", "duplicate_of"]):
            columns = [batch.column(name).to_pylist() for name in ("id", "text", "duplicate_of")]
            for identity, text, original in zip(*columns, strict=True):
                if original is not None:
                    copied.update(name for name in (identity, original) if corpus.is_held_out(name))
                if corpus.is_held_out(identity):
                    order = blake2b(identity.encode(), digest_size=8, person=b"intrinsic").digest()
                    kept.append((order, identity, tuple(text.split(maxsplit=words)[:words])))
    passages = {
        source: [cut for _, identity, cut in sorted(kept) if cut and identity not in copied][:documents]
        for source, kept in found.items()
    }
    return Sample(passages, len(copied))


def figures(sums: np.ndarray) -> dict[str, np.ndarray]:
    """Return every figure, float64 [...], of sums of counts, float64 [..., len(COUNTS)]."""
    _, words, size, tokens, nats, right_tokens, right_words, unknown = np.moveaxis(sums, -1, 0)
    with np.errstate(over="ignore"):
        return {
            "word_perplexity": np.exp(nats / words),
            "token_perplexity": np.exp(nats / tokens),
            "bits_per_byte": nats / size / math.log(2),
            "token_accuracy": right_tokens / tokens,
            "word_accuracy": right_words / words,
            "fertility": tokens / words,
            "unknown_share": unknown / tokens,
        }


def scores(model: str, source: str, counts: np.ndarray, draws: int) -> list[dict[str, Any]]:
    """Return the figures of one model on one source with 95 % intervals; `counts` is [documents, len(COUNTS)].

    The interval is the percentile bootstrap over documents; of one document it is the figure itself.
    Figures beyond the range of numbers are left out.
    """
    weights = intervals.resamples(np.arange(len(counts)), draws, 0)
    points, drawn = figures(counts.sum(axis=0)), figures(weights @ counts)
    entries = []
    for name, point in points.items():
        low, high = np.quantile(drawn[name], (0.025, 0.975))
        if np.isfinite((point, low, high)).all():
            entry = {"model": model, "source": source, "metric": name}
            entries.append(entry | {"mean": float(point), "low": float(low), "high": float(high)})
    return entries


def load(row: ModelRow, device: str, download: bool) -> tuple[Any, Any, int]:
    """Return model, tokenizer and the length it takes. Raises ModelError with the reason."""
    tokenizer = models.load_tokenizer(row.location, download)
    if tokenizer.mask_token_id is None:
        raise ModelError("no_mask_token")
    try:
        model, loading = AutoModelForMaskedLM.from_pretrained(
            row.location, local_files_only=not download, dtype=torch.float32, output_loading_info=True
        )
    except Exception as error:
        raise ModelError(f"model_not_loaded: {type(error).__name__}") from None
    if loading["missing_keys"]:
        raise ModelError("no_masked_language_head: its weights are not in the folder")
    if len(tokenizer) > model.get_input_embeddings().weight.shape[0]:
        raise ModelError("tokenizer_does_not_fit: it has more entries than the model has embeddings")
    return model.eval().to(device), tokenizer, models.longest_input(model.config, tokenizer, 512)


def cut(passages: Mapping[str, Sequence[Sequence[str]]], readers: Sequence[tuple[Any, int]]) -> dict[str, list]:
    """Return as many first words of each passage as every reader, a tokenizer and its length, takes; empty ones go."""
    result = {}
    for source, kept in passages.items():
        sizes = [min((fitting(tokenizer, words, length) for tokenizer, length in readers), default=0) for words in kept]
        result[source] = [words[:size] for words, size in zip(kept, sizes, strict=True) if size]
    return result


def compare(rows: Sequence[ModelRow], found: Sample, parsed: argparse.Namespace) -> dict[str, Any]:
    """Return the content of intrinsic.json: all models on the same words, as many as fit the shortest model."""
    reasons, loaded = {}, {}
    for row in rows:
        try:
            loaded[row.name], reasons[row.name] = load(row, parsed.device, parsed.download), ""
        except ModelError as error:
            reasons[row.name] = str(error)
    passages = cut(found.passages, [(tokenizer, length) for _, tokenizer, length in loaded.values()])
    entries = []
    for name, (model, tokenizer, length) in loaded.items():
        kept = [(source, words) for source, of_source in passages.items() for words in of_source]
        shown = track(kept, name, console=Console(stderr=True), disable=not sys.stderr.isatty())
        try:
            counts = [(source, count(model, tokenizer, words, length, parsed.batch_size)) for source, words in shown]
        except ModelError as error:
            reasons[name] = str(error)
            continue
        for source in (*passages, SUMMARY):
            table = [row for of, row in counts if source in (of, SUMMARY)]
            entries += scores(name, source, np.array(table), parsed.draws) if table else []
    sizes = {source: len(kept) for source, kept in passages.items()}
    return {
        "version": 1,
        "settings": {"documents": parsed.documents, "words": parsed.words, "draws": parsed.draws},
        "near_duplicates": found.near_duplicates,
        "documents": sizes | {SUMMARY: sum(sizes.values())},
        "models": [{"model": name, "reason": reason} for name, reason in reasons.items()],
        "scores": entries,
    }


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    formatter = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(
        prog="python -m medbert.intrinsic", description=__doc__, formatter_class=formatter, allow_abbrev=False
    )
    add, output = parser.add_argument, Path("build/scores/intrinsic.json")
    add("--corpus", required=True, metavar="DIR", help="a finished corpus")
    add_models(parser)
    add("--output", type=Path, default=output, metavar="FILE", help="(default: %(default)s)")
    add("--documents", **COUNT, default=DOCUMENTS, help="of a source at most (default: %(default)s)")
    add("--words", **COUNT, default=WORDS, help="of a document at most (default: %(default)s)")
    add("--draws", **COUNT, default=DRAWS, help="bootstrap resamples (default: %(default)s)")
    add("--batch-size", **COUNT, default=64, help="masked passages at once (default: %(default)s)")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns 0, 2 for wrong input and 3 where no model has figures."""
    parsed = build_parser().parse_args(arguments)
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        rows = parse_rows(parsed.model)
        corpus = Corpus.open(parsed.corpus)
        found = sample(corpus, parsed.documents, parsed.words)
        if not any(found.passages.values()):
            raise ValueError(f"{parsed.corpus}: no held-out document without near-duplicates")
        report = {"corpus": corpus.manifest.fingerprint, **compare(rows, found, parsed)}
        parsed.output.parent.mkdir(parents=True, exist_ok=True)
        content = json.dumps(report, indent=1, ensure_ascii=False, allow_nan=False) + "\n"
        write_whole(parsed.output, content.encode())
    except (OSError, ValueError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    print(parsed.output)
    return 0 if report["scores"] else 3


if __name__ == "__main__":
    sys.exit(main())
