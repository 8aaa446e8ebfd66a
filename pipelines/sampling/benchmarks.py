"""Labelled synthetic chest reports in the formats of two closed benchmarks. They measure no clinical skill."""

import csv
import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random

from pipelines.sampling import persons, reports
from pipelines.sampling.language import compound, grammar, unmark
from pipelines.sampling.lexicon import Noun
from pipelines.sampling.reports import CHEST_CT, CHEST_XRAY, EXAMS, Exam, Finding

LABEL_NOISE = 0.02
"""Share of reports one of whose labels is wrong: dropped, or one added."""
DOCUMENTS = 5462
"""The published chest CT benchmark: 4,369 reports to train, 546 to validate, 547 to test."""
_SHARES = {"train": 4369, "valid": 546, "test": 547}
_DEVICES = ("zvk", "magensonde", "tubus")


@dataclass(frozen=True, slots=True)
class Benchmark:
    """An examination, its topics, how each is labelled and how often each is found."""

    exam: Exam
    labels: Sequence[str]
    rates: Sequence[float]


CHEST_XRAY_LABELS = ("Stauung", "Verschattung", "Erguss", "Pneumothorax", "Thoraxdrainage", "ZVK", "Magensonde")
CHEST_XRAY_LABELS += ("Tubus", "Materialfehllage")
CHEST_CT_LABELS = tuple(topic.replace("oe", "ö").capitalize() for topic in CHEST_CT)
_CT_RATES = (0.34, 0.06, 0.28, 0.16, 0.18, 0.1, 0.3, 0.14, 0.12, 0.2, 0.3, 0.12, 0.07, 0.09, 0.14, 0.2, 0.05, 0.22)
_CT_RATES += (0.1, 0.07, 0.06, 0.08, 0.09, 0.2)
BENCHMARKS = {
    "chest_ct": Benchmark(EXAMS[2], CHEST_CT_LABELS, _CT_RATES),
    "chest_xray": Benchmark(EXAMS[0], CHEST_XRAY_LABELS, (0.38, 0.4, 0.42, 0.08, 0.14, 0.45, 0.25, 0.28, 0.05)),
}
_ORGANS = ("Leber", "Nieren", "Milz", "Schilddrüsen", "Nebennieren", "Pankreas", "Gallenblasen")
_INCIDENTAL_STEMS = {
    "vessel": ("Milzvenen", "Nierenarterien", "Mesenterial", "Subklavia"),
    "bone": ("Klavikula", "Humerus", "Skapula"),
}
_TOPICS = {"chest_ct": CHEST_CT, "chest_xray": CHEST_XRAY}
_README = """# {name}: synthetic reports

{documents:,} synthetic radiology reports with {labels} labels, by `python -m pipelines.samples --benchmark {name}`.
No report is of a real patient. In {noise:.1%} of the reports one label is wrong. Figures on them show that an
evaluation works; they say nothing of how well a model reads real reports.
"""


def labelled(name: str, rng: Random, noise: float = LABEL_NOISE) -> tuple[str, list[str]]:
    """Return a report of the benchmark `name` and its labels.

    A topic is found, denied, or not mentioned; findings recur in the assessment. Denials, resolved
    findings and comparisons with earlier images are part of the text and give no label.
    """
    benchmark, topics = BENCHMARKS[name], _TOPICS[name]
    rules, day = grammar(), persons.random_date(rng, 2010, 2023)
    values = replace(reports.report_values(benchmark.exam, day, rng), theme=_incidental(rng), faith=1.0)
    found: dict[str, Finding] = {}
    sentences: list[tuple[str, str]] = []
    for topic, rate in sorted(zip(topics, benchmark.rates, strict=True), key=lambda _: rng.random()):
        if rng.random() < rate:
            found[topic] = Finding(topic, reports.sided(values, rng))
            sentences.append((topic, rules.sentence(f"rad.{topic}.pos", rng, found[topic].values)))
        elif rng.random() < 0.6:
            sentences.append((topic, rules.sentence(f"rad.{topic}.neg", rng, values)))
    positive = set(found)
    if "materialfehllage" in found:
        text = next(text for topic, text in sentences if topic == "materialfehllage").casefold()
        misplaced = {device for device in _DEVICES if device in text}
        sentences = [(topic, text) for topic, text in sentences if topic not in misplaced or topic in found]
        positive |= misplaced
    texts = [text for _, text in sentences]
    reports.pad(texts, benchmark.exam, rng, values, set())
    summary = reports.assessment(list(found.values()), rng, values)
    text = f"Befund: {' '.join(texts)}\nBeurteilung: {' '.join(summary)}"
    names = [label for topic, label in zip(topics, benchmark.labels, strict=True) if topic in positive]
    return unmark(text)[0], _noisy(names, benchmark.labels, noise, rng)


def _incidental(rng: Random) -> dict[str, tuple[Noun, ...]]:
    """Return nouns for incidental findings that no label means."""
    nouns = grammar().lexicon.nouns
    heads = {
        "pathology": ("zyste", "verkalkung", "atrophie", "hypertrophie", "vergrößerung", "adenom"),
        "intervention": ("resektion", "biopsie", "sonographie", "operation"),
        "structure": ("rand", "kapsel", "kontur", "loge", "pol"),
        "vessel": ("stenose", "elongation", "sklerose"),
        "bone": ("osteosynthese", "fehlstellung", "fissur"),
    }
    classes = {"pathology": "head.pathology", "intervention": "head.procedure", "structure": "head.structure"}
    return {
        name: tuple(
            compound(persons.choose(rng, _INCIDENTAL_STEMS.get(name, _ORGANS)), head)
            for head in nouns[classes.get(name, f"head.{name}")]
            if head.singular in singulars
        )
        for name, singulars in heads.items()
    }


def _noisy(names: list[str], labels: Sequence[str], noise: float, rng: Random) -> list[str]:
    if rng.random() >= noise:
        return names
    wrong = labels[int(rng.random() * len(labels))] if not names or rng.random() < 0.5 else names[0]
    return [label for label in labels if (label in names) != (label == wrong)]


def examples(name: str, documents: int, seed: int, noise: float = LABEL_NOISE) -> Iterator[tuple[str, list[str]]]:
    """Yield `documents` labelled reports, no two with the same text."""
    seen: set[bytes] = set()
    number = 0
    while len(seen) < documents:
        text, labels = labelled(name, Random(f"{seed}/benchmark/{name}/{number}"), noise)
        number += 1
        digest = hashlib.blake2b(text.encode(), digest_size=12).digest()
        if digest not in seen:
            seen.add(digest)
            yield text, labels


def split_sizes(documents: int) -> dict[str, int]:
    """Return how many documents each split has, in the published proportions."""
    valid = documents * _SHARES["valid"] // DOCUMENTS
    test = documents * _SHARES["test"] // DOCUMENTS
    return {"train": documents - valid - test, "valid": valid, "test": test}


def write_benchmark(name: str, output: Path, documents: int, seed: int, noise: float = LABEL_NOISE) -> None:
    """Write labelled reports as CSV: one file if `output` ends in .csv, else train, valid and test in a folder.

    chest_ct has the columns `text,labels`, the labels joined by commas; chest_xray a column a label. A
    README beside them, README.md or NAME.README.md, says that they are synthetic.
    """
    produced = examples(name, documents, seed, noise)
    readme = _README.format(name=name, documents=documents, labels=len(BENCHMARKS[name].labels), noise=noise)
    if output.suffix == ".csv":
        output.parent.mkdir(parents=True, exist_ok=True)
        output.with_suffix(".README.md").write_text(readme, "utf-8")
        _write(name, output, produced, documents)
        return
    output.mkdir(parents=True, exist_ok=True)
    (output / "README.md").write_text(readme, "utf-8")
    for split, size in split_sizes(documents).items():
        _write(name, output / f"{split}.csv", produced, size)


def _write(name: str, path: Path, produced: Iterator[tuple[str, list[str]]], size: int) -> None:
    columns = BENCHMARKS[name].labels
    with open(path, "w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(("text", "labels") if name == "chest_ct" else ("text", *columns))
        for _ in range(size):
            text, labels = next(produced)
            marks = [",".join(labels)] if name == "chest_ct" else [int(label in labels) for label in columns]
            writer.writerow((text, *marks))
