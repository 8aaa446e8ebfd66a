"""Clinical letters and notes with gold spans of personal information, in many layouts."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from random import Random

from pipelines.sampling import persons
from pipelines.sampling.cast import Cast
from pipelines.sampling.language import Grammar, Span, grammar, unmark
from pipelines.sampling.persons import Patient, choose

_HEADINGS = {
    "diagnosis": (
        "Diagnosen:",
        "Diagnosen",
        "DIAGNOSEN:",
        "Diagnose(n):",
        "Aktuelle Diagnosen",
        "Wir stellten folgende Diagnosen:",
    ),
    "history": ("Anamnese:", "Anamnese", "ANAMNESE", "Vorgeschichte:", "Eigenanamnese:", "Zur Vorgeschichte:"),
    "physical": (
        "Körperlicher Untersuchungsbefund:",
        "Befund:",
        "Klinischer Befund",
        "Aufnahmebefund:",
        "Status praesens:",
    ),
    "lab": ("Labor:", "Laborparameter", "Laborwerte:", "Labor vom Aufnahmetag:", "LABOR"),
    "finding": ("Befunde:", "Apparative Diagnostik:", "Technische Untersuchungen", "Bildgebung:"),
    "course": ("Therapie und Verlauf:", "Verlauf", "Epikrise:", "Beurteilung:", "Epikrise und Verlauf", "EPIKRISE"),
    "medication": (
        "Medikation bei Entlassung:",
        "Aktuelle Medikation:",
        "Therapie:",
        "Medikation",
        "Entlassmedikation",
    ),
    "plan": ("Procedere:", "Empfehlung:", "Weiteres Vorgehen:", "Therapieempfehlung", "PROCEDERE"),
    "operation": ("Operationsverlauf:", "OP-Bericht:", "Vorgehen:"),
    "note": ("Verlaufseinträge:", "Pflegebericht", "Verlaufsdokumentation:", ""),
}
_LISTS = {"diagnosis", "medication", "lab", "finding", "note"}
_PLANS: tuple[tuple[str, ...], ...] = (
    ("diagnosis", "history", "physical", "lab", "finding", "course", "medication", "plan"),
    ("diagnosis", "history", "finding", "course", "medication", "plan"),
    ("diagnosis", "medication", "history", "physical", "course", "plan"),
    ("diagnosis", "course", "plan"),
    ("history", "physical", "finding", "course"),
    ("diagnosis", "operation", "plan"),
    ("note",),
    ("diagnosis", "lab", "course"),
    ("history", "course", "plan"),
)
_LENGTHS = {"diagnosis": (2, 8), "lab": (3, 14), "medication": (2, 9), "note": (3, 9)}


@dataclass(frozen=True, slots=True)
class _Style:
    """What stays the same within one letter."""

    blank: str
    bullet: str
    inline: bool
    comma_list: bool


def letter(patient: Patient, day: date, rng: Random) -> str:
    """Return a letter or note about `patient`, discharged or seen on `day`, with marked spans."""
    rules, cast = grammar(), Cast(patient, day, rng)
    plan = _PLANS[int(rng.random() * len(_PLANS))]
    style = _Style(
        blank="\n\n" if rng.random() < 0.6 else "\n",
        bullet=choose(rng, ("- ", "", "• ", "{}. ", "* ", "{}) ", "-", "")),
        inline=rng.random() < 0.2,
        comma_list=rng.random() < 0.5,
    )
    blocks = _opening(rules, cast, plan, rng)
    blocks += [_section(kind, rules, cast, style, rng) for kind in plan]
    if rng.random() < 0.85:
        blocks.append(_ending(rules, cast, rng))
    return style.blank.join(block for block in blocks if block).replace("..", ".")


def _opening(rules: Grammar, cast: Cast, plan: tuple[str, ...], rng: Random) -> list[str]:
    head = [cast.letterhead(rng)] if rng.random() < 0.55 else []
    if rng.random() < 0.4:
        head.append(cast.recipient(rng))
    if rng.random() < 0.45:
        head.append(cast.place_and_date(rng))
    if rng.random() < 0.4:
        head.append(rules.rule("letter.title", rng, cast.values) + choose(rng, ("", "", f" vom {cast.issued(rng)}")))
    if rng.random() < 0.7 or "note" in plan:
        head.append(cast.patient_line(rng))
    if "note" not in plan and rng.random() < 0.85:
        greeting = rules.rule("letter.greeting", rng, cast.values)
        head += [greeting, rules.rule("letter.opening", rng, cast.values)]
    return head


def _section(kind: str, rules: Grammar, cast: Cast, style: _Style, rng: Random) -> str:
    low, high = _LENGTHS.get(kind, (2, 6))
    used: set[str] = set()
    count = low + int(rng.random() * (high - low + 1))
    sentences = [rules.fresh_sentence(kind, rng, cast.values, used) for _ in range(count)]
    heading = choose(rng, _HEADINGS[kind])
    if kind == "lab" and style.comma_list:
        text = ", ".join(sentences)
    elif kind in _LISTS:
        text = "\n".join(style.bullet.format(index) + line for index, line in enumerate(sentences, 1))
    else:
        text = " ".join(sentences)
    return f"{heading} {text}" if style.inline and kind not in _LISTS else f"{heading}\n{text}".strip()


def _ending(rules: Grammar, cast: Cast, rng: Random) -> str:
    lines = [rules.rule("closing", rng, cast.values), *([""] if rng.random() < 0.6 else []), cast.signatures(rng)]
    if rng.random() < 0.15:
        lines.append(rules.rule("disclaimer", rng, cast.values))
    if rng.random() < 0.12:
        lines.append(choose(rng, (f"Kopie an: {cast.person_in_copy(rng)}", f"cc: {cast.person_in_copy(rng)}")))
    if rng.random() < 0.08:
        lines.append(choose(rng, ("Diktat: ", "Schreibkraft: ", "freigegeben von ")) + cast.user(rng))
    return "\n".join(lines)


_PERTURBATIONS: tuple[tuple[float, Callable[[str], str]], ...] = (
    (0.9, lambda text: text),
    (0.94, lambda text: text.lower()),
    (0.96, lambda text: "\n".join(line.strip() for line in text.split("\n"))),
    (0.98, lambda text: text.replace(" ", "  ", 12)),
    (1.01, lambda text: text.replace("\n\n", "\n \n")),
)


def perturbed(text: str, rng: Random) -> str:
    """Return a marked letter as careless writers leave it: all lower case, odd spaces; mostly unchanged.

    Labels of marks are capitals between private-use characters and survive by being restored.
    """
    chance = rng.random()
    change = next(change for limit, change in _PERTURBATIONS if chance < limit)
    pieces = text.split("\ue000")
    done = [change(pieces[0])]
    for piece in pieces[1:]:
        label, _, rest = piece.partition("\ue001")
        done.append(f"{label}\ue001{change(rest)}")
    return "\ue000".join(done)


def letters(count: int, seed: int) -> Iterator[tuple[str, list[Span]]]:
    """Yield `count` letters as (text, spans), each span (begin, end, label) in string indices.

    Labels are those of `schemas.entities.LABELS`. Titles (Dr. med.) and salutations are outside the spans.
    """
    for number in range(count):
        rng = Random(f"{seed}/letters/{number}")
        day = persons.random_date(rng, 2005, 2031)
        yield unmark(perturbed(letter(persons.patient(rng, day), day, rng), rng))
