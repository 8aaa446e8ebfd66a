"""Check digits: published examples are valid, one digit changed is not."""

import pytest

from pipelines.recognizers.check_digits import CHECKS

VALID = [
    ("kvnr", "A000500015"),
    ("kvnr", "A 000 500 015"),
    ("rvnr", "65 170839 J 003"),
    ("taxid", "86095742719"),
    ("ik", "109500969"),
    ("svnr", "1237010180"),
    ("ahv", "756.9217.0769.85"),
    ("iban", "DE02 1203 0000 0000 2020 51"),
]


@pytest.mark.parametrize(("kind", "number"), VALID)
def test_a_number_is_valid_and_becomes_invalid_when_a_digit_changes(kind, number):
    assert CHECKS[kind](number)
    last = next(index for index in range(len(number) - 1, -1, -1) if number[index].isdigit())
    changed = number[:last] + str((int(number[last]) + 1) % 10) + number[last + 1 :]
    assert not CHECKS[kind](changed)


@pytest.mark.parametrize("kind", sorted(CHECKS))
def test_what_is_no_such_number_is_invalid(kind):
    assert not any(CHECKS[kind](form) for form in ("", "12", "A", "ÄÖÜ", "99999999999999999999999"))
