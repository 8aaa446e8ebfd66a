from pipelines.formats.mrrt import is_mrrt, read_mrrt

FORM = """<!DOCTYPE html><html><head><title>Alt</title><meta charset="UTF-8">
<meta name="dcterms.title" content="CT Thorax"><meta name="dcterms.type" content="IMAGE_REPORT_TEMPLATE">
<script>nichts()</script><style>p {}</style></head><body>
<section data-section-name="Befunde"><header class="level2">Befund</header><table>
<tr><td><label for="p">Pleura</label></td><td><select id="p"><option>unauffällig</option>
<option%s>Erguss</option></select></td></tr>
<tr><td>Größe</td><td><input type="text" value="12"> mm <input type="hidden" value="geheim"></td></tr></table>
<p><input type="checkbox" id="a" checked><label for="a">Stauung</label>
<input type="checkbox" id="b"><label for="b">Fraktur</label></p>
<p><label><input type="radio" name="r"> links</label> <label><input type="radio" name="r" checked> rechts</label></p>
<select multiple><option>keins</option></select><button>Weiter</button>
</section><section><header>Beurteilung</header><textarea>Kein Nachweis
einer Fraktur.</textarea></section></body></html>"""


def test_form_as_it_is_filled_in():
    content = (FORM % " selected").encode()
    assert is_mrrt(content)
    title, text = read_mrrt(content)
    assert title == "CT Thorax"
    assert text == "Befund\nPleura: Erguss\nGröße: 12 mm\nStauung\nrechts\n\nBeurteilung\nKein Nachweis einer Fraktur."


def test_defaults_of_an_empty_form():
    assert "Pleura: unauffällig" in read_mrrt((FORM % "").encode())[1]


def test_other_pages_are_no_templates():
    assert not is_mrrt(b"<html><body><p>Text</p></body></html>")
