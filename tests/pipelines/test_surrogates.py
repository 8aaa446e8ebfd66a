import re
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.output_scan import is_valid_number
from pipelines.spans import Span
from pipelines.surrogates import Surrogates
from pipelines.surrogates.dates import DateShift, offset_days
from pipelines.surrogates.draw import Draw
from pipelines.surrogates.numbers import reshape

KEY = b"a key of thirty-two bytes, or so"
DRAW = Draw(KEY, "scope")


def surrogates(marked, scope="scope", key=KEY, avoid=()):
    """Return the surrogates of the entities marked as [LABEL|surface] in a text, in order."""
    text, spans, last = "", [], 0
    for match in re.finditer(r"\[([A-Z_]+)\|([^\]]*)\]", marked):
        text += marked[last : match.start()]
        spans.append(Span(len(text), len(text) + len(match[2]), match[1]))
        text += match[2]
        last = match.end()
    made = Surrogates(text + marked[last:], spans, key, scope, avoid)
    return [made.of(span) for span in spans]


def test_every_form_of_a_name_agrees():
    full, reverse, alone, capitals, genitive, initial, ascii_form, given_name = surrogates(
        "[PERSON|Gisela Müller], [PERSON|Müller, Gisela], Frau [PERSON|Müller] [PERSON|MÜLLER] [PERSON|Müllers]"
        " [PERSON|G. Müller] [PERSON|Mueller] [PERSON|Gisela]"
    )
    first, last = full.split()
    assert reverse == f"{last}, {first}"
    assert alone == ascii_form == last
    assert capitals == last.upper()
    assert genitive in (last + "s", last + "'")
    assert initial == f"{first[0]}. {last}"
    assert given_name == first
    assert {first, last} & {"Gisela", "Müller"} == set()


def test_gender_is_kept():
    from pipelines.surrogates.names import genders

    names = surrogates(
        "[PERSON|Gisela Müller] [PERSON|Horst Meier] Frau [PERSON|Xanthippea Kalb] Herr [PERSON|Bombur Zwerg]"
    )
    assert [
        genders()[name.split()[0].lower().replace("ü", "ue").replace("ö", "oe").replace("ä", "ae")] for name in names
    ] == [
        "f",
        "m",
        "f",
        "m",
    ]


def test_titles_particles_and_line_breaks_stay():
    title, particle, double, broken = surrogates(
        "[PERSON|Prof. Dr. med. Klaus Berg] [PERSON|Burkhard zur Hausen] [PERSON|Eva Müller-Lüdenscheidt]"
        " [PERSON|Jürgen\nSchneider]"
    )
    assert title.startswith("Prof. Dr. med. ")
    assert " zur " in particle
    assert re.fullmatch(r"\w+ \w+-\w+", double)
    assert re.fullmatch(r"\w+\n\w+", broken)


def test_a_date_in_a_span_of_another_kind_is_shifted_as_all_are():
    city, day, alone, hospital, name = surrogates(
        "[CITY|Flensburg, 27.3.2025] [DATE|27.3.2025] [CITY|Flensburg] [HOSPITAL|Klinikum Graz, am 3. April 2019]"
        " [PERSON|Xanthippea Kalb 2025-03-27]"
    )
    assert city == f"{alone}, {day}"
    assert re.fullmatch(r"Klinikum \w+, am \d\d?\. [A-Z]\w+ 20\d\d", hospital)
    assert date.fromisoformat(name.split()[2]).strftime("%-d.%-m.%Y") == day


def test_soft_hyphens_tear_no_name():
    torn, whole = surrogates("[PERSON|Al\u00adbers] [PERSON|Albers]")
    assert torn == whole


def test_scopes_and_keys_differ():
    text = "[PERSON|Gisela Müller] [ID|12345678]"
    assert surrogates(text) == surrogates(text)
    assert surrogates(text) != surrogates(text, scope="other")
    assert surrogates(text) != surrogates(text, key=KEY[::-1])


@given(
    st.text("abcd", min_size=1, max_size=4), st.lists(st.sampled_from(["Kern", "Engl", "Auer", "Zehnder"]), min_size=1)
)
def test_no_surrogate_is_an_original(scope, names):
    marked = " ".join(f"[PERSON|{name}]" for name in names)
    made = surrogates(marked, scope, avoid=["Steindl"])
    assert not set(made) & {*names, "Steindl"}


def test_two_names_never_become_one():
    from pipelines.lexicons import entries

    names = entries("surrogate_surnames")[:200]
    made = surrogates(" ".join(f"Herr [PERSON|{name}]" for name in names))
    assert len(set(made)) == len(names)


FORMATS = ("%d.%m.%Y", "%d.%m.%y", "%Y-%m-%d", "%d/%m/%Y", "%Y%m%d", "%d%m%Y", "%d. %m. %Y")
DAYS = st.dates(date(1920, 1, 1), date(2060, 12, 31))


def shifted(text, days, before=""):
    return DateShift(before + text, [(len(before), len(before) + len(text))], days, lambda s: "#" * len(s)).replace(
        len(before), len(before) + len(text)
    )


@given(DAYS, DAYS, st.sampled_from([f for f in FORMATS if "%Y" in f]), st.integers(-1820, 1820))
def test_intervals_and_form_of_dates_are_kept(one, other, form, days):
    from datetime import datetime

    moved = [datetime.strptime(shifted(d.strftime(form), days), form).date() for d in (one, other)]
    assert moved[1] - moved[0] == other - one
    assert moved[0] - one == timedelta(days)


@given(st.text(min_size=1, max_size=8))
def test_the_offset_is_whole_weeks_and_more_than_a_year(scope):
    days = offset_days(Draw(KEY, scope))
    assert days % 7 == 0
    assert 366 < abs(days) < 5 * 366


@pytest.mark.parametrize(
    ("surface", "expected"),
    [
        ("12.3.2019", "17.3.2020"),
        ("02.03.19", "07.03.20"),
        ("3.4.", "9.4."),
        ("28.3.-3.4.2019", "2.4.-8.4.2020"),
        ("3.-5.4.2019", "8.-10.4.2020"),
        ("06/07.11.2019", "11/12.11.2020"),
        ("02-04/2019", "02-04/2020"),
        ("10. und 11.10.2033", "16. und 17.10.2034"),
        ("3. bis zum 5. April 2019", "8. bis zum 10. April 2020"),
        ("1., 8. und 15.3.2021", "7., 14. und 21.3.2022"),
        ("30.-2.1.2019", "5.-8.1.2020"),
        ("2018/19", "2019/20"),
        ("3.4.2019 8.30 Uhr", "8.4.2020 8.30 Uhr"),
        ("3.4.2019, 14:05", "8.4.2020, 14:05"),
        ("12. Mai 2019", "17. Mai 2020"),
        ("12.MAI 2019", "17.MAI 2020"),
        ("28. Jan. 2019", "3. Feb. 2020"),
        ("27. Jänner 2020", "1. Feber 2021"),
        ("Mai 2019", "Mai 2020"),
        ("Jan 19", "Jan 20"),
        ("2019", "2020"),
        ("4/19", "4/20"),
        ("04/2019", "04/2020"),
        ("2019-05-27", "2020-06-01"),
        ("2019-05-27T14:30:00", "2020-06-01T14:30:00"),
        ("27.05.2019 14:30 Uhr", "01.06.2020 14:30 Uhr"),
        ("23.04 2029", "29.04 2030"),
        ("120554", "180555"),
        ("31.02.2019", "08.03.2020"),
        ("05/30/2019", "06/04/2020"),
        ("3/20009", "#/#####"),
        ("Montag, 3.6.2019", "Montag, 8.6.2020"),
    ],
)
def test_the_surface_of_a_date_is_kept(surface, expected):
    year_and_six_days = 53 * 7
    assert shifted(surface, year_and_six_days) == expected


@given(st.from_regex(r"[A-Za-z]{0,2}[0-9]{2,12}([/ .-][0-9]{1,6})?[a-z]?", fullmatch=True))
def test_numbers_keep_their_shape(surface):
    made = reshape(surface, DRAW, "ID", set())
    assert made != surface
    assert [c if not c.isalnum() else c.isdigit() for c in made] == [
        c if not c.isalnum() else c.isdigit() for c in surface
    ]
    assert not is_valid_number(re.sub(r"\W", "", made).upper())


def test_separators_do_not_change_a_number():
    spaced, plain = surrogates("[ID|A 123 456 780] [ID|A123456780]")
    assert spaced.replace(" ", "") == plain
    assert not is_valid_number(plain)


@pytest.mark.parametrize(
    ("surface", "pattern"),
    [
        ("+49 (0)221 4567-89", r"\+49 \(0\)\d{3} \d{4}-\d\d"),
        ("0221/456789", r"0\d{3}/\d{6}"),
        ("(0461) 708 - 223", r"\(0\d{3}\) \d{3} - \d{3}"),
        ("0043 333 775", r"0043 \d{3} \d{3}"),
    ],
)
def test_phone_prefixes_stay(surface, pattern):
    (made,) = surrogates(f"[PHONE|{surface}]")
    assert re.fullmatch(pattern, made)
    assert made != surface


@pytest.mark.parametrize(
    ("label", "surface", "pattern"),
    [
        ("EMAIL", "g.mueller@klinik-herborn.de", r"\w\.\w+@\w+\.example"),
        ("EMAIL", "mueller(at)web.de", r"\w+\(at\)\w+\.example"),
        ("URL", "https://www.klinik.de/a/b?c=1", r"https://www\.\w+\.example/\w/\w\?\w=\d"),
        ("URL", "www.klinik.de", r"www\.\w+\.example"),
        ("STREET", "Hauptstr. 12a", r"\w+str\. \d\d[a-f]"),
        ("STREET", "Rote Straße 3", r"\w+ Straße \d"),
        ("STREET", "Am Waldrand 17", r"\w+weg \d\d"),
        ("ZIP", "A-9011", r"A-\d{4}"),
        ("ZIP", "35745", r"\d{5}"),
        ("HOSPITAL", "Universitätsklinik Jena", r"Universitätsklinik \w+"),
        ("HOSPITAL", "Klinik für Innere Medizin des St. Josef-Krankenhauses", r"Klinik für Innere Medizin des St\. .*"),
        ("PROFESSION", "Floristin", r"\w+(in|frau|angestellte)"),
        ("USERNAME", "WinA.", r"[A-Z][a-z][a-z][A-Z]\."),
        ("AGE", "54-jährig", "54-jährig"),
        ("AGE", "97", "90"),
        ("AGE", "08 Monate", "08 Monate"),
        ("AGE", "0" * 5000, r"\d{5000}"),
    ],
)
def test_other_entities_keep_their_form(label, surface, pattern):
    (made,) = surrogates(f"[{label}|{surface}]")
    assert re.fullmatch(pattern, made)
    assert label == "AGE" or made != surface


@given(
    st.sampled_from(
        sorted({"PERSON", "DATE", "STREET", "CITY", "HOSPITAL", "ID", "PHONE", "EMAIL", "URL", "USERNAME", "COUNTRY"})
    ),
    st.text(min_size=1, max_size=30),
)
def test_no_text_is_too_odd(label, surface):
    span = Span(0, len(surface), label)
    assert isinstance(Surrogates(surface, [span], KEY, "scope").of(span), str)
