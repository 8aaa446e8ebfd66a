"""The grammar of a person's name on tokens: titles, initials, particles, double names, "Nachname, Vorname"."""

import re

from pipelines.recognizers.lexicon import NAME, WORDS, Flag, lexicon
from pipelines.recognizers.tokens import Tokens

Span = tuple[int, int]
"""The first token of a name and the one after its last."""

MOST_PARTS = 5
FOREIGN_PARTICLES = frozenset("v van ter ten del della di da dos du el al bin ben ibn".split())
PREPOSITIONS = frozenset("vom auf zum am und zur".split())
LONG_LINE = 60
LONGEST_CHAIN = 12
MOST_TITLES = 40
# numerals and short forms without a vowel: III, MVZ
NO_NAME = re.compile(r"[IVX]{2,4}|[B-DF-HJ-NP-TV-XZ]{3}")
HYPHENS = ("-", "–", "‐", "‑")
APOSTROPHES = ("'", "’", "´", "`")
NEVER = Flag.NOT_NAME | Flag.SALUTATION | Flag.TITLE | Flag.BIRTH | Flag.PHONE | Flag.FAX


def skip_titles(tokens: Tokens, index: int) -> int:
    """Return the first token from `index` on that is no title, salutation or sign between them."""
    start = index
    while index < len(tokens) and index - start < MOST_TITLES:
        flag, word = tokens.flags[index], tokens.words[index]
        if flag & (Flag.TITLE | Flag.SALUTATION) and not (tokens.is_initial(index) and len(word) == 1):
            if tokens.new_line(index) and index > start and tokens.gap(index).count("\n") > 1:
                break
        elif (
            word in (".", ":")
            or (word in ("-", "/", "(", ")") and tokens.joined(index))
            or (word in ("in", "a", "h", "c", "e", "i") and tokens.word(index - 1) == "." and not tokens.lower_cased)
            or (word == "," and tokens.flag(index + 1) & Flag.TITLE)
        ):
            pass
        else:
            break
        index += 1
    return index


def name_after(tokens: Tokens, index: int, any_word: bool) -> Span | None:
    """Return the name that begins at `index`; its first word may be a common one where `any_word` says so."""
    at, parts, given, initials = index, 0, False, False
    last = index
    while parts < MOST_PARTS and at < len(tokens):
        if parts and not _same_line(tokens, at, given):
            break
        flag, word = tokens.flags[at], tokens.words[at]
        if tokens.is_initial(at) and not _ends_sentence(tokens, at, parts):
            at, initials, parts = at + 2, True, parts + 1
            last = at if parts > 1 and not _continues(tokens, at) else last
            if tokens.word(at) in HYPHENS and tokens.joined(at) and tokens.is_initial(at + 1):
                at += 1
        elif flag & Flag.PARTICLE and _leads_to_name(tokens, at) and not (parts and _leads_to_institution(tokens, at)):
            given |= word[0].isupper() or word.lower() in FOREIGN_PARTICLES or bool(tokens.flag(at + 1) & Flag.PARTICLE)
            at = _skip_particle(tokens, at)
        elif (
            (tokens.is_upper(at) or (tokens.lower_cased and (any_word or given) and flag & NAME))
            and (not flag & NEVER or (any_word and not parts and _is_called_ruf(tokens, at)))
            and _accepts(tokens, at, parts, any_word, given or initials)
        ):
            given |= bool(flag & Flag.FIRST_NAME)
            at = last = _word_end(tokens, at)
            parts += 1
        elif word == "," and parts and _reversed(tokens, at, parts > 1):
            at, given = at + 1, True
        else:
            break
    return (index, last) if last > index else None


def _is_called_ruf(tokens: Tokens, index: int) -> bool:
    """Tell whether a word for a telephone is a surname here, since no number follows."""
    return bool(tokens.flags[index] & (Flag.PHONE | Flag.FAX)) and not re.match(
        r"[\s.:(+-]*\d|\w", tokens.text[tokens.ends[index] : tokens.ends[index] + 6]
    )


def _same_line(tokens: Tokens, index: int, given: bool) -> bool:
    """Tell whether the token goes on with the name; a line may break within it where the next word is a known name."""
    gap = tokens.gap(index)
    if "\t" in gap or len(gap) > 2 or gap.count("\n") > 1:
        return False
    if "\n" in gap or "\r" in gap:
        flag = tokens.flags[index]
        broken = flag & Flag.SURNAME or (not flag & WORDS and _is_long_line(tokens, index))
        return given and tokens.is_upper(index) and bool(broken) and not flag & NEVER
    return True


def _is_long_line(tokens: Tokens, index: int) -> bool:
    """Tell whether the line before the token at `index` is so long that it was broken for its length."""
    end = tokens.ends[index - 1]
    return end - max(tokens.text.rfind("\n", 0, end), 0) > LONG_LINE


def _ends_sentence(tokens: Tokens, index: int, parts: int) -> bool:
    """Tell whether a letter with a full stop after a name does not belong to it."""
    return parts > 0 and (tokens.new_line(index + 2) and tokens.gap(index) != " ")


def _continues(tokens: Tokens, index: int) -> bool:
    return tokens.is_upper(index) and not tokens.flag(index) & NEVER and not tokens.new_line(index)


def _leads_to_name(tokens: Tokens, index: int) -> bool:
    at = index
    word, noun = tokens.words[index], tokens.flag(index + 1) & WORDS and tokens.is_upper(index + 1)
    noun = noun and not tokens.flag(index + 1) & (NAME | Flag.PLACE)
    adjective = tokens.word(index + 1).endswith(("ischen", "lichen"))
    if (word in PREPOSITIONS and (noun or adjective)) or (word == "den" and not tokens.flag(index - 1) & Flag.PARTICLE):
        return False
    if word == "und" and not tokens.flag(index - 1) & Flag.PARTICLE:
        return False
    while tokens.flag(at) & Flag.PARTICLE and at - index < 6:
        at = _skip_particle(tokens, at)
    return at < len(tokens) and tokens.is_upper(at) and not tokens.new_line(at) and not tokens.flag(at) & NEVER


def _leads_to_institution(tokens: Tokens, index: int) -> bool:
    """Tell whether the particles after a name say where somebody is from: Frau Scheufele von der Beratungsstelle."""
    at = index
    while tokens.flag(at) & Flag.PARTICLE and at - index < 6:
        at = _skip_particle(tokens, at)
    flag = tokens.flag(at)
    known = flag & (WORDS | Flag.HOSPITAL | Flag.ORGANIZATION | Flag.WARD) and not flag & (NAME | Flag.PLACE)
    return bool(known) and at > index + 1 and tokens.word(at + 1) not in HYPHENS


def _skip_particle(tokens: Tokens, index: int) -> int:
    following = tokens.word(index + 1)
    hangs = following in (*APOSTROPHES, *HYPHENS) or (following == "." and len(tokens.words[index]) == 1)
    return index + 2 if hangs and tokens.joined(index + 1) else index + 1


def _word_end(tokens: Tokens, index: int) -> int:
    """Return the token after a word and what hangs on it by hyphen or apostrophe: Müller-Lüdenscheidt, O'Brien."""
    at = index + 1
    while (
        at - index < LONGEST_CHAIN
        and tokens.word(at) in (*HYPHENS, *APOSTROPHES)
        and tokens.joined(at)
        and tokens.joined(at + 1)
    ):
        if not (tokens.is_upper(at + 1) or tokens.flag(at + 1) & Flag.PARTICLE):
            break
        at += 2
    return at


def _is_cased_as_name(word: str) -> bool:
    return word.isupper() or word[1:].islower() or word.startswith(("Mc", "Mac", "De", "Di", "La", "Le", "Van", "Von"))


def _accepts(tokens: Tokens, index: int, parts: int, any_word: bool, given: bool) -> bool:
    """Tell whether a capitalised word may be the next part of a name."""
    flag = tokens.flags[index]
    word = tokens.words[index]
    if len(word) == 1:
        return tokens.word(index + 1) in APOSTROPHES and tokens.joined(index + 1) and tokens.is_upper(index + 2)
    if not _is_cased_as_name(word) or (word.isupper() and NO_NAME.fullmatch(word)):
        return False
    if flag & (Flag.MEDICAL | Flag.WARD) and not flag & NAME and (parts or not any_word or flag & Flag.WARD):
        # an ending alone does not make a surname medical: Dr. Ayodele Bamgbose
        unknown = (
            not flag & Flag.WARD
            and not lexicon().is_word(word)
            and not tokens.flag(index - 1) & (WORDS | Flag.PARTICLE)
        )
        return any_word and parts == 1 and unknown
    if (parts and _begins_address(tokens, index)) or (not parts and not any_word and _is_compound(tokens, index)):
        return False
    if not flag & NAME and word.isupper() and len(word) < 4 and not tokens.closes(index + 1):
        return False
    if flag & NAME or not flag & WORDS:
        return not (parts and word.isupper() and len(word) < 4)
    if flag & (Flag.HOSPITAL | Flag.GREETING) or (
        flag & (Flag.STAFF | Flag.PATIENT) and not (any_word and flag & NAME)
    ):
        return False
    if not parts:
        return any_word or given
    if any_word and parts == 1 and not flag & Flag.MEDICAL and tokens.ends_column(index + 1):
        return True
    # after a given name, a particle or an initial any noun can be a surname: Ida Fuß, C. Finger
    if parts > 1 and not tokens.flag(index - 1) & (Flag.FIRST_NAME | Flag.PARTICLE) and tokens.word(index - 1) != ".":
        return False  # Gerlinde Oberhumer-Stix Polypen
    return given and parts < 3 and not flag & Flag.MEDICAL and tokens.word(index - 1) != ","


def _begins_address(tokens: Tokens, index: int) -> bool:
    """Tell whether a street with its number follows the name: Tobias Öhler Kaiserstraße 33."""
    street = tokens.flags[index] & (Flag.STREET | Flag.STREET_END) and not tokens.flags[index] & Flag.SURNAME
    return bool(street) and tokens.word(index + 1).isdigit() and tokens.word(index + 2) != "."


def _is_compound(tokens: Tokens, index: int) -> bool:
    """Tell whether a noun hangs on the word by a hyphen: Mark-Rinden-Differenzierung, RITA-Therapie."""
    last = _word_end(tokens, index) - 1
    flag = tokens.flags[last]
    return last > index and bool(flag & (WORDS | Flag.MEDICAL | Flag.HOSPITAL)) and not flag & (NAME | Flag.PLACE)


def _reversed(tokens: Tokens, comma: int, whole: bool) -> bool:
    """Tell whether a given name follows the comma: Gebauer, Gerlinde; after a `whole` name, a known one alone."""
    flag = tokens.flag(comma + 1)
    if tokens.word(comma + 1).isupper() and not tokens.word(comma - 1).isupper() and not flag & Flag.FIRST_NAME:
        return False
    if tokens.new_line(comma + 1) or flag & NEVER or flag & (Flag.STAFF | Flag.PATIENT | Flag.PLACE | Flag.HOSPITAL):
        return False
    if flag & Flag.FIRST_NAME:
        return True
    abbreviated = tokens.word(comma + 2) == "." and tokens.joined(comma + 2)
    whole |= bool(flag & (Flag.WARD | Flag.MEDICAL))
    return (
        not whole
        and not abbreviated
        and tokens.is_upper(comma + 1)
        and not flag & WORDS
        and len(tokens.word(comma + 1)) > 2
    )


def name_before(tokens: Tokens, index: int) -> Span | None:
    """Return the name that ends before the token at `index`, as before a birth date."""
    at = index - 1
    while at >= 0 and tokens.words[at] in ("(", ",", ";", ":", "-", "–", "/", ".", "*", "†") and index - at < 4:
        at -= 1
    end = at + 1
    if end <= 0 or tokens.gap(end).count("\n") > 1:
        return None
    while at >= 0 and end - at < 9 and _belongs(tokens, at, end):
        at -= 1
        if tokens.new_line(at + 1):
            break
    first = at + 1
    while first < end and not (tokens.is_upper(first) or tokens.flags[first] & Flag.PARTICLE):
        first += 1
    names = [i for i in range(first, end) if tokens.is_upper(i) and len(tokens.words[i]) > 1]
    named = any(tokens.flags[i] & NAME or not tokens.flags[i] & WORDS for i in names)
    return (first, end) if named or len(names) == 2 else None


def _belongs(tokens: Tokens, index: int, end: int) -> bool:
    flag, word = tokens.flags[index], tokens.words[index]
    if flag & (NEVER | Flag.STAFF | Flag.PATIENT | Flag.NAME_FIELD) or "\t" in tokens.gap(index + 1):
        return False
    if tokens.is_upper(index) and word[0].isalpha():
        return True
    if word == ",":
        return index < end - 1
    if word == ".":
        return tokens.is_initial(index - 1)
    return bool(flag & Flag.PARTICLE) or (
        word in HYPHENS + APOSTROPHES and tokens.joined(index) and tokens.joined(index + 1)
    )
