"""Text to `CorpusStatistics`: sentences by rules for German clinical prose, words and bytes."""

import codecs
import re
from collections.abc import Iterator

from pipelines import lexicons
from schemas.statistics import CorpusStatistics

# Where a sentence may end: a line's end; a stop with its closing quotes and brackets, then blank space;
# a full stop between a word and a capital ("links.Rechts"). A stop before a lower-case letter ends
# nothing and is passed over here, where that costs least. One set of first characters lets the
# engine skip to the next of them; possessive repeats keep long runs of blanks linear.
_CANDIDATE = re.compile(
    r"""
    ([.!?…\n])
    (?:
        (?<=\n)\s*+
      | (?<!\n)(?![.!?…])["'”“’»«)\]]*+
        (?: \s++(?![a-zäöüß]) | (?<=[a-zäöüß]{3}\.)(?=[A-ZÄÖÜ][a-zäöüß]) )
    )
    """,
    re.VERBOSE,
)
_LETTER_OR_DIGIT = re.compile(r"[^\W_]")
_NEXT_WORD = re.compile(r"[\w.]+")
_ORDINAL = re.compile(r"\d{1,3}|\d{1,2}\.\d{1,2}|(?:\d{1,2}\.?[-–/])+\d{1,2}|[IVX]{2,}")
_DAY = re.compile(r"\d{1,2}\.")
_LETTERS_AND_STOPS = re.compile(r"(?:[^\W\d_]{1,2}\.)+[^\W\d_]{1,3}")
_ITEM = re.compile(r"[-–—•*·+>□○●▪]|\d{1,2}\.|[a-zA-Z0-9]\)|\(|Z\. ?n\.|St\. ?p\.|V\. ?a\.")

_NEVER_FINAL = frozenset(lexicons.entries("abbreviations")) | {
    entry[0].upper() + entry[1:] for entry in lexicons.entries("abbreviations")
}
_MAYBE_FINAL = frozenset(lexicons.entries("abbreviations_final")) | {
    entry[0].upper() + entry[1:] for entry in lexicons.entries("abbreviations_final")
}
_ENDING = frozenset(lexicons.entries("abbreviations_ending"))
_SENTENCE_STARTS = frozenset(lexicons.entries("sentence_starts"))
_ORDINAL_NOUNS = lexicons.entries("ordinal_nouns")
_BEFORE_ORDINAL = frozenset(lexicons.entries("before_ordinals"))

_LOOK_BACK = 24
"""Characters before a full stop that are looked at."""
_LONG_WORD = 9
"""A word of so many letters is no abbreviation."""
_WRAPPED = range(50, 131)
"""Lengths of a line that may have been broken to fit a page, in characters."""


def _ends_after(text: str, stop: int, following: int, line_ends: bool) -> bool:
    """Tell whether the full stop at `stop` ends a sentence when the next one begins at `following`.

    `line_ends` says that the line ends between them and was not broken to fit a page.
    """
    if text[stop] != "." or text[stop - 1 : stop] == ".":  # an ellipsis
        return line_ends or _starts_sentence(text, following)
    if stop >= _LONG_WORD and text[stop - _LONG_WORD : stop].isalpha():
        return True
    before = text[max(0, stop - _LOOK_BACK) : stop].split()
    if not before or text[stop - 1].isspace():
        return True
    token = before[-1].lstrip("(\"'„“‚»«[{")
    if _ORDINAL.fullmatch(token):
        return not _is_ordinal(text, stop, token, before, _word_at(text, following))
    if "/" in token:  # a unit, "72/min"
        return True
    word = token[token.rfind("-") + 1 :]
    if token in _ENDING or (len(token) == 1 and len(before) > 1 and before[-2] + token in _ENDING):
        return True
    if token in _NEVER_FINAL or (word in _NEVER_FINAL and word not in _MAYBE_FINAL) or word.endswith(("str", "Str")):
        return False
    one_letter = len(word) == 1 and word.isalpha()
    if one_letter or word in _MAYBE_FINAL or token in _MAYBE_FINAL or _LETTERS_AND_STOPS.fullmatch(token):
        return line_ends or _starts_sentence(text, following)
    return True


def _word_at(text: str, position: int) -> str:
    match = _NEXT_WORD.match(text, position)
    return match.group() if match else ""


def _starts_sentence(text: str, position: int) -> bool:
    """Tell whether a sentence typically begins as the word at `position` does, or a heading with a colon."""
    word = _word_at(text, position)
    end = position + len(word)
    return word in _SENTENCE_STARTS or (len(word) > 2 and word.isalpha() and text[end : end + 1] == ":")


def _is_ordinal(text: str, stop: int, token: str, before: list[str], next_word: str) -> bool:
    """Tell whether `token`, a number before a full stop, counts something or numbers an item."""
    if next_word.startswith(_ORDINAL_NOUNS):
        return True
    before_token = text[max(0, stop - len(token) - 4) : stop - len(token)].rstrip(" \t")
    if before_token.endswith("\n") or (not before_token and stop <= len(token) + 4):  # the line begins with it
        return True
    if next_word in _SENTENCE_STARTS:
        return False
    if next_word[:1].isdigit() and len(before) > 1 and _DAY.fullmatch(before[-2]):  # "12. 3. 2029"
        return True
    return "." in token or (len(before) > 1 and before[-2] in _BEFORE_ORDINAL)


def _is_wrapped(text: str, start: int, end: int, following: int) -> bool:
    """Tell whether the line `text[start:end]` goes on in the next one, which begins at `following`."""
    last = text[end - 1 : end]
    if last != "," and not text[following : following + 1].islower():
        full = end - start in _WRAPPED and (last.isalnum() or last in "-/")
        if not full or following >= len(text):
            return False
    return _ITEM.match(text, following) is None


def _ends(text: str) -> Iterator[int]:
    """Yield the positions, in order, where a sentence may end; between two there may be blanks alone."""
    line = 0
    for match in _CANDIDATE.finditer(text):
        start, end = match.span()
        mark = text[start]
        if end - start <= 2:  # most are a stop and a blank, or a single line feed
            newlines = (mark == "\n") + (end - start == 2 and text[start + 1] == "\n")
        else:
            newlines = text.count("\n", start, end)
        line_ends = newlines > 0 and not _is_wrapped(text, line, start, end)
        if mark == "\n":
            if newlines > 1 or line_ends:
                yield start
        elif mark in ".…" and newlines < 2:
            if _ends_after(text, start, end, line_ends):
                yield end
        elif newlines or text[start - 1 : start] != "(":
            yield end
        if newlines:
            line = end
    yield len(text)


def split_sentences(text: str) -> list[tuple[int, int]]:
    """Return the sentences of `text` as (start, end) in characters, in order, without blanks at their ends.

    A sentence holds at least one letter or digit; a heading or list item without a full stop is one.
    """
    spans, start = [], 0
    for end in _ends(text):
        if _LETTER_OR_DIGIT.search(text, start, end):
            piece = text[start:end]
            left = start + len(piece) - len(piece.lstrip())
            spans.append((left, start + len(piece.rstrip())))
        start = end
    return spans


def count_sentences(text: str) -> int:
    """Return the number of sentences: `len(split_sentences(text))`, without the spans."""
    number, start, search = 0, 0, _LETTER_OR_DIGIT.search
    for end in _ends(text):
        if search(text, start, end):
            number += 1
        start = end
    return number


_WORD_CHARACTER = re.compile(r"[\w-]")
_CLASSES = bytes(ord("w" if _WORD_CHARACTER.match(chr(code)) else " ") for code in range(256))


def _classify(error: UnicodeError) -> tuple[bytes, int]:
    """Give each character beyond Latin-1 a Latin-1 stand-in of its class (PEP 293 error handler)."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    run = error.object[error.start : error.end]
    return b"".join(b"w" if _WORD_CHARACTER.match(character) else b" " for character in run), error.end


codecs.register_error("medbert.word_class", _classify)


def count_words(text: str) -> int:
    r"""Return the number of matches of `[\w-]+`, the word of the published corpus table.

    Characters become a byte of their class and beginnings of words are counted in C: some ten times
    as fast as `len(re.findall(...))` and equal to it for all of Unicode.
    """
    classes = text.encode("latin-1", "medbert.word_class").translate(_CLASSES)
    return classes.count(b" w") + classes.startswith(b"w")


def count_text(text: str) -> CorpusStatistics:
    """Return the statistics of one document; bytes are those of its UTF-8 form."""
    size = len(text.encode("utf-8", "surrogatepass"))
    return CorpusStatistics(documents=1, sentences=count_sentences(text), words=count_words(text), bytes=size)
