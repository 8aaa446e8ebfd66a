"""Text as it should have been: encodings mended, invisible characters out, white space and line breaks in order.

Letters, case, signs and quotes stay as they are written: µ, ², ß, °, „…“ carry meaning, and the
models' vocabulary is cased.
"""

import re

import ftfy

FTFY = ftfy.TextFixerConfig(
    # readers deliver text, so what looks like an entity was escaped twice; "auto" would leave the
    # entities of every report that holds a "<", which in a laboratory value is a comparison
    unescape_html=True,
    # a terminal's colours have no meaning in a report
    remove_terminal_escapes=True,
    # the heart of it: UTF-8 that was read as cp1252, Latin-1 or Mac Roman ("GrÃ¶ÃŸe")
    fix_encoding=True,
    # "Ã " was "à" before somebody took its second byte for a blank
    restore_byte_a0=True,
    # where a byte was lost for good, say so by U+FFFD and mend the rest of the line
    replace_lossy_sequences=True,
    # reports are pasted together from systems of different encodings
    decode_inconsistent_utf8=True,
    # cp1252 that was read as Latin-1: quotes and dashes
    fix_c1_controls=True,
    # ﬁ and ﬂ come from typesetting, and would make other words of "Befund" and "Reflux"
    fix_latin_ligatures=True,
    # full-width letters come from East Asian input methods
    fix_character_width=True,
    # quotes stay: „…“ tells a quotation's beginning from its end
    uncurl_quotes=False,
    # CR, CRLF and the Unicode separators become \n
    fix_line_breaks=True,
    # text that went through UCS-2
    fix_surrogates=True,
    # NUL and its kind
    remove_control_chars=True,
    # one form for "ü"; NFKC would turn 10³ into 103 and µ into μ
    normalization="NFC",
    # bounds what a hostile line costs: several fixes are quadratic in it
    max_decode_length=20_000,
    explain=False,
)

# ftfy changes nothing where no character is of interest to any of its fixers and its heuristic of
# mojibake finds nothing, which wants one of a few characters or two adjoining ones beyond ASCII.
# Innocent alone: printable ASCII and what is usual in German text. Innocent in pairs: a small umlaut
# or ß after a German letter ("Größe"). All else, and entities, makes its line suspect.
_GERMAN = "äöüÄÖÜß"
_INNOCENT = f"{_GERMAN}éèáàêôçñ°²³µ±×·®§»«–—„“”‚‘’…•→≥≤€½¼¾αβγδμ\u00a0\u00ad"
_SUSPECT = re.compile(
    rf"""
    [^\t\n\x20-\x25\x27-\x7e]  # one set of first characters, so that the engine skips plain ASCII
    (?:
        (?<![&{_INNOCENT}])
      | (?<=[^\x00-\x7f])[^\x00-\x7f](?<![{_GERMAN}][äöüß])
      | (?<=&)\#?[0-9A-Za-z]{{1,24}};
    )
    """,
    re.VERBOSE,
)

# "&amp;amp;amp;..." costs ftfy a round for each level
_NESTED_ESCAPES = re.compile(
    r"&(?:(?:amp|AMP|#0*(?:38|65286)|#[xX]0*(?:26|[fF]{2}06));)+(?=(?:amp|AMP|#0*38|#[xX]0*26);)"
)
_LINE_FEEDS = str.maketrans("\v\f\x1c\x1d\x1e", "\n\n\n\n\n")
# no width, no meaning: joiners, direction marks, variation selectors, C1 controls that are left over
_INVISIBLE = re.compile(
    r"[\x80-\x9f\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff]"
)
# a soft hyphen before a capital was read from a hard one: "Sachse-Spaltung"
_HARD_SOFT_HYPHEN = re.compile("(?<=[a-zäöüß])\xad+(?=[A-ZÄÖÜ])")
_SOFT_HYPHEN = re.compile("[\xad\xac]+ *\n *(?=[a-zäöüß])|\xad+")

_OTHER_BLANKS = re.compile(r"[^\S\n ]")
_BROKEN_WORD = re.compile(r"(?<=[^\W_])[-\u2010]\n(?=([^\W_]+))")
_COMPOUND = re.compile(r"(?<=[^\W_])-[^\W_A-ZÄÖÜ0-9][^\W_]*")
_LEFT_WORD = re.compile(r"[^\W_]+\Z")
_CONJUNCTIONS = frozenset(("als", "bis", "bzw", "noch", "o", "oder", "sowie", "u", "und", "wie"))
_PASSES = 8


def mend(text: str) -> str:
    """Return `text` as ftfy mends it with the settings `FTFY`, which sees only the lines that need it.

    ftfy works line by line, so the others would come back as they are. Vertical tabs, form feeds and
    separators become line feeds before, because ftfy deletes them or lets words grow together.
    """
    pieces, position = [], 0
    while match := _SUSPECT.search(text, position):
        start = text.rfind("\n", position, match.start()) + 1 or position
        end = text.find("\n", match.end()) + 1 or len(text)
        line = _NESTED_ESCAPES.sub("&", text[start:end].translate(_LINE_FEEDS))
        pieces += text[position:start], ftfy.fix_text(line, FTFY)
        position = end
    return "".join([*pieces, text[position:]]) if pieces else text


def join_broken_words(text: str) -> str:
    """Return `text` with words that were broken by a hyphen at a line's end in one piece.

    "Unter-\\nsuchung" loses its hyphen; "CT-\\nUntersuchung" and "T2-\\ngewichtet" keep it, as does a
    compound that the text has with its hyphen elsewhere; "Haupt-\\nund" becomes "Haupt- und"; between
    two numbers ("1-\\n2") the line break stays, because it may be a range or two items.
    """

    if "-\n" not in text and "\u2010\n" not in text:
        return text
    compounds = {_left_word(text, match.start()) + match[0] for match in _COMPOUND.finditer(text)}

    def join(match: re.Match[str]) -> str:
        left, right = _left_word(text, match.start()), match[1]
        if right[0].isdigit() and left[-1].isdigit():
            return match[0]
        if right[0].islower():
            if right in _CONJUNCTIONS:
                return "- "
            hard = len(left) > 6 and left.endswith("isch")  # "medizinisch-technisch"
            if left[-1].islower() and not hard and f"{left}-{right}" not in compounds:
                return ""
        return "-"

    return _BROKEN_WORD.sub(join, text)


def _left_word(text: str, end: int) -> str:
    """Return the letters and digits before `end`, sixty at most."""
    start = max(0, end - 60)
    match = _LEFT_WORD.search(text, start, end)
    return match[0] if match else ""


def tidy(text: str, plain: bool = False) -> str:
    """Return `text` without invisible characters, soft hyphens, broken words and superfluous white space.

    Blanks become one space, line ends lose theirs, at most one empty line stays between paragraphs.
    `plain` says that no character is suspect, so that there is neither an invisible one nor a rare blank.
    """
    if not plain:
        text = _OTHER_BLANKS.sub(" ", _INVISIBLE.sub("", text))
    if "\xad" in text or "\xac" in text:
        text = _SOFT_HYPHEN.sub("", _HARD_SOFT_HYPHEN.sub("-", text))
    text = text.replace("\t", " ").replace("\u00a0", " ")
    # repeated replacement halves a run of blanks each time, which beats a regular expression
    while "  " in text:
        text = text.replace("  ", " ")
    text = text.replace(" \n", "\n").replace("\n ", "\n")
    while "\n\n\n" in text:
        text = text.replace("\n\n\n", "\n\n")
    return join_broken_words(text).strip()


def clean(text: str) -> str:
    """Clean a document's text; to clean it again changes nothing.

    What one round uncovers (an entity that held an invisible character) the next one mends. Only what
    was suspect, or where letters move together, can uncover anything.
    """
    for _ in range(_PASSES):
        before, plain = text, _SUSPECT.search(text) is None
        text = tidy(text if plain else mend(text), plain)
        moved = not plain or "\xad" in before or "-\n" in before
        if not moved or text == before or not _SUSPECT.search(text):
            break
    return text
