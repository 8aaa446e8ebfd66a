"""The documents of a sample: each made from the seed, its source and its number alone."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from pipelines.sampling import articles, dates, dirt, letters, persons, plan, reports
from pipelines.sampling.language import Values, grammar, mark, unmark
from pipelines.sampling.persons import Patient
from pipelines.sampling.plan import Role
from pipelines.sampling.record import Record, Section, join_sections

CLINICAL = ("radiology_reports", "electronic_health_records")
REASONS = {"non_report": "non_report", "english": "language", "short": "too_short"}
"""The reason code with which the corpus should reject a dirty clinical document."""
CANARY = Patient(
    "Xaveria",
    "Quittenbaum-Zwölfer",
    "F",
    birth=date(1913, 7, 29),
    street="Kanarienvogelsteig 913",
    postcode="99987",
    town="Hinterkleinzwölfingen",
    phone="03691/7741913",
    email="xaveria.quittenbaum@zwoelfer-post.de",
    insurance="X913072914",
    number="91300772913",
    profession="Glasbläserin",
)
"""The patient who is planted in every source and must be in no byte that a build writes."""


def canary_strings() -> dict[str, list[str]]:
    """Return the canary's identifiers by label."""
    who = CANARY
    return {
        "PERSON": [who.full, who.listed, who.given, who.family],
        "DATE_OF_BIRTH": [dates.full(who.birth), who.birth.isoformat(), f"{who.birth:%Y%m%d}"],
        "STREET": [who.street],
        "ZIP": [who.postcode],
        "CITY": [who.town],
        "PHONE": [who.phone],
        "EMAIL": [who.email],
        "ID": [who.insurance, who.number],
    }


@dataclass(frozen=True)
class Corpus:
    """All documents of a sample of `totals` documents by source."""

    seed: int
    totals: Mapping[str, int]
    clean: bool = False

    def role(self, source: str, number: int) -> Role:
        """Return what the document is: original, copy, template or chapter."""
        return plan.role(self.seed, source, number, self.totals, self.clean)

    def record(self, source: str, number: int) -> Record:
        """Make document `number` of `source`; its key is left to the format that it is written in."""
        what = self.role(source, number)
        if source in CLINICAL:
            return self._clinical(source, number, what)
        return self._published(source, number, what)

    def _random(self, *path: object) -> Random:
        return Random("/".join(map(str, (self.seed, *path))))

    def _clinical(self, source: str, number: int, what: Role) -> Record:
        origin = what.root if what.kind == "copy" else number
        rng = self._random(source, origin)
        day = persons.random_date(rng, 2006, 2024)
        patient = CANARY if origin == 0 else persons.patient(rng, day)
        kind = reports.exam(rng)
        metadata = {"exam_type": kind.name, "code": kind.code}
        if what.kind == "template":
            text, metadata = self._template(what.template, day, patient, rng)
        elif what.dirt in ("non_report", "english", "short"):
            text = _unwanted(what.dirt, day, rng)
        elif source == "radiology_reports":
            text = reports.report(kind, day, patient, rng)
        else:
            text = letters.perturbed(letters.letter(patient, day, rng), rng)
        if origin == 0:
            text = f"{text}\n{_canary_sentence()}"
        if what.kind == "copy":
            own = self._random(source, number)
            text = dirt.edited(text, what.strength, own)
            day += timedelta(days=int(own.random() * 20))
        if what.dirt == "mojibake":
            text = dirt.mojibake(text)
        plain, spans = unmark(text)
        reject = REASONS.get(what.dirt, "")
        physician = persons.physician(self._random(source, number, "physician"))
        return Record(
            source, number, "", "", plain, tuple(spans), patient=patient, physician=physician, day=day,
            metadata=metadata, reject=reject,
        )  # fmt: skip

    def _template(self, number: int, day: date, patient: Patient, rng: Random) -> tuple[str, dict[str, str]]:
        """Return a fixed normal report: the same sentences whoever the patient, but for head and dates."""
        kind = reports.EXAMS[(0, 1, 5, 3, 9, 11)[number]]
        fixed = self._random("template", number)
        sentences = reports.normal(kind, fixed)
        headings = reports.choose_headings(fixed)
        who = mark("PERSON", patient.listed)
        head = f"{kind.name} vom {mark('DATE', dates.full(day))}, Pat. {who}" if rng.random() < 0.5 else ""
        rules = grammar()
        parts = [head, f"{headings[2]} {' '.join(sentences)}".strip(), rules.sentence("rad.normal", fixed, Values())]
        return "\n".join(part for part in parts if part), {"exam_type": kind.name, "code": kind.code}

    def _published(self, source: str, number: int, what: Role) -> Record:
        origin_source, origin = (what.root_source, what.root) if what.root >= 0 else (source, number)
        rng = self._random(origin_source, origin)
        day = persons.random_date(rng, 1999, 2023)
        subjects = articles.subjects(rng)
        title = articles.title(rng, subjects)
        sections = articles.sections(origin_source, rng, subjects)
        if origin == 0:
            canary = Section("Fallbericht", (_canary_sentence(),))
            sections = (*sections, canary)
        own = self._random(source, number, "own")
        if what.kind == "copy":
            sections = _mapped(sections, lambda text: dirt.edited(text, what.strength, own))
        elif what.kind == "chapter":
            subjects = articles.subjects(own)
            title, others = articles.title(own, subjects), articles.sections(source, own, subjects)
            sections = (*others[:2], *sections[1:3], *others[3:])
        if what.dirt == "mojibake":
            sections = _mapped(sections, dirt.mojibake)
        elif what.dirt == "english":
            sections = tuple(Section("", (articles.english(own, 5),)) for _ in range(3))
            title = "A prospective trial of two regimens"
        text, spans = unmark(join_sections(sections))
        plain = _mapped(sections, lambda text: unmark(text)[0])
        reject = ("language" if source == "webcrawl" else "not_german") if what.dirt == "english" else ""
        author = persons.physician(self._random(source, number, "physician"))
        return Record(
            source, number, "", "", text, tuple(spans), title, plain, physician=author, day=day, reject=reject
        )


def _mapped(sections: tuple[Section, ...], change) -> tuple[Section, ...]:
    return tuple(Section(section.heading, tuple(map(change, section.paragraphs))) for section in sections)


def _unwanted(name: str, day: date, rng: Random) -> str:
    if name == "english":
        return articles.english(rng, 6)
    if name == "short":
        return persons.choose(rng, ("s. o.", "o. B.", "unverändert", "idem"))
    return grammar().rule("nonreport", rng, reports.report_values(reports.EXAMS[0], day, rng))


def _canary_sentence() -> str:
    who = CANARY
    return (
        f"Frau {mark('PERSON', who.full)}, geb. am {mark('DATE_OF_BIRTH', dates.full(who.birth))}, wohnhaft "
        f"{mark('STREET', who.street)}, {mark('ZIP', who.postcode)} {mark('CITY', who.town)}, "
        f"Tel. {mark('PHONE', who.phone)}, E-Mail {mark('EMAIL', who.email)}, "
        f"Versichertennummer {mark('ID', who.insurance)}, Pat.-Nr. {mark('ID', who.number)}, "
        "stellte sich mit Husten und Fieber vor."
    )
