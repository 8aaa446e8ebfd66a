"""Hostile and broken files through the whole street: each is named, none costs a good one, nothing hangs."""

import bz2
import gzip
import io
import json
import zipfile
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

import pyarrow.parquet as pq
import pytest
from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.pdfgen.canvas import Canvas

from pipelines import build_corpus
from schemas import storage
from schemas.manifest import Manifest

GOOD = "Der Thorax ist seitengleich belüftet. Kein Erguss, kein Pneumothorax, die Herzgröße ist normal."
ENTITIES = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 12))
BOMB = (
    f'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a0 "bumm">{ENTITIES}]>'
    "<mediawiki><page><title>&a11;</title></page></mediawiki>"
)
EXTERNAL = (
    '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY secret SYSTEM "file:///etc/hostname">]>'
    "<ClinicalDocument xmlns='urn:hl7-org:v3'><title>&secret;</title></ClinicalDocument>"
)


def rows(*keys: str) -> bytes:
    return "".join(
        json.dumps({"Accession": key, "Befund": f"{GOOD} Untersuchung {key}."}) + "\n" for key in keys
    ).encode()


def zip_bomb(**members: bytes) -> bytes:
    """A Word document, or a zip of `members` (name by ending), with 300 MB of white space in it."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for ending, content in members.items():
            archive.writestr(f"member.{ending}", content)
        if not members:
            archive.writestr("[Content_Types].xml", "<Types/>")
        with archive.open("bomb.jsonl" if members else "word/document.xml", "w", force_zip64=True) as part:
            for _ in range(300):
                part.write(b" " * (1 << 20))
    return target.getvalue()


def locked_pdf() -> bytes:
    target = io.BytesIO()
    canvas = Canvas(target, encrypt=StandardEncryption("geheim"))
    canvas.drawString(72, 700, GOOD)
    canvas.save()
    return target.getvalue()


def bundle() -> bytes:
    report = {"resourceType": "DiagnosticReport", "id": "r1", "status": "final", "conclusion": f"{GOOD} Befund eins."}
    entries = [{"resource": report}, {"resource": report | {"id": "r2", "conclusion": f"{GOOD} Befund zwei."}}]
    return json.dumps({"resourceType": "Bundle", "type": "collection", "entry": entries}).encode()[:-60]


def warc() -> bytes:
    text = f"<p>{GOOD} {GOOD}</p><p>Die Seite beschreibt die Untersuchung der Lunge.</p>"
    page = f"<html><body><article>{text}</article></body></html>"

    def record(number: int, length: int | None = None) -> bytes:
        body = f"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n\r\n{page} {number}".encode()
        head = f"WARC/1.0\r\nWARC-Type: response\r\nWARC-Target-URI: http://x.de/{number}\r\n"
        head += "WARC-Date: 2026-01-01T00:00:00Z\r\n"
        head += f"WARC-Record-ID: <urn:uuid:{number}>\r\nContent-Type: application/http; msgtype=response\r\n"
        return f"{head}Content-Length: {length or len(body)}\r\n\r\n".encode() + body + b"\r\n\r\n"

    return record(1) + record(2).replace(b"WARC/1.0\r\nWARC-Type", b"WARC/1.0\r\n\x00\xff broken") + record(3)


FILES: dict[str, Callable[[], bytes]] = {
    "radiology_reports/good.jsonl": lambda: rows("G1", "G2"),
    "radiology_reports/truncated.jsonl.gz": lambda: gzip.compress(rows(*map(str, range(3000))), 1)[:-2000],
    "radiology_reports/truncated.jsonl.bz2": lambda: bz2.compress(rows("B1"))[:-30],
    "radiology_reports/empty.csv": lambda: b"",
    "radiology_reports/no_text_column.csv": lambda: b"Accession;Datum\nX1;2020\n",
    "radiology_reports/invalid_utf8.jsonl": lambda: (
        rows("U1") + b'{"Accession": "U2", "Befund": "\xff\xfe\xfa"}\n' + rows("U3")
    ),
    "radiology_reports/wrong_extension.pdf": lambda: rows("W1"),
    "radiology_reports/repeated.jsonl": lambda: (
        rows("R1", "R1") + rows("R1").replace(b"Kein Erguss", b"Geringer Erguss")
    ),
    "radiology_reports/bomb.docx": zip_bomb,
    "radiology_reports/bomb.zip": lambda: zip_bomb(jsonl=rows("Z1")),
    "radiology_reports/forbidden.jsonl": lambda: rows("F1"),
    "electronic_health_records/forbidden.txt": GOOD.encode,
    "electronic_health_records/cut_bundle.json": bundle,
    "electronic_health_records/external.xml": EXTERNAL.encode,
    "electronic_health_records/locked.pdf": locked_pdf,
    "doctoral_theses/locked.pdf": locked_pdf,
    "wikipedia/bomb.xml": BOMB.encode,
    "webcrawl/bad_record.warc": warc,
}
NAMED = {name.split("/")[1] for name in FILES} - {"good.jsonl", "wrong_extension.pdf", "repeated.jsonl"}


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bad")
    for name, content in FILES.items():
        path = folder / "raw" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content())
    (folder / "raw" / "radiology_reports" / "folder.csv").mkdir()
    (folder / "raw" / "radiology_reports" / "folder.csv" / "inside.jsonl").write_bytes(rows("D1"))
    arguments = [f"--input={folder / 'raw'}", f"--output={folder / 'corpus'}", "--progress=quiet"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(storage, "open_input", forbidding(storage.open_input))
        assert build_corpus.main(arguments) == 0
    return folder / "corpus"


def forbidding(open_input: Callable[[str], BinaryIO]) -> Callable[[str], BinaryIO]:
    """Refuse to open files called forbidden, as the system does to a user without the right; root has every right."""

    def refuse(url: str) -> BinaryIO:
        if "/forbidden." in url:
            raise PermissionError(13, "Permission denied", url)
        return open_input(url)

    return refuse


def rejections(corpus: Path) -> dict[str, set[str]]:
    found: dict[str, set[str]] = defaultdict(set)
    for path in (corpus / "rejections").glob("*.jsonl"):
        for line in path.read_text(encoding="utf-8").splitlines():
            value = json.loads(line)
            found[value["file"].rpartition("/")[2]].add(value["reason"])
    return found


def texts(corpus: Path) -> str:
    shards = Manifest.read(str(corpus / "manifest.json")).shards
    return "\n".join(text for shard in shards for text in pq.read_table(corpus / shard.path)["text"].to_pylist())


@pytest.mark.parametrize("name", sorted(NAMED))
def test_a_bad_file_is_named_with_a_reason(corpus: Path, name: str) -> None:
    assert rejections(corpus)[name]


@pytest.mark.parametrize("word", ["G1", "G2", "U1", "U3", "W1", "R1", "Z1", "D1"])
def test_good_records_beside_bad_ones_are_kept(corpus: Path, word: str) -> None:
    assert f"Untersuchung {word}." in texts(corpus)


def test_files_that_may_not_be_read_are_named_as_such(corpus: Path) -> None:
    found = rejections(corpus)
    assert found["forbidden.jsonl"] == found["forbidden.txt"] == {"permission_denied"}
    assert "Untersuchung F1." not in texts(corpus)


def test_a_folder_that_may_not_be_listed_ends_the_build_with_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(url: str) -> Iterator[tuple[str, int]]:
        raise PermissionError(13, "Cannot list directory", f"{url}/closed")

    monkeypatch.setattr(storage, "list_files", refuse)
    (tmp_path / "raw" / "ggponc").mkdir(parents=True)
    assert build_corpus.main([f"--input={tmp_path / 'raw'}", f"--output={tmp_path / 'corpus'}"]) == 2
    said = capsys.readouterr().err.strip()
    assert "Cannot list directory" in said
    assert said.count("\n") == 0


def test_records_before_a_cut_are_kept(corpus: Path) -> None:
    assert "Befund eins." in texts(corpus)
    manifest = Manifest.read(str(corpus / "manifest.json"))
    assert manifest.sources["radiology_reports"].kept > 2_500
    assert manifest.sources["webcrawl"].kept == 2


def test_repeated_keys_lose_no_text_and_ids_stay_unique(corpus: Path) -> None:
    shards = Manifest.read(str(corpus / "manifest.json")).shards
    ids = [i for shard in shards for i in pq.read_table(corpus / shard.path)["id"].to_pylist()]
    assert len(ids) == len(set(ids))
    assert "Geringer Erguss" in texts(corpus)
    reasons = Manifest.read(str(corpus / "manifest.json")).sources["radiology_reports"].rejected
    assert reasons["duplicate_key"] == 1


def test_no_entity_was_resolved(corpus: Path) -> None:
    assert "bumm" not in texts(corpus)
    assert Path("/etc/hostname").read_text().strip() not in texts(corpus)


@pytest.mark.slow
def test_a_line_of_a_gigabyte_is_rejected_in_bounded_memory(tmp_path: Path) -> None:
    for name, head in (("a.csv", b"Accession;Befund\nA;"), ("b.jsonl", b'{"Accession": "1", "Befund": "')):
        path = tmp_path / "raw" / "radiology_reports" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as stream:
            stream.write(head)
            stream.truncate(1 << 30)
    (tmp_path / "raw" / "radiology_reports" / "good.jsonl").write_bytes(rows("G1"))
    arguments = [f"--input={tmp_path / 'raw'}", f"--output={tmp_path / 'corpus'}", "--progress=quiet"]
    assert build_corpus.main(arguments) == 0
    assert {"a.csv", "b.jsonl"} <= set(rejections(tmp_path / "corpus"))
    assert "Untersuchung G1." in texts(tmp_path / "corpus")
