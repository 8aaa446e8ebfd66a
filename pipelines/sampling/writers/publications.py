"""Formats of publishers: MEDLINE, JATS, BITS and Springer's A++."""

from collections.abc import Iterator
from html import escape
from random import Random

from pipelines.sampling.articles import references
from pipelines.sampling.dirt import hyphenated
from pipelines.sampling.record import Record
from pipelines.sampling.writers import open_gzip


def medline_gz(path: str, records: Iterator[Record]) -> None:
    """Write a PubmedArticleSet; every third German abstract stands in OtherAbstract beside an English one."""
    with open_gzip(path) as stream:
        stream.write(
            b'<?xml version="1.0" encoding="utf-8"?>\n<!DOCTYPE PubmedArticleSet PUBLIC "-//NLM//DTD PubMedArticle, '
            b'1st January 2019//EN" "https://dtd.nlm.nih.gov/ncbi/pubmed/out/pubmed_190101.dtd">\n<PubmedArticleSet>\n'
        )
        for record in records:
            stream.write(_medline(record).encode())
        stream.write(b"</PubmedArticleSet>\n")


def _medline(record: Record) -> str:
    english = record.reject == "not_german"
    parts = "".join(
        f'<AbstractText Label="{escape(section.heading.upper())}">{escape(" ".join(section.paragraphs))}</AbstractText>'
        if section.heading
        else f"<AbstractText>{escape(' '.join(section.paragraphs))}</AbstractText>"
        for section in record.sections
    )
    title = escape(record.title)
    vernacular = "" if english else f"<VernacularTitle>{title}</VernacularTitle>"
    article_title = title if english else f"[Translated title of record {record.identity}]."
    author = record.physician
    names = f"<LastName>{escape(author.family)}</LastName><ForeName>{escape(author.given)}</ForeName>" if author else ""
    return f"""<PubmedArticle><MedlineCitation Status="MEDLINE" Owner="NLM"><PMID Version="1">{record.identity}</PMID>
<DateRevised><Year>{record.day.year}</Year><Month>01</Month><Day>01</Day></DateRevised>
<Article PubModel="Print"><Journal><ISSN IssnType="Print">0012-0472</ISSN><JournalIssue CitedMedium="Print"><PubDate>
<Year>{record.day.year}</Year></PubDate></JournalIssue><Title>Medizinische Wochenschrift</Title></Journal>
<ArticleTitle>{article_title}</ArticleTitle>
<Abstract>{parts}</Abstract>
<AuthorList CompleteYN="Y"><Author ValidYN="Y">{names}</Author></AuthorList>
<Language>{"eng" if english else "ger"}</Language>{vernacular}</Article></MedlineCitation></PubmedArticle>
"""


def _jats_body(record: Record) -> str:
    parts = []
    for index, section in enumerate(record.sections):
        title = f"<title>{escape(section.heading)}</title>" if section.heading else ""
        paragraphs = "".join(
            f'<p>{escape(text)} <xref ref-type="bibr" rid="r1">[1]</xref></p>'
            if index % 2
            else f"<p>{escape(text)}</p>"
            for text in section.paragraphs
        )
        parts.append(f'<sec id="s{index}">{title}{paragraphs}</sec>')
    return "\n".join(parts)


def _jats_back(record: Record) -> str:
    items = references(Random(f"{record.source}/{record.number}"), 4)
    listed = "".join(
        f'<ref id="r{index}"><mixed-citation>{escape(text)}</mixed-citation></ref>'
        for index, text in enumerate(items, 1)
    )
    return f"<back><ref-list><title>Literatur</title>{listed}</ref-list></back>"


def jats_article(record: Record, kind: str = "research-article") -> str:
    """Return a record as a JATS article."""
    author = record.physician
    name = (
        f"<name><surname>{escape(author.family)}</surname><given-names>{escape(author.given)}</given-names></name>"
        if author
        else ""
    )
    kind_of_id = "doi" if record.key.startswith("10.") else "publisher-id"
    language = "en" if record.reject == "not_german" else "de"
    return f"""<article article-type="{kind}" xml:lang="{language}" xmlns:xlink="http://www.w3.org/1999/xlink">
<front><journal-meta><journal-id journal-id-type="publisher-id">99999</journal-id>
<journal-title-group><journal-title>Klinische Zeitschrift</journal-title></journal-title-group></journal-meta>
<article-meta><article-id pub-id-type="{kind_of_id}">{record.key}</article-id>
<title-group><article-title>{escape(record.title)}</article-title></title-group>
<contrib-group><contrib contrib-type="author">{name}</contrib></contrib-group>
<pub-date><year>{record.day.year}</year></pub-date></article-meta></front>
<body>{_jats_body(record)}</body>
{_jats_back(record)}</article>
"""


def jats(path: str, records: Iterator[Record]) -> None:
    """Write one JATS article."""
    with open(path, "w", encoding="utf-8", newline="\n") as stream:
        stream.write('<?xml version="1.0" encoding="UTF-8"?>\n')
        stream.write(jats_article(next(records)))


def jats_collection(path: str, records: Iterator[Record]) -> None:
    """Write a response of a publisher's interface: many JATS articles in one file."""
    with open(path, "w", encoding="utf-8", newline="\n") as stream:
        stream.write('<?xml version="1.0" encoding="UTF-8"?>\n<response><records>\n')
        for record in records:
            stream.write(jats_article(record))
        stream.write("</records></response>\n")


def bits(path: str, records: Iterator[Record]) -> None:
    """Write one chapter of a book in BITS."""
    record = next(records)
    with open(path, "w", encoding="utf-8", newline="\n") as stream:
        stream.write(f"""<?xml version="1.0" encoding="UTF-8"?>
<book dtd-version="2.1" xml:lang="de" xmlns:xlink="http://www.w3.org/1999/xlink">
<book-meta><book-title-group><book-title>Handbuch der Inneren Medizin</book-title></book-title-group></book-meta>
<book-body><book-part book-part-type="chapter" xml:lang="de"><book-part-meta>
<book-part-id book-part-id-type="doi">{record.key}</book-part-id>
<title-group><title>{escape(record.title)}</title></title-group></book-part-meta>
<body>{_jats_body(record)}</body>{_jats_back(record)}</book-part></book-body></book>
""")


def aplusplus(path: str, records: Iterator[Record]) -> None:
    """Write one article in Springer's A++."""
    record = next(records)
    language = "En" if record.reject == "not_german" else "De"
    parts = []
    for index, section in enumerate(record.sections, 1):
        heading = f"<Heading>{escape(section.heading)}</Heading>" if section.heading else ""
        paragraphs = "".join(f"<Para>{escape(text)}</Para>" for text in section.paragraphs)
        parts.append(f'<Section1 ID="Sec{index}">{heading}{paragraphs}</Section1>')
    items = references(Random(f"{record.source}/{record.number}"), 3)
    citations = "".join(f"<Citation><BibUnstructured>{escape(text)}</BibUnstructured></Citation>" for text in items)
    with open(path, "w", encoding="utf-8", newline="\n") as stream:
        stream.write(f"""<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE Publisher PUBLIC "-//Springer-Verlag//DTD A++ V2.4//EN" "http://devel.springer.de/A++/V2.4/DTD/A++V2.4.dtd">
<Publisher><PublisherInfo><PublisherName>Springer-Verlag</PublisherName></PublisherInfo>
<Journal OutputMedium="All"><Volume><Issue IssueType="Regular"><Article ID="a{record.number}">
<ArticleInfo ArticleType="OriginalPaper" Language="{language}" OutputMedium="All">
<ArticleDOI>{record.key}</ArticleDOI>
<ArticleTitle Language="{language}">{escape(record.title)}</ArticleTitle></ArticleInfo>
<ArticleHeader/><Body>{"".join(parts)}</Body>
<ArticleBackmatter><Bibliography ID="Bib1"><Heading>Literatur</Heading>{citations}</Bibliography></ArticleBackmatter>
</Article></Issue></Volume></Journal></Publisher>
""")


def ggponc(path: str, records: Iterator[Record]) -> None:
    """Write a block of a guideline, hyphens of lost line breaks in it, and beside it a BRAT annotation file."""
    record = next(records)
    text = hyphenated(record.text.replace("\n\n", " "), Random(f"{record.source}/{record.number}/hyphens"))
    with open(path, "w", encoding="utf-8", newline="\n") as stream:
        stream.write(text)
    begin = text.find("Patienten")
    with open(path.removesuffix(".txt") + ".ann", "w", encoding="utf-8", newline="\n") as stream:
        if begin >= 0:
            stream.write(f"T1\tLiving_Beings {begin} {begin + 9}\tPatienten\n")
