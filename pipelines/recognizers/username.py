"""User names and the marks of typists and dictating physicians: Unser Zeichen: a.jd, Kürzel: mue/sch, Benutzer WinA."""

import re
from collections.abc import Iterator

from pipelines.recognizers.entity import Entity
from pipelines.recognizers.lexicon import Flag
from pipelines.recognizers.tokens import Tokens

ENTITIES = ["USERNAME"]
NAME = "username"

VALUE = re.compile(r"\s?(?:Nr\.)?\s?[:=]\s?([^\W_][\w]{0,15}(?:[./_-][\w]{1,12}){0,2}\.?)(?=[\s,;)\]]|$)")
BARE_VALUE = re.compile(
    r"\s([A-Za-zäöü]{1,3}[A-ZÄÖÜ]\w*\.?|[a-z]{1,8}\d{1,4}|[a-z]{1,4}[./_][a-z]{1,8})(?=[\s,;)\]]|$)"
)
CAMEL = re.compile(r"[A-ZÄÖÜ][a-zäöüß]{1,3}[A-ZÄÖÜ]\.")
AFTER_DATE = re.compile(r"(?<=\d/)([A-Za-zäöü]{2,4})(?=\s*(?:$|\n))")
TYPIST = re.compile(r"\s?:?\s?([a-zäöü]{1,4}/[a-zäöü]{1,4})(?![\w/])")
SLASHED = re.compile(r"(?<=[\s(])([a-zäöü]{2,4}/[a-zäöü]{2,4})(?=\s*(?:$|\n|\)))", re.MULTILINE)


def _is_unknown_mark(tokens: Tokens, index: int) -> bool:
    """Tell whether an unknown word in lower case closes a note, as the mark of who wrote it."""
    word, flag = tokens.words[index], tokens.flags[index]
    if not (4 <= len(word) <= 8 and word.islower()) or flag & ~(Flag.FIRST_NAME | Flag.SURNAME | Flag.PLACE):
        return False
    return tokens.word(index - 1) == "." and tokens.ends_column(index + 1) and not tokens.lower_cased


def find(tokens: Tokens) -> Iterator[Entity]:
    """Yield the user names of a text."""
    text = tokens.text
    for index, flag in enumerate(tokens.flags):
        if flag & Flag.USERNAME:
            end = tokens.ends[index]
            match = VALUE.match(text, end) or TYPIST.match(text, end) or BARE_VALUE.match(text, end)
            if match:
                yield Entity("USERNAME", match.start(1), match.end(1), 0.7, NAME)
        elif (
            tokens.words[index] == "/"
            and tokens.joined(index)
            and (match := AFTER_DATE.match(text, tokens.ends[index]))
        ):
            yield Entity("USERNAME", match.start(1), match.end(1), 0.5, NAME)
        elif (
            flag & Flag.UPPER
            and 3 <= len(tokens.words[index]) <= 6
            and (match := CAMEL.match(text, tokens.starts[index]))
        ):
            yield Entity("USERNAME", match.start(), match.end(), 0.5, NAME)
