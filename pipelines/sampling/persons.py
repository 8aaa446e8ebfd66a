"""Invented persons: names of many origins, addresses, numbers with and without valid check digits."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random

from pipelines.sampling.language import grammar

ORIGINS = ("turkish",) * 4 + ("polish",) * 3 + ("russian",) * 3 + ("arabic",) * 3 + ("vietnamese",) * 2
ORIGINS += ("croatian", "croatian", "italian", "italian", "czech", "romanian", "spanish", "hungarian", "dutch")
"""Where names that are not German come from, in proportion."""

TITLES = ("Dr. med.", "Dr.", "Prof. Dr. med.", "Prof. Dr.", "PD Dr. med.", "Priv.-Doz. Dr.", "Univ.-Prof. Dr. med.")
TITLES += ("Dr. med. univ.", "Dr.med.", "DDr.", "Mag. Dr.", "Dr. rer. nat.", "Dipl.-Psych.", "")
DOMAINS = (
    "klinikum.example",
    "praxis.example",
    "mail.example",
    "uk-mitte.de",
    "gmx-test.de",
    "web-post.de",
    "kh.intern",
)
TRANSLITERATION = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", " ": "", "'": "", "’": ""})


@dataclass(frozen=True, slots=True)
class Person:
    """A person; `sex` is F or M."""

    given: str
    family: str
    sex: str
    title: str = ""

    @property
    def full(self) -> str:
        return f"{self.given} {self.family}"

    @property
    def listed(self) -> str:
        return f"{self.family}, {self.given}"

    @property
    def salutation(self) -> str:
        return "Frau" if self.sex == "F" else "Herr"


@dataclass(frozen=True, slots=True)
class Patient(Person):
    """A patient with the fields that a record has of them."""

    birth: date = field(default=date(1950, 1, 1), kw_only=True)
    street: str = field(default="", kw_only=True)
    postcode: str = field(default="", kw_only=True)
    town: str = field(default="", kw_only=True)
    phone: str = field(default="", kw_only=True)
    email: str = field(default="", kw_only=True)
    insurance: str = field(default="", kw_only=True)
    number: str = field(default="", kw_only=True)
    profession: str = field(default="", kw_only=True)

    def age(self, day: date) -> int:
        """Return the age in years on `day`."""
        return day.year - self.birth.year - ((day.month, day.day) < (self.birth.month, self.birth.day))


def choose(rng: Random, choices: Sequence[str]) -> str:
    """Return one of `choices`."""
    return choices[int(rng.random() * len(choices))]


def digits(rng: Random, count: int) -> str:
    """Return `count` random digits, the first not 0."""
    return str(int((0.1 + 0.9 * rng.random()) * 10**count))


def surname(rng: Random) -> str:
    """Return a surname: German, of another origin, a word, an eponym, double or with a particle."""
    rules = grammar().lexicon.rules
    kind = rng.random()
    if kind < 0.6:
        name = choose(rng, rules["surname.german"])
    elif kind < 0.82:
        name = choose(rng, rules["surname." + choose(rng, ORIGINS)])
    elif kind < 0.93:
        name = choose(rng, rules["surname.word"])
    elif kind < 0.94:
        name = choose(rng, rules["surname.eponym"])
    elif kind < 0.975:
        name = f"{choose(rng, rules['surname.german'])}-{choose(rng, rules['surname.german'])}"
    else:
        name = f"{choose(rng, rules['particle'])} {choose(rng, rules['surname.german'])}"
    return name


def person(rng: Random, sex: str = "") -> Person:
    """Return a person without title."""
    sex = sex or ("F" if rng.random() < 0.5 else "M")
    rules = grammar().lexicon.rules
    family = surname(rng)
    origin = "german" if rng.random() < 0.75 else choose(rng, ORIGINS)
    given = choose(rng, rules[f"given.{'female' if sex == 'F' else 'male'}.{origin}"])
    if rng.random() < 0.05 and " " not in given:
        given += "-" + choose(rng, rules["given.female.german" if sex == "F" else "given.male.german"]).split()[0]
    return Person(given, family, sex)


def physician(rng: Random) -> Person:
    """Return a person with an academic title, sometimes none."""
    someone = person(rng)
    return Person(someone.given, someone.family, someone.sex, choose(rng, TITLES))


def random_date(rng: Random, first: int, last: int) -> date:
    """Return a day of the years `first` to `last`."""
    start = date(first, 1, 1).toordinal()
    return date.fromordinal(start + int(rng.random() * (date(last, 12, 31).toordinal() - start)))


def town(rng: Random) -> tuple[str, str]:
    """Return a postcode and its town."""
    postcode, name = choose(rng, grammar().lexicon.rules["town"]).split(" ", 1)
    return postcode, name


def street(rng: Random) -> str:
    """Return a street with a house number."""
    number = str(1 + int(rng.random() ** 2 * 180)) + choose(rng, ("", "", "", "", "a", "b", " c", "/2", "-3"))
    return f"{choose(rng, grammar().lexicon.rules['street'])} {number}"


def phone(rng: Random) -> str:
    """Return a telephone number in one of the German, Austrian or Swiss forms."""
    area, rest = choose(rng, ("030", "040", "089", "0221", "0711", "06221", "0461", "03641", "0941")), digits(rng, 6)
    forms: tuple[Callable[[], str], ...] = (
        lambda: f"{area}/{rest}",
        lambda: f"{area} / {rest[:3]} {rest[3:]}",
        lambda: f"({area}) {rest[:3]} - {rest[3:]}",
        lambda: f"{area} {rest}",
        lambda: f"{area}-{rest}",
        lambda: f"+49 {area[1:]} {rest[:4]}-{digits(rng, 3)}",
        lambda: f"+49 (0){area[1:]} {rest}-0",
        lambda: f"0049 {area[1:]} {rest}",
        lambda: f"01{choose(rng, ('51', '60', '72', '76'))} {digits(rng, 7)}",
        lambda: f"01{choose(rng, ('51', '62', '75', '79'))}/{digits(rng, 8)}",
        lambda: f"+43 1 {rest[:5]}-{digits(rng, 2)}",
        lambda: f"+43(0)316 {rest[:3]}-{digits(rng, 4)}",
        lambda: f"+41 44 {rest[:3]} {digits(rng, 2)} {digits(rng, 2)}",
    )
    return forms[int(rng.random() * len(forms))]()


def email(rng: Random, someone: Person) -> str:
    """Return an e-mail address of `someone`."""
    given, family = (name.lower().translate(TRANSLITERATION) for name in (someone.given, someone.family))
    local = choose(rng, (f"{given}.{family}", f"{given[0]}.{family}", f"{family}", f"{family}{digits(rng, 2)}"))
    return local + choose(rng, ("@", "@", "@", "@", "(at)", " (at) ")) + choose(rng, DOMAINS)


def insurance_number(rng: Random, valid: bool = True) -> str:
    """Return a Krankenversichertennummer: a letter and nine digits, the last by the § 290 SGB V check sum."""
    letter = int(rng.random() * 26)
    body = f"{letter + 1:02d}{digits(rng, 8)}"
    products = (int(digit) * (1 + index % 2) for index, digit in enumerate(body))
    check = sum(value // 10 + value % 10 for value in products) % 10
    return f"{chr(65 + letter)}{body[2:]}{check if valid else (check + 3) % 10}"


def patient(rng: Random, day: date) -> Patient:
    """Return a patient who is alive on `day`, mostly an elderly one."""
    someone = person(rng)
    years = 92 * (1 - rng.random() ** 1.7)
    postcode, place = town(rng)
    profession = choose(rng, grammar().lexicon.rules["profession.female" if someone.sex == "F" else "profession.male"])
    if years < 17:
        profession = "Schülerin" if someone.sex == "F" else "Schüler"
    return Patient(
        someone.given,
        someone.family,
        someone.sex,
        birth=day - timedelta(days=20 + int(years * 365.25)),
        street=street(rng),
        postcode=postcode,
        town=place,
        phone=phone(rng),
        email=email(rng, someone),
        insurance=insurance_number(rng, rng.random() < 0.8),
        number=digits(rng, 8),
        profession=profession,
    )
