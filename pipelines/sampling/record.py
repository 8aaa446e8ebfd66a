"""One synthetic document, as it is before a writer puts it into a raw format."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from pipelines.sampling.language import Span
from pipelines.sampling.persons import Patient, Person


@dataclass(frozen=True, slots=True)
class Section:
    """A heading ("" for none) and its paragraphs."""

    heading: str
    paragraphs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Record:
    """A document: its text with gold spans, and what structured formats say of it in fields.

    `text` is what a reader should yield for a document without structure; `sections` is the same
    content for sources whose formats have headings. `reject` is the reason for which the corpus
    should not keep it, "" if it should. `identity` is the document's own identifier in its file, `key`
    what readers make of it: equal but where a format or a file's path qualifies it.
    """

    source: str
    number: int
    identity: str
    key: str
    text: str
    spans: tuple[Span, ...] = ()
    title: str = ""
    sections: tuple[Section, ...] = ()
    patient: Patient | None = None
    physician: Person | None = None
    day: date = date(2020, 1, 1)
    metadata: Mapping[str, str] = field(default_factory=dict)
    reject: str = ""


def join_sections(sections: tuple[Section, ...]) -> str:
    """Return the text of `sections`: headings and paragraphs, an empty line between them."""
    lines = [line for section in sections for line in (section.heading, *section.paragraphs) if line]
    return "\n\n".join(lines)
