from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.sampling.language import Values, article_and_ending, decline, grammar, mark, unmark
from pipelines.sampling.lexicon import Noun, load, parse_noun

_PLAIN = st.text(st.characters(blacklist_categories=("Cs", "Co")), max_size=30)


@pytest.mark.parametrize(
    ("noun", "plural", "case", "expected"),
    [
        ("Leber f Lebern", False, "g", "Leber"),
        ("Magen m Mägen", True, "d", "Mägen"),
        ("Karzinom n Karzinome", True, "d", "Karzinomen"),
        ("Abszess m Abszesse", False, "g", "Abszesses"),
        ("Uterus m Uteri", False, "g", "Uterus"),
        ("Nerv m w Nerven", False, "a", "Nerven"),
        ("Stent m Stents", True, "d", "Stents"),
    ],
)
def test_nouns_are_declined(noun, plural, case, expected):
    assert decline(parse_noun(noun), plural, case) == expected


@pytest.mark.parametrize(
    ("article", "gender", "case", "expected"),
    [
        ("d", "m", "d", ("dem ", "en")),
        ("i", "n", "n", ("ein ", "es")),
        ("i", "f", "g", ("einer ", "en")),
        ("k", "p", "n", ("keine ", "en")),
        ("k", "m", "a", ("keinen ", "en")),
        ("z", "n", "d", ("", "em")),
        ("i", "p", "a", ("", "e")),
    ],
)
def test_articles_and_adjectives_agree(article, gender, case, expected):
    assert article_and_ending(article, gender, case) == expected


@given(st.lists(st.tuples(_PLAIN, st.sampled_from(["PERSON", "DATE_OF_BIRTH"]), _PLAIN), max_size=6), _PLAIN)
def test_unmark_returns_every_marked_value_at_its_offsets(parts, tail):
    text, spans = unmark("".join(before + mark(label, value) for before, label, value in parts) + tail)
    assert text == "".join(before + value for before, _, value in parts) + tail
    assert [(text[begin:end], label) for begin, end, label in spans] == [(value, label) for _, label, value in parts]


def test_every_rule_expands():
    rules, lexicon = grammar(), load()
    given_slots = {name: (lambda rng: "x") for name in _SLOTS}
    for name in lexicon.rules:
        if name.startswith(("surname", "given", "stem", "town")):
            continue
        for text in {*lexicon.rules[name]}:
            for part in rules._compile(text):
                expanded = part if isinstance(part, str) else part(Random(1), Values(given_slots))
                assert "{" not in expanded
                assert "}" not in expanded


_SLOTS = """
    surname_citation exam_before exam_day herr_n herr_a herr_d herr_gen herr_a_full full listed gp_family gp_given
    gp_family_caps gp_ending gp_ending_caps gp_kollege gp_kollege_caps gp_herr gp_title doctor doctor_short relative
    hand day last_day recent future past vague stay dob age age_before hospital organization profession country town
    phone fax email pid case_id sample ward address_inline er er_cap pat_n pat_a pat_word_n pat_word_a des_pat der_n
    der_a n_ending r_ending ihren_patient_a den_hausarzt relation_d relation_a der_relation dept town_name
    surname_company user url pager relation_a_cap
""".split()


def test_a_noun_entry_without_gender_is_refused():
    with pytest.raises(ValueError, match="not a noun entry"):
        parse_noun("Leber Lebern")


def test_compounds_of_a_theme_share_their_stem():
    theme = grammar().theme(Random(3), ("Leber",))
    assert all(isinstance(noun, Noun) and noun.singular.startswith("Leber") for pool in theme.values() for noun in pool)
