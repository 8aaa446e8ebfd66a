import bz2
import gzip
import json
import lzma
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard

from pipelines.ingest import InputFile
from pipelines.reading import read_split
from pipelines.sources import sources
from pipelines.splits import batches, plan
from schemas.document import RawDocument, Rejection
from schemas.storage import list_files

COMPRESSORS: dict[str, Callable[[bytes], bytes]] = {
    "gz": lambda content: gzip.compress(content, 1),
    "bz2": bz2.compress,
    "xz": lzma.compress,
    "zst": zstandard.ZstdCompressor().compress,
}
PAGE = (
    "<page><title>Fieber {0}</title><ns>0</ns><id>{0}</id><revision><id>1</id><text>'''Fieber {0}''' ist eine "
    "erhöhte Temperatur des Körpers. [[Kategorie:Krankheitsbild]]</text></revision></page>\n"
)


def ris(count: int) -> bytes:
    rows = ({"Accession": f"A{n}", "Befund": f"Kein Erguss, kein Infiltrat, Nummer {n * 7919}."} for n in range(count))
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()


def wiki(count: int) -> bytes:
    pages = "".join(PAGE.format(n) for n in range(count))
    return f'<mediawiki xmlns="http://www.mediawiki.org/xml/export-0.10/">{pages}</mediawiki>'.encode()


def read(source: str, folder: Path) -> tuple[list[RawDocument], list[Rejection]]:
    chosen = sources([source])[source]
    outcomes = [
        outcome
        for batch in batches(chosen, list_files(str(folder)))
        for split in plan(chosen, str(folder), batch)
        for outcome in read_split(chosen, str(folder), split, chosen.options, lambda path, error: None)
    ]
    documents = [outcome for outcome in outcomes if isinstance(outcome, RawDocument)]
    return documents, [outcome for outcome in outcomes if isinstance(outcome, Rejection)]


@pytest.mark.parametrize("suffix", COMPRESSORS)
@pytest.mark.parametrize(("source", "content"), [("radiology_reports", ris(200)), ("wikipedia", wiki(200))])
def test_any_compression_is_told_by_content(tmp_path: Path, suffix: str, source: str, content: bytes) -> None:
    (tmp_path / "export.dat").write_bytes(COMPRESSORS[suffix](content))
    documents, rejections = read(source, tmp_path)
    assert len(documents) == 200
    assert not rejections


@pytest.mark.parametrize("suffix", COMPRESSORS)
@pytest.mark.parametrize(("source", "content"), [("radiology_reports", ris(4000)), ("wikipedia", wiki(2000))])
def test_what_comes_before_a_break_is_kept(tmp_path: Path, suffix: str, source: str, content: bytes) -> None:
    compressed = COMPRESSORS[suffix](content)
    cut = compressed[: len(compressed) * 9 // 10]
    (tmp_path / f"export.{suffix}").write_bytes(cut)
    readable = decompressed_part(cut, suffix)
    whole = readable.count(b"\n") if source == "radiology_reports" else readable.count(b"</page>")
    documents, rejections = read(source, tmp_path)
    assert len(documents) >= 0.98 * whole - 1
    assert rejections[-1].reason in {"truncated", "corrupt", "corrupt_stream", "malformed_json"}


def decompressed_part(cut: bytes, suffix: str) -> bytes:
    """Return all that a decompressor gives before the break."""
    makers = {
        "gz": lambda: __import__("zlib").decompressobj(31),
        "bz2": bz2.BZ2Decompressor,
        "xz": lzma.LZMADecompressor,
    }
    if suffix == "zst":
        return zstandard.ZstdDecompressor().decompressobj().decompress(cut)
    return makers[suffix]().decompress(cut)


def test_the_head_of_a_cut_file_is_what_is_left(tmp_path: Path) -> None:
    (tmp_path / "a.gz").write_bytes(gzip.compress(ris(30))[:-40])
    head = InputFile(str(tmp_path / "a.gz"), "a.gz", 1).head()
    assert head.startswith(b'{"Accession"')


@pytest.mark.parametrize("suffix", COMPRESSORS)
def test_a_compressed_stream_can_be_read_again(tmp_path: Path, suffix: str) -> None:
    (tmp_path / "a").write_bytes(COMPRESSORS[suffix](ris(500)))
    with InputFile(str(tmp_path / "a"), "a", 1).open_decompressed() as stream:
        first = stream.read(1000)
        stream.seek(500)
        assert stream.read(500) == first[500:]
        stream.seek(0)
        assert stream.read() == ris(500)
