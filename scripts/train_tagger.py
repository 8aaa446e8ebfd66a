"""Train the tagger on synthetic letters and, if given, on annotated letters; or cross-validate it on these.

    python scripts/train_tagger.py [--letters FILE.jsonl ...] [--synthetic 200] [--notes 0] [--cross-validate 4]

FILE holds one document a line: {"id", "text", "entities": [{"begin", "end", "label"}]}; labels of the GeMTeX guideline
(NAME_PATIENT, LOCATION_CITY, ...) are mapped to ours. Each letter is read twice, as it is and in disguise
(scripts/disguised_letters.py); short notes (scripts/tagger_notes.py) may be added. Without --cross-validate the model
is written to pipelines/recognizers/models. Two runs give the same model. With it, a letter is read by a model that has
seen its fold in no form, and what rules, tagger and both find is written to standard output, one JSON object for each
letter and variant.
"""

import argparse
import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from disguised_letters import Disguise
from pycrfsuite import Tagger, Trainer  # pyright: ignore[reportAttributeAccessIssue]
from tagger_notes import Notes

from pipelines.recognizers import find_with, tagger
from pipelines.recognizers.crf import Crf
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
TRAINING_SEED, VALIDATION_SEED = 1, 2
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
    trainer = Trainer(algorithm="lbfgs", verbose=False)
    for document in documents:
        tokens = Tokens(document["text"])
        if len(tokens):
            trainer.append(features(tokens, 0, len(tokens)), labels(tokens, document["entities"]))
    trainer.set_params(PARAMETERS)
    with TemporaryDirectory() as folder:
        trained = f"{folder}/model"
        trainer.train(trained)
        reader = Tagger()
        reader.open(trained)
        weights = reader.info()
        Crf.save(path, weights.state_features, weights.transitions)


def synthetic(count: int) -> Iterator[Document]:
    """Yield generated letters with their gold spans."""
    from pipelines.sampling.letters import letters

    for number, (text, spans) in enumerate(letters(count, SYNTHETIC_SEED)):
        entities = [{"begin": begin, "end": end, "label": label} for begin, end, label in spans]
        yield {"id": f"synthetic {number}", "text": text, "entities": entities}


def short_notes(count: int) -> list[Document]:
    """Return short notes with their gold spans."""
    notes = Notes()
    return [notes(number, SYNTHETIC_SEED) for number in range(count)]


def read_letters(paths: Iterable[Path]) -> list[Document]:
    """Return the annotated letters of JSON Lines files."""
    return [json.loads(line) for path in paths for line in path.read_text(encoding="utf-8").splitlines() if line]


def twice(documents: Iterable[Document]) -> Iterator[Document]:
    """Yield each document as it is and in disguise."""
    disguise = Disguise()
    for document in documents:
        yield document
        yield disguise(document, TRAINING_SEED)


def findings(document: Document) -> dict[str, list[tuple[int, int]]]:
    """Return what the rules, the tagger and both find in a document."""
    finders = {"rules": partial(find_with, tag=False), "tagger": tag_alone, "both": partial(find_with, tag=True)}
    return {name: [(e.start, e.end) for e in find(document["text"])] for name, find in finders.items()}


def tag_alone(text: str) -> list[tagger.Entity]:
    """Return what the tagger alone finds."""
    return list(tagger.find(Tokens(text)))


def cross_validate(
    annotated: Sequence[Document], generated: Sequence[Document], notes: Sequence[Document], folds: int, path: Path
) -> None:
    """Write the findings in each fold, by a model that has not seen it, as JSON Lines to standard output."""
    disguise = Disguise()
    for fold in range(folds):
        seen = [document for index, document in enumerate(annotated) if index % folds != fold]
        train([*twice([*seen, *generated]), *notes], path)
        tagger.MODEL = path
        tagger.model.cache_clear()
        for document in annotated[fold::folds]:
            variants = {
                "as they are": document,
                "names made up": disguise(document, VALIDATION_SEED, announced=True),
                "names made up, titles left out": disguise(document, VALIDATION_SEED),
            }
            for variant, letter in variants.items():
                print(json.dumps({**letter, "variant": variant, "found": findings(letter)}))


def main() -> None:
    """Train and write the model, or cross-validate."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--letters", type=Path, nargs="*", default=[])
    parser.add_argument("--synthetic", type=int, default=200)
    parser.add_argument("--notes", type=int, default=0)
    parser.add_argument("--cross-validate", type=int, default=0, metavar="FOLDS")
    parser.add_argument("--output", type=Path, default=tagger.MODEL)
    arguments = parser.parse_args()
    annotated, generated = read_letters(arguments.letters), list(synthetic(arguments.synthetic))
    notes = short_notes(arguments.notes)
    if arguments.cross_validate:
        with TemporaryDirectory() as folder:
            cross_validate(annotated, generated, notes, arguments.cross_validate, Path(folder) / "fold.npz")
        return
    train([*twice([*annotated, *generated]), *notes], arguments.output)
    print(f"{arguments.output}: {arguments.output.stat().st_size} bytes", file=sys.stderr)


if __name__ == "__main__":
    main()
