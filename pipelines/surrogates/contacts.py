"""Surrogates of e-mail and web addresses, all under .example, which is nobody's (RFC 2606), and of user names."""

import re

from pipelines.folding import fold
from pipelines.lexicons import entries
from pipelines.output_scan import OWN_DOMAIN
from pipelines.surrogates.draw import Draw, in_case_of
from pipelines.surrogates.names import NameSurrogates
from pipelines.surrogates.numbers import reshape

_AT = re.compile(r"\s*(?:@|\(at\)|\[at\]|\{at\}|\(ät\)|\s+at\s+)\s*", re.IGNORECASE)
_URL = re.compile(r"(?P<scheme>[a-z][a-z+.\-]*://)?(?P<www>www\d?\.)?(?P<host>[^/?#\s:]*)(?P<path>.*)\Z", re.I | re.S)
_WORD = re.compile(r"[^\W\d_]+")


def email(surface: str, draw: Draw, names: NameSurrogates, name_forms: set[str]) -> str:
    """Return an e-mail address; parts that are names of the document are replaced as they are there."""
    at = _AT.search(surface)
    if not at:
        return url(surface, draw)
    local = surface[: at.start()]

    def part(match: re.Match[str]) -> str:
        word = match.group()
        if fold(word) in name_forms:
            return _ascii(names.replace(word.title()))
        if len(word) == 1:
            return names.replace(word)
        return _ascii(draw.pick(entries("surrogate_surnames"), "EMAIL", fold(word)))

    new = reshape_digits(_WORD.sub(part, local), draw)
    return new + at.group() + host(surface[at.end() :], draw)


def _ascii(name: str) -> str:
    return fold(name)


def reshape_digits(text: str, draw: Draw) -> str:
    """Return `text` with its digits replaced."""
    return re.sub(r"\d+", lambda m: reshape(m.group(), draw, "DIGITS", set()), text)


def host(surface: str, draw: Draw) -> str:
    """Return a host name under .example."""
    return fold(draw.pick(entries("surrogate_cities"), "HOST", surface.strip().lower())) + OWN_DOMAIN


def url(surface: str, draw: Draw) -> str:
    """Return a web address of the same scheme with another host and path."""
    found = _URL.match(surface)
    if not found or not found["host"]:
        return reshape(surface, draw, "URL", set())
    new = (found["scheme"] or "") + (found["www"] or "") + host(found["host"], draw)
    return new + reshape(found["path"], draw, "URL", set())


def user_name(surface: str, draw: Draw, taken: set[str]) -> str:
    """Return a user name of the same shape."""
    return in_case_of(surface, reshape(surface, draw, "USERNAME", taken))
