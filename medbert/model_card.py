"""The README.md of a released model: what it was trained on and how, what it reached, what it must not be used for."""

from collections.abc import Mapping
from typing import Any

from medbert.corpus import Corpus
from schemas.manifest import SUMMARY

FIGURES = {
    "step": ("steps", ",.0f"),
    "loss": ("training loss (nats)", ".3f"),
    "validation_loss": ("held-out loss (nats, 15 % of single tokens masked)", ".3f"),
    "validation_accuracy": ("held-out masked accuracy", ".1%"),
}
"""What is shown of a run's log, under which title and in which form."""

PHASE = {
    "length": ",",
    "tokens": ",",
    "tokens_per_step": ",",
    "learning_rate": "g",
    "warmup": ".0%",
    "final": ".0%",
}
"""What is shown of a phase, and in which form."""


def markdown_table(header: list[str], rows: list[list[str]]) -> str:
    """Return a table whose first column is text and whose others are figures."""
    lines = [header, ["---", *["--:"] * (len(header) - 1)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def corpus_table(corpus: Corpus, variant: str) -> str:
    """Return the counts of each source that has documents, the sum last."""
    found = corpus.manifest.statistics[variant]
    names = [name for name, row in found.items() if row.documents and name != SUMMARY] + [SUMMARY]
    rows = [
        [name, *(f"{count:,}" for count in (row.documents, row.sentences, row.words)), f"{row.bytes / 1e6:,.2f}"]
        for name, row in ((name, found[name]) for name in names)
    ]
    return markdown_table(["source", "documents", "sentences", "words", "MB"], rows)


def recipe_text(recipe: Mapping[str, Any], entries: int) -> str:
    """Return the recipe in words and, of its phases, as a table."""
    shape, optimiser = recipe["architecture"], recipe["optimiser"]
    phases = [
        [str(number), *(format(phase[key], form) for key, form in PHASE.items())]
        for number, phase in enumerate(recipe["phases"], 1)
    ]
    header = ["phase", "length", "tokens", "tokens a step", "peak rate", "warm-up", "final share of the rate"]
    return (
        f"`{recipe['name']}`: {shape['kind']} of {shape['layers']} layers, hidden size {shape['hidden']}, "
        f"{shape['heads']} heads, feed-forward size {shape['feed_forward']}, {shape['positions']:,} positions, dropout "
        f"{shape['dropout']:g}; {optimiser['name']} with betas {optimiser['beta1']:g} and {optimiser['beta2']:g}, "
        f"epsilon {optimiser['epsilon']:g}, weight decay {optimiser['weight_decay']:g}, gradients clipped to "
        f"{optimiser['clip']:g}; {recipe['mask_rate']:.0%} of the tokens masked "
        f"({'whole words' if recipe['whole_words'] else 'single tokens'}), documents apart, seed {recipe['seed']}. "
        f"Cased WordPiece vocabulary of {entries:,} entries, the same for both variants.\n\n"
        + markdown_table(header, phases)
    )


def model_card(
    name: str, variant: str, recipe: Mapping[str, Any], corpus: Corpus, figures: Mapping[str, float], entries: int
) -> str:
    """Return the model card: YAML header, corpus table, recipe, figures, limits, terms."""
    reached = [
        [title, format(figures[key], form) if key in figures else "missing"] for key, (title, form) in FIGURES.items()
    ]
    near = "Near-duplicates were left out. " if variant == "dedup" else "Near-duplicates are in it. "
    return f"""---
language: de
library_name: transformers
pipeline_tag: fill-mask
mask_token: "[MASK]"
tags: [medical, clinical, german, {recipe["architecture"]["kind"]}]
---

# {name}

A German medical language model, trained from scratch on the `{variant}` variant of a de-identified corpus. It guesses
masked tokens; for a task of your own it is to be fine-tuned.

```python
from transformers import pipeline

pipeline("fill-mask", model="{name}")("Kein Nachweis einer [MASK].")
```

## Training data

{corpus_table(corpus, variant)}

{near}Corpus version {corpus.manifest.version}, fingerprint
`{corpus.manifest.fingerprint}`.
Persons, dates, places, institutions, contacts and numbers were replaced before anything was written.
{corpus.held_out_share:.1%} of the documents, chosen by a hash of their ids, were not trained on; the held-out figures
are of those.

## Recipe

{recipe_text(recipe, entries)}

## Figures

{markdown_table(["figure", "value"], reached)}

## Limits and bias

- The model knows what its sources say, with their gaps: hospitals, regions, ages and sexes are not represented evenly,
  and what is rare in them is learned badly. Check it on your own patients before relying on it.
- What its texts take for granted it repeats, also what is wrong or hurtful in them.
- It gives plausible words, not medical advice, and is not a medical device.

## Terms

- De-identification is never complete. Do not try to find persons in the model, and do not publish a model that was
  trained on patient text without the consent of the data's owners and a privacy review.
- The licences of the sources bind what is trained on them.
"""
