"""Train the tagger on synthetic letters and, if given, on annotated letters; or cross-validate it on these.

    python scripts/train_tagger.py [--letters FILE.jsonl ...] [--synthetic 400] [--cross-validate 4]

FILE holds one document a line: {"id", "text", "entities": [{"begin", "end", "label"}]}; labels of the GeMTeX guideline
(NAME_PATIENT, LOCATION_CITY, ...) are mapped to ours. Without --cross-validate the model is written to
pipelines/recognizers/models/clinical.crfsuite. Two runs give the same model.
"""

import argparse
import json
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pycrfsuite

from pipelines.recognizers import tagger
from pipelines.recognizers.features import features
from pipelines.recognizers.tokens import Tokens

OURS = {
    "NAME_PATIENT": "PERSON", "NAME_DOCTOR": "PERSON", "NAME_RELATIVE": "PERSON", "NAME_EXT": "PERSON",
    "NAME_OTHER": "PERSON", "LOCATION_CITY": "CITY", "LOCATION_STREET": "CITY", "LOCATION_ZIP": "CITY",
    "LOCATION_COUNTRY": "CITY", "LOCATION_STATE": "CITY", "LOCATION_OTHER": "CITY", "LOCATION_HOSPITAL": "HOSPITAL",
    "LOCATION_ORGANIZATION": "HOSPITAL", "STREET": "CITY", "ZIP": "CITY", "COUNTRY": "CITY",
    "ORGANIZATION": "HOSPITAL", "DATE_OF_BIRTH": "DATE",
}  # fmt: skip
SYNTHETIC_SEED = 7
PARAMETERS = {"c1": 0.05, "c2": 0.02, "max_iterations": 60, "feature.possible_transitions": True}

Document = dict[str, Any]


def labels(tokens: Tokens, entities: Iterable[dict[str, Any]]) -> list[str]:
    """Return one label a token; contacts and user names, which the rules find, are outside."""
    tagged = ["O"] * len(tokens)
    for entity in entities:
        label = OURS.get(entity["label"], entity["label"])
        if label in (*tagger.ENTITIES, "AGE", "DATE"):
            for index, (start, end) in enumerate(zip(tokens.starts, tokens.ends, strict=True)):
                if start < entity["end"] and end > entity["begin"]:
                    tagged[index] = label
    return tagged


def train(documents: Iterable[Document], path: Path) -> None:
    """Train on documents and write the model."""
    trainer = pycrfsuite.Trainer(algorithm="lbfgs", verbose=False)
    for document in documents:
        tokens = Tokens(document["text"])
        if len(tokens):
            trainer.append(features(tokens, 0, len(tokens)), labels(tokens, document["entities"]))
    trainer.set_params(PARAMETERS)
    trainer.train(str(path))


def synthetic(count: int) -> Iterator[Document]:
    """Yield generated letters with their gold spans."""
    from pipelines.sampling.letters import letters

    for text, spans in letters(count, SYNTHETIC_SEED):
        yield {"text": text, "entities": [{"begin": begin, "end": end, "label": label} for begin, end, label in spans]}


def read_letters(paths: Iterable[Path]) -> list[Document]:
    """Return the annotated letters of JSON Lines files."""
    return [json.loads(line) for path in paths for line in path.read_text(encoding="utf-8").splitlines() if line]


def tag_alone(document: Document) -> list[dict[str, int]]:
    """Return what the tagger alone finds."""
    return [{"begin": found.start, "end": found.end} for found in tagger.find(Tokens(document["text"]))]


def cross_validate(annotated: list[Document], generated: list[Document], folds: int, path: Path) -> None:
    """Write the tagger's findings on each fold, by a model that has not seen it, as JSON Lines to standard output."""
    for fold in range(folds):
        seen = [document for index, document in enumerate(annotated) if index % folds != fold]
        train([*seen, *generated], path)
        tagger.MODEL = path
        tagger.model.cache_clear()
        for document in annotated[fold::folds]:
            print(json.dumps({"id": document["id"], "entities": tag_alone(document)}))


def main() -> None:
    """Train and write the model, or cross-validate."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--letters", type=Path, nargs="*", default=[])
    parser.add_argument("--synthetic", type=int, default=400)
    parser.add_argument("--cross-validate", type=int, default=0, metavar="FOLDS")
    parser.add_argument("--output", type=Path, default=tagger.MODEL)
    arguments = parser.parse_args()
    annotated, generated = read_letters(arguments.letters), list(synthetic(arguments.synthetic))
    if arguments.cross_validate:
        cross_validate(annotated, generated, arguments.cross_validate, arguments.output.with_suffix(".fold"))
        return
    train([*annotated, *generated], arguments.output)
    print(f"{arguments.output}: {arguments.output.stat().st_size} bytes", file=sys.stderr)


if __name__ == "__main__":
    main()
