from medbert import leakage

REPORT = " ".join(f"wort{i}" for i in range(60))


def test_exact_near_and_patient():
    near = REPORT + " zusatz eins zwei"
    other = " ".join(f"anders{i}" for i in range(60))
    leaks = leakage.find_leaks(
        [REPORT.upper() + " .", near, other, other + " x"], ["", "", "p1", ""], [REPORT, "kurz"], ["p1", ""]
    )
    assert leaks == {0: "exact", 1: "near_duplicate", 2: "patient"}


def test_unknown_patients_match_nothing():
    assert leakage.find_leaks(["a b c d e f"], [""], ["u v w x y z"], [""]) == {}


def test_texts_without_words():
    assert leakage.find_leaks(["..."], [""], ["kein Erguss"], [""]) == {}
