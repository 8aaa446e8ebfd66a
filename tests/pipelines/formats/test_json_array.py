"""Tables as JSON arrays: read an object at a time, a broken end costs itself alone."""

import io
import json

import pytest

from pipelines.formats import Unreadable, UnreadableFileError
from pipelines.formats.clinical import ClinicalRecord
from pipelines.formats.json_array import is_json_array, read_json_array

ROWS = [{"AccessionNumber": f"A{n}", "ReportText": f"Befund {n}: Kein Pleuraerguss.", "Wert": 1.5} for n in range(3)]


def read(content: bytes) -> list[ClinicalRecord | Unreadable]:
    return list(read_json_array(io.BytesIO(content), {}, "x.json"))


@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_every_object_is_a_record(indent: int | None, mark: bytes):
    content = mark + json.dumps(ROWS, indent=indent).encode()
    assert is_json_array(content)
    records = read(content)
    assert [record.text for record in records if isinstance(record, ClinicalRecord)] == [r["ReportText"] for r in ROWS]
    assert [record.key for record in records] == ["A0", "A1", "A2"]


def test_a_cut_array_keeps_what_came_before():
    records = read_json_array(io.BytesIO(json.dumps(ROWS).encode()[:-20]), {}, "x.json")
    assert [next(records).key, next(records).key] == ["A0", "A1"]
    with pytest.raises(UnreadableFileError, match="truncated"):
        next(records)


def test_what_is_no_object_is_named():
    assert read(b'[{"befund": "Kein Erguss."}, 7]')[1] == Unreadable("x.json record 2", "malformed_json")


@pytest.mark.parametrize("head", [b"[1, 2]", b"{}", b"", b"Text"])
def test_other_files_are_no_arrays_of_objects(head: bytes):
    assert not is_json_array(head)
