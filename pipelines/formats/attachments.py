"""Documents inside records: attachments of FHIR and CDA, encapsulated data of HL7, rich text in table cells."""

import base64
import binascii
import io
import re

from pipelines.formats import UnreadableFileError, markup, office, pdf
from pipelines.formats.encoding import decode_text

ATTACHMENT_BYTES = 32 * 1024 * 1024
"""The largest attachment that is read, decoded."""

PREFERENCE = ("text/plain", "text/html", "application/xhtml", "rtf", "word", "xml", "pdf")
"""Of several forms of one text, that which keeps most of it comes first."""

_CHARSET = re.compile(r"charset\s*=\s*\"?([\w.:-]+)", re.IGNORECASE)
_NOT_BASE64 = re.compile(r"[^A-Za-z0-9+/=]")
_SPACE = re.compile(r"\s+")
_IMAGES = (b"\xff\xd8\xff", b"\x89PNG", b"II*\0", b"MM\0*", b"GIF8", b"BM", b"RIFF")


def decode_base64(text: str) -> bytes:
    """Return the bytes that `text` encodes, white space and missing padding forgiven.

    Raises UnreadableFileError: `bad_base64`, `too_large`.
    """
    if len(text) > ATTACHMENT_BYTES * 4 // 3 + 4:
        raise UnreadableFileError("too_large")
    packed = _SPACE.sub("", text).translate(str.maketrans("-_", "+/")).rstrip("=")
    if _NOT_BASE64.search(packed):
        raise UnreadableFileError("bad_base64")
    try:
        return base64.b64decode(packed + "=" * (-len(packed) % 4), validate=True)
    except binascii.Error:
        raise UnreadableFileError("bad_base64") from None


def preference(media_type: str) -> int:
    """Return the rank of a media type by `PREFERENCE`; unknown ones come last."""
    low = media_type.lower()
    return next((rank for rank, name in enumerate(PREFERENCE) if name in low), len(PREFERENCE))


def read_attachment(content: bytes, media_type: str = "") -> str:
    """Return the text of a document, its format told by its first bytes and then by `media_type`.

    Raises UnreadableFileError with what its reader found, `unsupported_attachment` for pictures and
    other formats, `too_large`, `invalid_encoding`.
    """
    if len(content) > ATTACHMENT_BYTES:
        raise UnreadableFileError("too_large")
    if content.lstrip()[:5] == b"%PDF-":
        return pdf.read_pdf(io.BytesIO(content))
    if office.is_zip(content):
        return office.docx_from_bytes(content)
    if office.is_rtf(content):
        return office.read_rtf(content)
    if content.startswith(_IMAGES) or media_type.lower().startswith(("image/", "audio/", "video/")):
        raise UnreadableFileError("unsupported_attachment")
    if "html" in media_type.lower():
        return markup.html_to_text(markup.decode_html(content))
    charset = _CHARSET.search(media_type)
    try:
        text = decode_text(content, charset[1] if charset else "")
    except UnicodeDecodeError:
        raise UnreadableFileError("invalid_encoding") from None
    if "\0" in text:
        raise UnreadableFileError("unsupported_attachment")
    return rich_text(text)


def rich_text(text: str) -> str:
    """Return the text of a field that may hold RTF or HTML, as exports of hospital systems do."""
    if text.lstrip()[:5] == "{\\rtf":
        return office.read_rtf(text.encode("cp1252", "replace"))
    if markup.looks_like_html(text):
        return markup.html_to_text(text)
    return text
