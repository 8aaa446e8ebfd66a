"""Notes in lower case within a text that has capitals: "pat yilmaz mehmet, angeh.: ehefrau fatma".

A text that has no capitals at all is known as such by its tokens; here stretches of lines are found that are written so
and are read again as texts of their own.
"""

from collections.abc import Iterator

from pipelines.recognizers.lexicon import WORDS, Flag
from pipelines.recognizers.tokens import Tokens

NOUN = WORDS | Flag.FIRST_NAME | Flag.SURNAME | Flag.PATIENT
UPPER_SHARE = 3
"""A line is in lower case where at most one word in so many has a capital."""
FEWEST_WORDS, FEWEST_NOUNS = 2, 1


def notes(tokens: Tokens) -> Iterator[tuple[int, Tokens]]:
    """Yield where in the text each stretch of lines in lower case begins, and its tokens."""
    if tokens.lower_cased:
        return
    nouns = tokens.having_but(NOUN, Flag.LOWER | Flag.UPPER)
    text, done = tokens.text, 0
    for index in nouns:
        if tokens.starts[index] < done:
            continue
        start = text.rfind("\n", done, tokens.starts[index]) + 1 or done
        end = _end(text, tokens.ends[index])
        if not _is_lower(tokens, start, end, FEWEST_NOUNS):
            continue
        while start > done and _is_lower(tokens, before := text.rfind("\n", 0, start - 1) + 1, start, 0):
            start = max(before, done)
        while end < len(text) and _is_lower(tokens, end, following := _end(text, end + 1), 0):
            end = following
        done = end
        yield start, Tokens(text[start:end], lower_cased=True)


def _end(text: str, start: int) -> int:
    end = text.find("\n", start)
    return len(text) if end < 0 else end


def _is_lower(tokens: Tokens, start: int, end: int, nouns: int) -> bool:
    """Tell whether the words of a line are in lower case, at least so many `nouns` among them."""
    index, last = tokens.first(start), tokens.first(end)
    line = zip(tokens.flags[index:last], tokens.words[index:last], strict=True)
    flags = [flag for flag, word in line if word[0].isalpha()]
    upper = sum(1 for flag in flags if flag & Flag.UPPER)
    small = sum(1 for flag in flags if flag & NOUN and not flag & (Flag.LOWER | Flag.UPPER))
    return (
        len(flags) >= FEWEST_WORDS and small >= max(nouns, upper if nouns else 0) and upper * UPPER_SHARE <= len(flags)
    )
