"""Golden cases with a ratchet: exactly the known failures fail, so an unexpected pass is a failure too."""

from tests.pipelines.recognizers import golden


def test_exactly_the_known_failures_fail():
    failing = [case for case in golden.cases() if not golden.passes(case)]
    failing += [
        leak for name in ("letters", "house_styles") for letter in golden.letters(name) for leak in golden.leaks(letter)
    ]
    assert [line.replace("\n", "\\n") for line in failing] == golden.known_failures()


def test_there_are_enough_cases_of_every_label():
    from schemas.entities import LABELS

    cases = [golden.parse(case)[1] for case in golden.cases()]
    assert len(cases) >= 150
    assert len(golden.letters()) >= 12
    assert {label for spans in cases for label, _, _ in spans} == set(LABELS)


def test_little_is_masked_that_is_nobodys():
    shares = [golden.over_masking(letter) for letter in golden.letters()]
    assert sum(shares) / len(shares) < 0.01


def test_letters_of_other_house_styles_lose_few_words_that_are_nobodys():
    letters = golden.letters("house_styles")
    assert len(letters) >= 48
    assert sum(golden.over_masking(letter) for letter in letters) / len(letters) < 0.04


def test_letters_that_no_rule_was_written_for():
    """These are for measuring alone: no rule may be changed for their sake, so what fails is not listed."""
    assert golden.recall(golden.letters("untuned")) >= 0.94
