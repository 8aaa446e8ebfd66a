"""No text, however odd, keeps a recognizer busy: cost stays near to linear on repetitions and on random characters."""

import time
from random import Random

import pytest

from pipelines import output_scan
from pipelines.normalise import normalise
from pipelines.recognizers import FAMILIES
from pipelines.recognizers.tokens import Tokens

SIZE = 16_000
SECONDS = 1.5
"""Processor time for SIZE characters; what grows with their square would need minutes."""

REPEATED = {
    "zeros": "0", "letters": "a", "capitals": "A", "spaces": " ", "tabs": "\t", "lines": "\n", "dots": ".",
    "dashes": "-", "brackets": "(", "slashes": "/", "at": "@", "mails": "a.", "hosts": "www.", "hyphens": "Müller-",
    "titles": "Dr. ", "glued titles": "Dr.", "particles": "von ", "initials": "A.", "dates": "1.", "fields": "Name: ",
    "phones": "0 ", "combining": "a\u0308", "hyphenated lines": "a-\n", "streets": "Am ", "wards": "Klinik für ",
    "commas": "A, ", "numbers": "12 ", "salutations": "Herr ", "identifiers": "Nr. ", "ages": "5 J. ",
    "mail heads": "Aa <", "quotes": "Kita „A", "strokes": "durch Maier/", "columns": "  ab/cd", "courses": "01.02 a\n",
    "spaced out": "K r ü g ", "rooms": "Zi: 1\nFe\n", "codes": "A-1_", "kin": "Mutter mit ", "days": "-01-",
}  # fmt: skip
ALPHABETS = {
    "digits": "0123456789", "numbers": "0123456789 .-/()", "words": "abcdefghij ", "camel case": "abcXYZ",
    "codes": "ABCXYZ0123456789 ", "addresses": "ab.@-+_", "links": "htp:/w.", "initials": "AB .",
    "white space": " \t\n",
}  # fmt: skip
WORDS = "Herr|Dr.|Müller|-|von|,|geb.|12|3.|2019|Straße|Am|Klinik|für|Tel|0|@|A|(|)|/|\n|www.|Name:|Nr.".split("|")


def texts():
    random = Random(1)
    for name, unit in REPEATED.items():
        yield pytest.param(unit * (SIZE // len(unit)), id=f"repeated {name}")
    for name, alphabet in ALPHABETS.items():
        yield pytest.param("".join(random.choices(alphabet, k=SIZE)), id=f"random {name}")
    for joint in ("", " ", "\n"):
        yield pytest.param(joint.join(random.choices(WORDS, k=SIZE // 4))[:SIZE], id=f"words joined by {joint!r}")


@pytest.mark.parametrize("text", texts())
def test_cost_is_bounded(text):
    tokens = Tokens(text)
    steps = {family.NAME: lambda family=family: list(family.find(tokens)) for family in FAMILIES}
    steps |= {"normalise": lambda: normalise(text), "output scan": lambda: output_scan.scan(text)}
    slow = {}
    for name, step in steps.items():
        begin = time.thread_time()
        step()
        spent = time.thread_time() - begin
        if spent > SECONDS:
            slow[name] = round(spent, 1)
    assert slow == {}
