"""Compile the name lists of the sample generator from Faker's (MIT) into one lexicon.

    python scripts/compile_sample_names.py > pipelines/sampling/lexicons/names.txt

Run it only to change the lists; the generator reads the compiled file and needs no Faker.
"""

import importlib
import re

LOCALES = {
    "german": ("de_DE", "de_AT", "de_CH"),
    "turkish": ("tr_TR",),
    "vietnamese": ("vi_VN",),
    "polish": ("pl_PL",),  # given names; its surnames are inflected, so surnames.txt has our own
    "czech": ("cs_CZ",),
    "croatian": ("hr_HR",),
    "romanian": ("ro_RO",),
    "italian": ("it_IT",),
    "spanish": ("es_ES",),
    "hungarian": ("hu_HU",),
    "dutch": ("nl_NL",),
}
ATTRIBUTES = {
    "surname": ("last_names", "last_names_male", "last_names_female"),
    "given.female": ("first_names_female",),
    "given.male": ("first_names_male",),
}
LIMIT = 400
NAME = re.compile(r"[^\W\d_][\w'’-]+(?: [^\W\d_][\w'’-]+)?")


def names(locales: tuple[str, ...], attributes: tuple[str, ...]) -> list[str]:
    """Return the well-formed names, in Latin letters, of Faker's person providers, evenly thinned to `LIMIT`."""
    found: set[str] = set()
    for locale in locales:
        provider = importlib.import_module(f"faker.providers.person.{locale}").Provider
        for attribute in attributes:
            found.update(str(name) for name in getattr(provider, attribute, ()))
    found.discard("Doe")  # a placeholder
    latin = sorted(name for name in found if NAME.fullmatch(name) and max(name) < "\u1fff" and len(name) > 1)
    step = max(1.0, len(latin) / LIMIT)
    return [latin[int(index * step)] for index in range(min(LIMIT, len(latin)))]


def main() -> None:
    """Print the lexicon."""
    print("# Names of persons by kind and origin, for invented patients and physicians.")
    print("# Origin: compiled from Faker's person providers by scripts/compile_sample_names.py.")
    print("# Licence: MIT, Copyright (c) 2012 Daniele Faraglia and the Faker contributors.")
    for origin, locales in LOCALES.items():
        for kind, attributes in ATTRIBUTES.items():
            print(f"\n[{kind}.{origin}]")
            print("\n".join(names(locales, attributes)))


if __name__ == "__main__":
    main()
