import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.formats.encoding import byte_lines, decode, decode_text, detect, is_wide

TEXT = "Röntgen: keine größere Ergußbildung, Übergang glatt.\n"


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "cp1252", "cp850", "utf-16", "utf-16-le", "utf-16-be", "utf-32"]
)
def test_whole_texts(encoding):
    assert decode_text(TEXT.encode(encoding)) == TEXT
    assert is_wide(detect(TEXT.encode(encoding))) == encoding.startswith(("utf-16", "utf-32"))


def test_claims_are_believed_where_they_are_true():
    assert decode_text(TEXT.encode("iso8859-15"), "iso8859-15") == TEXT
    assert decode_text(TEXT.encode("cp1252"), "utf-8") == TEXT
    assert decode_text(TEXT.encode(), "nonsense") == TEXT
    assert decode_text(b"\xdf", "") == "ß"


def test_one_broken_record_does_not_change_the_encoding():
    assert detect(TEXT.encode() * 3 + b"gr\xf6sser") == "utf-8"
    assert detect(TEXT.encode()[:2]) == "cp1252"  # nothing to tell it by
    assert detect(b"only ASCII") == "ascii"


def test_umlauts_after_a_plain_beginning():
    assert decode("größer".encode(), "ascii") == "größer"
    assert decode("größer".encode("cp1252"), "ascii") == "größer"
    with pytest.raises(UnicodeDecodeError):
        decode("größer".encode("cp1252"), "utf-8")


@given(st.lists(st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\n\ufeff")), max_size=5))
def test_lines_of_wide_encodings(texts):
    content = "\n".join(texts).encode("utf-16")
    assert b"".join(byte_lines(io.BytesIO(content), "utf-16", 7)).decode() == "\n".join(texts)
