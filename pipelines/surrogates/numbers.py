"""Surrogates of numbers: digit for digit and letter for letter, with check digits that are wrong on purpose."""

import re
from string import ascii_lowercase, ascii_uppercase

from pipelines.output_scan import is_valid_number
from pipelines.surrogates.draw import Draw

_ALPHANUMERIC = re.compile(r"[^\W_]")
_PHONE_PREFIX = re.compile(
    r"\s*(?:(?:\+|00)\s?\d{2}(?!\d)|(?:\+|00)(?:49|43|41|352|423))?[\s./\-]*(?:\(0\))?[\s./\-(]*0?"
)
_OLDEST, _LONGEST_AGE = 90, 3
_COUNTING = re.compile(r"\d+")


def reshape(surface: str, draw: Draw, kind: str, taken: set[str], prefix: int = 0) -> str:
    """Return `surface` with each digit and letter after the first `prefix` characters replaced by another.

    Separators and letter case stay; what differs in separators only has the same surrogate. The result is no valid
    number of a known kind and none of `taken` (letters and digits in lower case).
    """
    head, body = surface[:prefix], surface[prefix:]
    original = "".join(_ALPHANUMERIC.findall(body)).lower()
    if not original:
        return surface
    for attempt in range(64):
        stream = draw.number(kind, original, attempt)
        out = []
        leading = True
        for position, character in enumerate(body):
            if not character.isalnum():
                out.append(character)
                continue
            new, stream = _other(character, stream, leading)
            leading = False
            out.append(new)
            if stream < 1 << 32:
                stream = draw.number(kind, original, (attempt + 1) << 20 | position)
        shaped = head + "".join(out)
        plain = "".join(_ALPHANUMERIC.findall(shaped))
        if plain.lower() not in taken and not is_valid_number(plain.upper()) and "".join(out).lower() != body.lower():
            return shaped
    return shaped


def _other(character: str, stream: int, leading: bool) -> tuple[str, int]:
    """Return a stand-in of the same class for a letter or digit, and what is left of the stream of random bits."""
    if character.isdecimal():
        if leading and character != "0":
            return str(1 + stream % 9), stream // 9
        return str(stream % 10), stream // 10
    letters = ascii_uppercase if character.isupper() else ascii_lowercase
    return letters[stream % 26], stream // 26


def phone(surface: str, draw: Draw, taken: set[str]) -> str:
    """Return a telephone number of the same shape with the same country prefix and trunk zero."""
    prefix = _PHONE_PREFIX.match(surface)
    return reshape(surface, draw, "PHONE", taken, prefix.end() if prefix and prefix.end() < len(surface) else 0)


def house(surface: str, draw: Draw) -> str:
    """Return a house number of the same shape; a letter after it is one of the first of the alphabet."""
    shaped = reshape(surface, draw, "HOUSE", set())
    return re.sub(r"[a-z]", lambda match: "abcdef"[ord(match.group()) % 6], shaped)


def age(surface: str, draw: Draw) -> str:
    """Return an age as it is, since shifted dates keep it anyway; one of more than 90 as 90; no longer number."""

    def capped(match: re.Match[str]) -> str:
        number = match.group()
        if len(number) > _LONGEST_AGE:
            return reshape(number, draw, "DIGITS", set())
        return str(_OLDEST) if int(number) > _OLDEST else number

    return _COUNTING.sub(capped, surface)
