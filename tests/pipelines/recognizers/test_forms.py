"""Every form of personal information is found behind everything that announces it, by the rules alone.

`forms.json` has, for each kind, contexts and what they are filled with; braces mark what must be masked. Its names are
put into all contexts at once: {V} and {S} are given names and surnames, {VU} and {SU} the same in capitals.
"""

import json
from typing import Any

import pytest

from pipelines.recognizers import find_with
from pipelines.recognizers.lexicon import read_lines
from tests.pipelines.recognizers.golden import FOLDER

FORMS: dict[str, dict[str, list[Any]]] = json.loads((FOLDER / "forms.json").read_text(encoding="utf-8"))


def texts(kind: str) -> list[str]:
    """Return the texts of a kind, marked by braces."""
    contexts, forms = FORMS[kind]["contexts"], FORMS[kind]["forms"]
    if kind != "names":
        return [context.replace("%s", form) for context in contexts for form in forms]
    around = "Klinik für Innere Medizin\n%s\nAnamnese unauffällig, keine Beschwerden."
    filled = [
        context.replace("{V[0]}", f"{{{given[0]}}}")
        .replace("{SU}", f"{{{surname.upper()}}}")
        .replace("{VU}", f"{{{given.upper()}}}")
        .replace("{V}", f"{{{given}}}")
        .replace("{S}", f"{{{surname}}}")
        for context in contexts
        for given, surname in forms
    ]
    return [around.replace("%s", text) for text in filled]


def is_found(marked: str) -> bool:
    """Tell whether the letters and digits between braces are all covered."""
    text, spans = "", []
    for number, piece in enumerate(marked.replace("}", "{").split("{")):
        if number % 2:
            spans.append(range(len(text), len(text) + len(piece)))
        text += piece
    covered = {place for entity in find_with(text, tag=False) for place in range(entity.start, entity.end)}
    return all(place in covered for span in spans for place in span if text[place].isalnum())


@pytest.mark.parametrize("kind", FORMS)
def test_every_form_is_found_in_every_context(kind: str) -> None:
    assert [text for text in texts(kind) if not is_found(text)] == []


@pytest.mark.parametrize("context", ["im LKH {%s} behandelt", "Dr. Weber, {%s}\n"])
def test_every_town_is_found_where_a_town_stands(context: str) -> None:
    towns = [town for town in read_lines("towns") if town[-1].isalpha()]
    assert [town for town in towns if not is_found(context.replace("%s", town))] == []
