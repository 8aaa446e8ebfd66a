"""Short notes for the training of the tagger: names that nothing announces, and words that only look like names.

The generator's letters (pipelines/sampling) name people as letters do. These notes hold what they lack: surnames alone
in rounds, lists of boards and marks of shifts; and against them eponyms before numbers ("Deauville 3"), medicines,
words cut short ("Metop 47,5") and misspelt ones, all of which stay.
"""

from collections.abc import Iterator, Sequence
from random import Random
from typing import Any

from disguised_letters import NameMaker

from pipelines.recognizers.lexicon import read_lines

Document = dict[str, Any]
Piece = tuple[str, str]
"""A placeholder's text and its label; the empty label for what is nobody's."""

NAMED = """wie mit {S} besprochen, Kontrolle in 6 Wochen
{S}/{S}: Visite, Pat. wach und orientiert
Übergabe an {S}, Spätdienst {S}
OP: {S}, 1. Ass. {S}, Anästhesie {S}
Anwesend: {S} (Chirurgie), {S} (Onko), {S} (Strahlen); Protokoll {S}
{G} ist ein munterer Junge, {G} lacht viel
die Freundin {G} brachte sie in die Ambulanz, Schwester {G} informiert
{N}) {S}, {G}, 12.3.56, Rektum-Ca.
{N}. {S}: Re-Vorstellung nach Bildgebung
{S} {G} *12.03.1956, Zimmer 12
{G} {S} 03.05.1961 {T}
Termin bei {S} in {T}, danach Reha in {T}
zieht zu ihrer Schwester {G} nach {T}
stammt aus {T}, arbeitet als {P} in {T}
{P}, verheiratet, zwei Kinder ({G} und {G})
gelernter {P}, zuletzt bei {F} in {T}
{T}, den 12.4.2021
Befund: {S}
vidiert {S}, freigegeben {S}
{S}: Pat. schläft. {S}: Verband gewechselt
{S} war auch da und meint, es könne gewartet werden
lt. {S} keine OP-Indikation, {S} sieht das anders
Info an {S} und {S} erfolgt
Anruf {S} ({T}): Bilder angefordert
Grüße an {G} und {G}
Hausarzt {S}, Augenarzt {S}, Zahnarzt {S}
{S}, {S} und {S} waren bei der Visite
Konsil {S}: keine Einwände
HA {S} in {T} weiß Bescheid
Enkel {G} {S} übernimmt die Pflege
Praxis {S} & {S}, {T}
{G} habe sich mit {G} gestritten
Patient {S} aus {T} kam mit Husten
{S} jun. operiert, {S} sen. assistiert
Betreuer {S}, Nachbarin {S}
i.V. {S}
{S}, Assistenzärztin
{G} {S}
Oberarzt""".split("\n")  # fmt: skip
NOBODY = """{E} {N}, Progress unter Therapie
{E} {N}
{E}-Score {N} Punkte, {E} {N}
{E} positiv, {E} negativ, {E} bds. unauffällig
Z. n. {E}-Operation {E} {N}
modif. {E}, {E} Grad {N}
Stadium {N} nach {E}, {E} {N}a
{E}: {N} von 30
Staging: {E} IIIB, {E} {N}
unter {M} gut eingestellt, {M} pausiert
{M} {N} mg 1-0-1, {M} bei Bedarf
Allergie auf {M}, Unverträglichkeit {M}
{A} {N} 1-0-0, {A} weiter, {A} ex
{A}. o. B., {A}. unauff.
{A}.: {N}, {A}.-Nr. {N}
S: {A}., {A}. A: {A}. M: {A}, {A}, {A}
{B} nach Plan, {B} am 12. Tag
Aktuelle {B}: {N}
{B} und {B} ohne Befund
{B}: unverändert
Gerät: {C}, Sonde {C}
{C} {N}, {C}-Test negativ
Färbungen: {C}, {E}, {C}
Klasse {N} ({C}), {C} {N}
{B} ({E}), {B} links
kein Hinweis auf {B}
{B} mit {B}, {E} {N}
Gesamt {C} {N}, Complete {C}""".split("\n")  # fmt: skip
NUMERALS = "I II III IV IIa IIIB 2 3 4 7 12 14 21 36 2-3 1,5 3+4 141".split()
FIRMS = ("Holzbau {}", "Autohaus {}", "{} GmbH", "Bäckerei {}", "Elektro {}", "{} & Söhne")
LABELS = {"S": "PERSON", "G": "PERSON", "T": "CITY", "P": "PROFESSION", "F": "ORGANIZATION"}
LINES = (6, 14)
LOWER_SHARE = 0.15
"""The share of notes that are written without capitals."""
CALLINGS_OF_STAFF = frozenset("arzt ärztin pfleger pflegerin hebamme psychologe".split())


class Notes:
    """Makes notes; what stands for nobody is drawn from the lexicons, names from them and from made-up ones."""

    def __init__(self) -> None:
        self._names = {"S": read_lines("surnames"), "G": read_lines("first_names"), "T": read_lines("towns")}
        self._makers = {kind: NameMaker(names) for kind, names in self._names.items()}
        self._callings = [word.capitalize() for word in read_lines("callings") if word not in CALLINGS_OF_STAFF]
        self._eponyms, self._medicines = read_lines("eponyms"), read_lines("drugs")
        terms = [word for word in read_lines("medical_words") if len(word) > 6]
        self._terms = [word.capitalize() for word in terms]

    def __call__(self, number: int, seed: int) -> Document:
        """Return a note of several lines with its gold spans."""
        rng = Random(f"{seed}/notes/{number}")
        text, entities = "", []
        for _ in range(rng.randint(*LINES)):
            line = rng.choice(NAMED if rng.random() < 0.5 else NOBODY)
            for piece, label in self._pieces(line, rng):
                if label:
                    entities.append({"begin": len(text), "end": len(text) + len(piece), "label": label})
                text += piece
            text += rng.choice((".\n", "\n", ". ", "; "))
        lower = rng.random() < LOWER_SHARE
        return {"id": f"note {number}", "text": text.lower() if lower else text, "entities": entities}

    def _pieces(self, line: str, rng: Random) -> Iterator[Piece]:
        head, *rest = (line[:1].upper() + line[1:]).split("{")
        yield head, ""
        for part in rest:
            kind, tail = part[0], part[2:]
            yield self._filled(kind, rng), LABELS.get(kind, "")
            yield tail, ""

    def _filled(self, kind: str, rng: Random) -> str:
        """Return what stands for a placeholder: S surname, G given name, T town, P calling, F firm, N number,
        E eponym, M medicine, A word cut short, B misspelt term, C short form.
        """
        if kind in self._names:
            return self._makers[kind](rng) if rng.random() < 0.6 else rng.choice(self._names[kind])
        if kind == "F":
            return rng.choice(FIRMS).format(self._filled("S", rng))
        if kind == "N":
            return rng.choice(NUMERALS)
        if kind == "A":
            word = rng.choice(rng.choice((self._medicines, self._terms)))
            return word[: rng.randint(4, 6)]
        if kind == "B":
            return _misspelt(rng.choice(self._terms), rng)
        if kind == "C":
            word = _misspelt(rng.choice(self._terms), rng)[: rng.randint(3, 6)]
            return word.upper() if rng.random() < 0.6 else word
        return rng.choice({"P": self._callings, "E": self._eponyms, "M": self._medicines}[kind])


def _misspelt(word: str, rng: Random) -> str:
    """Return a word with a letter left out, doubled or swapped, or as it is."""
    at = rng.randint(1, len(word) - 2)
    changes: Sequence[str] = (
        word,
        word[:at] + word[at + 1 :],
        word[:at] + word[at] + word[at:],
        word[:at] + word[at + 1] + word[at] + word[at + 2 :],
    )
    return rng.choice(changes)
