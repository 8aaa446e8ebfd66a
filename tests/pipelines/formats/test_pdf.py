"""PDF: layout, paragraphs, broken and hostile files. The PDFs are made here."""

import io
import resource
import zlib
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from reportlab.lib.pagesizes import A4
from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.pdfbase.pdfmetrics import stringWidth
from reportlab.pdfgen.canvas import Canvas

from pipelines.formats import UnreadableFileError, pdf, pdfium
from pipelines.formats.page_layout import Piece, body_size, find_gutter, lay_out, without_footnotes
from pipelines.formats.pdf_paragraphs import join_words

LEFT, TOP, LEADING = 72, 760, 14


class Sheet:
    """Writes lines at places; sizes in points."""

    def __init__(self, **options):
        self.buffer = io.BytesIO()
        self.canvas = Canvas(self.buffer, pagesize=A4, **options)

    def line(self, text, x: float = LEFT, y: float = TOP, size=11, font="Helvetica"):
        self.canvas.setFont(font, size)
        self.canvas.drawString(x, y, text)

    def lines(self, lines, x=LEFT, y=TOP, size=11, leading=LEADING):
        for number, text in enumerate(lines):
            self.line(text, x, y - number * leading, size)

    def page(self):
        self.canvas.showPage()

    def stream(self):
        self.canvas.save()
        return io.BytesIO(self.buffer.getvalue())

    def text(self):
        return pdf.read_pdf(self.stream())


BODY = [
    "Die Untersuchung der Patientinnen und Patienten erfolgte in der Klinik für Ra-",
    "diologie nach einem festen Ablauf. Die Aufnahmen wurden von zwei unabhängi-",
    "gen Befundern beurteilt, und alle Abweichungen wurden gemeinsam besprochen.",
]
JOINED = (
    "Die Untersuchung der Patientinnen und Patienten erfolgte in der Klinik für Radiologie nach einem festen Ablauf. "
    "Die Aufnahmen wurden von zwei unabhängigen Befundern beurteilt, und alle Abweichungen wurden gemeinsam besprochen."
)


def test_lines_become_paragraphs():
    sheet = Sheet()
    sheet.line("1 Methodik", y=TOP, size=16)
    sheet.lines(BODY, y=TOP - 40)
    sheet.lines(BODY, y=TOP - 40 - 5 * LEADING)
    assert sheet.text().split("\n") == ["1 Methodik", JOINED, JOINED]


def test_an_indented_line_begins_a_paragraph():
    sheet = Sheet()
    sheet.lines([*BODY[:2], "gen Befundern beurteilt, und alle Abweichungen wurden im Team gemeinsam diskutiert."])
    sheet.line(
        "Danach folgte eine weitere Auswertung mit denselben Bildern und einem Abstand von",
        x=LEFT + 15,
        y=TOP - 3 * LEADING,
    )
    sheet.line("acht Wochen zwischen den beiden Sitzungen der Befunder.", y=TOP - 4 * LEADING)
    assert [line[:6] for line in sheet.text().split("\n")] == ["Die Un", "Danach"]


def test_columns_are_read_one_after_the_other():
    sheet = Sheet()
    sheet.line("Ein Titel, der über beide Spalten der Seite reicht und daher breit ist", size=14)
    left = [f"linke Zeile {number} mit einigen Wörtern darin" for number in range(12)]
    right = [f"rechte Zeile {number} mit einigen Wörtern drin" for number in range(12)]
    for number in range(12):
        # in the order of rows, as some programs write them
        sheet.line(left[number], 60, TOP - 40 - number * LEADING, 10)
        sheet.line(right[number], 310, TOP - 40 - number * LEADING, 10)
    text = sheet.text()
    assert text.startswith("Ein Titel")
    assert text.index("linke Zeile 11") < text.index("rechte Zeile 0")


def test_a_line_stretched_to_a_narrow_column_is_no_row_of_a_table():
    sheet = Sheet()
    full = "die zwischen zwei Jahren in Kliniken behandelt"
    end = LEFT + stringWidth(full, "Helvetica", 11)
    words = ["wurden", "Patientinnen", "und"]
    gap = (end - LEFT - sum(stringWidth(word, "Helvetica", 11) for word in words)) / (len(words) - 1)
    assert gap > 1.6 * 11
    place = LEFT
    for word in words:
        sheet.line(word, place, TOP - 2 * LEADING)
        place += stringWidth(word, "Helvetica", 11) + gap
    sheet.lines([full, full])
    sheet.lines([full, full], y=TOP - 3 * LEADING)
    assert "behandelt wurden Patientinnen und die zwischen" in sheet.text()


def test_a_list_in_two_parts_is_no_page_of_columns():
    sheet = Sheet()
    for number in range(20):
        sheet.line(f"CT{number}", y=TOP - number * LEADING)
        sheet.line("Computertomographie der Lunge", x=300, y=TOP - number * LEADING)
    assert sheet.text().split("\n")[1] == "CT1 Computertomographie der Lunge"


def test_running_heads_and_page_numbers_go():
    sheet = Sheet()
    for number in range(1, 9):
        chapter = ["Einleitung", "Methodik", "Ergebnisse", "Diskussion"][(number - 1) // 2]
        sheet.line(f"{number}    {chapter}" if number % 2 else f"Dissertation M. Muster    {number}", y=800, size=9)
        sheet.lines([f"{'abcdefgh'[number - 1] * 3} {line}" for line in BODY])
        sheet.line(f"- {number} -", x=280, y=40, size=9)
        sheet.page()
    text = sheet.text()
    assert "Muster" not in text
    assert "Methodik" not in text
    assert not [line for line in text.split("\n") if line.strip(" -").isdigit()]
    assert text.count("Befundern") == 8


def test_a_word_broken_over_pages_is_whole():
    sheet = Sheet()
    sheet.lines([*BODY, "Die Ergebnisse wurden danach in mehreren weiteren Sitzungen durch eine Regressi-"])
    sheet.page()
    sheet.lines(["onsanalyse überprüft und in der folgenden Tabelle mit allen Werten dargestellt.", *BODY])
    assert "durch eine Regressionsanalyse überprüft" in sheet.text()


def test_raised_numbers():
    sheet = Sheet()
    sheet.lines(BODY)
    y = TOP - 4 * LEADING
    x = LEFT
    for text, size, rise in (("Leukozyten 10", 11, 0), ("3", 6, 4), ("/µl, 5 m", 11, 0), ("2", 6, 4), (" Haut", 11, 0)):
        sheet.line(text, x, y + rise, size)
        x += stringWidth(text, "Helvetica", size)
    sheet.line("Das zeigen Studien.", 72, y - LEADING)
    sheet.line("12", LEFT + stringWidth("Das zeigen Studien.", "Helvetica", 11), y - LEADING + 4, 6)
    text = sheet.text()
    assert "10³/µl, 5 m² Haut" in text
    assert "Studien." in text
    assert "12" not in text


def test_notes_at_the_foot_are_told_from_the_text():
    sheet = Sheet()
    sheet.lines(BODY * 4)
    sheet.lines(["1 Siehe Lehrbuch der Radiologie, Seite 12.", "2 Ebenda."], y=90, size=8, leading=10)
    pages = without_footnotes(pdf.read_pages(sheet.stream()).pages)
    assert "Lehrbuch" not in " ".join(line.text for page in pages for line in page.lines)
    assert body_size(pages) == 11


def test_the_title_is_taken_where_it_is_one():
    for title, expected in (
        ("Bildgebung der Lunge", "Bildgebung der Lunge"),
        ("Microsoft Word - diss.docx", ""),
        ("x", ""),
    ):
        sheet = Sheet()
        sheet.canvas.setTitle(title)
        sheet.lines(BODY)
        assert pdf.read_pages(sheet.stream()).title == expected


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (["Unter-", "suchung"], "Untersuchung"),
        (["Magen-", "Darm-Trakt"], "Magen-Darm-Trakt"),
        (["Kopf-", "und Halsschmerzen"], "Kopf- und Halsschmerzen"),
        (["CT-", "gesteuerte Punktion"], "CT-gesteuerte Punktion"),
        (["5-", "jährig"], "5-jährig"),
        (["der Patient -", "ein Mann"], "der Patient - ein Mann"),
        (["un\u00ad", "abhängig"], "unabhängig"),
        (["Zeile", "Zeile"], "Zeile Zeile"),
        (["Fall-", "Kontroll-", "Studie"], "Fall-Kontroll-Studie"),
    ],
)
def test_hyphens_at_line_ends(lines, expected):
    assert join_words(lines, Counter()) == expected


def test_the_document_decides_between_spellings():
    assert join_words(["Covid-", "krank"], Counter({"Covid-krank": 2})) == "Covid-krank"
    assert join_words(["EKG-", "bild"], Counter({"EKGbild": 2})) == "EKGbild"


@given(st.lists(st.text("abc-. ÄÜ\u00ad", max_size=12), max_size=6))
def test_joining_loses_no_letter(lines):
    def letters(text):
        return "".join(character for character in text if character.isalnum())

    assert letters(join_words(lines, Counter())) == letters("".join(lines))


@given(
    st.lists(
        st.builds(Piece, st.text("ab", min_size=1, max_size=9), *[st.floats(0, 600)] * 3, st.floats(6, 20)), max_size=30
    )
)
def test_laying_out_loses_no_piece(pieces):
    pieces = [Piece(p.text, min(p.left, p.right), max(p.left, p.right), p.baseline, p.size) for p in pieces]
    page = lay_out(0, 600, 800, pieces)
    assert sorted("".join(line.text for line in page.lines).replace("\t", "").replace(" ", "")) == sorted(
        "".join(piece.text for piece in pieces)
    )


def test_no_gutter_on_an_empty_page():
    assert find_gutter([]) is None


def reason(content: bytes) -> str:
    with pytest.raises(UnreadableFileError) as caught:
        pdf.read_pdf(io.BytesIO(content))
    return caught.value.reason


def test_a_password_is_told():
    sheet = Sheet(encrypt=StandardEncryption("geheim", strength=128))
    sheet.lines(BODY)
    assert reason(sheet.stream().getvalue()) == "password_protected"


def test_a_file_locked_against_changes_only_is_read():
    sheet = Sheet(encrypt=StandardEncryption("", ownerPassword="geheim", strength=128))
    sheet.lines(BODY)
    assert sheet.text() == JOINED


def test_pages_of_images_have_no_text_layer():
    sheet = Sheet()
    for _ in range(3):
        sheet.canvas.rect(100, 100, 300, 300, fill=1)
        sheet.page()
    assert reason(sheet.stream().getvalue()) == "no_text_layer"


@pytest.mark.parametrize(
    "garble",
    [
        lambda line: "".join(chr(ord(c) - 29) if 61 < ord(c) < 123 else c for c in line),
        " ".join,
        lambda line: "".join(c if i % 2 else "!#%&"[i % 4] for i, c in enumerate(line)),
    ],
)
def test_a_text_layer_that_is_no_text_is_refused(garble):
    sheet = Sheet()
    for _ in range(3):
        sheet.lines([garble(line)[:90] for line in BODY * 5])
        sheet.page()
    assert reason(sheet.stream().getvalue()) == "broken_text_layer"


@pytest.mark.parametrize("keep", [0, 20, 400])
def test_a_cut_file_is_told(keep):
    sheet = Sheet()
    sheet.lines(BODY)
    assert reason(sheet.stream().getvalue()[:keep]) in {"malformed_pdf", "no_text_layer"}


@pytest.mark.parametrize("content", [b"", b"%PDF-1.7\n", b"%PDF-1.7\n" + b"\0" * 10_000, b"no pdf"])
def test_what_is_no_pdf_is_told(content):
    assert reason(content) == "malformed_pdf"


def test_bounds_hold(monkeypatch):
    sheet = Sheet()
    for _ in range(3):
        sheet.lines(BODY)
        sheet.page()
    content = sheet.stream().getvalue()
    for name, bound, expected in (
        ("PAGES", 2, "too_many_pages"),
        ("PAGE_CHARACTERS", 10, "too_many_characters"),
        ("CHARACTERS", 300, "too_many_characters"),
    ):
        with monkeypatch.context() as patch:
            patch.setattr(pdfium, name, bound)
            with pytest.raises(UnreadableFileError, match=expected):
                pdfium.read_document(content)
    monkeypatch.setattr(pdf, "FILE_BYTES", 100)
    assert reason(content) == "file_too_large"


def one_page(stream: bytes) -> bytes:
    """Return a PDF of one page with the deflated content `stream`, its cross references left to be rebuilt."""
    return b"".join(
        (
            b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n",
            b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]/Contents 4 0 R>>endobj\n",
            b"4 0 obj<</Length %d/Filter/FlateDecode>>stream\n" % len(stream),
            stream + b"\nendstream endobj\ntrailer<</Root 1 0 R>>\n%%EOF",
        )
    )


@pytest.mark.slow
def test_a_bomb_costs_neither_memory_nor_the_build():
    deflate = zlib.compressobj(9)
    bomb = b"".join(deflate.compress(b"q " * 500_000) for _ in range(100)) + deflate.flush()
    assert len(bomb) < 100_000
    assert reason(one_page(bomb)) == "parser_crashed"
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss < pdfium.MEMORY_BYTES // 1024


@pytest.mark.parametrize(("child", "expected"), [("time.sleep(9)", "time_limit"), ("os.abort()", "parser_crashed")])
def test_a_child_that_hangs_or_crashes_is_told(tmp_path, monkeypatch, child, expected):
    (tmp_path / "failing_child.py").write_text(f"import os, time\n{child}\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(pdf, "_CHILD", "failing_child")
    monkeypatch.setattr(pdf, "SECONDS", 2)
    assert reason(b"%PDF") == expected


def test_a_real_guideline_is_readable_german(real_data):
    with (real_data / "phi" / "grascco_dev" / "annotation_guideline_gemtex.pdf").open("rb") as stream:
        text = pdf.read_pdf(stream)
    assert "mit einem nicht-sprechenden Pseudonym zu assoziieren, mit dem der Rückbezug" in text
    assert "(9), dabei ggf." in text
