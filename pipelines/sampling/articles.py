"""Articles, theses, guidelines and web pages: titled sections of prose about a few recurring subjects."""

from dataclasses import dataclass
from random import Random

from pipelines.sampling import persons
from pipelines.sampling.language import Values, grammar
from pipelines.sampling.record import Section

_ENCYCLOPAEDIC = (
    ("", ("definition", "background")),
    ("Epidemiologie", ("background",)),
    ("Symptome", ("symptoms",)),
    ("Diagnostik", ("diagnostics",)),
    ("Therapie", ("therapy",)),
    ("Prognose", ("prognosis",)),
    ("Geschichte", ("background", "definition")),
)
_STUDY = (
    ("Einleitung", ("background", "definition")),
    ("Material und Methoden", ("methods",)),
    ("Ergebnisse", ("results",)),
    ("Diskussion", ("discussion", "background")),
    ("Schlussfolgerung", ("discussion", "prognosis")),
)
_REVIEW = (
    ("Hintergrund", ("background", "definition")),
    ("Klinik", ("symptoms", "background")),
    ("Diagnostik", ("diagnostics",)),
    ("Therapie", ("therapy", "recommendation")),
    ("Fazit für die Praxis", ("recommendation", "prognosis", "discussion")),
)
_ABSTRACT = (
    ("Hintergrund", ("background",)),
    ("Methoden", ("methods",)),
    ("Ergebnisse", ("results",)),
    ("Schlussfolgerung", ("discussion",)),
)
_WEB = (
    ("Was ist das?", ("definition", "advice")),
    ("Welche Beschwerden treten auf?", ("symptoms", "advice")),
    ("Wie wird untersucht?", ("diagnostics", "advice")),
    ("Was können Sie selbst tun?", ("advice",)),
    ("Behandlung", ("therapy", "advice")),
)
_GUIDELINE = (("", ("recommendation", "background", "therapy", "diagnostics")),)


@dataclass(frozen=True, slots=True)
class Kind:
    """How texts of a source are built: outlines to choose from, mean number of words, words a paragraph."""

    outlines: tuple[tuple[tuple[str, tuple[str, ...]], ...], ...]
    words: int
    paragraph: int = 90


KINDS = {
    "doccheck_flexikon": Kind((_ENCYCLOPAEDIC,), 193, 35),
    "wikipedia": Kind((_ENCYCLOPAEDIC,), 769),
    "webcrawl": Kind((_WEB,), 823, 60),
    "ggponc": Kind((_GUIDELINE,), 273, 120),
    "pubmed_abstracts": Kind((_ABSTRACT,), 163, 60),
    "springer_nature": Kind((_STUDY, _REVIEW), 1005),
    "thieme": Kind((_REVIEW, _STUDY), 563),
    "doctoral_theses": Kind((_STUDY,), 12073, 130),
}
"""Mean words a document are those of the published corpus table."""


def subjects(rng: Random) -> Values:
    """Return the values of one text: whom it cites, what it is about."""
    rules = grammar()
    theme = {name: tuple(rules.noun(name, rng) for _ in range(3)) for name in ("disease", "vessel", "greek")}
    return Values({"surname_citation": persons.surname}, rules.theme(rng) | theme)


def title(rng: Random, values: Values) -> str:
    """Return a title of a scholarly text."""
    return grammar().sentence("title", rng, values)


def sections(source: str, rng: Random, values: Values) -> tuple[Section, ...]:
    """Return the sections of a text of `source`, its length spread around the source's mean."""
    kind = KINDS[source]
    outline = kind.outlines[int(rng.random() * len(kind.outlines))]
    target = kind.words * rng.lognormvariate(-0.15, 0.55) if source != "doctoral_theses" else kind.words
    count = min(len(outline), max(1, round(target / 25)))
    return tuple(
        Section(heading, _paragraphs(names, target / count, kind.paragraph, rng, values))
        for heading, names in outline[:count]
    )


def _paragraphs(names: tuple[str, ...], words: float, length: int, rng: Random, values: Values) -> tuple[str, ...]:
    rules = grammar()
    paragraphs: list[str] = []
    sentences: list[str] = []
    used: set[str] = set()
    total = current = 0
    while total < words - 8:
        sentence = rules.fresh_sentence(names[int(rng.random() * len(names))], rng, values, used)
        sentences.append(sentence)
        size = sentence.count(" ") + 1
        total, current = total + size, current + size
        if current >= length:
            paragraphs.append(" ".join(sentences))
            sentences, current = [], 0
            if len(used) > 30:
                used.clear()
    if sentences:
        paragraphs.append(" ".join(sentences))
    return tuple(paragraphs)


def english(rng: Random, count: int = 8) -> str:
    """Return English medical prose, which the corpus should reject for its language."""
    return " ".join(grammar().rule("english", rng, Values()) for _ in range(count))


def references(rng: Random, count: int) -> list[str]:
    """Return a bibliography, which readers cut."""
    entries, values = [], Values({"surname_citation": persons.surname})
    for _ in range(count):
        first, second = persons.person(rng), persons.person(rng)
        journal = persons.choose(rng, ("Dtsch Med Wochenschr", "Chirurg", "Radiologe", "Internist", "Z Gastroenterol"))
        year, volume, page = 1980 + int(rng.random() * 43), 1 + int(rng.random() * 150), 1 + int(rng.random() * 900)
        entries.append(
            f"{first.family} {first.given[0]}, {second.family} {second.given[0]}. {title(rng, values)}. "
            f"{journal} {year};{volume}:{page}-{page + 7}"
        )
    return entries
