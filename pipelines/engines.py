"""Stronger engines for those who have them on disk: spaCy pipelines and transformers token classifiers.

They work in union with the recognizers. Nothing is downloaded: a name is a path, and what does not load ends the run.
"""

import os
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

_SCORE = 0.5
_CHARACTERS = 500
"""Characters of a piece given to a transformer: never more than 512 tokens, so that nothing is cut off unseen."""
_OVERLAP = 100
_BATCH = 16
_LABELS = {
    "PER": "PERSON",
    "PERSON": "PERSON",
    "NAME": "PERSON",
    "LOC": "CITY",
    "LOCATION": "CITY",
    "GPE": "CITY",
    "CITY": "CITY",
    "STREET": "STREET",
    "ZIP": "ZIP",
    "COUNTRY": "COUNTRY",
    "HOSPITAL": "HOSPITAL",
    "ORG": "ORGANIZATION",
    "ORGANIZATION": "ORGANIZATION",
    "DATE": "DATE",
    "AGE": "AGE",
    "ID": "ID",
    "PHONE": "PHONE",
    "FAX": "FAX",
    "EMAIL": "EMAIL",
    "URL": "URL",
    "USERNAME": "USERNAME",
    "PROFESSION": "PROFESSION",
}


class Found(NamedTuple):
    """What an engine found; the names of the fields are those of presidio's RecognizerResult."""

    start: int
    end: int
    entity_type: str
    score: float
    recognizer: str


Engine = Callable[[str], list[Found]]


def load_engine(name: str) -> Engine:
    """Return the engine that `name`, "spacy:PATH" or "transformers:PATH", stands for.

    Raises ValueError naming the engine where its package or its model is missing or finds nothing that we know.
    """
    kind, _, path = name.partition(":")
    loaders = {"spacy": _load_spacy, "transformers": _load_transformers}
    if kind not in loaders or not path:
        raise ValueError(f"--ner {name}: not of the form spacy:PATH or transformers:PATH")
    if not os.path.isdir(path):
        raise ValueError(f"--ner {name}: no folder {path}")
    try:
        return loaders[kind](path, name)
    except ImportError as error:
        raise ValueError(f"--ner {name}: the package {error.name} is not installed") from None
    except (OSError, ValueError, KeyError) as error:
        raise ValueError(f"--ner {name}: cannot be loaded ({type(error).__name__}: {error})") from None


def label_of(tag: str) -> str | None:
    """Return our label for an engine's ("B-PER", "NAME_PATIENT", "LOCATION_CITY"), None for one that we do not take."""
    plain = tag.upper().removeprefix("B-").removeprefix("I-").removeprefix("S-").removeprefix("E-")
    if plain == "NAME_TITLE":
        return None
    last, first = plain.rpartition("_")[2], plain.partition("_")[0]
    return _LABELS.get(plain) or _LABELS.get(last) or _LABELS.get(first)


def _require_known(labels: Iterable[str], name: str) -> None:
    found = sorted(labels)
    if not any(label_of(label) for label in found):
        raise ValueError(f"none of its labels {found[:8]} is known")


def _load_spacy(path: str, name: str) -> Engine:
    import spacy

    pipeline = spacy.load(path)
    if "ner" not in pipeline.pipe_names:
        raise ValueError("the pipeline has no component ner")
    _require_known(pipeline.get_pipe("ner").labels, name)  # type: ignore[attr-defined]
    pipeline.max_length = 10**9

    def find(text: str) -> list[Found]:
        entities = [(e.start_char, e.end_char, label_of(e.label_)) for e in pipeline(text).ents]
        return [Found(begin, end, label, _SCORE, name) for begin, end, label in entities if label]

    return find


def _load_transformers(path: str, name: str) -> Engine:
    os.environ["HF_HUB_OFFLINE"] = "1"
    import importlib

    transformers: Any = importlib.import_module("transformers")
    torch: Any = importlib.import_module("torch")
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    device = 0 if torch.cuda.is_available() else -1
    model = transformers.AutoModelForTokenClassification.from_pretrained(path, local_files_only=True)
    tokenizer = transformers.AutoTokenizer.from_pretrained(path, local_files_only=True)
    _require_known(model.config.id2label.values(), name)
    classify = transformers.pipeline(
        "token-classification", model=model, tokenizer=tokenizer, device=device, aggregation_strategy="first"
    )

    def find(text: str) -> list[Found]:
        pieces = list(_pieces(text))
        results = classify([text[begin:end] for begin, end in pieces], batch_size=_BATCH)
        found = []
        for (begin, _), entities in zip(pieces, results, strict=True):
            for entity in entities:
                label = label_of(entity["entity_group"])
                if label:
                    place = begin + entity["start"], begin + entity["end"]
                    found.append(Found(*place, label, float(entity["score"]) * _SCORE, name))
        return found

    return find


def _pieces(text: str) -> Iterator[tuple[int, int]]:
    """Yield extents of overlapping pieces of `text`, cut at spaces."""
    begin = 0
    while begin < len(text):
        end = min(len(text), begin + _CHARACTERS)
        if end < len(text):
            space = max(text.rfind(" ", begin + _CHARACTERS // 2, end), text.rfind("\n", begin + _CHARACTERS // 2, end))
            end = space if space > 0 else end
        yield begin, end
        if end >= len(text):
            return
        begin = max(begin + 1, end - _OVERLAP)
