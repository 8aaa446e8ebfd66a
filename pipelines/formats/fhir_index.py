"""Who is who in NDJSON: patients, practitioners and cases stand in other lines, or in files beside.

A bulk export (FHIR Bulk Data Access) writes one file a resource type, so the letters' file holds no
name. What identifies somebody is collected first, packed, so that a letter's references resolve.
"""

import json
import re
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, BinaryIO

from pipelines.formats import UnreadableFileError
from pipelines.formats.encoding import decode_text
from pipelines.formats.fhir_people import PEOPLE, Resource, index_keys
from pipelines.formats.lines import read_lines

INDEX_BYTES = 256 * 1024 * 1024
"""How much the packed resources may take: about a million patients."""

INDEXED = PEOPLE | {"Encounter", "Account", "Coverage"}

_TYPE = re.compile(rb'"resourceType"\s*:\s*"(\w{1,40})"')
_NAMES = frozenset(name.encode() for name in INDEXED)
_KEPT = (
    "resourceType", "id", "identifier", "name", "birthDate", "address", "telecom", "contact", "practitioner",
    "subscriberId",
)  # fmt: skip


class LineIndex(Mapping[str, Resource]):
    """The people and cases of NDJSON files by the references that other resources use for them."""

    def __init__(self, streams: Iterable[Callable[[], BinaryIO]]) -> None:
        """Read `streams` to their ends; lines that are broken name nobody.

        Raises UnreadableFileError `too_many_patients`.
        """
        self._packed: dict[str, bytes] = {}
        size = 0
        for open_stream in streams:
            with open_stream() as stream:
                for resource in _people(stream):
                    packed = zlib.compress(
                        json.dumps({name: resource[name] for name in _KEPT if name in resource}).encode(), 1
                    )
                    size += len(packed) + 200
                    if size > INDEX_BYTES:
                        raise UnreadableFileError("too_many_patients")
                    self._packed.update(dict.fromkeys(index_keys(resource), packed))

    def __getitem__(self, key: str) -> Resource:
        return json.loads(zlib.decompress(self._packed[key]))

    def __iter__(self) -> Iterator[str]:
        return iter(self._packed)

    def __len__(self) -> int:
        return len(self._packed)


def _people(stream: BinaryIO) -> Iterator[dict[str, Any]]:
    try:
        for line in read_lines(stream):
            # a glance saves parsing what is no person, which is most of it
            kind = _TYPE.search(line.content) if line.content else None
            if kind and kind[1] in _NAMES:
                try:
                    value = json.loads(decode_text(line.content or b""))
                except (ValueError, RecursionError):
                    continue
                if isinstance(value, dict) and value.get("resourceType") in INDEXED:
                    yield value
    except UnreadableFileError:
        # reading the texts will say so
        return
