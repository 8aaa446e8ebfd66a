"""From a corpus to both models with one command: `python -m medbert.train --corpus DIR --output DIR`.

One tokenizer, then for each variant token files, pretraining and a released folder below
`DIR/models`. What is there already is not made again, so a run that was stopped goes on.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from medbert import pretrain, release, tokenizer, tokens
from medbert.arguments import positive_integer, positive_number
from medbert.config import RECIPES
from medbert.tokens import open_tokens
from schemas.manifest import VARIANTS


def unigram_entropy(counts: np.ndarray) -> float:
    """Return the entropy (nats) of single tokens that occur `counts` times: the loss of knowing no context."""
    share = counts[counts > 0] / counts.sum()
    return float(-(share * np.log(share)).sum())


def stages(parsed: argparse.Namespace, variant: str) -> list[tuple[str, list[str]]]:
    """Return the command lines, module and arguments, that make the model of `variant`."""
    corpus, folder = parsed.corpus, str(parsed.output / "tokenizer")
    made, run = str(parsed.output / "tokens" / variant), str(parsed.output / "runs" / variant)
    budget = [f"--{name}={value}" for name in ("tokens", "minutes") if (value := getattr(parsed, name)) is not None]
    settings = [f"--tokenizer={folder}", f"--output={run}", f"--recipe={parsed.recipe}", *budget]
    return [
        ("tokens", [f"--corpus={corpus}", f"--tokenizer={folder}", f"--output={made}", f"--variant={variant}"]),
        ("pretrain", [f"--tokens-folder={made}", *settings]),
        (
            "release",
            [f"--run={run}", f"--corpus={corpus}", f"--tokenizer={folder}", f"--output={parsed.output / 'models'}"],
        ),
    ]


def summary(output: Path, variant: str) -> str:
    """Return a line that sets the losses of a run beside the unigram entropy of its tokens."""
    files = open_tokens(output / "tokens" / variant, output / "tokenizer")
    entropy = unigram_entropy(files.unigram_counts(1 << 16))
    lines = [json.loads(line) for line in (output / "runs" / variant / "log.jsonl").read_text().splitlines()]
    last = lines[-10:]
    loss = sum(line["loss"] for line in last) / len(last)
    held_out = release.last_figures(output / "runs" / variant).get("validation_loss")
    return (
        f"{variant}: loss {lines[0]['loss']:.2f} at first, {loss:.2f} at last, held-out "
        f"{'missing' if held_out is None else f'{held_out:.2f}'}, unigram entropy {entropy:.2f} nats"
    )


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = argparse.ArgumentParser(prog="python -m medbert.train", description=__doc__, allow_abbrev=False)
    parser.add_argument(
        "--corpus", default="build/corpus", metavar="DIR", help="a finished corpus (default: %(default)s)"
    )
    parser.add_argument("--output", default=Path("build"), type=Path, metavar="DIR", help="(default: %(default)s)")
    parser.add_argument("--recipe", choices=sorted(RECIPES), default="modern", help="(default: %(default)s)")
    parser.add_argument("--variant", choices=VARIANTS, help="this one alone instead of both")
    parser.add_argument(
        "--vocabulary-size",
        type=positive_integer,
        default=tokenizer.VOCABULARY_SIZE,
        metavar="N",
        help="entries at most (default: %(default)s)",
    )
    budget = parser.add_mutually_exclusive_group()
    budget.add_argument(
        "--tokens", type=positive_integer, metavar="N", help="budget of tokens for each model instead of the recipe's"
    )
    budget.add_argument(
        "--minutes",
        type=positive_number,
        metavar="N",
        help="budget of time for each model; the schedule is completed within it",
    )
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns 0, or the exit code of the stage that failed."""
    parsed = build_parser().parse_args(arguments)
    folder = parsed.output / "tokenizer"
    if not (folder / "tokenizer.json").is_file():
        size = f"--vocabulary-size={parsed.vocabulary_size}"
        if code := tokenizer.main([f"--corpus={parsed.corpus}", f"--output={folder}", size]):
            return code
    mains = {"tokens": tokens.main, "pretrain": pretrain.main, "release": release.main}
    for variant in [parsed.variant] if parsed.variant else VARIANTS:
        for stage, command in stages(parsed, variant):
            if code := mains[stage](command):
                return code
        print(summary(parsed.output, variant), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
