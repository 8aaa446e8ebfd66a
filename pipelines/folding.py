"""The form in which spellings of a name agree."""

import unicodedata
from functools import lru_cache

_TRANSCRIBED = str.maketrans(
    {"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "ø": "oe", "å": "aa", "æ": "ae", "ł": "l", "đ": "d", "ı": "i"}
)


@lru_cache(maxsize=1 << 16)
def fold(word: str) -> str:
    """Return `word` without case and accents, umlauts transcribed: "MÜLLER" and "Mueller" are "mueller"."""
    if word.isascii():
        return word.lower()
    transcribed = unicodedata.normalize("NFC", word).lower().translate(_TRANSCRIBED)
    return "".join(c for c in unicodedata.normalize("NFKD", transcribed) if not unicodedata.combining(c))
