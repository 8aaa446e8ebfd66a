"""Hyphens that line breaks left inside words, in texts that have lost the line breaks.

"Ent-wicklung" was broken at a line's end, "Cisplatin-basiert" was not. German sets no hyphen before
a lower-case half but for a few kinds of compounds, so those are kept and all others joined.
"""

import re
from functools import cache
from importlib import resources

_INNER = re.compile(r"(?<![\w./@-])([^\W\d_]{2,40})[-\u2010]([^\W\d_]{2,40})(?![\w/@-]|\.\w)")
_WORD = re.compile(r"[^\W\d_]{4,80}")
_INFLECTION = r"(?:e[nmrs]?)?"
# adjectives before adjectives: "medizinisch-technische", "konservativ-operativ", "klinisch-pathologisch"
_FIRST_ADJECTIVE = re.compile(r".+(?:isch|lich|ig|iv|al|ell|är|ös|ent|ant|bar|sam|haft|o)")
_SECOND_ADJECTIVE = re.compile(
    rf".{{2,}}(?:isch|lich|ig|iv|al|ell|är|ös|bar|sam|haft|[^c]end|iert|t){_INFLECTION}|.{{5,}}(?:ent|ant|an|ten){_INFLECTION}"
)

_SUFFIXES = ("keit", "heit", "schaft", "lichkeit")


def join_inner_hyphens(text: str) -> str:
    """Return `text` with words in one piece that a line break once divided.

    The hyphen stays where the second half begins with a capital, where a half is an abbreviation
    or has a digit ("CT-gesteuert", "Ki-67-positiv"), where it is suspended ("Haupt- und"), within chains,
    and in compounds that are written so ("Cisplatin-basiert", "klinisch-pathologisch"), unless the joined
    word is elsewhere in the text.
    """
    if "-" not in text and "\u2010" not in text:
        return text
    words = {word.casefold() for word in _WORD.findall(text)}

    def mend(match: re.Match[str]) -> str:
        first, second = match[1], match[2]
        if not second.islower() or not (first.islower() or first.istitle()):
            return match[0]
        if (first + second).casefold() in words or not _is_compound(first.casefold(), second):
            return first + second
        return match[0]

    return _INNER.sub(mend, text)


def _is_compound(first: str, second: str) -> bool:
    """Tell whether the hyphen between two halves in lower case is the author's."""
    firsts, seconds = _lexicon()
    if second.startswith(_SUFFIXES):
        return False
    if first in firsts or second in seconds or second.startswith(tuple(s for s in seconds if len(s) > 4)):
        return True
    if first.endswith("isch") and len(first) > 6:
        return True
    return bool(_FIRST_ADJECTIVE.fullmatch(first) and _SECOND_ADJECTIVE.fullmatch(second))


@cache
def _lexicon() -> tuple[frozenset[str], frozenset[str]]:
    content = resources.files("pipelines.formats").joinpath("lexicons/compound_hyphens.txt").read_text("utf-8")
    lines = [line.strip() for line in content.splitlines() if line and not line.startswith("#")]
    firsts = frozenset(line.removesuffix("-") for line in lines if line.endswith("-"))
    return firsts, frozenset(line.removeprefix("-") for line in lines if line.startswith("-"))
