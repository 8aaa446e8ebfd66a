"""Speed and recall of the default engine beside stock Presidio for German, on the same letters in one run.

    python -m tests.benchmarks.deidentify [--cross-validate]

All read the golden letters and, where they are, the development letters. They take turns every few letters, processor
time counts, and of the rounds over some letters the fastest stands for each, so that a busy machine slows all alike.
Stock Presidio: language de, a blank spaCy tokenizer, all its German recognizers on.
With --cross-validate the recall of rules, tagger and both on the development letters is printed, by taggers that have
not seen the letter; takes minutes.
"""

import argparse
import json
import logging
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.benchmarks.report import report
from tests.conftest import SHARED

ROUNDS = 7
TURN = 10  # letters that one engine reads before the next reads them too
GOLDEN = Path(__file__).parents[1] / "golden" / "phi" / "letters.jsonl"
DEVELOPMENT = SHARED / "data" / "phi" / "grascco_dev" / "dev.jsonl"
NEUTRAL = "NAME_TITLE"
STARTUP = "from pipelines.recognizers import find; find('Frau Xaviera Klabauter')"

Span = tuple[int, int]
Find = Callable[[str], list[Span]]


def read(path: Path) -> list[dict[str, Any]]:
    """Return the annotated letters of a JSON Lines file; none where it is absent."""
    if not path.is_file():
        return []
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def presidio() -> Find:
    """Return stock Presidio for German as a function from a text to spans."""
    import spacy
    from presidio_analyzer import AnalyzerEngine, RecognizerRegistry, predefined_recognizers
    from presidio_analyzer.nlp_engine import SpacyNlpEngine

    class Blank(SpacyNlpEngine):
        """A spaCy engine that only tokenises."""

        def __init__(self) -> None:
            super().__init__(models=[{"lang_code": "de", "model_name": "blank"}])
            self.nlp = {"de": spacy.blank("de")}

    logging.getLogger("tldextract").setLevel(logging.CRITICAL)  # it logs that it has no network
    registry = RecognizerRegistry(supported_languages=["de"])
    registry.load_predefined_recognizers(languages=["de"])
    for name in sorted(vars(predefined_recognizers)):
        if name.startswith("De") and name.endswith("Recognizer"):
            registry.add_recognizer(getattr(predefined_recognizers, name)(supported_language="de"))
    engine = AnalyzerEngine(registry=registry, nlp_engine=Blank(), supported_languages=["de"])
    return lambda text: [(found.start, found.end) for found in engine.analyze(text, language="de")]


def default() -> Find:
    """Return our engine as a function from a text to spans."""
    from pipelines.recognizers import find

    return lambda text: [(found.start, found.end) for found in find(text)]


def whole() -> Find:
    """Return the whole of de-identification, surrogates and the scan of the output included, as such a function."""
    from pipelines.anonymise import Anonymisation, Anonymiser
    from schemas.document import RawDocument

    anonymiser = Anonymiser(Anonymisation(key=bytes(32)))

    def find(text: str) -> list[Span]:
        found = anonymiser.examine(RawDocument("electronic_health_records", "", text))[1]
        return [(span.begin, span.end) for span in found]

    return find


def characters(text: str, spans: list[Span]) -> set[int]:
    """Return the indices of the letters and digits within spans."""
    return {index for begin, end in spans for index in range(begin, end) if text[index].isalnum()}


def recall(letters: list[dict[str, Any]], found: dict[str, list[Span]]) -> tuple[float, float]:
    """Return the share of entities that are wholly covered, and of other letters and digits that are covered too."""
    hit = total = masked = clear = 0
    for letter in letters:
        text, mask = letter["text"], characters(letter["text"], found[letter["id"]])
        spans = [(entity["begin"], entity["end"]) for entity in letter["entities"]]
        outside = characters(text, [(0, len(text))]) - characters(text, spans)
        masked, clear = masked + len(mask & outside), clear + len(outside)
        for entity in letter["entities"]:
            if entity["label"] != NEUTRAL:
                total += 1
                hit += characters(text, [(entity["begin"], entity["end"])]) <= mask
    return hit / total, masked / clear


def seconds(find: Find, letters: list[dict[str, Any]]) -> float:
    """Return the processor time of one round over letters."""
    begin = time.process_time()
    for letter in letters:
        find(letter["text"])
    return time.process_time() - begin


def startup() -> float:
    """Return the processor seconds from the start of a fresh interpreter to the first result, imports included."""
    code = f"import time; {STARTUP}; print(time.process_time())"
    return float(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout)


def cross_validate() -> None:
    """Print recall by rules, tagger and both, the tagger trained without the letter's fold or any letter by its hand.

    On the development letters ("given") and those of scripts/tagger_letters; also with made-up names, and without the
    titles before them: what nobody has tuned for.
    """
    script = Path(__file__).parents[2] / "scripts" / "train_tagger.py"
    command = [sys.executable, str(script), "--letters", str(DEVELOPMENT), "--cross-validate", "4"]
    environment = {**os.environ, "PYTHONPATH": str(script.parents[1])}
    output = subprocess.run(command, capture_output=True, text=True, check=True, env=environment).stdout
    letters = [json.loads(line) for line in output.splitlines()]
    for name, variant in dict.fromkeys((letter["set"], letter["variant"]) for letter in letters):
        read = [letter for letter in letters if (letter["set"], letter["variant"]) == (name, variant)]
        for engine in read[0]["found"]:
            found = recall(read, {letter["id"]: letter["found"][engine] for letter in read})
            report(f"{name}, {variant}, {engine}: entity recall", found[0], "share")
            report(f"{name}, {variant}, {engine}: over-masking", found[1], "share")


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cross-validate", action="store_true")
    if parser.parse_args().cross_validate:
        cross_validate()
        return
    letters = read(GOLDEN) + read(DEVELOPMENT)
    words = sum(len(letter["text"].split()) for letter in letters)
    start = startup()
    engines = {"default": default(), "presidio": presidio(), "whole": whole()}
    total = dict.fromkeys(engines, 0.0)
    for begin in range(0, len(letters), TURN):
        turns = [
            {name: seconds(find, letters[begin : begin + TURN]) for name, find in engines.items()}
            for _ in range(ROUNDS)
        ]
        for name in engines:
            total[name] += min(turn[name] for turn in turns)
    speed = {name: words / total[name] for name in engines}
    found = {name: {letter["id"]: find(letter["text"]) for letter in letters} for name, find in engines.items()}
    ours, stock = recall(letters, found["default"]), recall(letters, found["presidio"])
    report(
        "de-identification: words per CPU second",
        speed["default"],
        "words/s",
        "presidio",
        speed["default"] / speed["presidio"],
    )
    report(
        "de-identification with surrogates and output scan: words per CPU second",
        speed["whole"],
        "words/s",
        "presidio",
        speed["whole"] / speed["presidio"],
    )
    report("presidio: words per CPU second", speed["presidio"], "words/s")
    report("de-identification: entity recall", ours[0], "share", "presidio", ours[0] / stock[0])
    report("presidio: entity recall", stock[0], "share")
    report("de-identification: over-masking", ours[1], "share")
    report("presidio: over-masking", stock[1], "share")
    report("de-identification: start-up", start, "CPU s")


if __name__ == "__main__":
    main()
