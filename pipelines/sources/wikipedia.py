"""The German Wikipedia: the medical articles of an XML dump."""

import re
from functools import cache
from importlib import resources

from pipelines.formats import mediawiki
from pipelines.formats.mediawiki import Page
from pipelines.ingest import Options, Source
from pipelines.sources._wikis import export_reader
from schemas import storage

NAME = "wikipedia"
EVERYTHING = "all"


def is_medical(wikitext: str, lexicon: str = "") -> bool:
    """Tell whether an article has a category or a template of the `lexicon`, '' for the one that comes with this."""
    categories, templates = _patterns(lexicon)
    return any(templates.fullmatch(name) for name in mediawiki.templates(wikitext)) or any(
        categories.fullmatch(name) for name in mediawiki.categories(wikitext)
    )


@cache
def _patterns(lexicon: str) -> tuple[re.Pattern[str], re.Pattern[str]]:
    entries: dict[str, list[str]] = {"kategorie": [], "vorlage": []}
    excluded: dict[str, list[str]] = {"kategorie": [], "vorlage": []}
    for line in _lexicon(lexicon).splitlines():
        line = line.strip()
        if not line or line.startswith("#"):
            continue
        kind, colon, name = line.lstrip("-").partition(":")
        if not colon or kind.casefold() not in entries or not name.strip():
            raise ValueError(f"{lexicon}: a line is Kategorie:NAME or Vorlage:NAME, with * for any text; - excludes")
        pattern = re.escape(" ".join(name.split())).replace(r"\*", ".*")
        (excluded if line.startswith("-") else entries)[kind.casefold()].append(pattern)
    compiled = [
        re.compile(
            f"(?!(?:{'|'.join(excluded[kind]) or '(?!)'})$)(?:{'|'.join(entries[kind]) or '(?!)'})", re.IGNORECASE
        )
        for kind in ("kategorie", "vorlage")
    ]
    return compiled[0], compiled[1]


def _lexicon(path: str) -> str:
    if not path:
        return resources.files("pipelines.sources").joinpath("lexicons/wikipedia_medicine.txt").read_text("utf-8")
    with storage.open_input(path) as stream:
        return stream.read().decode("utf-8")


def _refuse(page: Page, options: Options) -> str:
    lexicon = options.get("categories", "")
    return "" if lexicon == EVERYTHING or is_medical(page.text, lexicon) else "not_medical"


SOURCE = Source(
    name=NAME,
    licence="CC BY-SA 4.0 (articles before 2023: CC BY-SA 3.0)",
    readers=(export_reader(NAME, _refuse),),
    options={"categories": ""},
)
"""`categories` is the path of another lexicon of categories and templates, or `all` for every article."""
