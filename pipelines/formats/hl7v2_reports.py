"""The reports of HL7 v2 messages (ORU^R01, MDM^T02): one for each order, with the patient's identifiers."""

from collections.abc import Iterator, Sequence
from typing import BinaryIO

from pipelines.formats import Unreadable, UnreadableFileError
from pipelines.formats.attachments import decode_base64, read_attachment, rich_text
from pipelines.formats.clinical import ClinicalRecord, Identifiers, squeeze
from pipelines.formats.hl7v2 import Segment, component_of, parse_message, read_frames
from schemas.document import KnownIdentifier

_TEXT_TYPES = frozenset(("TX", "FT", "ST", "CE", "CWE", ""))


def read_messages(stream: BinaryIO, start: int, stop: int | None, name: str) -> Iterator[ClinicalRecord | Unreadable]:
    """Yield the reports of the messages that begin in [start, stop), one for each order in a message.

    `name` begins the keys of messages without any number.
    """
    for frame in read_frames(stream, start, stop):
        position = f"{name} byte {frame.offset}"
        if frame.content is None:
            yield Unreadable(position, "too_large")
            continue
        try:
            yield from message_records(parse_message(frame.content), position)
        except UnreadableFileError as error:
            yield Unreadable(position, error.reason)


def message_records(segments: Sequence[Segment], position: str) -> Iterator[ClinicalRecord | Unreadable]:
    """Yield the report of each order (OBR) of a message; orders of the same number are one report."""
    header = segments[0]
    if header.first(9).strip() not in ("ORU", "MDM", ""):
        yield Unreadable(header.first(10) or position, "unsupported_message")
        return
    known, patient = patient_identifiers(segments)
    orders: dict[str, list[Segment]] = {}
    common: list[Segment] = []
    key = ""
    for segment in segments:
        if segment.name in ("ORC", "OBR", "TXA"):
            key = order_key(segment) or key
        (orders.setdefault(key, []) if key or segment.name in ("OBR", "OBX", "NTE") else common).append(segment)
    for order, group in orders.items() or [("", [])]:
        place = order or header.first(10) or position
        try:
            text = observation_text(group)
        except UnreadableFileError as error:
            yield Unreadable(place, error.reason)
            continue
        if not text:
            yield Unreadable(place, "no_text")
            continue
        found = Identifiers()
        order_identifiers(found, group)
        metadata = order_metadata(group)
        yield ClinicalRecord(place, text, "", (*known, *found.all()), patient, metadata)


def order_key(segment: Segment) -> str:
    """Return the accession number of an order: the filler's number, else the placer's."""
    if segment.name == "TXA":
        return segment.first(12)
    places = ((3, 1), (18, 1), (2, 1)) if segment.name == "OBR" else ((3, 1), (2, 1))
    return next(filter(None, (segment.first(*place).strip() for place in places)), "")


def order_metadata(group: Sequence[Segment]) -> dict[str, str]:
    """Return the examination and the modality of an order."""
    for segment in group:
        if segment.name == "OBR":
            exam = segment.first(4, 2) or segment.first(4, 5) or segment.first(4, 1)
            found = {"exam_type": squeeze(exam), "modality": squeeze(segment.first(24))}
            return {name: value for name, value in found.items() if value}
    return {}


def observation_text(group: Sequence[Segment]) -> str:
    """Return the text of an order's observations and notes: what has one name is one block.

    A name stands as heading above its block where there are several. Raises UnreadableFileError
    where all that there is are documents that cannot be read.
    """
    blocks: list[tuple[str, list[str]]] = []
    failure: UnreadableFileError | None = None
    for segment in group:
        try:
            text = observation_value(segment)
        except UnreadableFileError as error:
            failure = error
            continue
        if text is None:
            continue
        name = squeeze(segment.first(3, 2)) if segment.name == "OBX" else blocks[-1][0] if blocks else ""
        if not blocks or blocks[-1][0] != name:
            blocks.append((name, []))
        blocks[-1][1].append(text)
    several = len({name for name, _ in blocks}) > 1
    texts = [(name, "\n".join(lines).strip()) for name, lines in blocks]
    joined = [f"{name}:\n{text}" if several and name else text for name, text in texts if text]
    if failure is not None and not joined:
        raise failure
    return "\n\n".join(joined)


def observation_value(segment: Segment) -> str | None:
    """Return the text of an OBX or NTE segment; None for other segments and for values that are no text."""
    if segment.name == "NTE":
        return segment.text(3)
    if segment.name != "OBX" or not segment.raw(5) or segment.raw(5) == '""':
        return None
    kind = segment.first(2).strip().upper()
    if kind == "ED":
        return _encapsulated(segment)
    if kind not in _TEXT_TYPES:
        return None
    if kind in ("CE", "CWE"):
        return "\n".join(component_of(parts, 2) or component_of(parts, 1) for parts in segment.repetitions(5))
    # a text has no components, so a sign that parts them was meant as itself
    return rich_text(segment.text(5))


def _encapsulated(segment: Segment) -> str:
    kind, encoding, data = (segment.first(5, part) for part in (3, 4, 5))
    if encoding.lower() == "base64":
        return read_attachment(decode_base64(data), kind)
    return rich_text(data)


def patient_identifiers(segments: Sequence[Segment]) -> tuple[tuple[KnownIdentifier, ...], str]:
    """Return what the patient's segments (PID, PD1, NK1, PV1, IN1) say, and the patient's number."""
    found = Identifiers()
    patient = ""
    for segment in segments:
        if segment.name == "PID":
            patient = patient or segment.first(3) or segment.first(2)
            for number in (2, 3, 4, 18, 19, 20, 21):
                found.add("ID", *(parts[0] for parts in segment.repetitions(number)))
            for number in (5, 6, 9):
                _add_names(found, segment, number, 1)
            found.add_birth_date(segment.first(7))
            _add_contacts(found, segment, 11, (13, 14))
            found.add("CITY", segment.first(23))
        elif segment.name == "NK1":
            _add_names(found, segment, 2, 1)
            _add_contacts(found, segment, 4, (5, 6))
        elif segment.name in ("PV1", "PD1"):
            for number in (7, 8, 9, 17, 52) if segment.name == "PV1" else (4,):
                _add_names(found, segment, number, 2)
            found.add("ID", segment.first(19) if segment.name == "PV1" else "")
        elif segment.name == "IN1":
            found.add("ID", segment.first(36), segment.first(49))
            _add_names(found, segment, 16, 1)
    return found.all(), squeeze(patient)


def order_identifiers(found: Identifiers, group: Sequence[Segment]) -> None:
    """Add the numbers and the physicians of an order (ORC, OBR, OBX, TXA) to `found`."""
    people = {"OBR": (10, 16, 28), "ORC": (10, 11, 12, 19), "OBX": (16,), "TXA": (5, 9, 10, 11, 22)}
    numbers = {"OBR": (2, 3, 18, 19, 20, 21), "ORC": (2, 3, 4), "TXA": (12, 13, 14, 15)}
    for segment in group:
        for number in people.get(segment.name, ()):
            _add_names(found, segment, number, 2)
        for number in numbers.get(segment.name, ()):
            found.add("ID", segment.first(number))
        if segment.name == "OBR":
            for number in (32, 33, 34, 35):
                for parts in segment.subcomponents(number, 1):
                    found.add_person(component_of(parts, 2), component_of(parts, 3))


def _add_names(found: Identifiers, segment: Segment, number: int, component: int) -> None:
    """Add the names of a field, the family name of which is its `component`."""
    if not segment.raw(number):
        return
    families = segment.subcomponents(number, component)
    for parts, family in zip(segment.repetitions(number), families, strict=False):
        given = " ".join(filter(None, (component_of(parts, component + 1), component_of(parts, component + 2))))
        # the first subcomponent is the whole family name, the others are its prefix and its parts
        found.add_person(family[0], given)


def _add_contacts(found: Identifiers, segment: Segment, address: int, phones: Sequence[int]) -> None:
    for street, parts in zip(segment.subcomponents(address, 1), segment.repetitions(address), strict=False):
        found.add("STREET", street[0])
        found.add("CITY", component_of(parts, 3))
        found.add("ZIP", component_of(parts, 5))
    for number in phones:
        for parts in segment.repetitions(number):
            found.add("EMAIL", component_of(parts, 4))
            number_parts = component_of(parts, 6), component_of(parts, 7)
            found.add("PHONE", component_of(parts, 1) or component_of(parts, 12) or " ".join(number_parts))
