"""What is not a German medical text worth keeping, with its reason; boilerplate lines out."""

import re
from collections import Counter
from dataclasses import dataclass
from functools import cache
from itertools import islice

import pycld2

from pipelines import lexicons


@dataclass(frozen=True, slots=True)
class Selection:
    """The thresholds of `select`.

    A text is kept with at least `minimum_words` words of two letters and at most `maximum_characters`
    characters. It is German when CLD2 finds at least `german_percent` of its bytes German and its share
    of known German words (`german_words.txt` and typical endings) is at least `word_share`; or, where
    CLD2 finds another language, as it does in telegraphic reports, when that share is at least
    `word_share_alone`. Of a text longer than three times `sample` characters its beginning, middle and
    end are judged.

    A line of at least `repeated_characters` characters that occurs `repeated_lines` times stays once.
    `letter_share` is the least share of letters among the characters that are not blank, `word_length` the least
    mean number of letters in a word, `replaced_share` the greatest share of U+FFFD.
    """

    minimum_words: int = 3
    maximum_characters: int = 20_000_000
    german_percent: int = 50
    word_share: float = 0.06
    word_share_alone: float = 0.12
    sample: int = 1_000
    repeated_lines: int = 3
    repeated_characters: int = 30
    letter_share: float = 0.3
    word_length: float = 2.0
    replaced_share: float = 0.01


_TOKEN = re.compile(r"[^\W\d_]+")
_WORD = re.compile(r"[^\W\d_]{2,}")
_CLASSES = bytes(ord("w" if chr(code).isalpha() else " ") for code in range(256))
_BLANK_LINES = re.compile(r"\n{3,}")
_GERMAN_ENDING = re.compile(
    r"[a-zäöüß]{2,}(?:ungen?|[hk]eit|[hk]eiten|schaft|ische[rnsm]?|liche[rnsm]?|gradige?[rnsm]?|mäßige?[rnsm]?|iert|ierte[rnsm]?)"
)
_GERMAN_WORDS = frozenset(word for line in lexicons.entries("german_words") for word in line.split())
_SURE_SCORE = 400
"""CLD2's score, per kilobyte of text, that scrambled text did not reach in 200 bytes."""
_SURE_BYTES = 200


@cache
def _boilerplate() -> tuple[dict[str, re.Pattern[str]], frozenset[str]]:
    """Return the patterns of boilerplate lines by their first word, and the first two characters of those."""
    patterns: dict[str, list[str]] = {}
    for entry in lexicons.entries("boilerplate"):
        pattern = re.escape(entry).replace(r"\*", ".*").replace("0", r"\d+")
        patterns.setdefault(entry.split()[0].replace("*", ""), []).append(pattern)
    compiled = {word: re.compile(rf"(?:{'|'.join(group)})[ .:!…-]*") for word, group in patterns.items()}
    return compiled, frozenset(entry[:2] for entry in lexicons.entries("boilerplate"))


def remove_boilerplate(text: str, selection: Selection = Selection()) -> str:
    """Return `text` without boilerplate lines, and with each line that repeats much only where it comes first."""
    lines = text.split("\n")
    patterns, beginnings = _boilerplate()
    dropped = {
        index
        for index, line in enumerate(lines)
        if line[:2].lower() in beginnings and _is_boilerplate(line.strip().lower(), patterns)
    }
    long = [line for line in lines if len(line) >= selection.repeated_characters]
    if len(set(long)) < len(long):
        counts = Counter(long)
        seen = set()
        for index, line in enumerate(lines):
            if counts[line] >= selection.repeated_lines:
                dropped |= {index} if line in seen else set()
                seen.add(line)
    if not dropped:
        return text
    kept = (line for index, line in enumerate(lines) if index not in dropped)
    return _BLANK_LINES.sub("\n\n", "\n".join(kept)).strip()


def _is_boilerplate(line: str, patterns: dict[str, re.Pattern[str]]) -> bool:
    first = line.split(" ", 1)[0]
    pattern = patterns.get(first) or patterns.get(first.rstrip(":.!…-"))
    return pattern is not None and pattern.fullmatch(line) is not None


def _sample(text: str, length: int) -> str:
    """Return `text`, of a long one the beginning, the middle and the end, of `length` characters each."""
    if len(text) <= 3 * length:
        return text
    middle = (len(text) - length) // 2
    return f"{text[:length]} {text[middle : middle + length]} {text[-length:]}"


def german_word_share(text: str) -> float:
    """Return the share, 0 to 1, of the words of two letters and more that are plainly German."""
    words = _WORD.findall(text.lower())
    german = sum(word in _GERMAN_WORDS or _GERMAN_ENDING.fullmatch(word) is not None for word in words)
    return german / max(1, len(words))


def _cld2(text: str) -> tuple[int, float, int]:
    """Return the percentage of German in `text`, its score and the number of bytes that CLD2 read.

    CLD2 (Sites, 2013) is told that German is likely, which it outweighs within a short sentence.
    """
    try:
        _, size, found = pycld2.detect(
            text.encode("utf-8", "replace"), isPlainText=True, hintLanguage="de", bestEffort=True
        )
    except pycld2.error:  # code points that it takes for invalid UTF-8
        return 0, 0.0, 0
    return next(((percent, score, size) for _, code, percent, score in found if code == "de"), (0, 0.0, size))


def is_german(text: str, selection: Selection = Selection()) -> bool:
    """Tell whether `text` is mostly German."""
    sample = _sample(text, selection.sample)
    percent, score, size = _cld2(sample)
    german = percent >= selection.german_percent
    if german and score >= _SURE_SCORE and size >= _SURE_BYTES:
        return True
    return german_word_share(sample) >= (selection.word_share if german else selection.word_share_alone)


def is_garbage(text: str, selection: Selection = Selection()) -> bool:
    """Tell whether `text` is a broken extraction: lost characters, few letters, or letters set apart."""
    sample = _sample(text, selection.sample)
    visible = len(sample) - sample.count(" ") - sample.count("\n")
    if "\ufffd" in sample and sample.count("\ufffd") > selection.replaced_share * visible:
        return True
    classes = sample.encode("latin-1", "replace").translate(_CLASSES)
    letters, words = classes.count(b"w"), classes.count(b" w") + classes.startswith(b"w")
    if letters >= selection.letter_share * visible and letters >= selection.word_length * words:
        return False
    found = _TOKEN.findall(sample)  # letters beyond Latin-1 are letters too
    letters = sum(map(len, found))
    return letters < selection.letter_share * visible or letters < selection.word_length * len(found)


def select(text: str, title: str = "", selection: Selection = Selection()) -> tuple[str, str | None]:
    """Return the cleaned `text` without boilerplate, and the reason why it is not kept or None.

    Reasons: `empty`, `too_short`, `too_long`, `garbage`, `language`. The title counts as text for the
    language of a short document.
    """
    if not text or text.isspace():
        return "", "empty"
    if len(text) > selection.maximum_characters:
        return "", "too_long"
    text = remove_boilerplate(text, selection)
    if not text:
        return "", "empty"
    if sum(1 for _ in islice(_WORD.finditer(text), selection.minimum_words)) < selection.minimum_words:
        return text, "too_short"
    if is_garbage(text, selection):
        return text, "garbage"
    if not is_german(f"{title}\n{text}" if title else text, selection):
        return text, "language"
    return text, None
