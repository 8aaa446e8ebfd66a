"""Saved MediaWiki pages: the article with its headings, nothing of the page's furniture."""

from pipelines.formats import html

PAGE = """<!DOCTYPE html><html lang="de"><head><title>Asthma bronchiale - DocCheck Flexikon</title></head><body>
<nav><a href="/">Startseite</a></nav><div id="mw-content-text"><div class="mw-content-ltr mw-parser-output">
<h1>Asthma bronchiale</h1>
<div id="toc" class="toc"><h2>Inhaltsverzeichnis</h2><ul><li>1 Definition</li><li>2 Therapie</li></ul></div>
<h2>Definition <span class="mw-editsection">[Bearbeiten]</span></h2>
<p>Asthma ist eine Erkrankung der Atemwege.<sup class="reference">[1]</sup> Sie ist chronisch.</p>
<table class="infobox"><tr><td>ICD</td><td>J45</td></tr></table>
<h2>Therapie</h2><ul><li>Kortikosteroide</li><li>Betamimetika</li></ul>
<ol class="references"><li>Quelle eins</li></ol></div></div>
<footer>Impressum</footer></body></html>"""


def test_headings_and_lists_of_the_article_stay():
    lines = html.main_content(PAGE).text.split("\n")
    assert lines == [
        "Asthma bronchiale",
        "Definition",
        "Asthma ist eine Erkrankung der Atemwege. Sie ist chronisch.",
        "Therapie",
        "Kortikosteroide",
        "Betamimetika",
    ]


def test_a_page_whose_article_is_empty_falls_back_to_its_main_content():
    paragraph = "<p>Die Lungenentzündung ist eine häufige Erkrankung, die meist durch Bakterien ausgelöst wird.</p>"
    page = f'<html><body><div id="mw-content-text"></div><article>{paragraph * 4}</article></body></html>'
    assert "Lungenentzündung" in html.main_content(page).text
