"""Clinical documents of HL7 CDA Release 2: the narrative of their sections, and whom they speak of."""

from collections.abc import Iterator
from typing import BinaryIO

import lxml.etree as etree

from pipelines.formats import Unreadable, UnreadableFileError
from pipelines.formats.attachments import decode_base64, read_attachment
from pipelines.formats.clinical import ClinicalRecord, Identifiers, squeeze
from pipelines.formats.markup import tidy, tree_to_text
from pipelines.formats.xml import parse, read_records, root_name
from schemas.document import KnownIdentifier

ROOT = "ClinicalDocument"
_PEOPLE = (
    "author/assignedAuthor/assignedPerson",
    "dataEnterer/assignedEntity/assignedPerson",
    "informant/assignedEntity/assignedPerson",
    "informationRecipient/intendedRecipient/informationRecipient",
    "legalAuthenticator/assignedEntity/assignedPerson",
    "authenticator/assignedEntity/assignedPerson",
    "participant/associatedEntity/associatedPerson",
    "documentationOf/serviceEvent/performer/assignedEntity/assignedPerson",
    "componentOf/encompassingEncounter/responsibleParty/assignedEntity/assignedPerson",
    "componentOf/encompassingEncounter/encounterParticipant/assignedEntity/assignedPerson",
)


def is_cda(head: bytes) -> bool:
    """Tell whether a file that begins with `head` is a CDA document."""
    return b"ClinicalDocument" in head.replace(b"\0", b"")[:65536] and root_name(head) == ROOT


def read_cda(stream: BinaryIO, name: str) -> Iterator[ClinicalRecord | Unreadable]:
    """Yield the documents of a file; `name` is the key of one without id.

    Raises UnreadableFileError: `entity_declaration`, `truncated`, `corrupt`, `no_records`.
    """
    for record, prolog in read_records(stream, (ROOT,)):
        position = name if record.alone else f"{name} byte {record.offset}"
        if record.reason:
            yield Unreadable(position, record.reason)
            continue
        try:
            root = parse(record.content, prolog)
            yield document_record(_bare(root), position)
        except ValueError:
            yield Unreadable(position, "malformed_xml")


def _bare(root: etree._Element) -> etree._Element:
    """Take the namespaces out of the names: CDA has one, and its extensions add no text."""
    for element in root.iter(etree.Element):
        if element.tag.startswith("{urn:hl7-org:v3}"):
            element.tag = etree.QName(element).localname
    return root


def document_record(root: etree._Element, position: str) -> ClinicalRecord | Unreadable:
    """Return the record of a ClinicalDocument; one whose body cannot be read is Unreadable."""
    key = _instance(root.find("id")) or position
    try:
        text = body_text(root)
    except UnreadableFileError as error:
        return Unreadable(key, error.reason)
    if not text:
        return Unreadable(key, "no_text")
    known, patient = patient_identifiers(root)
    kind = root.find("code")
    exam = squeeze(kind.get("displayName")) if kind is not None else ""
    return ClinicalRecord(
        key=key,
        text=text,
        title=_flat(root.find("title")),
        known=known,
        patient=patient,
        metadata={"exam_type": exam} if exam else {},
    )


def body_text(root: etree._Element) -> str:
    """Return the text of the structured body's sections, or of a body that is another format."""
    other = root.find("component/nonXMLBody/text")
    if other is not None:
        content = "".join(other.itertext())
        if other.get("representation") == "B64":
            return read_attachment(decode_base64(content), other.get("mediaType", "")).strip()
        return tidy(content)
    pieces: list[str] = []
    for section in root.iter("section"):
        title, text = section.find("title"), section.find("text")
        body = tree_to_text(text) if text is not None else ""
        if body:
            heading = _flat(title)
            pieces.append(f"{heading}\n{body}" if heading else body)
    return "\n\n".join(pieces)


def patient_identifiers(root: etree._Element) -> tuple[tuple[KnownIdentifier, ...], str]:
    """Return what the document's head says of patient, relatives and physicians, and the patient's number."""
    found, patient = Identifiers(), ""
    for role in root.iterfind("recordTarget/patientRole"):
        for number in role.iterfind("id"):
            found.add("ID", number.get("extension"))
            patient = patient or squeeze(number.get("extension"))
        _add_contacts(found, role)
        for person in role.iterfind("patient"):
            for name in person.iterfind("name"):
                _add_name(found, name)
            born = person.find("birthTime")
            found.add_birth_date(born.get("value") if born is not None else "")
            for guardian in person.iterfind("guardian"):
                _add_contacts(found, guardian)
                for name in guardian.iterfind("guardianPerson/name"):
                    _add_name(found, name)
    for path in _PEOPLE:
        for person in root.iterfind(path):
            for name in person.iterfind("name"):
                _add_name(found, name)
    for entity in root.iterfind("participant/associatedEntity"):
        _add_contacts(found, entity)
    for number in root.iterfind("componentOf/encompassingEncounter/id"):
        found.add("ID", number.get("extension"))
    number = root.find("id")
    found.add("ID", number.get("extension") if number is not None else "")
    return found.all(), patient


def _add_name(found: Identifiers, name: etree._Element) -> None:
    families = [_flat(part) for part in name.iterfind("family")]
    given = " ".join(filter(None, (_flat(part) for part in name.iterfind("given"))))
    for family in families:
        found.add_person(family, given)
    if not families:
        found.add_person("", given or _flat(name))


def _add_contacts(found: Identifiers, role: etree._Element) -> None:
    for address in role.iterfind("addr"):
        street = _flat(address.find("streetAddressLine"))
        parts = (_flat(address.find(name)) for name in ("streetName", "houseNumber"))
        found.add("STREET", street or " ".join(filter(None, parts)))
        found.add("ZIP", _flat(address.find("postalCode")))
        found.add("CITY", _flat(address.find("city")))
        if not len(address):
            found.add_address(address.text)
    for contact in role.iterfind("telecom"):
        kind, _, value = (contact.get("value") or "").rpartition(":")
        found.add({"mailto": "EMAIL", "fax": "FAX", "http": "URL", "https": "URL"}.get(kind, "PHONE"), value)


def _instance(element: etree._Element | None) -> str:
    if element is None:
        return ""
    return "^".join(filter(None, (squeeze(element.get("root")), squeeze(element.get("extension")))))


def _flat(element: etree._Element | None) -> str:
    return "" if element is None else squeeze("".join(element.itertext()))
