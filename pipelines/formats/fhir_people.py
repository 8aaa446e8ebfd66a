"""Who a FHIR resource speaks of: patients, practitioners and cases as known identifiers (FHIR R4, also R5)."""

import json
from collections import ChainMap
from collections.abc import Iterator, Mapping
from typing import Any, cast

from pipelines.formats.clinical import Identifiers, canonical_name, squeeze
from schemas.document import KnownIdentifier

PEOPLE = frozenset(("Patient", "RelatedPerson", "Practitioner", "PractitionerRole", "Person"))
SHORTEST_ID = 4
"""Shorter numbers would be found in every text."""

SMALL_INDEX = 256
_SUBJECTS = ("subject", "patient", "encounter")
_PERFORMERS = ("author", "authenticator", "performer", "resultsInterpreter", "attester", "assessor", "informant")

Resource = Mapping[str, Any]
Index = Mapping[str, Resource]
"""Resources by the references that other ones use for them."""


def as_list(value: Any) -> list[Any]:
    """Return `value` as a list: itself, of itself, or empty for None."""
    return value if isinstance(value, list) else [] if value is None else [value]


def members(value: Any, name: str) -> list[dict[str, Any]]:
    """Return the objects that the member `name` of `value` holds; what is malformed is left out."""
    return [item for item in as_list(value.get(name)) if isinstance(item, dict)] if isinstance(value, Mapping) else []


def text_of(value: Any, name: str) -> str:
    """Return the member `name` of `value` as text on one line, '' where it is absent or no text."""
    found = value.get(name) if isinstance(value, Mapping) else None
    return squeeze(found) if isinstance(found, str | int) else ""


def index_keys(resource: Resource, full_url: str = "") -> Iterator[str]:
    """Yield the references under which `resource` is found."""
    if full_url:
        yield full_url
    if name := text_of(resource, "id"):
        yield f"{text_of(resource, 'resourceType')}/{name}"


def with_contained(resource: Resource, index: Index) -> Index:
    """Return `index` with the resources that `resource` contains."""
    inner: Index = {f"#{text_of(other, 'id')}": other for other in members(resource, "contained")}
    return ChainMap(cast(dict[str, Resource], inner), cast(dict[str, Resource], index)) if inner else index


def resolve(reference: str, index: Index) -> Resource | None:
    """Return the resource that `reference` names: relative, absolute, `urn:uuid:` or contained."""
    reference = reference.partition("/_history/")[0]
    if reference in index:
        return index[reference]
    return index.get("/".join(reference.split("/")[-2:])) if "/" in reference else None


def identifiers(resource: Resource, index: Index) -> tuple[tuple[KnownIdentifier, ...], str]:
    """Return the known identifiers that `resource` and what it refers to hold, and the patient's key.

    Where the subject cannot be found and the file has one patient only, that one is meant.
    """
    index = with_contained(resource, index)
    found, patient = Identifiers(), ""
    for name in _SUBJECTS:
        for reference in members(resource, name):
            target = resolve(text_of(reference, "reference"), index)
            add_reference(found, reference, target, index)
            if name != "encounter":
                patient = patient or patient_key(target, text_of(reference, "reference"))
    nameless = not any(known.label == "PERSON" for known in found.all())
    if nameless and (only := only_patient(index)) is not None:
        add_resource(found, only, index)
        patient = patient or patient_key(only, "")
    for context in members(resource, "context"):
        for reference in members(context, "encounter") + members(context, "sourcePatientInfo"):
            add_reference(found, reference, resolve(text_of(reference, "reference"), index), index)
    for name in _PERFORMERS:
        for reference in members(resource, name):
            reference = reference.get("party") or reference
            if isinstance(reference, dict):
                add_reference(found, reference, resolve(text_of(reference, "reference"), index), index)
    _add_ids(found, resource)
    return found.all(), patient


def only_patient(index: Index) -> Resource | None:
    """Return the one patient of a file, None where there are none, several, or too many resources to look."""
    if len(index) > SMALL_INDEX:
        return None
    people = {json.dumps(other): other for other in index.values() if other.get("resourceType") == "Patient"}
    return next(iter(people.values())) if len(people) == 1 else None


def patient_key(patient: Resource | None, reference: str) -> str:
    """Return the key of a patient: the hospital's number, else the resource's id, else what refers to it."""
    if patient is None:
        return reference.rpartition("/")[2] if "/" in reference else reference
    numbers = members(patient, "identifier")
    hospital = [number for number in numbers if "MR" in {text_of(code, "code") for code in codings(number, "type")}]
    return next((text_of(number, "value") for number in hospital + numbers if text_of(number, "value")), "") or text_of(
        patient, "id"
    )


def codings(resource: Any, name: str) -> list[dict[str, Any]]:
    """Return the codings of the concept or concepts at the member `name`."""
    return [coding for concept in members(resource, name) for coding in members(concept, "coding")]


def add_reference(found: Identifiers, reference: Resource, target: Resource | None, index: Index) -> None:
    """Add what a reference says of a person or case, and what the resource that it names says."""
    kind, _, name = text_of(reference, "reference").partition("/_history/")[0].rpartition("/")
    people = kind.rpartition("/")[2] in PEOPLE or text_of(target, "resourceType") in PEOPLE
    if people or not kind:
        found.add("PERSON", canonical_name(text_of(reference, "display")))
    if kind.rpartition("/")[2] in PEOPLE | {"Encounter"} and len(name) >= SHORTEST_ID:
        found.add("ID", name)
    for number in members(reference, "identifier"):
        _add_id(found, text_of(number, "value"))
    if target is not None:
        add_resource(found, target, index)


def add_resource(found: Identifiers, resource: Resource, index: Index) -> None:
    """Add names, dates, addresses, contacts and numbers of a person or case."""
    kind = text_of(resource, "resourceType")
    if kind == "PractitionerRole":
        for reference in members(resource, "practitioner"):
            target = resolve(text_of(reference, "reference"), index)
            if target is not None and target.get("resourceType") == "Practitioner":
                add_resource(found, target, index)
        return
    if kind not in PEOPLE | {"Encounter", "Account", "Coverage"}:
        return
    _add_ids(found, resource)
    _add_person(found, resource, private=kind in ("Patient", "RelatedPerson", "Person"))
    found.add_birth_date(text_of(resource, "birthDate"))
    for person in members(resource, "contact"):
        _add_person(found, person, private=True)


def _add_person(found: Identifiers, person: Resource, private: bool) -> None:
    """Add names and, where they are `private` rather than a hospital's, addresses and contacts."""
    for name in members(person, "name"):
        add_name(found, name)
    for address in members(person, "address") if private else ():
        add_address(found, address)
    for contact in members(person, "telecom") if private else ():
        add_contact(found, contact)


def add_name(found: Identifiers, name: Resource) -> None:
    """Add a HumanName as "Family, Given", or its text."""
    given = " ".join(squeeze(part) for part in as_list(name.get("given")) if isinstance(part, str))
    family = text_of(name, "family")
    if family or given:
        found.add_person(family, given)
    else:
        found.add("PERSON", canonical_name(text_of(name, "text")))


def add_address(found: Identifiers, address: Resource) -> None:
    """Add an Address: its lines as streets, its postal code and city, or its text."""
    lines = [squeeze(line) for line in as_list(address.get("line")) if isinstance(line, str)]
    found.add("STREET", *lines)
    found.add("ZIP", text_of(address, "postalCode"))
    found.add("CITY", text_of(address, "city"), text_of(address, "district"))
    if not lines and not text_of(address, "city"):
        found.add_address(text_of(address, "text"))


def add_contact(found: Identifiers, contact: Resource) -> None:
    """Add a ContactPoint."""
    system = text_of(contact, "system")
    label = {"email": "EMAIL", "url": "URL", "fax": "FAX"}.get(system, "PHONE")
    found.add(label, text_of(contact, "value"))


def _add_ids(found: Identifiers, resource: Resource) -> None:
    for number in members(resource, "identifier") + members(resource, "masterIdentifier"):
        _add_id(found, text_of(number, "value"))
    for name in ("id", "subscriberId"):
        _add_id(found, text_of(resource, name))


def _add_id(found: Identifiers, value: str) -> None:
    if len(value) >= SHORTEST_ID:
        found.add("ID", value.removeprefix("urn:uuid:").removeprefix("urn:oid:"))
