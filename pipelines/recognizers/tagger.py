"""A learned tagger, in union with the rules: a linear-chain conditional random field (Lafferty et al. 2001, CRFsuite).

It is trained by scripts/train_tagger.py, see docs/tagger.md. It reads only the windows around words that no lexicon of
common words knows, and decides by the marginal probability of "not outside", which favours recall.
"""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

from pipelines.recognizers.crf import Array, Crf
from pipelines.recognizers.entity import Entity
from pipelines.recognizers.eponym import is_eponym
from pipelines.recognizers.lexicon import NAME as NAME_FLAGS
from pipelines.recognizers.lexicon import Flag
from pipelines.recognizers.tokens import Tokens

ENTITIES = ["PERSON", "CITY", "HOSPITAL", "ID", "PROFESSION"]
NAME = "tagger"

MODEL = Path(__file__).parent / "models" / "clinical.npz"
THRESHOLD = 0.3
THRESHOLD_OF_FAMILIAR = 0.9
CONTEXT = 3
LONGEST_WINDOW = 64
"""Tokens of a window; longer ones are cut, so that memory is bounded."""
LONGEST_ABBREVIATION = 5
FEWEST_DIGITS = 5
ADJECTIVES = ("ische", "isches", "ischer", "ischen", "ischem")
OUTSIDE = "O"
FAMILIAR = (
    Flag.COMMON | Flag.MEDICAL | Flag.COMPOUND | Flag.ANATOMY | Flag.HOSPITAL | Flag.ORGANIZATION | Flag.WARD
    | Flag.UNIT | Flag.STAFF | Flag.PATIENT | Flag.PROFESSION | Flag.SALUTATION | Flag.TITLE | Flag.NAME_FIELD
    | Flag.EPONYM | Flag.NOT_NAME | Flag.GREETING | Flag.BIRTH | Flag.MONTH | Flag.IDENTIFIER | Flag.PHONE | Flag.FAX
)  # fmt: skip
"""What a lexicon says of a word that is known as no name."""
JOINTS = ("", " ", "-", " - ", ". ", ".")


@cache
def model() -> Crf:
    """Return the model, read at the first call. Raises OSError if it is missing, ValueError if it is unreadable."""
    if not MODEL.is_file():
        raise FileNotFoundError(f"{MODEL.name} is missing: install the package again or run scripts/train_tagger.py")
    return Crf.load(MODEL)


def windows(tokens: Tokens, covered: Sequence[Entity] = ()) -> Iterator[tuple[int, int]]:
    """Yield the stretches of tokens around the capitalised words that no dictionary knows and nothing has found yet."""
    start = end = 0
    spans = iter(sorted((entity.start, entity.end) for entity in covered))
    known_start, known_end = next(spans, (len(tokens.text) + 1, 0))
    for index in tokens.having(Flag.UPPER):
        word = tokens.words[index]
        if tokens.flags[index] & FAMILIAR or len(word) < 3 or (word.isupper() and len(word) <= LONGEST_ABBREVIATION):
            continue
        while known_end <= tokens.starts[index] and known_end:
            known_start, known_end = next(spans, (len(tokens.text) + 1, 0))
        if known_start <= tokens.starts[index]:
            continue
        first = max(0, index - CONTEXT)
        if first > end:
            if end:
                yield start, end
            start = first
        end = min(len(tokens), index + CONTEXT + 1)
    if end:
        yield start, end


def find(tokens: Tokens, covered: Sequence[Entity] = ()) -> Iterator[Entity]:
    """Yield what the model takes for personal information; it looks only where nothing is `covered` yet."""
    bounds = sorted((entity.start, entity.end) for entity in covered)
    extents = [
        (begin, min(begin + LONGEST_WINDOW, end))
        for start, end in windows(tokens, covered)
        for begin in range(start, end, LONGEST_WINDOW)
    ]
    for (start, _), probable in zip(extents, model().marginals(tokens, extents), strict=True):
        last: Entity | None = None
        for entity in _tag(tokens, start, probable):
            before = bisect_right(bounds, (entity.start, len(tokens.text)))
            if before and bounds[before - 1][1] > entity.start:
                continue
            if last and entity.entity_type == last.entity_type and tokens.text[last.end : entity.start] in JOINTS:
                last = last._replace(end=entity.end, score=max(last.score, entity.score))
                continue
            if last and last.end - last.start > 2:
                yield last
            last = entity
        if last and last.end - last.start > 2:
            yield last


def _is_abbreviation(tokens: Tokens, index: int) -> bool:
    """Tell whether a full stop after the word ends no sentence: Instr.: Sr. Beate, Acc.-Nr., Dyspn., Klin. 4."""
    if tokens.word(index + 1) != "." or not tokens.joined(index + 1) or tokens.new_line(index + 2):
        return False
    following = tokens.word(index + 2)
    return tokens.joined(index + 2) or following[:1].islower() or following[:1].isdigit()


def _is_formula(word: str) -> bool:
    """Tell whether a word is written as short forms of medicine are, or an adjective: PAS, EDVi, Geriatrische."""
    if word.isupper():
        return len(word) <= LONGEST_ABBREVIATION
    if word.endswith(ADJECTIVES):
        return True
    return not word[1:].islower() and not word.startswith(("Mc", "Mac", "De", "Di", "La", "Le", "Van", "Von"))


def _tag(tokens: Tokens, start: int, probable: Array) -> Iterator[Entity]:
    """Yield the single tokens, from `start` on, that are personal information by the `probable` labels of each."""
    labels = model().labels
    outside = labels.index(OUTSIDE)
    for index, chances in enumerate(probable.tolist(), start):
        score = 1 - chances[outside]
        if score < THRESHOLD:
            continue
        word, flag = tokens.words[index], tokens.flags[index]
        if not word[0].isalpha() and not (word.isdigit() and len(word) >= FEWEST_DIGITS):
            continue
        if (len(word) < 2 and not tokens.is_initial(index)) or (word[0].islower() and not tokens.lower_cased):
            continue
        if flag & FAMILIAR and score < THRESHOLD_OF_FAMILIAR:
            continue
        if not flag & NAME_FLAGS and (_is_abbreviation(tokens, index) or _is_formula(word)):
            continue
        chances[outside] = 0.0
        label = labels[chances.index(max(chances))]
        if label not in ENTITIES or is_eponym(tokens, index, index):
            continue
        yield Entity(label, tokens.starts[index], tokens.ends[index], round(score, 3), NAME)
