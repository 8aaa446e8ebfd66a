"""The forms in which German clinical texts write a date."""

from datetime import date
from random import Random

MONTHS = "Januar Februar März April Mai Juni Juli August September Oktober November Dezember".split()
_SHORT = "Jan. Feb. März Apr. Mai Juni Juli Aug. Sept. Okt. Nov. Dez.".split()


def full(day: date) -> str:
    """Return 03.04.2019."""
    return f"{day.day:02d}.{day.month:02d}.{day.year}"


def written(day: date, rng: Random, year_needed: bool = False) -> str:
    """Return `day` in one of the common forms; partial forms only where the year is not needed."""
    choice = rng.random()
    short = f"{day.day}.{day.month}."
    if choice < 0.45:
        return full(day)
    if choice < 0.6:
        return f"{short}{day.year}"
    if choice < 0.7:
        return f"{day.day:02d}.{day.month:02d}.{day.year % 100:02d}"
    if choice < 0.76:
        return f"{short}{day.year % 100:02d}"
    if choice < 0.88:
        month = "Jänner" if day.month == 1 and rng.random() < 0.3 else MONTHS[day.month - 1]
        return f"{day.day}. {month} {day.year}"
    if choice < 0.9:
        return f"{day.day:02d}. {_SHORT[day.month - 1]} {day.year}"
    if choice < 0.92:
        return f"{day.year}-{day.month:02d}-{day.day:02d}"
    if choice < 0.94:
        return f"{day.day:02d}.{day.month:02d} {day.year}"
    if year_needed:
        return full(day)
    return short if choice < 0.985 else f"{day.day:02d}/{day.month:02d}/{day.year % 100:02d}"


def vague(day: date, rng: Random) -> str:
    """Return a month or a year: 06/2019, Juni 2019, 6/19, 2019."""
    choice = rng.random()
    if choice < 0.3:
        return f"{day.month:02d}/{day.year}"
    if choice < 0.5:
        return f"{MONTHS[day.month - 1]} {day.year}"
    if choice < 0.65:
        return f"{day.month}/{day.year % 100:02d}"
    return str(day.year)


def born(day: date, rng: Random) -> str:
    """Return a birth date as letters write it, sometimes without full stops (120554)."""
    return f"{day.day:02d}{day.month:02d}{day.year % 100:02d}" if rng.random() < 0.02 else written(day, rng, True)


def period(first: date, last: date, rng: Random) -> tuple[str, str, str]:
    """Return a first date, the words between, and a last date: "3.4.", " bis ", "12.4.2019"."""
    if first.year == last.year and rng.random() < 0.5:
        start = f"{first.day:02d}.{first.month:02d}." if rng.random() < 0.6 else f"{first.day}.{first.month}."
    else:
        start = written(first, rng, True)
    words = (" bis ", " bis zum ", " - ", "-", " – ", "–")
    return start, words[int(rng.random() * len(words))], written(last, rng, True)
