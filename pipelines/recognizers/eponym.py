"""The eponym guard: a name that stands as part of a disease, sign, score or procedure is no person.

It looks at what stands around the name, never at a list alone: there are patients called Alzheimer.
"""

import re

from pipelines.recognizers.lexicon import Flag, read_lines
from pipelines.recognizers.tokens import Tokens

HEADS = "|".join(map(re.escape, read_lines("eponym_heads")))
BEFORE = re.compile(
    rf"(?:\b(?:{HEADS}|M\.)(?: nach)?|\b(?:nach|n\.|sec\.|nach den|i\.\s?S\.\s?(?:von|n\.))|\bsog\."
    rf"|\bsogenannte[rsn]?)\s*$"
)
TAILS = "|".join(map(re.escape, read_lines("eponym_tails")))
AFTER = re.compile(rf"(?:['’]?s?sche[nrms]?)? ?[-– ] ?(?:\w+[-–])?(?P<tail>{TAILS})", re.IGNORECASE)
CLASS = re.compile(r" [A-Z]\d(?!\w)")
"""What a classification goes on with that is called after a place: Montreal E2."""
ADJECTIVE = re.compile(r"['’]?s?(?:sche[nrms]?|ianer|oid)\b")


def is_eponym(tokens: Tokens, first: int, last: int, before_noun: bool = True) -> bool:
    """Tell from their context whether the words from `first` to `last` (inclusive) name a thing of medicine.

    An eponym before any noun counts only where `before_noun` says so: "Alzheimers Befinden" is a person's.
    """
    text, start, end = tokens.text, tokens.starts[first], tokens.ends[last]
    after = text[end : end + 40]
    if any(flag & Flag.MEDICAL for flag in tokens.flags[first : last + 1]):
        return True
    if (
        tokens.words[last - 1] in "-–"
        and last > first
        and tokens.flags[last] & (Flag.COMMON | Flag.COMPOUND)
        and not tokens.flags[last] & Flag.SURNAME
        and any(tokens.flags[i] & Flag.EPONYM for i in range(first, last))
    ):
        return True
    if ADJECTIVE.match(after) or (tokens.flags[last] & Flag.PLACE and CLASS.match(after)):
        return True
    if tokens.flag(first - 1) & Flag.PLACE and CLASS.match(text, tokens.ends[first - 1]):
        return True
    # Wolf-Studie, but not "Wolf studiert"
    if (match := AFTER.match(after)) and (tokens.lower_cased or match["tail"][0].isupper() or " " not in match[0]):
        return True
    if match := BEFORE.search(text, max(0, start - 34), start):
        # "nach Berlin", "nach Frau Weber" are decided elsewhere; "M. Boeck" may be a name
        return match[0].strip() != "M." or bool(tokens.flags[first] & Flag.EPONYM)
    if tokens.word(first - 1) in "-–" and tokens.joined(first) and tokens.flag(first - 2) & Flag.EPONYM:
        return True
    following = tokens.flag(last + 1)
    if tokens.word(last + 1) in ("-", "–") and tokens.joined(last + 1) and tokens.joined(last + 2):
        following = tokens.flag(last + 2)
        # Clark-Level, Baxter-Parkland: a hyphen to a common noun or to another eponym
        return bool(following & (Flag.EPONYM | Flag.MEDICAL)) or (
            bool(following & (Flag.COMMON | Flag.COMPOUND)) and not following & Flag.SURNAME
        )
    if not before_noun:
        return False
    common = (
        following & Flag.UPPER
        and following & (Flag.MEDICAL | Flag.COMMON | Flag.COMPOUND)
        and not tokens.new_line(last + 1)
    )
    return bool(tokens.flags[first] & Flag.EPONYM and common and not following & (Flag.FIRST_NAME | Flag.SURNAME))
