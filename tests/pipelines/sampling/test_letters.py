from collections import Counter
from datetime import date
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from pipelines.sampling import dates, persons
from pipelines.sampling.dirt import edited, mojibake
from pipelines.sampling.language import mark, unmark
from pipelines.sampling.letters import letters
from schemas.entities import LABELS


def test_letters_have_spans_of_every_label_inside_their_text():
    found: Counter[str] = Counter()
    for text, spans in letters(300, 7):
        assert not any("\ue000" <= character <= "\ue002" for character in text)
        end = 0
        for begin, stop, label in spans:
            assert end <= begin < stop <= len(text)
            assert text[begin:stop] == text[begin:stop].strip()
            end = stop
            found[label] += 1
    assert set(found) == set(LABELS)


def test_letters_are_a_function_of_the_seed():
    assert list(letters(3, 1)) == list(letters(3, 1)) != list(letters(3, 2))


def test_layouts_vary():
    assert len({"".join(c for c in text if not c.isalnum())[:40] for text, _ in letters(200, 3)}) > 190


def test_valid_insurance_numbers_pass_the_check_sum():
    # the published example of § 290 SGB V: A000500015
    for seed in range(50):
        number = persons.insurance_number(Random(seed))
        weighted = f"{ord(number[0]) - 64:02d}{number[1:9]}"
        values = (int(digit) * (1 + index % 2) for index, digit in enumerate(weighted))
        assert sum(value // 10 + value % 10 for value in values) % 10 == int(number[9])


def test_partial_dates_are_left_out_where_the_year_is_needed():
    day = date(2019, 1, 3)
    assert all(any(c.isdigit() for c in dates.written(day, Random(seed))) for seed in range(100))
    assert all("19" in dates.written(day, Random(seed), True) for seed in range(300))


@given(st.text(st.characters(blacklist_categories=("Cs", "Co")), max_size=80), st.integers(0, 99))
def test_edits_keep_marked_values(text, seed):
    marked = f"{text} {mark('PERSON', 'Jörg Müller')} {text}"
    plain, spans = unmark(edited(marked, 0.5, Random(seed)))
    assert [plain[begin:end] for begin, end, _ in spans] == ["Jörg Müller"]


def test_mojibake_is_undone_by_reading_it_back():
    text, spans = unmark(mojibake(f"Größe „ß“ {mark('PERSON', 'Jörg Müller')}"))
    assert text[spans[0][0] : spans[0][1]] == "JÃ¶rg MÃ¼ller"
    assert text.startswith("GrÃ¶ÃŸe â€žÃŸâ€œ")
