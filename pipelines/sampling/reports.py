"""Radiology reports: an examination's topics, each found or denied, and the assessment that follows."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from pipelines.sampling import dates
from pipelines.sampling.language import Values, grammar, mark
from pipelines.sampling.persons import Patient, choose, physician

CHEST_CT = (
    *("erguss", "pneumothorax", "infiltrat", "milchglas", "emphysem", "fibrose", "rundherd", "raumforderung"),
    *("metastasen", "lymphadenopathie", "atelektase", "stauung", "lungenembolie", "perikarderguss", "kardiomegalie"),
    *("koronarsklerose", "aortenaneurysma", "aortensklerose", "bronchiektasen", "rippenfraktur"),
    *("wirbelkoerperfraktur", "hiatushernie", "pleuraverdickung", "fremdmaterial"),
)
CHEST_XRAY = (
    *("stauung", "verschattung", "erguss", "pneumothorax", "thoraxdrainage", "zvk", "magensonde", "tubus"),
    "materialfehllage",
)
_ABDOMEN = ("leber", "galle", "pankreas", "niere", "darm", "becken")
_HEAD = ("hirnblutung", "infarkt", "marklager", "liquorraum", "sinus")


@dataclass(frozen=True, slots=True)
class Exam:
    """A kind of examination; `weight` is its share among reports."""

    name: str
    code: str
    technique: str
    topics: Sequence[str]
    weight: int


EXAMS = (
    Exam("Röntgen Thorax im Liegen", "RTHL", "xray", CHEST_XRAY, 22),
    Exam("Röntgen Thorax in 2 Ebenen", "RTH2", "xray", ("kardiomegalie", *CHEST_XRAY[:4], "rundherd"), 14),
    Exam("CT Thorax", "CTTH", "ct", CHEST_CT, 10),
    Exam("CT Abdomen und Becken", "CTAB", "ct", (*_ABDOMEN, "lymphadenopathie", "metastasen"), 9),
    Exam("CT Thorax/Abdomen", "CTTA", "ct", (*CHEST_CT[:12], *_ABDOMEN), 6),
    Exam("CT Schädel nativ", "CTSN", "ct", _HEAD, 9),
    Exam("MRT Schädel", "MRSN", "mr", _HEAD, 5),
    Exam("MRT LWS", "MRLW", "mr", ("bandscheibe", "spinalkanal", "wirbelkoerperfraktur", "niere"), 4),
    Exam("MRT Knie", "MRKN", "mr", ("baender", "arthrose", "fraktur"), 3),
    Exam("Röntgen Handgelenk in 2 Ebenen", "RHG2", "xray", ("fraktur", "arthrose"), 6),
    Exam("Röntgen Hüfte", "RHUF", "xray", ("fraktur", "arthrose"), 5),
    Exam("Sonographie Abdomen", "USAB", "us", _ABDOMEN, 6),
    Exam("Farbduplex Beinvenen", "USBV", "us", ("gefaesse",), 3),
    Exam("Mammographie", "MG", "xray", ("mamma",), 3),
    Exam("Sonographie Schilddrüse", "USSD", "us", ("schilddruese", "lymphadenopathie"), 2),
)
_WEIGHTED = tuple(exam for exam in EXAMS for _ in range(exam.weight))
_HEADINGS = (
    ("Klinische Angaben:", "Technik:", "Befund:", "Beurteilung:"),
    ("Klinik, Fragestellung:", "Untersuchungstechnik:", "Befund:", "Beurteilung:"),
    ("Indikation:", "Methode:", "Befundbeschreibung:", "Zusammenfassung:"),
    ("Rechtfertigende Indikation:", "", "Befund:", "Beurteilung:"),
    ("", "", "", "Beurteilung:"),
    ("KLINIK", "TECHNIK", "BEFUND", "BEURTEILUNG"),
    ("Fragestellung:", "", "B:", "Bu:"),
)


def exam(rng: Random) -> Exam:
    """Choose an examination by its share."""
    return _WEIGHTED[int(rng.random() * len(_WEIGHTED))]


def findings(topics: Sequence[str], rng: Random, values: Values, rate: float = 0.22) -> tuple[list[str], list[str]]:
    """Return the sentences of a finding section, and the topics that are found in it."""
    rules, sentences, positive = grammar(), [], []
    order = sorted(topics, key=lambda _: rng.random()) if rng.random() < 0.5 else list(topics)
    for topic in order:
        chance = rng.random()
        if chance < rate:
            positive.append(topic)
            sentences.append(rules.sentence(f"rad.{topic}.pos", rng, values))
            if rng.random() < 0.3:
                sentences.append(rules.sentence("rad.extra", rng, values))
        elif chance < 0.75:
            sentences.append(rules.sentence(f"rad.{topic}.neg", rng, values))
    while len(sentences) < 4 or rng.random() < 0.55:
        sentences.insert(int(rng.random() * (len(sentences) + 1)), rules.sentence("rad.extra", rng, values))
    return sentences, positive


def assessment(positive: Sequence[str], rng: Random, values: Values) -> list[str]:
    """Return the sentences of the assessment of the topics found."""
    rules = grammar()
    if not positive:
        return [rules.sentence("rad.normal", rng, values)]
    sentences = [rules.sentence(f"rad.{topic}.sum", rng, values) for topic in positive]
    if rng.random() < 0.4:
        sentences.append(rules.sentence("rad.advice", rng, values))
    return sentences


def dated_values(day: date) -> Values:
    """Return the values that rules of reports take: marked dates."""
    return {
        "exam_before": lambda rng: mark(
            "DATE", dates.written(day - timedelta(days=2 + int(rng.random() ** 3 * 900)), rng, True)
        ),
        "exam_day": lambda rng: mark("DATE", dates.full(day)),
    }


def body(kind: Exam, values: Values, rng: Random) -> list[tuple[str, str]]:
    """Return headings and texts of a report: indication, technique, findings, assessment."""
    rules = grammar()
    sentences, positive = findings(kind.topics, rng, values)
    headings = choose_headings(rng)
    separator = "\n" if rng.random() < 0.25 else " "
    technique = rules.sentence(f"rad.technique.{kind.technique}", rng, values) if headings[1] else ""
    return [
        (headings[0], rules.sentence("rad.indication", rng, values)),
        (headings[1], technique),
        (headings[2], separator.join(sentences)),
        (headings[3], " ".join(assessment(positive, rng, values))),
    ]


def choose_headings(rng: Random) -> tuple[str, str, str, str]:
    """Return the four headings of a layout; "" leaves one out."""
    return _HEADINGS[int(rng.random() * len(_HEADINGS))]


def report(kind: Exam, day: date, patient: Patient, rng: Random) -> str:
    """Return a report's text with marked spans."""
    values = dated_values(day)
    parts = body(kind, values, rng)
    lines = [_first_line(kind, day, patient, rng)] if rng.random() < 0.55 else []
    broken = rng.random() < 0.5
    for heading, text in parts:
        if text:
            lines.append(f"{heading}{chr(10) if broken else ' '}{text}" if heading else text)
    if rng.random() < 0.35:
        lines.append(_signature(rng))
    return ("\n\n" if rng.random() < 0.5 else "\n").join(lines)


def _first_line(kind: Exam, day: date, patient: Patient, rng: Random) -> str:
    when = mark("DATE", dates.written(day, rng, True))
    choice = rng.random()
    if choice < 0.6:
        clock = f", {7 + int(rng.random() * 12):02d}:{int(rng.random() * 60):02d} Uhr"
        return f"{kind.name} vom {when}{choose(rng, ('', ':', clock))}"
    if choice < 0.75:
        born = mark("DATE_OF_BIRTH", dates.born(patient.birth, rng))
        return f"{kind.name} {when}\nPat.: {mark('PERSON', patient.listed)}, geb. {born}"
    if choice < 0.85:
        return (
            f"{kind.name} vom {when}\n{patient.salutation} {mark('PERSON', patient.family)}, {age(patient, day, rng)}"
        )
    doctor = physician(rng)
    greeting = "Sehr geehrte Frau Kollegin" if doctor.sex == "F" else "Sehr geehrter Herr Kollege"
    thanks = f"wir danken für die Überweisung zur Untersuchung {kind.name} am {when}."
    return f"{greeting} {mark('PERSON', doctor.family)},\n{thanks}"


def age(patient: Patient, day: date, rng: Random) -> str:
    """Return the patient's age in one of its forms, the number marked."""
    years = mark("AGE", str(patient.age(day)))
    return choose(rng, (f"{years} Jahre", f"{years} J.", f"{years} Jahre alt", f"{years}-jährig"))


def _signature(rng: Random) -> str:
    doctor = physician(rng)
    name = mark("PERSON", choose(rng, (doctor.full, doctor.family, f"{doctor.given[0]}. {doctor.family}")))
    titled = f"{doctor.title} {name}".strip()
    role = choose(rng, ("Facharzt für Radiologie", "Oberarzt", "OA", "Assistenzarzt", "Chefarzt", "diktiert"))
    return choose(rng, (titled, f"{titled}, {role}", f"gez. {titled}", f"{titled}\n{role}", f"Befunder: {titled}"))
