"""Running text of JATS, BITS and A++."""

import io

import pytest

from pipelines.formats import Unreadable, aplusplus, jats
from pipelines.formats.flow import Article
from pipelines.formats.headings import is_back_matter


def articles(content: str, module=jats):
    return list(module.read(io.BytesIO(content.encode())))


def text(body: str) -> str:
    found = articles(f"<article xml:lang='de'><body>{body}</body></article>")
    assert isinstance(found[0], Article)
    return found[0].text


def springer(body: str) -> str:
    found = articles(f"<Article><ArticleInfo Language='De'/><Body>{body}</Body></Article>", aplusplus)
    assert isinstance(found[0], Article)
    return found[0].text


@pytest.mark.parametrize(
    ("markup", "expected"),
    [
        ("<p>Das zeigt [<x 'bibr'>1</x>]. Neu</p>", "Das zeigt. Neu"),
        (
            "<p>Das [<x 'bibr'>1</x>, <x 'bibr'>3</x>–<x 'bibr'>5</x>] gilt</p>",
            "Das gilt",
        ),
        ("<p>Das<sup><x 'bibr'>1</x>,<x 'bibr'>2</x></sup> gilt</p>", "Das gilt"),
        ("<p>Das <x 'bibr'>[12]</x> gilt.</p>", "Das gilt."),
        ("<p>Das (vgl. <x 'bibr'>12</x>) gilt.</p>", "Das gilt."),
        (
            "<p>Das gilt (<x 'bibr'>Maier 2010</x>, <x 'bibr'>2011</x>).</p>",
            "Das gilt (Maier 2010, 2011).",
        ),
        ("<p>Siehe <x 'fig'>Abb. 1</x>.</p>", "Siehe Abb. 1."),
        ("<p>Wort<fn><p>Note</p></fn> Wort</p>", "Wort Wort"),
        ("<p>Rom.<x 'fn' rid='f'/> Und</p>", "Rom. Und"),
        ("<p>10<sup>3</sup>/µl, 5 m<sup>2</sup>, H<sub>2</sub>O, s<sup>−1</sup></p>", "10³/µl, 5 m², H2O, s⁻¹"),
        ("<p><sup>99m</sup>Tc und <sup>18</sup>F</p>", "99mTc und 18F"),
        ("<p>ein<bold>malig</bold> <italic>in vivo</italic></p>", "einmalig in vivo"),
        (
            "<p>\n  Wort\n  <x 'fn'>\n<sub>1</sub>\n</x>\n  Wort (\n<x 'bibr'>Ott o.J.</x>\n).</p>",
            "Wort Wort (Ott o.J.).",
        ),
        ("<sec><label>1</label><title>Titel</title><p>Eins.</p><p>Zwei.</p></sec>", "Titel\nEins.\nZwei."),
        (
            "<list><list-item><label>a</label><p>Eins</p></list-item><list-item><p>Zwei</p></list-item></list>",
            "Eins\nZwei",
        ),
        ("<p>Text<list><list-item><p>Eins</p></list-item></list>weiter</p>", "Text\nEins\nweiter"),
        (
            "<fig><label>Abb. 1</label><caption><title>Befund.</title><p>Mit Pfeil</p></caption><graphic/></fig>",
            "Befund.\nMit Pfeil",
        ),
        (
            "<table-wrap><caption><p>Werte</p></caption><table><tr><td>1</td></tr></table></table-wrap><p>x y</p>",
            "Werte\nx y",
        ),
        ("<p>A<disp-formula>x=1</disp-formula>B</p>", "AB"),
        (
            (
                "<p>mit <inline-formula><tex-math>$p$</tex-math><math><mi>p</mi><mo>&lt;</mo><mn>0,05</mn></math>"
                "</inline-formula>.</p>"
            ),
            "mit p < 0,05.",
        ),
        ("<p>mit <inline-formula><math><mfrac><mn>1</mn><mn>2</mn></mfrac></math></inline-formula>.</p>", "mit."),
        (
            "<p>Deutsch</p><p xml:lang='en'>English</p><p>mit <italic xml:lang='la'>cave</italic></p>",
            "Deutsch\nmit cave",
        ),
        ("<p>Text</p><sec><title>6 Quellen- und Literaturverzeichnis</title><p>Maier 2010</p></sec>", "Text"),
        ("<p>eins<break/>zwei</p>", "eins\nzwei"),
        ("<p>Stra&szlig;e &amp; Wald<!-- nicht --> ja<?pi x?></p>", "Straße & Wald ja"),
        ("<p>[…] und [n] bleiben</p>", "[…] und [n] bleiben"),
    ],
)
def test_running_text(markup, expected):
    assert text(markup.replace("<x ", "<xref ref-type=").replace("</x>", "</xref>")) == expected


@pytest.mark.parametrize(
    ("markup", "expected"),
    [
        (
            "<Para>Das [<CitationRef CitationID='CR1'>1</CitationRef>, <CitationRef>2</CitationRef>] gilt</Para>",
            "Das gilt",
        ),
        ("<Para>Nach (<CitationRef>Maier 2010</CitationRef>) gilt</Para>", "Nach (Maier 2010) gilt"),
        ("<Para>Das<Superscript><CitationRef>1</CitationRef></Superscript> gilt</Para>", "Das gilt"),
        ("<Para>10<Superscript>3</Superscript> H<Subscript>2</Subscript>O</Para>", "10³ H2O"),
        (
            "<Para>Wort<Footnote ID='F'><Para>Note</Para></Footnote> Wort <Emphasis Type='Bold'>fett</Emphasis></Para>",
            "Wort Wort fett",
        ),
        ("<Section1><Heading>Methodik</Heading><Para>Eins</Para></Section1>", "Methodik\nEins"),
        ("<Section1><Heading>Literatur</Heading><Para>Eins</Para></Section1><Para>Zwei</Para>", "Zwei"),
        (
            (
                "<Figure><Caption><CaptionNumber>Abb. 1</CaptionNumber><CaptionContent><SimplePara>"
                "Befund</SimplePara></CaptionContent></Caption></Figure>"
            ),
            "Befund",
        ),
        (
            "<Para>mit <InlineEquation><EquationSource Format='TEX'>p</EquationSource></InlineEquation> ja</Para>",
            "mit ja",
        ),
        (
            "<Para>Link <ExternalRef><RefSource>www.a.de</RefSource><RefTarget>x</RefTarget></ExternalRef></Para>",
            "Link www.a.de",
        ),
    ],
)
def test_running_text_of_aplusplus(markup, expected):
    assert springer(markup) == expected


def front(language: str, rest: str = "", body: str = "") -> str:
    return f"""<article xml:lang="{language}"><front><article-meta>
        <article-id pub-id-type="doi">https://doi.org/10.1055/A-1</article-id>
        <title-group><article-title>Titel<xref ref-type="fn">*</xref></article-title><subtitle>Zusatz</subtitle>
        <trans-title-group xml:lang="de"><trans-title>Deutscher Titel</trans-title></trans-title-group></title-group>
        <contrib-group><contrib><name><surname>Maier</surname></name></contrib></contrib-group>{rest}
        </article-meta></front>{f"<body>{body}</body>" if body else ""}<back><ref-list><ref>R</ref></ref-list></back>
        </article>"""


def test_title_key_and_parts_of_an_article():
    abstracts = "<abstract><title>Zusammenfassung</title><p>Kurz.</p></abstract>"
    abstracts += "<trans-abstract xml:lang='en'><p>Short.</p></trans-abstract>"
    found = articles(front("de", abstracts, "<sec><title>Einleitung</title><p>Lang.</p></sec>"))
    assert found == [Article("10.1055/a-1", "Titel: Zusatz", "Zusammenfassung\nKurz.\nEinleitung\nLang.")]


def test_of_a_foreign_article_the_german_abstract_is_left():
    abstracts = "<abstract><p>Short.</p></abstract><trans-abstract xml:lang='de'><p>Kurz.</p></trans-abstract>"
    assert articles(front("en", abstracts, "<p>Long.</p>")) == [Article("10.1055/a-1", "Deutscher Titel", "Kurz.")]


def test_why_an_article_is_not_read():
    assert articles(front("en", body="<p>Long.</p>")) == [Unreadable("10.1055/a-1", "not_german")]
    assert articles(front("de")) == [Unreadable("10.1055/a-1", "no_text")]


def test_a_german_translation_is_an_article_of_its_own():
    article = front("en", body="<p>Long.</p>").replace(
        "</article>",
        (
            "<sub-article id='s1' article-type='translation' xml:lang='de'><body><p>Lang.</p></body></sub-article>"
            "</article>"
        ),
    )
    assert articles(article) == [Unreadable("10.1055/a-1", "not_german"), Article("10.1055/a-1#s1", "", "Lang.")]


def test_articles_of_a_collection_survive_a_broken_one():
    good = "<article><body><p>Text {}.</p></body></article>"
    broken = "<article><body><p>kaputt</body></article>"
    content = f"<response><records>{good.format(1)}{broken}{good.format(2)}</records></response>"
    assert jats.accepts(content.encode())
    found = articles(content)
    assert [type(one) for one in found] == [Article, Unreadable, Article]
    assert found[1] == Unreadable(f"#byte {content.index(broken)}", "malformed_xml")


def test_chapters_of_a_book_are_articles():
    content = """<book xml:lang="de"><book-meta><book-id book-id-type="doi">10.1055/b-1</book-id></book-meta><book-body>
        <book-part><book-part-meta><title-group><title>Teil</title></title-group></book-part-meta><body>
        <book-part id="c1"><book-part-meta><title-group><title>Eins</title></title-group></book-part-meta>
        <body><p>Text eins.</p></body></book-part>
        <book-part xml:lang="en" id="c2"><body><p>Text two.</p></body></book-part>
        <book-part><book-part-meta><book-part-id book-part-id-type="doi">10.1055/b-1_3</book-part-id></book-part-meta>
        <body><p>Text drei.</p></body></book-part></body></book-part></book-body></book>"""
    assert articles(content) == [
        Article("10.1055/b-1#c1", "Eins", "Text eins."),
        Unreadable("10.1055/b-1#c2", "not_german"),
        Article("10.1055/b-1_3", "", "Text drei."),
    ]


@pytest.mark.parametrize("root", ["book-part", "book-part-wrapper"])
def test_a_lone_chapter_is_read(root):
    inner = "<book-part><body><p>Innen.</p></body></book-part>"
    found = articles(f"<{root}><body><p>Außen.</p></body>{inner}</{root}>")
    assert [one.text for one in found if isinstance(one, Article)] == ["Außen.", "Innen."]


def test_languages_of_aplusplus():
    content = """<Publisher><Journal><Volume><Issue><Article ID="a"><ArticleInfo Language="{}">
        <ArticleDOI>10.1007/s-1</ArticleDOI>
        <ArticleTitle Language="De">Titel</ArticleTitle><ArticleSubTitle Language="De">Zusatz</ArticleSubTitle>
        <ArticleTitle Language="En">Title</ArticleTitle></ArticleInfo><ArticleHeader><AuthorGroup/>
        <Abstract Language="De"><Heading>Fazit</Heading><Para>Kurz.</Para></Abstract>
        <Abstract Language="En"><Para>Short.</Para></Abstract><KeywordGroup><Keyword>K</Keyword></KeywordGroup>
        </ArticleHeader>
        <Body><Para>Lang.</Para></Body><ArticleBackmatter><Bibliography/></ArticleBackmatter></Article></Issue></Volume>
        </Journal></Publisher>"""
    assert articles(content.format("De"), aplusplus) == [Article("10.1007/s-1", "Titel: Zusatz", "Fazit\nKurz.\nLang.")]
    assert articles(content.format("En"), aplusplus) == [Article("10.1007/s-1", "Titel: Zusatz", "Fazit\nKurz.")]
    english = content.format("En").replace('"De"', '"En"')
    assert articles(english, aplusplus) == [Unreadable("10.1007/s-1", "not_german")]


@pytest.mark.parametrize(
    "heading", ["Literatur", "7 Literaturverzeichnis", "VIII. LITERATUR:", "7.1. Danksagung", "Lebenslauf des Autors"]
)
def test_headings_of_back_matter(heading):
    assert is_back_matter(heading)


@pytest.mark.parametrize("heading", ["Ergebnisse", "Literatur und Kunst", "1 Einleitung", "Inhalation", "", "x" * 1000])
def test_headings_of_the_body(heading):
    assert not is_back_matter(heading)
