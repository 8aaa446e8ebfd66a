"""Names below a closing formula: alone in a line or column, or with titles and roles around."""

from collections.abc import Iterator

from pipelines.recognizers.lexicon import NAME as NAMES
from pipelines.recognizers.lexicon import Flag
from pipelines.recognizers.names import Span, name_after, skip_titles
from pipelines.recognizers.tokens import Tokens

LONGEST_SIGNATURE = 700
"""Characters after the closing formula in which names are looked for."""


def signed(tokens: Tokens) -> Iterator[tuple[int, int, float]]:
    """Yield the names in the lines below a closing formula: names alone, or names with titles and roles around."""
    for index in tokens.having(Flag.GREETING):
        limit = tokens.starts[index] + LONGEST_SIGNATURE
        at = index + 1
        while at < len(tokens) and tokens.starts[at] < limit:
            if _begins_column(tokens, at):
                first = skip_titles(tokens, at)
                span = name_after(tokens, first, any_word=True)
                if span and _is_signature(tokens, span):
                    yield span[0], span[1], 0.75
                    at = span[1] - 1
            at += 1


def _begins_column(tokens: Tokens, index: int) -> bool:
    gap = tokens.gap(index)
    return tokens.new_line(index) or "\t" in gap or len(gap) > 2


def _is_signature(tokens: Tokens, span: Span) -> bool:
    """Tell whether the words are a name: two or more, the column's last but for a role, and not all ordinary nouns."""
    first, end = span
    words = [index for index in range(first, end) if tokens.words[index][0].isalpha() and len(tokens.words[index]) > 1]
    initial = tokens.is_initial(first)
    if any(
        tokens.flags[index] & (Flag.NOT_NAME | Flag.STAFF | Flag.PATIENT | Flag.MONTH | Flag.HOSPITAL)
        and not is_hyphened_given_name(tokens, index)
        for index in words
    ):
        return False
    closes = _begins_column(tokens, end) or tokens.word(end) in (",", "(", ".", "/", "-")
    unknown = sum(1 for index in words if tokens.flags[index] & NAMES or not tokens.flags[index] & Flag.COMMON)
    alone = tokens.flag(first) & Flag.SURNAME or not tokens.flag(first) & Flag.COMMON
    role = tokens.flag(end) & (Flag.STAFF | Flag.TITLE) and tokens.ends_column(end)
    role |= tokens.word(end) == "," and tokens.flag(end + 1) & Flag.STAFF and not tokens.new_line(end + 1)
    unknown += any(tokens.flags[index] & Flag.PARTICLE for index in range(first, end))
    return bool(closes and unknown and (len(words) > 1 or initial or (role and alone)))


def is_hyphened_given_name(tokens: Tokens, index: int) -> bool:
    """Tell whether a given name that may be a month is the first of a double one: Jan-Hinnerk."""
    joined = tokens.word(index + 1) == "-" and tokens.joined(index + 1) and tokens.joined(index + 2)
    return joined and bool(tokens.flags[index] & tokens.flag(index + 2) & Flag.FIRST_NAME)
