"""Tables as one JSON array of objects, however it is laid out, an object at a time."""

from collections.abc import Iterator, Mapping
from typing import BinaryIO

import ijson

from pipelines.formats import Unreadable, UnreadableFileError
from pipelines.formats.clinical import ClinicalRecord
from pipelines.formats.columns import Columns
from pipelines.formats.lines import told_breaks
from pipelines.formats.tabular import object_record


def is_json_array(head: bytes) -> bool:
    """Tell whether a file that begins with `head` is a JSON array of objects in UTF-8."""
    start = head[:4096].removeprefix(b"\xef\xbb\xbf").lstrip()
    return start.startswith(b"[") and start[1:].lstrip()[:1] in (b"{", b"]")


def read_json_array(stream: BinaryIO, options: Mapping[str, str], name: str) -> Iterator[ClinicalRecord | Unreadable]:
    """Yield the records of an array, an object each with the columns as its members.

    Raises UnreadableFileError `malformed_json`, `truncated` or `corrupt` for what comes after a break.
    """
    layouts: dict[tuple[str, ...], Columns] = {}
    if stream.read(3) != b"\xef\xbb\xbf":
        stream.seek(0)
    try:
        with told_breaks():
            for number, value in enumerate(ijson.items(stream, "item", use_float=True), 1):
                position = f"{name} record {number}"
                if isinstance(value, dict):
                    yield object_record(value, layouts, options, position)
                else:
                    yield Unreadable(position, "malformed_json")
    except ijson.IncompleteJSONError:
        raise UnreadableFileError("truncated") from None
    except (ijson.JSONError, UnicodeDecodeError, RecursionError):
        raise UnreadableFileError("malformed_json") from None
