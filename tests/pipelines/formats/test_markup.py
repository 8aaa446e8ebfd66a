import pytest

from pipelines.formats import UnreadableFileError
from pipelines.formats.markup import decode_html, html_to_text, looks_like_html


def test_blocks_tables_and_lists():
    markup = """<?xml version="1.0"?><div xmlns="http://www.w3.org/1999/xhtml"><h2>Diagnosen</h2><p>Herz&shy;insuffizienz
      <b>NYHA</b> III</p><ul><li>Diabetes</li><li>Hypertonie<ul><li>essentiell</li></ul></li></ul>
      <table><tr><th>Wert</th><td>1,2 cm</td></tr><tr><td>a</td><td>b</td><td>c</td></tr></table>
      <p>Zeile<br/>zwei &lt;5</p><script>var x</script><!-- nichts --></div>"""
    assert html_to_text(markup) == (
        "Diagnosen\nHerz\u00adinsuffizienz NYHA III\n- Diabetes\n- Hypertonie\n- essentiell\n"
        "Wert: 1,2 cm\na\tb\tc\nZeile\nzwei <5"
    )


def test_preformatted_text_keeps_its_lines():
    assert html_to_text("<div>Befund<pre>Zeile 1\nZeile 2</pre></div>") == "Befund\nZeile 1\nZeile 2"


@pytest.mark.parametrize(
    ("text", "is_html"),
    [
        ("Na < 130 und K > 5", False),
        ("<p>Text</p>", True),
        ("Zeile<br/>zwei", True),
        ("a<b>c", True),
        ("CRP <5 mg", False),
    ],
)
def test_looks(text, is_html):
    assert looks_like_html(text) is is_html


def test_hostile_markup():
    assert html_to_text("<div>" * 50_000 + "x") in ("x", "")
    with pytest.raises(UnreadableFileError):
        html_to_text("")
    bomb = '<!DOCTYPE a [<!ENTITY b "cccc"><!ENTITY d "&b;&b;">]><p>&d;</p>'
    assert "cccc" not in html_to_text(bomb).replace('"cccc"', "")
    assert html_to_text("<p>a\x00b\x1fc</p>") == "a b c"


def test_declared_charset():
    page = '<meta charset="iso-8859-1"><p>Größe</p>'
    assert "Größe" in decode_html(page.encode("latin-1"))
    assert "Größe" in decode_html(page.encode("utf-8").replace(b"iso-8859-1", b"utf-8"))
    assert "Größe" in decode_html("<p>Größe</p>".encode("cp1252"))
