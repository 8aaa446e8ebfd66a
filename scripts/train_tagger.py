"""Train the tagger on synthetic letters, on those of scripts/tagger_letters and on others given; or cross-validate it.

    python scripts/train_tagger.py [--letters FILE.jsonl ...] [--synthetic 200] [--cross-validate 4]

FILE holds one document a line: {"id", "text", "entities": [{"begin", "end", "label"}]}; labels of the GeMTeX guideline
(NAME_PATIENT, LOCATION_CITY, ...) are mapped to ours. Each letter is read twice, as it is and in disguise
(scripts/disguised_letters.py), and with what the rules find in it; half of that is hidden from the tagger, since in
letters that they were not written with they find less. Without --cross-validate the model is written to
pipelines/recognizers/models. Two runs give the same model. With it, a letter is read by a model that has seen in no
form its fold, or any letter by the same hand, and what rules, tagger and both find is written to standard output, one
JSON object for each letter and variant.
"""

import argparse
import json
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

from disguised_letters import Disguise
from pycrfsuite import Tagger, Trainer  # pyright: ignore[reportAttributeAccessIssue]

from pipelines.recognizers import find_with, merge, tagger
from pipelines.recognizers.crf import Crf
from pipelines.recognizers.features import features, marks
from pipelines.recognizers.tokens import Tokens

OURS = {
    "NAME_PATIENT": "PERSON", "NAME_DOCTOR": "PERSON", "NAME_RELATIVE": "PERSON", "NAME_EXT": "PERSON",
    "NAME_OTHER": "PERSON", "LOCATION_CITY": "CITY", "LOCATION_STREET": "CITY", "LOCATION_ZIP": "CITY",
    "LOCATION_COUNTRY": "CITY", "LOCATION_STATE": "CITY", "LOCATION_OTHER": "CITY", "LOCATION_HOSPITAL": "HOSPITAL",
    "LOCATION_ORGANIZATION": "HOSPITAL", "STREET": "CITY", "ZIP": "CITY", "COUNTRY": "CITY",
    "ORGANIZATION": "HOSPITAL", "NAME_USERNAME": "USERNAME", "DATE_OF_BIRTH": "DATE",
}  # fmt: skip
SYNTHETIC_SEED = 7
HIDDEN = 0.5
TRAINING_SEED, VALIDATION_SEED = 1, 2
PARAMETERS = {"c1": 0.05, "c2": 0.02, "max_iterations": 60, "feature.possible_transitions": True}

LETTERS = Path(__file__).parent / "tagger_letters"

Document = dict[str, Any]
Fold = tuple[str, Sequence[Document], Sequence[Document]]


def labels(tokens: Tokens, entities: Iterable[dict[str, Any]]) -> list[str]:
    """Return one label a token; contacts, which the rules find, are outside."""
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
            marked = marks(tokens, shown(document))
            trainer.append(features(tokens, marked), labels(tokens, document["entities"]))
    trainer.set_params(PARAMETERS)
    with TemporaryDirectory() as folder:
        trained = f"{folder}/model"
        trainer.train(trained)
        reader = Tagger()
        reader.open(trained)
        weights = reader.info()
        Crf.save(path, weights.state_features, weights.transitions)


def shown(document: Document) -> list[tagger.Entity]:
    """Return what the rules find in a document, without half of it: wherever it stands, a form is shown or hidden."""
    rng = Random(f"{document['id']} {len(document['text'])}")
    found = merge(find_with(document["text"], tag=False))
    forms = {document["text"][entity.start : entity.end]: rng.random() >= HIDDEN for entity in found}
    return [entity for entity in found if forms[document["text"][entity.start : entity.end]]]


def synthetic(count: int) -> Iterator[Document]:
    """Yield generated letters with their gold spans."""
    from pipelines.sampling.letters import letters

    for number, (text, spans) in enumerate(letters(count, SYNTHETIC_SEED)):
        entities = [{"begin": begin, "end": end, "label": label} for begin, end, label in spans]
        yield {"id": f"synthetic {number}", "text": text, "entities": entities}


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


def folds(given: Sequence[Document], hands: Mapping[str, Sequence[Document]], count: int) -> Iterator[Fold]:
    """Yield the name, the letters and the training letters of each fold: `count` of the given ones, one a hand."""
    ours = [document for letters in hands.values() for document in letters]
    for fold in range(count if given else 0):
        seen = [document for index, document in enumerate(given) if index % count != fold]
        yield "given", given[fold::count], [*seen, *ours]
    for hand, letters in hands.items():
        yield f"hand {hand}", letters, [*given, *(document for document in ours if document not in letters)]


def cross_validate(fold: Fold, generated: Sequence[Document], path: Path) -> None:
    """Write the findings in a fold, by a model that has not seen it, as JSON Lines to standard output."""
    disguise = Disguise()
    name, letters, seen = fold
    train(twice([*seen, *generated]), path)
    tagger.MODEL = path
    tagger.model.cache_clear()
    for document in letters:
        variants = {
            "as they are": document,
            "names made up": disguise(document, VALIDATION_SEED, announced=True),
            "names made up, titles left out": disguise(document, VALIDATION_SEED),
        }
        for variant, letter in variants.items():
            print(json.dumps({**letter, "set": name, "variant": variant, "found": findings(letter)}), flush=True)


def main() -> None:
    """Train and write the model, or cross-validate."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--letters", type=Path, nargs="*", default=[])
    parser.add_argument("--synthetic", type=int, default=200)
    parser.add_argument("--cross-validate", type=int, default=0, metavar="FOLDS")
    parser.add_argument("--output", type=Path, default=tagger.MODEL)
    arguments = parser.parse_args()
    given, generated = read_letters(arguments.letters), list(synthetic(arguments.synthetic))
    hands = {path.stem: read_letters([path]) for path in sorted(LETTERS.glob("*.jsonl"))}
    if arguments.cross_validate:
        with TemporaryDirectory() as folder:
            for fold in folds(given, hands, arguments.cross_validate):
                cross_validate(fold, generated, Path(folder) / "fold.npz")
        return
    ours = [document for letters in hands.values() for document in letters]
    train(twice([*given, *ours, *generated]), arguments.output)
    print(f"{arguments.output}: {arguments.output.stat().st_size} bytes", file=sys.stderr)


if __name__ == "__main__":
    main()
