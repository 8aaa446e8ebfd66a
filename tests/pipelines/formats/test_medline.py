"""German abstracts of MEDLINE and PubMed XML."""

import io
from itertools import pairwise

import pytest

from pipelines.formats import Unreadable, UnreadableFileError, medline
from pipelines.formats.medline import Abstract


def article(
    number: int, language: str, abstract: str = "", title: str = "<ArticleTitle>T</ArticleTitle>", other: str = ""
) -> str:
    return f"""<PubmedArticle><MedlineCitation><PMID Version="1">{number}</PMID><Article>{title}
        {f"<Abstract>{abstract}<CopyrightInformation>C</CopyrightInformation></Abstract>" if abstract else ""}
        <AuthorList><Author><LastName>Maier</LastName></Author></AuthorList><Language>{language}</Language></Article>{other}
        <CommentsCorrectionsList><CommentsCorrections><PMID>999</PMID></CommentsCorrections></CommentsCorrectionsList>
        </MedlineCitation></PubmedArticle>"""


def read(*articles: str, tail: str = "</PubmedArticleSet>"):
    content = '<?xml version="1.0"?><!DOCTYPE PubmedArticleSet SYSTEM "https://example.org/x.dtd"><PubmedArticleSet>'
    return list(medline.read(io.BytesIO((content + "\n".join(articles) + tail).encode())))


PLAIN = "<AbstractText>Es wurde <i>in vivo</i> gemessen: CO<sub>2</sub>, 10<sup>3</sup>.</AbstractText>"


def test_a_german_abstract_with_its_vernacular_title():
    title = "<ArticleTitle>[Measured].</ArticleTitle><VernacularTitle>Gemessen.</VernacularTitle>"
    assert read(article(1, "ger", PLAIN, title)) == [Abstract("1", "Gemessen", "Es wurde in vivo gemessen: CO2, 10³.")]


def test_section_labels_are_kept():
    sections = """<AbstractText Label="ZIELSETZUNG" NlmCategory="OBJECTIVE">Wir maßen.</AbstractText>
        <AbstractText Label="ERGEBNISSE">Ergebnisse: Viel.</AbstractText>
        <AbstractText Label="UNLABELLED">Fertig.</AbstractText>
        <AbstractText Label="LEER"/>"""
    assert read(article(1, "ger", sections))[0] == Abstract(
        "1", "T", "ZIELSETZUNG: Wir maßen.\nErgebnisse: Viel.\nFertig."
    )


def test_a_german_abstract_of_a_foreign_article():
    other = '<OtherAbstract Language="ger"><AbstractText>Auf Deutsch.Und weiter.</AbstractText></OtherAbstract>'
    assert read(article(1, "eng", PLAIN, other=other)) == [Abstract("1:other", "", "Auf Deutsch. Und weiter.")]
    assert read(article(1, "ger", PLAIN, other=other)) == [Abstract("1:other", "T", "Auf Deutsch. Und weiter.")]


def test_why_an_article_is_not_read():
    foreign = '<OtherAbstract Language="fre"><AbstractText>Oui</AbstractText></OtherAbstract>'
    assert read(article(1, "eng", PLAIN), article(2, "ger"), article(3, "eng"), article(4, "eng", other=foreign)) == [
        Unreadable("1", "not_german"),
        Unreadable("2", "no_abstract"),
        Unreadable("3", "no_abstract"),
        Unreadable("4", "not_german"),
    ]


def test_a_broken_article_costs_only_itself():
    broken = article(2, "ger", PLAIN).replace("</AbstractText>", "")
    assert [one.key for one in read(article(1, "ger", PLAIN), broken, article(3, "ger", PLAIN))] == ["1", "2", "3"]
    found = read(article(1, "ger", PLAIN), broken, article(3, "ger", PLAIN))
    assert found[1] == Unreadable("2", "malformed_xml")


@pytest.mark.parametrize("tail", ["<PubmedArticle><MedlineCitation>", "", "<Pubmed"])
def test_articles_before_a_break_are_kept(tail):
    found, content = [], "<PubmedArticleSet>" + article(1, "ger", PLAIN) + tail
    with pytest.raises(UnreadableFileError, match="truncated"):
        found.extend(medline.read(io.BytesIO(content.encode())))
    assert [one.key for one in found] == ["1"]


def test_other_roots():
    citation = article(1, "ger", PLAIN).replace("<PubmedArticle>", "").replace("</PubmedArticle>", "")
    for content in (
        citation,
        f"<MedlineCitationSet>{citation}</MedlineCitationSet>",
        f"<!-- test -->{article(1, 'ger', PLAIN)}",
    ):
        assert medline.accepts(content.encode())
        assert [one.key for one in medline.read(io.BytesIO(content.encode()))] == ["1"]


def test_ranges_yield_each_article_once():
    content = (
        "<PubmedArticleSet>" + "".join(article(i, "ger", PLAIN) for i in range(50)) + "</PubmedArticleSet>"
    ).encode()
    bounds = [*range(0, len(content), 777), None]
    found = [one.key for start, stop in pairwise(bounds) for one in medline.read(io.BytesIO(content), start or 0, stop)]
    assert found == [str(i) for i in range(50)]
