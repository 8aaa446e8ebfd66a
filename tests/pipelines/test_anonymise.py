import ast
import json
import pickle
import time
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.anonymise import Anonymisation, Anonymiser, SelfTestError
from pipelines.canaries import CANARIES
from pipelines.recognizers import Entity
from pipelines.spans import Span
from pipelines.windows import WINDOW, window_size, windows
from schemas.document import Document, KnownIdentifier, RawDocument, Rejection

ROOT = Path(__file__).parents[2]
KEY = b"k" * 32
LETTER = (
    "Sehr geehrter Herr Kollege,\nwir berichten über Frau Walburga Zwiesler, geb. 17.04.1951, wohnhaft Lerchenweg 48,"
    " 35745 Herborn, Tel. 02772 5838201.\nFrau Zwiesler war vom 3.2.2019 bis 9.2.2019 bei uns. Morbus Crohn, Hb 12,3"
    " g/dl.\nMit freundlichen Grüßen\nDr. med. Adelgunde Hrdlitschka\n"
)
SECRETS = ("Walburga", "Zwiesler", "17.04.1951", "Lerchenweg", "35745", "Herborn", "5838201", "3.2.2019", "Hrdlitschka")


@pytest.fixture(scope="module")
def anonymiser():
    return Anonymiser(Anonymisation(key=KEY))


def letter(text=LETTER, **fields):
    return RawDocument("electronic_health_records", fields.pop("key", "1"), text, **fields)


def kept(outcome) -> Document:
    assert isinstance(outcome, Document), outcome
    return outcome


def leaked(outcome, secrets=SECRETS):
    document = kept(outcome)
    written = unicodedata.normalize("NFC", "\n".join((document.text, document.title, document.template))).casefold()
    return [secret for secret in secrets if secret.casefold() in written]


@pytest.mark.parametrize("replacement", ["surrogate", "tag", "drop-sentence"])
def test_nothing_of_the_people_is_left(replacement):
    anonymiser = Anonymiser(Anonymisation(replacement=replacement, key=KEY))
    anonymiser.self_test()
    document = kept(anonymiser(letter(title="Brief Zwiesler")))
    assert leaked(document) == []
    assert "Morbus Crohn, Hb 12,3 g/dl" in document.text


def test_replacements(anonymiser):
    surrogate = kept(anonymiser(letter()))
    assert "<" not in surrogate.text
    tagged = kept(Anonymiser(Anonymisation(replacement="tag", key=KEY))(letter()))
    assert "Frau <PERSON>, geb. <DATE_OF_BIRTH>, wohnhaft <STREET>, <ZIP> <CITY>" in tagged.text
    assert surrogate.template == tagged.text == tagged.template
    assert surrogate.entities == tagged.entities
    assert surrogate.entities["PERSON"] == 3


MUTATIONS = {
    "as it is": lambda text: text,
    "decomposed": lambda text: unicodedata.normalize("NFD", text),
    "no-break spaces": lambda text: text.replace(" ", "\u00a0"),
    "windows line ends": lambda text: text.replace("\n", "\r\n"),
    "zero-width": lambda text: text.replace("Zwiesler", "Zwies\u200bler").replace("Walburga", "Wal\u2060burga"),
    "soft hyphen": lambda text: text.replace("Zwiesler", "Zwies\u00adler").replace("Hrdlitschka", "Hrdlit\u00adschka"),
    "broken word": lambda text: text.replace("Zwiesler", "Zwies-\nler").replace("Hrdlitschka", "Hrdlit-\r\nschka"),
    "line break in a name": lambda text: text.replace("Walburga Zwiesler", "Walburga\nZwiesler"),
    "byte order mark": lambda text: "\ufeff" + text,
    "declined": lambda text: text.replace("Frau Zwiesler war", "Frau Zwieslers Aufenthalt war"),
}


@pytest.mark.parametrize("mutation", MUTATIONS.values(), ids=MUTATIONS)
def test_no_form_hides_a_person(anonymiser, mutation):
    document = kept(anonymiser(letter(mutation(LETTER))))
    assert leaked(document) == []
    plain = unicodedata.normalize("NFKC", document.text.replace("\u200b", "").replace("\u00ad", ""))
    assert "Zwies" not in plain
    assert "Hrdlit" not in plain


@pytest.mark.parametrize("change", [str.upper, str.lower, str.title])
def test_known_identifiers_go_in_any_case(anonymiser, change):
    known = (
        KnownIdentifier("PERSON", "Zwiesler, Walburga"),
        KnownIdentifier("DATE_OF_BIRTH", "1951-04-17"),
        KnownIdentifier("STREET", "Lerchenweg 48"),
        KnownIdentifier("CITY", "Herborn"),
        KnownIdentifier("PHONE", "+49 2772 5838201"),
    )
    document = kept(anonymiser(letter(change(LETTER), known=known)))
    assert leaked(document, ("Zwiesler", "Walburga", "17.04.1951", "Lerchenweg", "5838201")) == []


def test_title_and_text_agree(anonymiser):
    document = kept(anonymiser(letter("Frau Zwiesler kam.", title="Befund Walburga Zwiesler")))
    assert document.title.split()[-1] == document.text.split()[1]
    assert "\n" not in document.title
    assert document.entities == {"PERSON": 2}


def test_same_key_same_document(anonymiser):
    again = Anonymiser(pickle.loads(pickle.dumps(anonymiser.settings)))
    assert again(letter()) == anonymiser(letter())
    assert kept(Anonymiser(Anonymisation())(letter())).text != kept(anonymiser(letter())).text
    texts = [kept(anonymiser(letter(key=k, patient=p))).text for k, p in (("1", ""), ("2", ""), ("1", "p"), ("2", "p"))]
    assert texts[0] != texts[1]
    assert texts[2] == texts[3]


def test_public_authors_are_kept_where_asked_for():
    anonymiser = Anonymiser(Anonymisation(key=KEY, public=("wikipedia",)))
    text = "Prof. Dr. Walburga Zwiesler, Tel. 02772 5838201, schrieb."
    document = kept(anonymiser(RawDocument("wikipedia", "1", text)))
    assert "Zwiesler" in document.text
    assert "5838201" not in document.text
    known = (KnownIdentifier("PERSON", "Zwiesler, Walburga"),)
    assert leaked(anonymiser(RawDocument("wikipedia", "1", text, known=known)), ("Zwiesler",)) == []
    assert leaked(anonymiser(RawDocument("thieme", "1", text)), ("Zwiesler",)) == []


def finder(*found):
    return lambda text: [Entity(label, start, end, score, "test") for start, end, label, score in found]


def stand_in(find, **settings):
    return Anonymiser(Anonymisation(key=KEY, **settings), finder=find, is_common=lambda word: False)


def reason(find, text="Frau Zwiesler", **fields):
    anonymiser = stand_in(finder())
    anonymiser._finders = [find]
    outcome = anonymiser(letter(text, **fields))
    assert isinstance(outcome, Rejection)
    assert (outcome.stage, outcome.id) == ("anonymise", letter().id)
    return outcome.reason


def test_it_fails_closed():
    def broken(text):
        raise RuntimeError(text)

    assert reason(broken) == "anonymise_error"
    assert reason(finder((0, 99, "PERSON", 1.0))) == "bad_span"
    assert reason(finder((5, 5, "PERSON", 1.0))) == "bad_span"
    assert reason(finder((0, 4, "NAME", 1.0))) == "bad_span"


def test_time_out():
    def slow(text):
        until = time.thread_time() + 0.02
        while time.thread_time() < until:
            pass
        return []

    anonymiser = stand_in(finder(), timeout=0.001)
    anonymiser._finders = [slow]
    outcome = anonymiser(letter())
    assert isinstance(outcome, Rejection)
    assert outcome.reason == "anonymise_timeout"


def test_what_is_left_in_the_output_rejects(monkeypatch):
    monkeypatch.setattr("pipelines.anonymise.resolve", lambda spans, text: [])
    assert reason(finder(), "Fax 02772/583-299") == "residual_identifier"
    known = (KnownIdentifier("PERSON", "Zwiesler"),)
    assert reason(finder(), known=known) == "residual_known_identifier"


def test_self_test_ends_the_run():
    with pytest.raises(SelfTestError, match="letter") as caught:
        stand_in(finder()).self_test()
    assert not any(secret in str(caught.value) for canary in CANARIES for secret in canary.secrets)


def test_settings_are_checked():
    with pytest.raises(ValueError, match="16"):
        Anonymisation(key=b"short")
    with pytest.raises(ValueError, match="mask"):
        Anonymisation(replacement="mask")
    with pytest.raises(ValueError, match="spacy:/nowhere"):
        Anonymiser(Anonymisation(ner=("spacy:/nowhere",)))
    assert "key" not in repr(Anonymisation(key=KEY))


def test_a_missing_lexicon_ends_the_run(monkeypatch):
    monkeypatch.setattr("pipelines.surrogates.LEXICONS", ("month_names", "missing"))
    with pytest.raises(OSError, match="missing"):
        Anonymiser(Anonymisation(key=KEY))


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=200), st.text(max_size=20))
def test_any_text_has_an_outcome(text, name):
    outcome = Anonymiser(Anonymisation(key=KEY), finder=odd_finder, is_common=str.islower)(
        letter(text, title=name, known=(KnownIdentifier("PERSON", name), KnownIdentifier("ID", name)))
    )
    assert isinstance(outcome, Document) or outcome.reason.startswith("residual")
    if isinstance(outcome, Document):
        outcome.text.encode()


def odd_finder(text):
    labels = ("PERSON", "DATE", "ID", "STREET", "EMAIL", "HOSPITAL", "CITY", "PHONE", "URL")
    spans = [(i, min(i + 5, len(text)), labels[i % len(labels)], 0.5) for i in range(0, len(text), 7)]
    return finder(*spans)(text)


def test_huge_texts_go_in_windows(anonymiser):
    paragraph = "Die Lunge ist frei, kein Erguss. " * 30 + "\n\n"
    text = LETTER + paragraph * (WINDOW // len(paragraph) + 5) + "Zwiesler wurde entlassen."
    document = kept(anonymiser(letter(text)))
    assert leaked(document, ("Zwiesler",)) == []
    surname = document.text.partition("Frau ")[2].split()[1].strip(",")
    assert document.text.endswith(f"{surname} wurde entlassen.")


def test_endless_repetition_ends():
    def squared(text):
        time.sleep((len(text) / 10_000) ** 2)
        return []

    started = time.monotonic()
    assert isinstance(stand_in(squared)(letter("Dr. " * 25_000)), Document)
    assert time.monotonic() - started < 20
    assert window_size(LETTER * 8) == WINDOW


@given(st.text("ab .\n", max_size=80), st.integers(2, 20))
def test_windows_cover_the_text(text, size):
    extents = list(windows(text, size))
    assert "".join(text[b:e] for b, e in extents) == text
    assert all(e - b <= size for b, e in extents)


def test_spans_are_offsets_into_the_given_text(anonymiser):
    text = "\ufeffFrau Mu\u0308ller-\nWeise, geb. 1.5.1954"
    outcome, spans = anonymiser.examine(letter(text, title="Befund"))
    assert isinstance(outcome, Document)
    assert "1.5.1954" in [text[s.begin : s.end] for s in spans]


def test_raw_documents_do_not_travel():
    with pytest.raises(TypeError):
        pickle.dumps(letter())
    assert "Zwiesler" not in repr(letter())


def makes_documents(path):
    tree = ast.parse(path.read_text("utf-8"))
    imported = any(
        isinstance(node, ast.ImportFrom)
        and node.module == "schemas.document"
        and "Document" in [a.name for a in node.names]
        for node in ast.walk(tree)
    )
    calls = [node.func for node in ast.walk(tree) if isinstance(node, ast.Call)]
    return any(
        (isinstance(call, ast.Name) and call.id == "Document" and imported)
        or (isinstance(call, ast.Attribute) and ast.unparse(call).endswith("document.Document"))
        for call in calls
    )


def test_only_this_module_makes_documents():
    paths = [path for folder in ("schemas", "pipelines", "medbert", "dags") for path in (ROOT / folder).rglob("*.py")]
    makers = [path.relative_to(ROOT).as_posix() for path in paths if makes_documents(path)]
    assert makers == ["pipelines/anonymise.py"]


def test_development_letters_with_known_patients_are_clean(anonymiser, real_data):
    lines = (real_data / "phi" / "grascco_dev" / "dev.jsonl").read_text("utf-8").splitlines()
    for value in map(json.loads, lines):
        text = value["text"]
        names = {text[e["begin"] : e["end"]] for e in value["entities"] if e["label"] == "NAME_PATIENT"}
        known = tuple(KnownIdentifier("PERSON", name) for name in sorted(names))
        document = kept(anonymiser(letter(text, key=value["id"], known=known)))
        assert isinstance(document, Document), document
        left = [
            w for name in names for w in name.replace(",", " ").split() if len(w) > 3 and w in document.text.split()
        ]
        assert left == [], value["id"]


def test_spans_have_one_form():
    assert Span(1, 2, "ID")._asdict() == {"begin": 1, "end": 2, "label": "ID", "score": 1.0}
