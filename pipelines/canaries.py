"""Made-up people for the self-test: if one of them survives de-identification, nothing may be processed."""

from typing import NamedTuple

from schemas.document import KnownIdentifier


class Canary(NamedTuple):
    """A text, what of it must not be left (compared without case), and what must."""

    name: str
    text: str
    secrets: tuple[str, ...]
    kept: tuple[str, ...] = ()
    known: tuple[KnownIdentifier, ...] = ()


CANARIES = (
    Canary(
        "letter",
        "Sehr geehrte Frau Kollegin,\nwir berichten über Herrn Gundobald Zwiesler, geb. am 17.04.1951, wohnhaft"
        " Lerchenweg 48, 35745 Herborn, Tel.: 02772 5838201, der sich vom 3.2.2019 bis 9.2.2019 in unserer Klinik"
        " befand.\nDiagnose: Morbus Crohn, Kreatinin 1,4 mg/dl.\nHerr Zwiesler wurde entlassen.\n"
        "Mit freundlichen Grüßen\nProf. Dr. med. Adelgunde Hrdlitschka\n",
        ("Gundobald", "Zwiesler", "17.04.1951", "Lerchenweg 48", "5838201", "Hrdlitschka", "3.2.2019"),
        ("Morbus Crohn", "Kreatinin 1,4 mg/dl", "entlassen"),
    ),
    Canary(
        "contact",
        "Rückfragen an gundobald.zwiesler@klinik-herborn.de oder Fax 02772/5838-299. Versicherten-Nr. A000500015.",
        ("zwiesler@", "klinik-herborn", "5838-299", "A000500015"),
    ),
    Canary(
        "known identifiers",
        "Pat. zwieslers Befund vom Vortag, ZWIESLER G., geb. 17. April 1951, Fall 4711 0815 99: Lunge frei. G.Z. geht"
        " es gut, Zwieseler stabil.",
        ("Zwiesler", "zwieseler", "April 1951", "4711 0815", "G.Z."),
        ("Lunge frei", "stabil"),
        (
            KnownIdentifier("PERSON", "Zwiesler, Gundobald"),
            KnownIdentifier("DATE_OF_BIRTH", "1951-04-17"),
            KnownIdentifier("ID", "4711081599"),
        ),
    ),
    Canary(
        "hidden characters",
        "Herr Gundo\u00adbald Zwies\u200bler, geb.\u00a017.04.1951, Frau Mu\u0308llerfing kam mit Frau Zwies-\nler.",
        ("Gundobald", "Zwiesler", "17.04.1951", "Müllerfing"),
    ),
)
