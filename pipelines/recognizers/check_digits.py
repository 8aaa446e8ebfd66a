"""The check digits of German, Austrian and Swiss numbers; each function tells whether a number fulfils its own."""

from collections.abc import Callable


def _digits(form: str) -> list[int]:
    return [int(character) for character in form if character.isdecimal()]


def _cross_sum(number: int) -> int:
    return number // 10 + number % 10


def kvnr(form: str) -> bool:
    """German health insurance number (§ 290 SGB V): a letter as two digits, factors 1, 2, ..., cross sums, mod 10."""
    letter = next((character for character in form.upper() if character.isalpha()), "")
    digits = _digits(form)[:9]
    if not "A" <= letter <= "Z" or len(digits) < 9:
        return False
    number = [*divmod(ord(letter) - 64, 10), *digits[:8]]
    return sum(_cross_sum(digit * (1 + place % 2)) for place, digit in enumerate(number)) % 10 == digits[8]


def rvnr(form: str) -> bool:
    """German pension insurance number (VKVV § 4): factors 2, 1, 2, 5, 7, 1, 2, 1, 2, 1, 2, 1, cross sums, modulo 10."""
    letter = next((character for character in form.upper() if character.isalpha()), "")
    digits = _digits(form)
    if not "A" <= letter <= "Z" or len(digits) != 11:
        return False
    number = [*digits[:8], *divmod(ord(letter) - 64, 10), *digits[8:10]]
    factors = (2, 1, 2, 5, 7, 1, 2, 1, 2, 1, 2, 1)
    return sum(_cross_sum(digit * factor) for digit, factor in zip(number, factors, strict=True)) % 10 == digits[10]


def lanr(form: str) -> bool:
    """German physician number (KBV guideline): six digits with factors 4, 9, 4, 9, 4, 9, then the check digit."""
    digits = _digits(form)
    if len(digits) != 9:
        return False
    total = sum(digit * (4, 9)[place % 2] for place, digit in enumerate(digits[:6]))
    return (10 - total % 10) % 10 == digits[6]


def taxid(form: str) -> bool:
    """German tax number (§ 139b AO): eleven digits, ISO 7064 modulo 11, 10."""
    digits = _digits(form)
    if len(digits) != 11:
        return False
    product = 10
    for digit in digits[:10]:
        product = (digit + product) % 10 or 10
        product = product * 2 % 11
    return (11 - product) % 10 == digits[10]


def ik(form: str) -> bool:
    """German institution number: factors 2, 1, 2, 1, 2, 1 on digits three to eight, cross sums, modulo 10."""
    digits = _digits(form)
    if len(digits) != 9:
        return False
    return sum(_cross_sum(digit * (2, 1)[place % 2]) for place, digit in enumerate(digits[2:8])) % 10 == digits[8]


def svnr(form: str) -> bool:
    """Austrian social insurance number: factors 3, 7, 9, check digit, 5, 8, 4, 2, 1, 6, modulo 11."""
    digits = _digits(form)
    if len(digits) != 10:
        return False
    factors = (3, 7, 9, 0, 5, 8, 4, 2, 1, 6)
    return sum(digit * factor for digit, factor in zip(digits, factors, strict=True)) % 11 == digits[3]


def ahv(form: str) -> bool:
    """Swiss social insurance number (AHVN13): an EAN-13 that begins with 756."""
    digits = _digits(form)
    if len(digits) != 13 or digits[:3] != [7, 5, 6]:
        return False
    return (10 - sum(digit * (1, 3)[place % 2] for place, digit in enumerate(digits[:12])) % 10) % 10 == digits[12]


def iban(form: str) -> bool:
    """International bank account number (ISO 13616): modulo 97."""
    compact = "".join(form.split()).upper()
    if not compact.isalnum() or not compact.isascii() or len(compact) < 15:
        return False
    return int("".join(str(int(character, 36)) for character in compact[4:] + compact[:4])) % 97 == 1


CHECKS: dict[str, Callable[[str], bool]] = {
    "kvnr": kvnr, "rvnr": rvnr, "lanr": lanr, "taxid": taxid, "ik": ik, "svnr": svnr, "ahv": ahv, "iban": iban,
}  # fmt: skip
"""The check of each kind of number that has one."""
