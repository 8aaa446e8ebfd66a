"""Read the golden cases of personal information and tell which fail."""

import json
import re
from pathlib import Path

from pipelines.recognizers import find

FOLDER = Path(__file__).parents[2] / "golden" / "phi"
MARK = re.compile(r"\{([A-Z_]+)\|([^}]*)\}")
NEUTRAL = "NAME_TITLE"
"""What may be masked or not: academic titles."""
SAME = ({"DATE", "DATE_OF_BIRTH"}, {"PHONE", "FAX"}, {"HOSPITAL", "ORGANIZATION"})


def known_failures() -> list[str]:
    """Return what is known to fail."""
    return (FOLDER / "known_failures.txt").read_text(encoding="utf-8").splitlines()


def cases() -> list[str]:
    """Return the short cases, marked."""
    return json.loads((FOLDER / "cases.json").read_text(encoding="utf-8"))


def letters(name: str = "letters") -> list[dict]:
    """Return the whole letters of a file: id, text, entities."""
    return [json.loads(line) for line in (FOLDER / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()]


def parse(case: str) -> tuple[str, list[tuple[str, int, int]]]:
    """Return the text of a marked case and its spans: label, begin, end."""
    text, spans, last = "", [], 0
    for match in MARK.finditer(case):
        text += case[last : match.start()]
        spans.append((match[1], len(text), len(text) + len(match[2])))
        text += match[2]
        last = match.end()
    return text + case[last:], spans


def letters_and_digits(text: str, begin: int, end: int) -> set[int]:
    """Return the indices of the letters and digits of a span."""
    return {index for index in range(begin, end) if text[index].isalnum()}


def passes(case: str) -> bool:
    """Tell whether all that is marked is found under its label, and nothing else."""
    text, spans = parse(case)
    found = find(text)
    masked = {index for entity in found for index in letters_and_digits(text, entity.start, entity.end)}
    wanted = {index for _, begin, end in spans for index in letters_and_digits(text, begin, end)}
    return masked == wanted and all(_has_label(found, span) for span in spans)


def _has_label(found: list, span: tuple[str, int, int]) -> bool:
    label, begin, end = span
    labels = {entity.entity_type for entity in found if entity.start < end and entity.end > begin}
    return any(label in labels or (label in same and labels & same) for same in ({label}, *SAME))


def leaks(letter: dict) -> list[str]:
    """Return the entities of a letter that are not wholly covered, as id, label and text."""
    text = letter["text"]
    masked = {i for entity in find(text) for i in letters_and_digits(text, entity.start, entity.end)}
    return [
        f"{letter['id']} {entity['label']} {text[entity['begin'] : entity['end']]}"
        for entity in letter["entities"]
        if entity["label"] != NEUTRAL and not letters_and_digits(text, entity["begin"], entity["end"]) <= masked
    ]


def over_masking(letter: dict) -> float:
    """Return the share of letters and digits outside all entities that is masked."""
    text = letter["text"]
    masked = {i for entity in find(text) for i in letters_and_digits(text, entity.start, entity.end)}
    truth = {i for e in letter["entities"] for i in letters_and_digits(text, e["begin"], e["end"])}
    clear = letters_and_digits(text, 0, len(text)) - truth
    return len(masked & clear) / len(clear)


def recall(letters: list[dict]) -> float:
    """Return the share of the entities of letters that is wholly covered."""
    entities = sum(entity["label"] != NEUTRAL for letter in letters for entity in letter["entities"])
    return 1 - sum(len(leaks(letter)) for letter in letters) / entities
