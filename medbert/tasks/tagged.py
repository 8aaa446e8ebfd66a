"""Reading words with tags: CoNLL columns, JSON with tokens and tags or with standoff, compressed or not."""

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from medbert.tasks.examples import Example
from medbert.tasks.files import kind_of, read_text, split_files
from medbert.tasks.standoff import from_standoff, plain, spans_of

BLANK = re.compile(r"\s*")
TAG = re.compile(r"O|[BIESLUM]-\S.*")
LONGEST = 200
"""Words of a sentence at most, where a file has no sentence breaks."""
SUFFIXES = (".conll", ".conll2003", ".conllu", ".tsv", ".txt", ".bio", ".iob", ".iob2", ".json", ".jsonl")


def to_iob2(tags: Sequence[str], place: str) -> list[str]:
    """Return IOB1, IOB2, IOBES or BILOU `tags` as IOB2. Raises ValueError naming `place` on anything else."""
    result, before = [], "O"
    for tag in tags:
        if not TAG.fullmatch(tag):
            raise ValueError(f"{place}: a tag that is none of O, B-, I-, E-, S-, L-, U-, M- with a type")
        inside = tag[0] in "IELM" and before != "O" and before[2:] == tag[2:]
        result.append(tag if tag == "O" else f"{'I' if inside else 'B'}-{tag[2:]}")
        before = "O" if tag[0] in "ESLU" else tag
    return result


def example(words: Sequence[str], tags: Sequence[str], place: str, group: str = "") -> Example:
    """Return an example of words and tags. Raises ValueError where they do not fit."""
    if len(words) != len(tags):
        raise ValueError(f"{place}: {len(words)} tokens but {len(tags)} tags")
    return Example(" ".join(words), tuple(to_iob2(tags, place)), tuple(words), group)


def read_conll(path: Path, word: int | None = None, tag: int = -1) -> list[Example]:
    """Return the sentences of a CoNLL file: a token a line, an empty line after each sentence.

    `word` and `tag` are the columns; without `word` it is the first, or the second where the first counts the
    tokens. Comments (# before a tab or space) and -DOCSTART- lines are skipped.
    Raises ValueError naming the line that has no tag.
    """
    examples, words, tags = [], [], []
    lines = read_text(path).split("\n")
    if word is None:
        first = next((line.split() for line in lines if line.strip() and line[0] not in "#-"), [])
        word = 1 if len(first) > 2 and first[0] == "1" else 0
    for number, line in enumerate([*lines, ""], 1):
        cells = line.split("\t") if "\t" in line else line.split()
        if not line.strip() or line.startswith("-DOCSTART-") or (cells[0].strip() == "#" and len(cells) != 2):
            if words:
                examples.append(example(words, tags, f"{path}: sentence before line {number}"))
            words, tags = [], []
        elif len(cells) < 2 or len(cells) <= word:
            raise ValueError(f"{path}: line {number}: a token without tag")
        else:
            words.append(cells[word].strip())
            tags.append(cells[tag].strip())
    return examples


def cut_sentences(whole: Example) -> list[Example]:
    """Return the sentences of a text without sentence breaks: up to a full stop, `LONGEST` words, no entity cut."""
    sentences, first = [], 0
    for place, word in enumerate(whole.words, 1):
        over = word in {".", "!", "?"} or place - first >= LONGEST
        if place == len(whole.words) or (over and not whole.labels[place].startswith("I-")):
            words = whole.words[first:place]
            sentences.append(Example(" ".join(words), whole.labels[first:place], words, whole.group))
            first = place
    return sentences


def read_json(path: Path) -> list[Any]:
    """Return the records of JSON Lines, of objects one after the other, of a JSON list, or of the list in `data`.

    Raises ValueError where it is something else.
    """
    text, decode, records, place = read_text(path), json.JSONDecoder().raw_decode, [], 0
    try:
        while found := BLANK.match(text, place):
            if found.end() == len(text):
                break
            value, place = decode(text, found.end())
            records.append(value)
    except (ValueError, RecursionError):
        raise ValueError(f"{path}: not JSON or JSON Lines") from None
    if len(records) == 1 and isinstance(records[0], dict) and isinstance(records[0].get("data"), list):
        records = records[0]["data"]
    return records[0] if len(records) == 1 and isinstance(records[0], list) else records


def read_records(path: Path) -> tuple[list[Example], list[str]]:
    """Return the examples of a JSON file and warnings: records with tokens and tags, or standoff.

    Tokens and tags: {"tokens": [...], "tags" or "ner_tags": [...]}. Standoff: {"text", "spans" or "entities":
    [{"start", "end", "label"}]}, offsets in characters; each line of the text becomes one example. Standoff in the
    Avro schema of MobIE and SmartData has "conceptMentions" with {"span": {"start", "end"}, "type"}.
    """
    examples, moved, dropped = [], 0, 0
    for number, record in enumerate(read_json(path), 1):
        place = f"{path}: record {number}"
        if not isinstance(record, dict):
            raise ValueError(f"{place}: not an object")  # noqa: TRY004
        record = {name: plain(value) for name, value in record.items()}
        group = str(record.get("patient") or record.get("id") or record.get("document") or "")
        tags = record.get("tags", record.get("ner_tags"))
        words = record.get("tokens", record.get("words"))
        if isinstance(tags, list) and isinstance(words, list):
            if words:
                examples.append(example([str(word) for word in words], [str(tag) for tag in tags], place, group))
        elif isinstance(record.get("text"), str):
            lines, changed, left = from_standoff(record["text"], spans_of(record, place), group or place)
            examples += lines
            moved, dropped = moved + changed, dropped + left
        else:
            raise ValueError(f"{place}: neither tokens and tags nor text with spans")  # noqa: TRY004
    notes = [f"{path.name}: {moved} spans widened to whole tokens"] if moved else []
    return examples, notes + ([f"{path.name}: {dropped} spans overlap others and were left out"] if dropped else [])


def read_tagged(folder: Path, word: int | None = None, tag: int = -1) -> tuple[dict[str, list[Example]], list[str]]:
    """Return the examples by split, and warnings, of a folder (or file) of CoNLL or JSON files."""
    files, notes = {}, []
    for split, path in split_files(folder, SUFFIXES).items():
        if kind_of(path)[1] in (".json", ".jsonl"):
            files[split], found = read_records(path)
            notes += found
            continue
        files[split] = read_conll(path, word, tag)
        if len(files[split]) == 1 and len(files[split][0].words) > LONGEST:
            files[split] = cut_sentences(files[split][0])
            notes.append(f"{path.name}: no sentence breaks in it; cut after full stops and {LONGEST} words")
    return files, notes
