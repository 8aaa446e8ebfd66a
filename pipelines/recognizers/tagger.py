"""A learned tagger, in union with the rules: a linear-chain conditional random field (Lafferty et al. 2001, CRFsuite).

It is trained by scripts/train_tagger.py, see docs/tagger.md. It reads the whole text and what the rules have found in
it, and decides by the marginal probability of "not outside", which favours recall.
"""

import re
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

import numpy as np

from pipelines.recognizers.crf import Crf
from pipelines.recognizers.entity import Entity
from pipelines.recognizers.eponym import is_eponym
from pipelines.recognizers.features import marks
from pipelines.recognizers.lexicon import NAME as NAME_FLAGS
from pipelines.recognizers.lexicon import WORDS, Flag
from pipelines.recognizers.tokens import Tokens

ENTITIES = ["PERSON", "CITY", "HOSPITAL", "ID", "PROFESSION", "USERNAME"]
NAME = "tagger"

MODEL = Path(__file__).parent / "models" / "clinical.npz"
THRESHOLD = 0.2
THRESHOLD_OF_FAMILIAR = 0.35
THRESHOLD_OF_OTHERS = 0.6
THRESHOLD_OF_NUMBERS = 0.9
"""For words that a lexicon knows as no name; for what names seldom are: letters alone, lower case, short capitals; and
for numbers, of which medicine is full, and words that announce names or may be any noun."""
MIXED = re.compile(r"(?!Mc|Mac|De|Di|La|Le|Van|Von)[A-ZÄÖÜ]+[a-zäöü]+[A-ZÄÖÜ]\w*|[A-ZÄÖÜ]{2,}[a-zäöü]{1,2}")
"""How short forms of medicine are written: EDVi, PaO."""
ADJECTIVES = ("ische", "isches", "ischer", "ischen", "ale", "aler", "alen", "ales")
ANNOUNCING = Flag.PATIENT | Flag.SALUTATION | Flag.TITLE | Flag.NAME_FIELD
SHORTEST_WORD, LONGEST_FORMULA = 3, 5
FAMILIAR = (
    Flag.COMMON | Flag.MEDICAL | Flag.COMPOUND | Flag.ANATOMY | Flag.HOSPITAL | Flag.ORGANIZATION | Flag.WARD
    | Flag.UNIT | Flag.STAFF | Flag.PATIENT | Flag.PROFESSION | Flag.SALUTATION | Flag.TITLE | Flag.NAME_FIELD
    | Flag.EPONYM | Flag.NOT_NAME | Flag.GREETING | Flag.BIRTH | Flag.MONTH | Flag.IDENTIFIER | Flag.PHONE | Flag.FAX
)  # fmt: skip
OUTSIDE = "O"
JOINTS = ("", " ", "-", " - ", ". ", ".")


@cache
def model() -> Crf:
    """Return the model, read at the first call. Raises OSError if it is missing, ValueError if it is unreadable."""
    if not MODEL.is_file():
        raise FileNotFoundError(f"{MODEL.name} is missing: install the package again or run scripts/train_tagger.py")
    return Crf.load(MODEL)


def find(tokens: Tokens, covered: Sequence[Entity] = ()) -> Iterator[Entity]:
    """Yield what the model takes for personal information where the rules have `covered` nothing yet."""
    last: Entity | None = None
    for entity in _tag(tokens, marks(tokens, covered)):
        if last and entity.entity_type == last.entity_type and tokens.text[last.end : entity.start] in JOINTS:
            last = last._replace(end=entity.end, score=max(last.score, entity.score))
            continue
        if last:
            yield last
        last = entity
    if last:
        yield last


def _threshold(tokens: Tokens, index: int) -> float:
    """Return from which probability on a token is masked; more than one where it never is."""
    word = tokens.words[index]
    if not word[0].isalnum():
        return 2.0
    flag = tokens.flags[index]
    if word[0].isdigit() or len(word) == 1 or flag & ANNOUNCING or MIXED.fullmatch(word):
        return THRESHOLD_OF_NUMBERS
    if flag & Flag.AMBIGUOUS and flag & WORDS:
        return THRESHOLD_OF_NUMBERS
    if not flag & NAME_FLAGS and tokens.word(index + 1) == "." and tokens.joined(index + 1):
        return THRESHOLD_OF_NUMBERS if _goes_on(tokens, index + 2) else THRESHOLD_OF_OTHERS
    formula = not flag & NAME_FLAGS and (
        (word.isupper() and len(word) <= LONGEST_FORMULA)
        or flag & Flag.LOWER
        or (not flag & Flag.PLACE and word.endswith(ADJECTIVES))
    )
    if formula or len(word) < SHORTEST_WORD or not flag & Flag.UPPER or flag & Flag.PROFESSION:
        return THRESHOLD_OF_OTHERS
    return THRESHOLD_OF_FAMILIAR if flag & FAMILIAR else THRESHOLD


def _goes_on(tokens: Tokens, index: int) -> bool:
    """Tell whether the full stop before the token at `index` ends an abbreviation: Anamn.: o.B., Jährl. dermatol."""
    following = tokens.word(index)
    return not tokens.new_line(index) and (tokens.joined(index) or following[:1].islower() or following[:1].isdigit())


def _tag(tokens: Tokens, marked: Sequence[str]) -> Iterator[Entity]:
    """Yield the single tokens that are personal information by their probable labels."""
    labels = model().labels
    outside = labels.index(OUTSIDE)
    probable = model().marginals(tokens, marked)
    scores = 1 - probable[:, outside]
    probable[:, outside] = 0.0
    likely = probable.argmax(axis=1)
    for index in np.flatnonzero(scores >= THRESHOLD).tolist():
        label = labels[likely[index]]
        if marked[index] or label not in ENTITIES or scores[index] < _threshold(tokens, index):
            continue
        if not is_eponym(tokens, index, index):
            yield Entity(label, tokens.starts[index], tokens.ends[index], round(float(scores[index]), 3), NAME)
