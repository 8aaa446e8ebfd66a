"""The people, places, days and numbers of one letter, and the lines that name them."""

from collections.abc import Callable
from datetime import date, timedelta
from random import Random

from pipelines.sampling import dates, persons
from pipelines.sampling.language import Values, grammar, mark
from pipelines.sampling.persons import Patient, Person, choose, digits

_FORMS = {
    "F": {
        "er": "sie", "er_cap": "Sie", "pat_n": "die Patientin", "pat_a": "die Patientin", "pat_word_n": "Patientin",
        "pat_word_a": "Patientin", "des_pat": "der Patientin", "der_n": "die", "der_a": "die", "n_ending": "",
        "r_ending": "", "ihren_patient_a": "Ihre Patientin",
    },
    "M": {
        "er": "er", "er_cap": "Er", "pat_n": "der Patient", "pat_a": "den Patienten", "pat_word_n": "Patient",
        "pat_word_a": "Patienten", "des_pat": "des Patienten", "der_n": "der", "der_a": "der", "n_ending": "n",
        "r_ending": "r", "ihren_patient_a": "Ihren Patienten",
    },
}  # fmt: skip
_RELATIONS = (("F", "der Ehefrau"), ("M", "dem Ehemann"), ("F", "der Tochter"), ("M", "dem Sohn"), ("F", "der Mutter"))
_RELATIONS += (("M", "dem Bruder"), ("F", "der Nachbarin"), ("M", "dem Betreuer"), ("F", "der Schwester"))
_ACCUSATIVE = {"der": "die", "dem": "den"}
_SHORT_ROLES = {
    "F": ("Dr.", "Dr.", "OÄ Dr.", "OÄ", "PD Dr.", "Prof.", "Fr. Dr.", "Frau Dr.", "Prof. Dr.", "Kollegin", "Frau"),
    "M": ("Dr.", "Dr.", "OA Dr.", "OA", "PD Dr.", "Prof.", "Hr. Dr.", "Herrn Dr.", "CA Dr.", "Kollege", "Prof. Dr."),
}
_LONG_ROLES = {
    "F": ("Dr. med.", "Dr.", "Prof. Dr. med.", "Frau Dr.", "OÄ Dr. med.", "PD Dr. med.", "Priv.-Doz. Dr.", "Frau"),
    "M": ("Dr. med.", "Dr.", "Prof. Dr. med.", "Herrn Dr.", "OA Dr. med.", "PD Dr. med.", "Priv.-Doz. Dr.", "Hr."),
}


class Cast:
    """Who and what one letter is about; `values` are its slots for the grammar, marked as spans."""

    def __init__(self, patient: Patient, day: date, rng: Random) -> None:
        self.patient, self.day = patient, day
        self.admitted = day - timedelta(days=1 + int(rng.random() ** 2 * 30))
        self.gp = persons.physician(rng)
        self.head = persons.physician(rng)
        self.author = persons.physician(rng)
        self.colleagues = [persons.physician(rng) for _ in range(3)]
        self.relation_sex, self.relation = _RELATIONS[int(rng.random() * len(_RELATIONS))]
        self.relative = persons.person(rng, self.relation_sex)
        if rng.random() < 0.5:
            self.relative = Person(self.relative.given, patient.family, self.relation_sex)
        self.postcode, self.town = persons.town(rng)
        self._names = Values({"town_name": lambda r: self.town, "surname_company": persons.surname})
        self.hospital = grammar().rule("hospital", rng, self._names)
        self.department = grammar().rule("department", rng, self._names)
        self.case = digits(rng, 9)
        slots = {**self._constants(), **self._people(), **self._days(), **self._things()}
        self.values = Values(slots, grammar().theme(rng))

    def _constants(self) -> dict[str, Callable[[Random], str]]:
        female = self.gp.sex == "F"
        kollege = "Frau Kollegin" if female else "Herr Kollege"
        forms = _FORMS[self.patient.sex] | {
            "gp_ending": "" if female else "r",
            "gp_ending_caps": "" if female else "R",
            "gp_kollege": kollege,
            "gp_kollege_caps": kollege.upper(),
            "gp_herr": self.gp.salutation,
            "gp_title": self.gp.title if self.gp.title.startswith(("Dr", "Prof")) else "Dr.",
            "den_hausarzt": "die Hausärztin" if female else "den Hausarzt",
            "relation_d": self.relation,
            "relation_a": " ".join((_ACCUSATIVE[self.relation.split()[0]], self.relation.split()[1])),
            "relation_a_cap": self.relation.replace("dem ", "Der ").replace("der ", "Die "),
            "der_relation": self.relation if self.relation_sex == "F" else "des " + self.relation.split()[1] + "s",
            "dept": self.department,
        }
        return {name: (lambda rng, value=value: value) for name, value in forms.items()}

    def _people(self) -> dict[str, Callable[[Random], str]]:
        patient, frau = self.patient, self.patient.salutation
        herrn = "Frau" if patient.sex == "F" else "Herrn"
        family, full, listed = (mark("PERSON", name) for name in (patient.family, patient.full, patient.listed))
        genitive = f"{frau if frau == 'Frau' else 'Herrn'} {mark('PERSON', _genitive(patient.family))}"
        return {
            "herr_n": lambda rng: (
                f"{choose(rng, (frau, frau, frau, 'Fr.' if frau == 'Frau' else 'Hr.', 'Pat.'))} {family}"
            ),
            "herr_a": lambda rng: f"{herrn} {family}",
            "herr_d": lambda rng: f"{herrn} {family}",
            "herr_gen": lambda rng: genitive,
            "herr_a_full": lambda rng: f"{herrn} {full}",
            "full": lambda rng: full,
            "listed": lambda rng: listed,
            "gp_family": lambda rng: mark("PERSON", self.gp.family),
            "gp_given": lambda rng: mark("PERSON", self.gp.given),
            "gp_family_caps": lambda rng: mark("PERSON", self.gp.family.upper()),
            "doctor": self.doctor,
            "doctor_short": self._doctor_short,
            "relative": lambda rng: mark(
                "PERSON", choose(rng, (self.relative.full, self.relative.full, self.relative.family))
            ),
            "hand": self._hand,
            "user": lambda rng: mark("USERNAME", _user(self._colleague(rng))),
            "surname_citation": persons.surname,
        }

    def _days(self) -> dict[str, Callable[[Random], str]]:
        def shifted(low: int, high: int) -> Callable[[Random], str]:
            return lambda rng: mark(
                "DATE", dates.written(self.day + timedelta(days=low + int(rng.random() * (high - low))), rng, low < -40)
            )

        stay = (self.day - self.admitted).days
        return {
            "day": lambda rng: mark("DATE", dates.written(self.admitted, rng)),
            "last_day": lambda rng: mark("DATE", dates.written(self.day, rng)),
            "recent": shifted(-stay, 0),
            "future": shifted(5, 120),
            "past": shifted(-2500, -60),
            "vague": lambda rng: mark(
                "DATE", dates.vague(self.day - timedelta(days=60 + int(rng.random() * 7000)), rng)
            ),
            "stay": self._stay,
            "dob": lambda rng: mark("DATE_OF_BIRTH", dates.born(self.patient.birth, rng)),
            "age": lambda rng: mark("AGE", str(self.patient.age(self.day))),
            "age_before": lambda rng: mark("AGE", str(1 + int(rng.random() * max(1, self.patient.age(self.day))))),
        }

    def _things(self) -> dict[str, Callable[[Random], str]]:
        rules = grammar()
        return {
            "hospital": self._institution,
            "organization": lambda rng: mark("ORGANIZATION", rules.rule("organization", rng, self._names)),
            "profession": lambda rng: mark("PROFESSION", self.patient.profession),
            "country": lambda rng: mark("COUNTRY", choose(rng, rules.lexicon.rules["country"])),
            "town": lambda rng: mark("CITY", persons.town(rng)[1]),
            "phone": lambda rng: mark("PHONE", persons.phone(rng)),
            "fax": lambda rng: mark("FAX", persons.phone(rng)),
            "email": lambda rng: mark("EMAIL", persons.email(rng, self.author)),
            "url": lambda rng: mark(
                "URL", choose(rng, ("www.", "https://", "http://www.")) + choose(rng, persons.DOMAINS)
            ),
            "pager": lambda rng: mark("PHONE", digits(rng, 4)),
            "pid": lambda rng: mark("ID", self.patient.number),
            "case_id": lambda rng: mark("ID", self.case),
            "sample": lambda rng: mark(
                "ID", choose(rng, ("E", "H", "M", "B-", "")) + digits(rng, 5) + "/" + digits(rng, 2)
            ),
            "ward": lambda rng: mark("ID", choose(rng, ("A", "B", "C", "O-", "K")) + str(1 + int(rng.random() * 40))),
            "address_inline": lambda rng: self._address(rng, ", "),
        }

    def _colleague(self, rng: Random) -> Person:
        return self.colleagues[int(rng.random() * len(self.colleagues))]

    def _hand(self, rng: Random) -> str:
        someone = self._colleague(rng)
        if rng.random() < 0.3:
            return mark("USERNAME", _user(someone))
        sign = choose(rng, ("gez. ", "(", "Hdz. ", "Sr. ", "Schw. ", "Pfl. "))
        name = someone.given if sign in ("Sr. ", "Schw. ") and rng.random() < 0.5 else someone.family
        return sign + mark("PERSON", name) + (")" if sign == "(" else "")

    def _stay(self, rng: Random) -> str:
        first, between, last = dates.period(self.admitted, self.day, rng)
        return mark("DATE", first) + between + mark("DATE", last)

    def _institution(self, rng: Random) -> str:
        names = Values({"town_name": lambda r: persons.town(r)[1]})
        return mark("HOSPITAL", grammar().rule("hospital", rng, names))

    def _address(self, rng: Random, separator: str) -> str:
        who = self.patient
        return f"{mark('STREET', who.street)}{separator}{mark('ZIP', who.postcode)} {mark('CITY', who.town)}"

    def doctor(self, rng: Random) -> str:
        """Return a colleague with a title: "OA Dr. Koch", "Frau Dr. Lena Yılmaz"."""
        someone = self._colleague(rng)
        if rng.random() < 0.5:
            return f"{choose(rng, _SHORT_ROLES[someone.sex])} {mark('PERSON', someone.family)}"
        name = choose(rng, (someone.full, f"{someone.given[0]}. {someone.family}"))
        return f"{choose(rng, _LONG_ROLES[someone.sex])} {mark('PERSON', name)}"

    def _doctor_short(self, rng: Random) -> str:
        someone = self._colleague(rng)
        return f"{choose(rng, _SHORT_ROLES[someone.sex])} {mark('PERSON', someone.family)}"

    def user(self, rng: Random) -> str:
        return mark("USERNAME", _user(self.author))

    def issued(self, rng: Random) -> str:
        return mark("DATE", dates.written(self.day, rng, True))

    def person_in_copy(self, rng: Random) -> str:
        return choose(rng, (self.doctor(rng), f"{self.gp.title} {mark('PERSON', self.gp.full)}".strip()))

    def letterhead(self, rng: Random) -> str:
        """Return the lines of the institution: name, department, head, address, contact, in varying choice."""
        house = mark("HOSPITAL", self.hospital.upper() if rng.random() < 0.15 else self.hospital)
        head = f"{self.head.title} {mark('PERSON', self.head.full)}".strip()
        address = f"{mark('STREET', persons.street(rng))}{choose(rng, (', ', chr(10), ' · ', ' - '))}"
        address += f"{mark('ZIP', self.postcode)} {mark('CITY', self.town)}"
        phone, fax = mark("PHONE", persons.phone(rng)), mark("FAX", persons.phone(rng))
        contact = choose(
            rng,
            (
                f"Tel.: {phone}\nFax: {fax}",
                f"Telefon {phone}, Telefax {fax}",
                f"Tel. {phone} | Fax {fax}",
                f"Sekretariat: {phone}",
                f"T {phone} F {fax}",
                f"Tel {phone}\nE-Mail: {mark('EMAIL', persons.email(rng, self.head))}",
                f"Durchwahl {phone}; {mark('URL', 'www.' + choose(rng, persons.DOMAINS))}",
            ),
        )
        role = choose(rng, ("Direktor: ", "Chefarzt ", "Leiter: ", "Ärztliche Leitung: ", "Vorstand: ", ""))
        lines = [house, self.department, role + head, address, contact]
        if rng.random() < 0.3:
            lines[0], lines[1] = lines[1], lines[0]
        keep = [line for index, line in enumerate(lines) if index == 0 or rng.random() < 0.7]
        return "\n".join(keep)

    def recipient(self, rng: Random) -> str:
        postcode, place = persons.town(rng)
        name = mark("PERSON", self.gp.full)
        to = "Frau" if self.gp.sex == "F" else "Herrn"
        specialty = choose(rng, ("", "Facharzt für Allgemeinmedizin\n", "Praxis\n", "Hausarztpraxis\n", "Internist\n"))
        street = mark("STREET", persons.street(rng))
        return f"{to}\n{self.gp.title} {name}\n{specialty}{street}\n{mark('ZIP', postcode)} {mark('CITY', place)}"

    def place_and_date(self, rng: Random) -> str:
        issued = self.issued(rng)
        place = mark("CITY", self.town)
        forms = (f"{place}, {issued}", f"{place}, den {issued}", f"Datum: {issued}", f"{place}, am {issued}", issued)
        return choose(rng, forms)

    def patient_line(self, rng: Random) -> str:
        """Return the line or lines that say whom the letter is about."""
        who, born = self.patient, mark("DATE_OF_BIRTH", dates.born(self.patient.birth, rng))
        full, listed, pid = mark("PERSON", who.full), mark("PERSON", who.listed), mark("ID", who.number)
        caps = mark("PERSON", f"{who.family.upper()}, {who.given}")
        address, case, kvnr = self._address(rng, ", "), mark("ID", self.case), mark("ID", who.insurance)
        spaced = mark("ID", f"{who.insurance[0]} {who.insurance[1:4]} {who.insurance[4:7]} {who.insurance[7:]}")
        female = who.sex == "F"
        label = "Patientin" if female else "Patient"
        family, given = mark("PERSON", who.family), mark("PERSON", who.given)
        ward = mark("ID", choose(rng, ("A31", "4b", "Ki 2", "IMC", "O-11")))
        age, profession = mark("AGE", str(who.age(self.day))), mark("PROFESSION", who.profession)
        forms = (
            f"{label}: {listed}, geb. am {born}",
            f"{label}: {full}, *{born}, {address}",
            f"Betr.: {full}, geb. {born}, wohnhaft {address}",
            f"Betrifft: {who.salutation} {full}, geboren am {born}",
            f"Name: {family}\nVorname: {given}\nGeburtsdatum: {born}\nPat.-Nr.: {pid}",
            f"{caps}    geb. {born}    Fallnr. {case}",
            f"Name, Vorname: {listed}\nGeb.-Datum: {born}\nAnschrift: {address}\nVersicherten-Nr.: {kvnr}",
            f"re: {full} ({born}), PID {pid}",
            f"Pat. {listed} ({born}) Fall-Nr.: {case} Station: {ward}",
            f"{full}, {born}, KVNR {spaced}",
            f"{label}/in: {listed}\ngeb.: {born}   Tel.: {mark('PHONE', who.phone)}",
            f"{who.salutation} {full}\n{address}\ngeb. {born}",
            f"Patientendaten\n{listed}; {born}; {'weiblich' if female else 'männlich'}; Aufnahmenummer {case}",
            f"{who.salutation} {full}, {age} Jahre, {profession}",
            f"E-Mail {label}: {mark('EMAIL', who.email)}; Mobil {mark('PHONE', who.phone)}\n{listed}, geb. {born}",
            f"{label}: {mark('PERSON', who.full.upper())}, GEB. {born}, SVNR {mark('ID', _social_number(who, rng))}",
        )
        return forms[int(rng.random() * len(forms))]

    def signatures(self, rng: Random) -> str:
        """Return one to three signatures, one below or beside the other."""
        rules = grammar()
        signed = []
        for someone in (self.head, self.colleagues[0], self.author)[: 1 + int(rng.random() * 3)]:
            initial = f"{someone.given[0]}. {someone.family}"
            name = mark("PERSON", choose(rng, (someone.full, someone.full, initial, someone.family)))
            role = rules.rule("role", rng, self.values)
            titled = f"{someone.title} {name}".strip()
            signed.append(
                choose(rng, (titled, f"{titled}\n{role}", f"{titled}, {role}", f"gez. {titled}", f"{role} {titled}"))
            )
        return choose(rng, ("\n", "\n\n", "     ", "\t")).join(signed)


def _genitive(family: str) -> str:
    return family + ("'" if family[-1] in "sßxz" else "s")


def _user(someone: Person) -> str:
    plain = someone.family.lower().translate(persons.TRANSLITERATION)
    return plain[:5] + someone.given[0].lower() if len(plain) % 2 else plain[:3].capitalize() + someone.given[0] + "."


def _social_number(who: Patient, rng: Random) -> str:
    return f"{digits(rng, 4)} {who.birth:%d%m%y}"
