"""Headings of publications: which sections are no running text."""

import re
from functools import cache

from pipelines.lexicons import entries

_NUMBERING = re.compile(r"^(?:kapitel\s+|teil\s+)?(?:(?:\d+|[ivxlc]+|[a-z])[.)]?(?:\d+\.?)*\s+)?", re.IGNORECASE)


def is_back_matter(heading: str) -> bool:
    """Tell whether `heading`, numbered or not, is that of references, lists, thanks or declarations.

    Front matter such as the table of contents counts among it.
    """
    if len(heading) > 80:
        return False
    name = " ".join(_NUMBERING.sub("", heading.strip()).split()).rstrip(" .:").casefold()
    names, beginnings = _lexicon()
    return name in names or name.startswith(beginnings)


@cache
def _lexicon() -> tuple[frozenset[str], tuple[str, ...]]:
    found = [entry.casefold() for entry in entries("back_matter_headings")]
    whole = frozenset(entry for entry in found if not entry.endswith("*"))
    return whole, tuple(entry.removesuffix("*") for entry in found if entry.endswith("*"))
