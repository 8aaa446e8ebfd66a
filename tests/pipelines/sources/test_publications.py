"""The sources of publications, from files to raw documents."""

import gzip
import io
import random
import re
from typing import Any

import pytest
from reportlab.pdfgen.canvas import Canvas

from pipelines.formats import UnreadableFileError
from pipelines.formats import lines as lines_format
from pipelines.formats.pdf_paragraphs import Paragraph
from pipelines.ingest import InputFile, Source
from pipelines.sources import doctoral_theses, pubmed_abstracts, springer_nature, thieme
from schemas.document import RawDocument, Rejection


def outcomes(source: Source, path, target: int = 1 << 40, root=None) -> list[Any]:
    """Read a file as the street does; the reason of an unreadable rest comes last."""
    file = InputFile(str(path), str(path.relative_to(root or path.parent)), path.stat().st_size)
    head = file.head()
    reader = next((one for one in source.readers if one.accepts(file.path.lower(), head)), None)
    if reader is None:
        return ["unsupported_format"]
    found = []
    for start, stop in reader.cut(file, target):
        try:
            found.extend(reader.read(file, start, stop, source.options))
        except UnreadableFileError as error:
            found.append(error.reason)
    return found


def write(folder, name: str, content: bytes):
    (folder / name).write_bytes(content)
    return folder / name


def keys(found):
    return [one.key if isinstance(one, RawDocument) else one if isinstance(one, str) else one.reason for one in found]


ABSTRACT = """<PubmedArticle><MedlineCitation><PMID>{}</PMID><Article><VernacularTitle>Titel</VernacularTitle>
    <Abstract><AbstractText>Text Nummer {}.</AbstractText></Abstract><Language>ger</Language></Article>
    </MedlineCitation></PubmedArticle>"""


def pubmed(count: int) -> bytes:
    return (
        "<PubmedArticleSet>" + "".join(ABSTRACT.format(i, i) for i in range(count)) + "</PubmedArticleSet>"
    ).encode()


def test_pubmed_is_cut_into_ranges_without_loss(tmp_path):
    path = write(tmp_path, "pubmed.xml", pubmed(40))
    assert keys(outcomes(pubmed_abstracts.SOURCE, path, 1000)) == [str(i) for i in range(40)]


@pytest.mark.parametrize("name", ["pubmed.xml.gz", "without_extension", "wrong.csv"])
def test_pubmed_is_told_by_its_content(tmp_path, name):
    found = outcomes(pubmed_abstracts.SOURCE, write(tmp_path, name, gzip.compress(pubmed(2))))
    assert keys(found) == ["0", "1"]
    assert found[0].file == name
    assert found[0].title == "Titel"


def test_abstracts_before_the_break_of_a_gzip_file_are_kept(tmp_path):
    content = gzip.compress(pubmed(20_000))
    found = keys(outcomes(pubmed_abstracts.SOURCE, write(tmp_path, "p.xml.gz", content[: len(content) // 2])))
    assert found[-1] == "truncated"
    assert found[:3] == ["0", "1", "2"]
    assert len(found) > 8_000


def test_an_entity_bomb_is_refused(tmp_path):
    bomb = b"<!DOCTYPE PubmedArticleSet [<!ENTITY a 'aaaa'><!ENTITY b '&a;&a;&a;&a;'>]>" + pubmed(1)
    assert outcomes(pubmed_abstracts.SOURCE, write(tmp_path, "p.xml", bomb)) == ["entity_declaration"]


def test_livivo(tmp_path, monkeypatch):
    monkeypatch.setattr(lines_format, "LINE_BYTES", 1_000_000)
    lines = [
        b'{"DBRECORDID": "M1", "TITLE": ["Titel"], "ABSTRACT": ["Text."], "LANGUAGE": ["ger"]}',
        b'{"DBRECORDID": "M2", "TITLE": ["Title"], "ABSTRACT": ["Text."], "LANGUAGE": ["eng"]}',
        b'{"DBRECORDID": "M3", "TITLE": ["Titel"], "LANGUAGE": ["ger"]}',
        b"{kaputt",
        b"",
        b"[]",
        b'{"DBRECORDID": "M4", "ABSTRACT": "' + b"x" * 2_000_000 + b'", "LANGUAGE": "ger"}',
        b'{"DBRECORDID": "M5", "TITLE": "[Title]", "ABSTRACT": "Ende.", "LANGUAGE": "ger"}',
    ]
    found = outcomes(pubmed_abstracts.SOURCE, write(tmp_path, "livivo.jsonl", b"\n".join(lines)))
    bad = ["malformed_json", "malformed_json", "record_too_large"]
    assert keys(found) == ["1", "not_german", "no_abstract", *bad, "5"]
    assert (found[0].title, found[-1].title) == ("Titel", "")
    assert len({one.id for one in found}) == len(found)


@pytest.mark.parametrize("source", [pubmed_abstracts, doctoral_theses])
def test_a_cut_archive_is_told(tmp_path, source):
    line = b'{"DBRECORDID": "M%d", "ABSTRACT": "%s", "LANGUAGE": "ger"}\n'
    livivo = b"".join(line % (i, random.Random(i).randbytes(200).hex().encode()) for i in range(5_000))
    padded = thesis(tmp_path).read_bytes() + b"%" + random.Random(0).randbytes(100_000)
    content = gzip.compress(livivo if source is pubmed_abstracts else padded)
    found = outcomes(source.SOURCE, write(tmp_path, "f.gz", content[: len(content) * 2 // 3]))
    assert found[-1] == "truncated"
    assert source is doctoral_theses or len(found) > 1000


ARTICLE = '<article xml:lang="de"><front><article-meta>{}</article-meta></front><body><p>Ein Text.</p></body></article>'
DOI = '<article-id pub-id-type="doi">10.1007/x</article-id>'


def test_keys_of_articles(tmp_path):
    assert keys(outcomes(thieme.SOURCE, write(tmp_path, "a.xml", ARTICLE.format(DOI).encode()))) == ["10.1007/x"]
    assert keys(outcomes(thieme.SOURCE, write(tmp_path, "b.xml", ARTICLE.format("").encode()))) == ["b.xml"]
    two = f"<records>{ARTICLE.format('')}{ARTICLE.format(DOI)}</records>".encode()
    assert keys(outcomes(springer_nature.SOURCE, write(tmp_path, "c.xml", two))) == ["c.xml#byte 9", "10.1007/x"]
    assert keys(outcomes(doctoral_theses.SOURCE, write(tmp_path, "d.xml", ARTICLE.format(DOI).encode()))) == ["d.xml"]


def test_a_cut_article_is_told(tmp_path):
    content = ARTICLE.format(DOI).encode()
    assert outcomes(thieme.SOURCE, write(tmp_path, "a.xml", content[:-30])) == ["truncated"]


def test_what_is_no_publication_is_not_accepted(tmp_path):
    for content in (b"<html><body><article>x</article></body></html>", b"PMID\n1\n2\n", b"PK\x03\x04", b"{}"):
        for source in (pubmed_abstracts.SOURCE, springer_nature.SOURCE, thieme.SOURCE, doctoral_theses.SOURCE):
            assert outcomes(source, write(tmp_path, "f.xml", content)) == ["unsupported_format"]


def thesis(folder):
    """Write a small thesis with all that is not its running text."""
    buffer = io.BytesIO()
    canvas = Canvas(buffer)
    canvas.setTitle("Über die Lunge im Alter")

    def page(*lines):
        y = 760
        for size, text in lines:
            canvas.setFont("Helvetica", size)
            canvas.drawString(72, y, text)
            y -= 2 * size if size > 11 else 14
        canvas.showPage()

    body = [
        (11, f"In diesem Abschnitt wird die Frage der Untersuchung {word} beschrieben und belegt.")
        for word in "abcdefg"
    ]
    page(
        (20, "Über die Lunge im Alter"),
        (11, "Dissertation zur Erlangung des Doktorgrades"),
        (11, "vorgelegt von Erika Muster"),
    )
    page((16, "Inhaltsverzeichnis"), *[(11, f"{i} Kapitel {'. ' * 30} {i}") for i in range(1, 9)])
    page((16, "1 Einleitung"), *body)
    page((16, "2 Ergebnisse"), *body, (11, "5,1            6,2            7,3            8,4"))
    page(
        (16, "3 Literaturverzeichnis"),
        *[(11, f"Maier A, Schulze B ({i}) Die Lunge. Radiologe.") for i in range(1990, 2005)],
    )
    page((16, "4 Anhang"), *body)
    page((16, "Lebenslauf"), (11, "Name: Erika Muster"), (11, "geboren am 1.1.1980 in Musterstadt"))
    canvas.save()
    return write(folder, "diss.pdf", buffer.getvalue())


def test_of_a_thesis_the_running_text_is_kept(tmp_path):
    (found,) = outcomes(doctoral_theses.SOURCE, thesis(tmp_path))
    assert isinstance(found, RawDocument)
    assert (found.key, found.title) == ("diss.pdf", "Über die Lunge im Alter")
    lines = found.text.split("\n")
    assert [line for line in lines if len(line) < 40] == ["1 Einleitung", "2 Ergebnisse", "4 Anhang"]
    for word in ("Muster", "Maier", "Kapitel", "6,2"):
        assert word not in found.text


@pytest.mark.parametrize(
    ("sizes", "kept"),
    [
        ((24, 16, 16), ["1 Einleitung", "Text.", "5 Anhang"]),
        ((16, 16, 16), ["1 Einleitung", "Text.", "5 Anhang"]),
        ((11, 11, 11), ["1 Einleitung", "Text.", "5 Anhang"]),
    ],
)
def test_where_sections_that_are_dropped_end(sizes, kept):
    contents, chapter, back = sizes
    texts = [("Inhalt", contents), ("Erstes", 11), ("1 Einleitung", chapter), ("Text.", 11), ("4 Literatur", back)]
    texts += [("1 Maier A, Die Lunge.", 11), ("4.1 Quellen", 13), ("Schulze", 11), ("5 Anhang", back)]
    paragraphs = [Paragraph(text, size, 0) for text, size in texts]
    assert [one.text for one in doctoral_theses.without_back_matter(paragraphs, 11)] == kept


@pytest.mark.parametrize("name", ["pubmed_abstracts", "springer_nature", "thieme", "doctoral_theses"])
def test_every_real_file_is_accounted_for(real_data, name):
    sources = {one.SOURCE.name: one.SOURCE for one in (pubmed_abstracts, springer_nature, thieme, doctoral_theses)}
    folder = real_data / "raw" / name
    found = [
        one
        for path in sorted(folder.rglob("*"))
        if path.is_file()
        for one in outcomes(sources[name], path, root=folder)
    ]
    documents = [one for one in found if isinstance(one, RawDocument)]
    assert documents
    assert all(isinstance(one, (RawDocument, Rejection)) or one == "unsupported_format" for one in found)
    for document in documents:
        assert document.text.strip() == document.text
        if document.file.endswith(".docx"):
            continue  # one of them shows HTML as its text
        assert re.search(r"</?[A-Za-z]|&\w+;|  |\t|\ue000", document.text) is None, document.key
