"""What an example and a benchmark's splits are, and the checks that every benchmark passes."""

import hashlib
import json
from collections import Counter
from dataclasses import dataclass, field, replace

import numpy as np

from medbert import leakage

KINDS = ("multi_label", "multi_class", "ner")
SPLITS = ("train", "valid", "test")
LEAKS = ("drop", "refuse", "keep")
SHORT = 5
"""Sentences of fewer words may recur over the splits of an entity benchmark."""


@dataclass(frozen=True, slots=True)
class Example:
    """A text with its labels, or words with one IOB2 tag each; `group` is its patient or document, if known."""

    text: str = field(repr=False)
    labels: tuple[str, ...] = ()
    words: tuple[str, ...] = field(default=(), repr=False)
    group: str = ""


@dataclass(frozen=True, slots=True)
class Splits:
    """A benchmark. `labels` are what a model can predict (of NER: entity types); `warnings` what a reader should know.

    `labels` never depends on the test split: a label that only the test has is in `unseen`.
    """

    kind: str
    labels: tuple[str, ...]
    train: tuple[Example, ...]
    valid: tuple[Example, ...]
    test: tuple[Example, ...]
    unseen: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    def fingerprint(self) -> str:
        """Return a digest of everything that an evaluation depends on."""
        digest = hashlib.blake2b(json.dumps([self.kind, self.labels]).encode(), digest_size=16)
        for name in SPLITS:
            for example in getattr(self, name):
                digest.update(json.dumps([name, example.text, example.labels, example.words, example.group]).encode())
        return digest.hexdigest()


def types_of(example: Example, kind: str) -> set[str]:
    """Return the labels of an example, or the entity types of its tags."""
    return {tag[2:] for tag in example.labels if tag != "O"} if kind == "ner" else set(example.labels)


def new_splits(kind: str, files: dict[str, list[Example]], labels: tuple[str, ...] | None, notes: list[str]) -> Splits:
    """Return the splits of what was read from `files`, by split name; split what the benchmark leaves whole.

    Without a test file a fifth of the groups, chosen by the digest of their names, becomes the test; without
    a validation file likewise a fifth of train; without a train file (dev and test only) four fifths of dev.
    Raises ValueError where a split has no example.
    """
    files, notes = {name: list(files.get(name, ())) for name in SPLITS}, list(notes)
    if not files["train"] and files["valid"]:
        files["train"], files["valid"] = files["valid"], []
        notes.append("no file for this benchmark's train split: that of the validation split was taken")
    for part in ("test", "valid"):
        if not files[part] and files["train"]:
            files["train"], files[part] = split_groups(files["train"], part)
            notes.append(f"no file for this benchmark's {part} split: a fifth of the others was taken")
    for name, examples in files.items():
        if not examples:
            raise ValueError(f"split {name}: no example in it; at least one is needed in each of {', '.join(SPLITS)}")
    seen = {label for name in ("train", "valid") for example in files[name] for label in types_of(example, kind)}
    test = {label for example in files["test"] for label in types_of(example, kind)}
    known = tuple(sorted(seen)) if labels is None else labels
    if unknown := sorted(seen - set(known)):
        raise ValueError(f"labels {', '.join(unknown)} are none of this benchmark's: {', '.join(known)}")
    if not known:
        raise ValueError("no label in the training and validation splits")
    train, valid, held_back = (tuple(files[name]) for name in SPLITS)
    return Splits(kind, known, train, valid, held_back, tuple(sorted(test - set(known))), tuple(notes))


def split_groups(examples: list[Example], salt: str) -> tuple[list[Example], list[Example]]:
    """Return four fifths and one fifth of `examples`; those of one group stay together."""
    keys = [example.group or f"{example.text}\0{example.words}" for example in examples]
    order = sorted(set(keys), key=lambda key: hashlib.blake2b(f"{salt}\0{key}".encode(), digest_size=16).digest())
    taken = set(order[: max(1, round(len(order) / 5))]) if len(order) > 1 else set()
    rest = [example for example, key in zip(examples, keys, strict=True) if key not in taken]
    return rest, [example for example, key in zip(examples, keys, strict=True) if key in taken]


def shorten(splits: Splits, limit: int | None) -> Splits:
    """Return `splits` with at most the first `limit` examples of each; the warnings say so."""
    if limit is None:
        return splits
    parts = {name: getattr(splits, name)[:limit] for name in SPLITS}
    return replace(splits, **parts, warnings=(*splits.warnings, f"only the first {limit} examples of each split"))


def prepare(splits: Splits, leaks: str = "drop") -> Splits:
    """Return `splits` after the checks for leaks and for labels, with what they found as warnings.

    An example that stands in a later split too is dropped from the earlier one ("drop"), so that the test
    stays as published; "keep" only warns. Raises ValueError on "refuse", or where nothing is left.
    """
    if leaks not in LEAKS:
        raise ValueError(f"leaks {leaks}: one of {', '.join(LEAKS)}")
    notes, kept = list(splits.warnings), {name: getattr(splits, name) for name in SPLITS}
    for early, late in (("valid", "test"), ("train", "valid"), ("train", "test")):
        found = leaks_between(kept[early], kept[late], splits.kind)
        if not found:
            continue
        what = ", ".join(f"{count} {reason}" for reason, count in sorted(Counter(found.values()).items()))
        if leaks == "refuse":
            raise ValueError(f"{early} leaks into {late}: {what}; clean the data or choose --leaks drop")
        notes.append(f"{early} leaks into {late}: {what} ({'dropped from ' + early if leaks == 'drop' else 'kept'})")
        if leaks == "drop":
            kept[early] = tuple(example for place, example in enumerate(kept[early]) if place not in found)
        if not kept[early]:
            raise ValueError(f"split {early}: all examples also stand in {late}")
    return replace(splits, **kept, warnings=(*notes, *label_warnings(replace(splits, **kept))))


def leaks_between(early: tuple[Example, ...], late: tuple[Example, ...], kind: str) -> dict[int, str]:
    """Return which examples of `early` leak into `late`, by position, and how."""
    short = SHORT if kind == "ner" else 0
    places = [i for i, example in enumerate(early) if len(example.text.split()) >= short]
    others = [example for example in late if len(example.text.split()) >= short]
    found = leakage.find_leaks(
        [early[i].text for i in places],
        [early[i].group for i in places],
        [example.text for example in others],
        [example.group for example in others],
    )
    return {places[i]: reason for i, reason in found.items()}


def label_warnings(splits: Splits) -> list[str]:
    """Return warnings of labels that training lacks, or that the test has in none or all of its examples."""
    notes = [f"only in the test, so never predicted: {', '.join(splits.unseen)}"] if splits.unseen else []
    counts = {
        name: Counter(label for example in getattr(splits, name) for label in types_of(example, splits.kind))
        for name in SPLITS
    }
    if absent := [label for label in splits.labels if not counts["train"][label]]:
        notes.append(f"without an example in training: {', '.join(absent)}")
    if empty := [label for label in splits.labels if not counts["test"][label]]:
        undefined = "F1 0" if splits.kind == "ner" else "AUROC undefined, F1 0"
        notes.append(f"without an example in the test, {undefined}: {', '.join(empty)}")
    if splits.kind == "multi_label":
        full = [label for label in splits.labels if counts["test"][label] == len(splits.test)]
        if full:
            notes.append(f"in every example of the test, AUROC undefined: {', '.join(full)}")
    return notes


def label_table(examples: tuple[Example, ...], labels: tuple[str, ...]) -> np.ndarray:
    """Return bool [examples, labels]."""
    return np.array([[label in example.labels for label in labels] for example in examples], bool).reshape(
        len(examples), len(labels)
    )
