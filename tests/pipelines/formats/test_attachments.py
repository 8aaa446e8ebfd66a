import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.formats import UnreadableFileError
from pipelines.formats.attachments import decode_base64, preference, read_attachment, rich_text


@given(st.binary(max_size=50), st.booleans())
def test_base64(content, padded):
    text = base64.b64encode(content).decode()
    assert decode_base64("\n ".join((text if padded else text.rstrip("="), ""))) == content
    assert decode_base64(base64.urlsafe_b64encode(content).decode()) == content


@pytest.mark.parametrize("text", ["***", "abcde", "äöü"])
def test_garbage_instead_of_base64(text):
    with pytest.raises(UnreadableFileError, match="bad_base64"):
        decode_base64(text)


def test_formats_are_told_by_content():
    assert read_attachment(rb"{\rtf1\ansi Gr\'f6\'dfe}", "text/plain") == "Größe"
    assert read_attachment(b"<p>Gr&ouml;&szlig;e</p>", "text/html") == "Größe"
    assert read_attachment("Größe < 5".encode("cp1252"), "text/plain; charset=windows-1252") == "Größe < 5"
    assert read_attachment("Größe".encode("utf-16"), "text/plain") == "Größe"


@pytest.mark.parametrize(
    ("content", "media_type", "reason"),
    [
        (b"\x89PNG\r\n", "text/plain", "unsupported_attachment"),
        (b"anything", "image/jpeg", "unsupported_attachment"),
        (b"\x00\x01\x02\x03abc", "", "unsupported_attachment"),
        (b"PK\x03\x04 broken", "", "corrupt_docx"),
        (b"%PDF-1.4 broken", "application/pdf", "malformed_pdf"),
        (b"gr\xf6\x81", "text/plain", "invalid_encoding"),
    ],
)
def test_what_cannot_be_read(content, media_type, reason):
    with pytest.raises(UnreadableFileError, match=reason):
        read_attachment(content, media_type)


def test_preference():
    kinds = ["application/pdf", "image/png", "text/html", "text/plain;charset=utf-8", "text/rtf"]
    assert sorted(kinds, key=preference) == [kinds[3], kinds[2], kinds[4], kinds[0], kinds[1]]


def test_plain_text_stays_as_it_is():
    assert rich_text("  Na < 130\n\tK > 5 ") == "  Na < 130\n\tK > 5 "
