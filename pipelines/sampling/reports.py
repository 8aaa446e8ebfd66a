"""Radiology reports: an examination's topics, each found or denied, and the assessment that follows."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from random import Random

from pipelines.sampling import dates
from pipelines.sampling.language import Values, grammar, mark
from pipelines.sampling.lexicon import Noun
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
_CHEST_STEMS = ("Lungen", "Bronchial", "Pleura", "Perikard", "Oberlappen", "Unterlappen", "Mittellappen", "Brustwand")
_CHEST_STEMS += ("Zwerchfell", "Myokard", "Tracheal", "Ösophagus", "Thymus", "Weichteil", "Lymphknoten")
_ABDOMEN_STEMS = (
    "Leber",
    "Milz",
    "Nieren",
    "Pankreas",
    "Gallenblasen",
    "Magen",
    "Kolon",
    "Sigma",
    "Dünndarm",
    "Nebennieren",
)
_ABDOMEN_STEMS += ("Harnblasen", "Peritoneal", "Retroperitoneal", "Bauchwand", "Duodenal", "Choledochus", "Becken")
_HEAD_STEMS = ("Hirn", "Großhirn", "Kleinhirn", "Thalamus", "Stammganglien", "Hirnstamm", "Meningeal", "Temporallappen")
_HEAD_STEMS += ("Frontallappen", "Orbita", "Nasennebenhöhlen", "Hypophysen", "Ventrikel", "Mittelohr")
_SPINE_STEMS = ("Bandscheiben", "Rückenmarks", "Muskel", "Retroperitoneal", "Nieren", "Knorpel")
_JOINT_STEMS = ("Knorpel", "Sehnen", "Muskel", "Synovial", "Weichteil", "Meniskus", "Haut", "Fettgewebs")
_NECK_STEMS = ("Schilddrüsen", "Nebenschilddrüsen", "Hals", "Lymphknoten", "Speicheldrüsen", "Parotis", "Kehlkopf")


@dataclass(frozen=True, slots=True)
class Exam:
    """A kind of examination: the rules of its technique and further sentences, the organs it shows, its share."""

    name: str
    code: str
    technique: str
    topics: Sequence[str]
    weight: int
    stems: Sequence[str]
    further: str


EXAMS = (
    Exam("Röntgen Thorax im Liegen", "RTHL", "xray", CHEST_XRAY, 22, _CHEST_STEMS, "xray"),
    Exam(
        "Röntgen Thorax in 2 Ebenen",
        "RTH2",
        "xray",
        ("kardiomegalie", *CHEST_XRAY[:4], "rundherd"),
        14,
        _CHEST_STEMS,
        "xray",
    ),
    Exam("CT Thorax", "CTTH", "ct", CHEST_CT, 10, _CHEST_STEMS, "ct"),
    Exam("CT Abdomen und Becken", "CTAB", "ct", (*_ABDOMEN, "lymphadenopathie", "metastasen"), 9, _ABDOMEN_STEMS, "ct"),
    Exam("CT Thorax/Abdomen", "CTTA", "ct", (*CHEST_CT[:12], *_ABDOMEN), 6, (*_CHEST_STEMS, *_ABDOMEN_STEMS), "ct"),
    Exam("CT Schädel nativ", "CTSN", "ct", _HEAD, 9, _HEAD_STEMS, "head"),
    Exam("MRT Schädel", "MRSN", "mr", _HEAD, 5, _HEAD_STEMS, "head"),
    Exam(
        "MRT LWS", "MRLW", "mr", ("bandscheibe", "spinalkanal", "wirbelkoerperfraktur", "niere"), 4, _SPINE_STEMS, "mr"
    ),
    Exam("MRT Knie", "MRKN", "mr", ("baender", "arthrose", "fraktur"), 3, _JOINT_STEMS, "mr"),
    Exam("Röntgen Handgelenk in 2 Ebenen", "RHG2", "bone", ("fraktur", "arthrose"), 6, _JOINT_STEMS, "bone"),
    Exam("Röntgen Hüfte", "RHUF", "bone", ("fraktur", "arthrose"), 5, _JOINT_STEMS, "bone"),
    Exam("Sonographie Abdomen", "USAB", "us", _ABDOMEN, 6, _ABDOMEN_STEMS, "us"),
    Exam("Farbduplex Beinvenen", "USBV", "us", ("gefaesse",), 3, _JOINT_STEMS, "us"),
    Exam("Mammographie", "MG", "mamma", ("mamma",), 3, ("Mamma", "Axilla", "Haut"), "mamma"),
    Exam("Sonographie Schilddrüse", "USSD", "us", ("schilddruese", "lymphadenopathie"), 2, _NECK_STEMS, "us"),
)
_LEAST_SENTENCES = {"ct": 28, "head": 23, "mr": 23, "us": 21, "xray": 19, "bone": 14, "mamma": 11}
"""About how many sentences a finding section has."""
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


@dataclass(frozen=True, slots=True)
class Finding:
    """A topic that a report finds, and the values (its side) that its sentences share."""

    topic: str
    values: Values


def findings(kind: Exam, rng: Random, values: Values, rate: float = 0.22) -> tuple[list[str], list[Finding]]:
    """Return the sentences of a finding section, and what is found in it."""
    rules, sentences, found = grammar(), [], []
    used: set[str] = set()
    order = sorted(kind.topics, key=lambda _: rng.random()) if rng.random() < 0.5 else kind.topics
    for topic in order:
        chance = rng.random()
        if chance < rate:
            found.append(Finding(topic, sided(values, rng)))
            sentences.append(rules.sentence(f"rad.{topic}.pos", rng, found[-1].values))
        elif chance < 0.75:
            sentences.append(rules.sentence(f"rad.{topic}.neg", rng, values))
    pad(sentences, kind, rng, values, used)
    return sentences, found


def pad(sentences: list[str], kind: Exam, rng: Random, values: Values, used: set[str]) -> None:
    """Insert sentences that no topic needs, until a finding section has its usual length."""
    least = min(40.0, _LEAST_SENTENCES[kind.further] * rng.lognormvariate(-0.1, 0.4))
    for _ in range(60):
        if len(sentences) >= least:
            return
        name = f"rad.extra.{kind.further}" if rng.random() < 0.65 else "rad.extra"
        sentence = grammar().fresh_sentence(name, rng, values, used)
        if sentence not in sentences:
            sentences.insert(int(rng.random() * (len(sentences) + 1)), sentence)


def normal(kind: Exam, rng: Random) -> list[str]:
    """Return the sentences of a report in which nothing is found, none of them with a changing part."""
    rules = grammar().lexicon.rules
    denied = [choose(rng, _constant(rules[f"rad.{topic}.neg"])) for topic in kind.topics]
    further = _constant(rules[f"rad.extra.{kind.further}"])
    return denied + [further[int(rng.random() * len(further))] for _ in range(max(2, 9 - len(denied)))]


def _constant(texts: Sequence[str]) -> list[str]:
    return [text for text in texts if "{" not in text]


def sided(values: Values, rng: Random) -> Values:
    """Return `values` with one side and one lobe, so that all sentences of a finding agree on them."""
    lobe = grammar().rule("lobe", rng, values)
    right = "rechte" in lobe or "Mittel" in lobe or ("linke" not in lobe and "links" not in lobe and rng.random() < 0.5)
    side, adjective = ("rechts", "rechten") if right else ("links", "linken")
    both = rng.random() < 0.25
    slots = {
        "lobe": lambda rng: lobe,
        "side_one": lambda rng: side,
        "side_adj": lambda rng: adjective,
        "side": lambda rng: "beidseits" if both else side,
    }
    return Values({**values.slots, **slots}, values.theme, values.faith)


def assessment(found: Sequence[Finding], rng: Random, values: Values) -> list[str]:
    """Return the sentences of the assessment of what was found."""
    rules = grammar()
    if not found:
        return [rules.sentence("rad.normal", rng, values)]
    sentences = [
        rules.sentence(f"rad.{finding.topic}.sum", rng, finding.values).replace("..", ".") for finding in found
    ]
    if rng.random() < 0.4:
        sentences.append(rules.sentence("rad.advice", rng, values))
    return sentences


def report_values(kind: Exam, day: date, rng: Random) -> Values:
    """Return the values that rules of reports take: marked dates, nouns of the region examined."""
    slots = {
        "exam_before": lambda rng: mark(
            "DATE", dates.written(day - timedelta(days=2 + int(rng.random() ** 3 * 900)), rng, True)
        ),
        "exam_day": lambda rng: mark("DATE", dates.full(day)),
    }
    return Values(slots, _theme(kind, int(rng.random() * 400)), faith=0.8)


@cache
def _theme(kind: Exam, number: int) -> dict[str, tuple[Noun, ...]]:
    """Return one of the sets of nouns that reports of an examination prefer; made once, as it is costly."""
    return grammar().theme(Random(f"{kind.code}/{number}"), kind.stems)


def body(kind: Exam, values: Values, rng: Random) -> list[tuple[str, str]]:
    """Return headings and texts of a report: indication, technique, findings, assessment."""
    rules = grammar()
    sentences, found = findings(kind, rng, values)
    headings = choose_headings(rng)
    separator = "\n" if rng.random() < 0.25 else " "
    technique = rules.sentence(f"rad.technique.{kind.technique}", rng, values) if headings[1] else ""
    return [
        (headings[0], rules.sentence("rad.indication", rng, values)),
        (headings[1], technique),
        (headings[2], separator.join(sentences)),
        (headings[3], " ".join(assessment(found, rng, values))),
    ]


def choose_headings(rng: Random) -> tuple[str, str, str, str]:
    """Return the four headings of a layout; "" leaves one out."""
    return _HEADINGS[int(rng.random() * len(_HEADINGS))]


def report(kind: Exam, day: date, patient: Patient, rng: Random) -> str:
    """Return a report's text with marked spans."""
    values = report_values(kind, day, rng)
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
