"""Shifted dates: one offset of whole weeks for a patient, so that intervals, order and weekdays stay true.

The surface stays as it was: order and separators, leading zeros, years of two digits, month names and how they are
abbreviated. A date without its year takes it from its neighbours; a month or a year alone is shifted from its middle.
"""

import re
from bisect import bisect_left
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from functools import cache

from pipelines.folding import fold
from pipelines.lexicons import entries
from pipelines.surrogates.draw import Draw, in_case_of

MIN_WEEKS, MAX_WEEKS = 53, 260
"""An offset is so many weeks forth or back: more than a year, so that even a year alone never stays as it was."""
_MONTHS = ["Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September", "Oktober", "November"]
_MONTHS += ["Dezember"]
_YEAR_WITHOUT_HINT = 2001
_SPACE = "[ \t\u00a0\u202f]"
_BREAK = f"(?:{_SPACE}|\r?\n)"
_DOT = f"(?:{_BREAK}?\\.{_BREAK}?|{_SPACE})"
_SIGN, _SAME = f"{_BREAK}?(?P<s>[/\\-]){_BREAK}?", f"{_BREAK}?(?P=s){_BREAK}?"
_LAST = r"(?![./]\d)"  # what goes on is a range, such as "06/07.11.2024"
_DAY, _MONTH = r"(?P<d>3[01]|[12]\d|0?[1-9])", r"(?P<m>1[0-2]|0?[1-9])"
_YEAR, _SHORT = r"(?P<y>1[89]\d\d|2[01]\d\d)", r"(?P<y>\d\d)"
_EITHER = r"(?P<y>1[89]\d\d|2[01]\d\d|\d\d)"
_NAME = r"(?P<name>[^\W\d_]{3,9})"
_FORMS = tuple(
    re.compile(pattern + r"(?!\d)")
    for pattern in (
        rf"{_YEAR}(?P<s>[-./]){_MONTH}(?P=s){_DAY}",
        rf"{_DAY}{_DOT}{_MONTH}{_DOT}{_EITHER}",
        rf"{_DAY}{_SIGN}{_MONTH}{_SAME}{_EITHER}",
        rf"{_MONTH}(?P<s>[/\-]){_DAY}(?P=s){_EITHER}",
        rf"{_DAY}\.?{_BREAK}?{_NAME}\.?{_BREAK}?'?{_EITHER}",
        rf"{_DAY}\.?{_BREAK}?{_NAME}",
        rf"{_NAME}\.?{_BREAK}?'?{_EITHER}",
        r"(?P<y>19\d\d|20\d\d)(?P<m>0[1-9]|1[0-2])(?P<d>0[1-9]|[12]\d|3[01])",
        r"(?P<d>0[1-9]|[12]\d|3[01])(?P<m>0[1-9]|1[0-2])(?P<y>19\d\d|20\d\d|\d\d)",
        rf"{_MONTH}{_SPACE}?[/.\-]{_SPACE}?{_YEAR}",
        rf"{_MONTH}{_SPACE}?/{_SPACE}?{_SHORT}{_LAST}",
        rf"{_DAY}{_SPACE}?[./]{_SPACE}?{_MONTH}{_LAST}",
        rf"{_MONTH}\.{_SHORT}{_LAST}",
        _YEAR,
        _NAME,
    )
)
_FULL = re.compile(
    r"(?<!\d)(?:(?:3[01]|[12]\d|0?[1-9])\.[ ]?(?:(?:1[0-2]|0?[1-9])\.[ ]?|[A-Z][a-zä]{2,8}\.?[ ])(?:(?:19|20)\d\d|\d\d)"
    r"|(?:19|20)\d\d-(?:1[0-2]|0[1-9])-(?:3[01]|[12]\d|0[1-9]))(?![\d./])"
)
_NUMBER = re.compile(r"\d+")
_BARE = re.compile(r"\d{1,2}(?!\d)")
_TIME = re.compile(
    r"T?(?:[01]?\d|2[0-3]):[0-5]\d(?::[0-5]\d(?:\.\d+)?)?(?!\d)|(?:[01]?\d|2[0-3])(?:\.[0-5]\d)?(?=\s?Uhr)"
)
_YEARS = re.compile(rf"{_YEAR}/(?P<last>\d\d)(?![\d./])")
"""A year and the next in two digits: 2018/19."""
_MOST_DAYS = 5
"""Bare days before the date that they belong to, as in "1., 8. und 15.3.2021"."""
_RANGE = re.compile(rf"\.?{_BREAK}?(?:-|–|—|/|,|bis|und|u\.|\+)(?:{_BREAK}?(?:zum|dem))?{_BREAK}?")


@cache
def month_numbers() -> dict[str, int]:
    """Return the number of each folded month name and abbreviation."""
    return {name: int(number) for name, number in (entry.split("\t") for entry in entries("month_names"))}


def offset_days(draw: Draw) -> int:
    """Return the offset of a scope in days: whole weeks, more than one year and at most five, forth or back."""
    number = draw.number("offset", "")
    weeks = MIN_WEEKS + number // 2 % (MAX_WEEKS - MIN_WEEKS + 1)
    return 7 * (weeks if number % 2 else -weeks)


class DateShift:
    """Shifts the dates of one text by `days`.

    `extents` are where its dates are, in order; `reshape` replaces digits in them that can be read as no date.
    """

    def __init__(self, text: str, extents: Sequence[tuple[int, int]], days: int, reshape: Callable[[str], str]) -> None:
        self._text = text
        self._shift = timedelta(days)
        self._reshape = reshape
        self._year_places: list[int] = []
        self._years: list[int] = []
        padded = 0
        for begin, end in extents:
            surface = text[begin:end]
            padded += len(re.findall(r"(?<!\d)0\d(?!\d)", surface)) - len(re.findall(r"(?<!\d)\d(?!\d)", surface))
            for year in re.finditer(r"(?<!\d)(?:19|20)\d\d(?!\d)", surface):
                self._year_places.append(begin + year.start())
                self._years.append(int(year.group()))
        self._pads = padded >= 0

    def full_dates(self, begin: int, end: int) -> list[tuple[int, int]]:
        """Return the extents of the dates with day, month and year between `begin` and `end`, in order."""
        return [match.span() for match in _FULL.finditer(self._text, begin, end)]

    def replace(self, begin: int, end: int) -> str:
        """Return the text from `begin` to `end` with its dates shifted."""
        parts: list[str] = []
        place = begin
        while place < end:
            found = self._date(place, end) if self._starts_token(place) else None
            if found is None:
                found = self._other(place, end)
            parts.append(found[1])
            place = found[0]
        return "".join(parts)

    def _starts_token(self, place: int) -> bool:
        here, before = self._text[place], self._text[place - 1 : place]
        return (here.isdigit() and not before.isdigit()) or (here.isalpha() and not before.isalpha())

    def _date(self, place: int, end: int) -> tuple[int, str] | None:
        """Return the end of the date at `place` and its shifted form, None where there is no date."""
        time, years = _TIME.match(self._text, place, end), _YEARS.match(self._text, place, end)
        if time:
            return time.end(), time.group()
        if years:
            first = str(_move(int(years["y"]), 7, 1, self._shift).year)
            last = int(first) + int(years["last"]) - int(years["y"])
            return years.end(), f"{first}/{last % 100:02}"
        match = self._match(place, end)
        if match:
            return match.end(), self._shifted(match)
        bare = _BARE.match(self._text, place, end)
        following = bare and self._following(bare)
        if not bare or not following or int(bare.group()) == 0:
            return None
        return bare.end(), self._range_start(bare.group(), following)

    def _following(self, bare: re.Match[str]) -> re.Match[str] | None:
        """Return the date that a bare day or month belongs to: the last of a range or list."""
        last: re.Match[str] | None = bare
        for _ in range(_MOST_DAYS):
            joint = last and _RANGE.match(self._text, last.end())
            if not joint:
                return None
            limit = min(len(self._text), joint.end() + 24)
            match = self._match(joint.end(), limit)
            if match:
                return match
            last = _BARE.match(self._text, joint.end(), limit)
        return None

    def _match(self, place: int, end: int) -> re.Match[str] | None:
        for form in _FORMS:
            match = form.match(self._text, place, end)
            if match and ("name" not in match.re.groupindex or fold(match["name"]) in month_numbers()):
                return match
        return None

    def _parts(self, match: re.Match[str]) -> tuple[int, int, int]:
        """Return year, month and day of a match; what it lacks is filled in."""
        groups = match.groupdict()
        month = month_numbers()[fold(groups["name"])] if groups.get("name") else int(groups.get("m") or 7)
        day = int(groups.get("d") or (15 if groups.get("name") or groups.get("m") else 1))
        year = groups.get("y")
        if year is None:
            return self._year_near(match.start()), month, day
        return (int(year) if len(year) == 4 else 2000 + int(year)), month, day

    def _year_near(self, place: int) -> int:
        """Return the next year that the text's dates name, else the last one before `place`."""
        if not self._years:
            return _YEAR_WITHOUT_HINT
        return self._years[min(bisect_left(self._year_places, place), len(self._years) - 1)]

    def _shifted(self, match: re.Match[str]) -> str:
        moved = _move(*self._parts(match), self._shift)
        numbers = {"y": moved.year, "m": moved.month, "d": moved.day}
        groups = match.groupdict()
        replaced = []
        for group in ("y", "m", "d", "name"):
            surface = groups.get(group)
            if surface is None:
                continue
            if group == "name":
                new = _month_name(surface, moved.month)
            elif group == "y":
                new = f"{moved.year:04}"[-len(surface) :]
            else:
                new = self._number(surface, numbers[group], groups)
            replaced.append((match.start(group), match.end(group), new))
        return self._spliced(match.start(), match.end(), sorted(replaced))

    def _spliced(self, begin: int, end: int, replaced: Sequence[tuple[int, int, str]]) -> str:
        parts, last = [], begin
        for start, stop, new in replaced:
            parts += [self._text[last:start], new]
            last = stop
        return "".join([*parts, self._text[last:end]])

    def _number(self, surface: str, value: int, groups: dict[str, str | None]) -> str:
        """Return a day or month with a leading zero where the surface has one, or its neighbour, or the text."""
        others = (groups.get("d") or "", groups.get("m") or "")
        if surface[0] == "0":
            pads = True
        elif "name" in groups or any(len(other) == 1 for other in others):
            pads = False
        else:
            pads = any(other.startswith("0") for other in others) or self._pads
        return f"{value:02}" if pads else str(value)

    def _range_start(self, surface: str, following: re.Match[str]) -> str:
        """Return the shifted first half of a range such as "3.-" in "3.-5.4.2019" or "02-" in "02-04/2021"."""
        year, month, day = self._parts(following)
        value = int(surface)
        if following.groupdict().get("d"):
            before = 12 * year + month - 1 - (value > day)
            moved = _move(before // 12, before % 12 + 1, min(value, 31), self._shift).day
        else:
            moved = _move(year, min(value, 12), 15, self._shift).month
        return f"{moved:02}" if surface[0] == "0" else str(moved)

    def _other(self, place: int, end: int) -> tuple[int, str]:
        """Return what is no date or time: words as they are, digits reshaped."""
        number = _NUMBER.match(self._text, place, end)
        if number:
            return number.end(), self._reshape(number.group())
        return place + 1, self._text[place]


def _move(year: int, month: int, day: int, shift: timedelta) -> date:
    """Return a day shifted; the 31st of a shorter month counts on into the next."""
    return date(year, month, 1) + timedelta(day - 1) + shift


def _month_name(surface: str, month: int) -> str:
    """Return the name of `month`, abbreviated and in the letter case of `surface`."""
    full = _MONTHS[month - 1]
    if fold(surface) in ("jaenner", "feber") and month < 3:
        full = ("Jänner", "Feber")[month - 1]
    number = month_numbers()[fold(surface)]
    abbreviated = len(surface) < min(len(_MONTHS[number - 1]), 5)
    return in_case_of(surface, full[:3] if abbreviated else full)
