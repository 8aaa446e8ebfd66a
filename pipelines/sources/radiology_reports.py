"""Radiology reports: RIS exports as tables, HL7 v2 messages, FHIR resources, MRRT forms and documents.

About one in five entries of a RIS is no report ("Patient nicht erschienen"): those are rejected.
"""

import re
from dataclasses import dataclass
from functools import cache
from importlib import resources

from pipelines.formats.clinical import ClinicalRecord
from pipelines.ingest import Source
from pipelines.sources.clinical import OPTIONS, is_people_file, readers

LONGEST_NON_REPORT = 600
"""In characters; what is longer says something."""

REMAINING_WORDS = 2
"""How many words, such as a name, a non-report may hold beside its phrases and fillers."""

_WORD = re.compile(r"[^\W\d_]+")
_NEGATIONS = frozenset(("kein", "keine", "keinen", "keiner", "keinem", "keines", "ohne", "nicht", "unauffällig"))


@dataclass(frozen=True, slots=True)
class NonReports:
    """Phrases of entries that are no reports, longest first, and words that may stand around them."""

    phrases: re.Pattern[str]
    fillers: frozenset[str]


@cache
def non_reports() -> NonReports:
    """Return the lexicon of non-reports."""
    lexicon = resources.files("pipelines.sources").joinpath("lexicons/non_reports.txt").read_text("utf-8")
    lines = [line for line in lexicon.splitlines() if line.strip() and not line.startswith("#")]
    fillers = [line.removeprefix("filler:") for line in lines if line.startswith("filler:")]
    phrases = sorted((flatten(line) for line in lines if not line.startswith("filler:")), key=len, reverse=True)
    pattern = re.compile(rf"\b(?:{'|'.join(map(re.escape, phrases))})\b")
    return NonReports(pattern, frozenset(word for line in fillers for word in flatten(line).split()))


def flatten(text: str) -> str:
    """Return the words of `text` in lower case, parted by single blanks."""
    return " ".join(_WORD.findall(text.lower()))


def is_non_report(text: str, exam_type: str = "") -> bool:
    """Tell whether `text` is essentially a phrase of a non-report.

    A few words more are a name or a department; with a negation among them they are a finding.
    """
    if len(text) > LONGEST_NON_REPORT:
        return False
    lexicon, flat = non_reports(), flatten(text)
    rest, found = lexicon.phrases.subn(" ", flat)
    if not found:
        return False
    ignored = lexicon.fillers | set(flatten(exam_type).split())
    words = [word for word in rest.split() if word not in ignored]
    return len(words) <= REMAINING_WORDS and _NEGATIONS.isdisjoint(words)


def screen(record: ClinicalRecord) -> str:
    """Return `non_report` where the record is none, else ''."""
    return "non_report" if is_non_report(record.text, record.metadata.get("exam_type", "")) else ""


SOURCE = Source(
    name="radiology_reports",
    licence="patient data of the hospital that runs the build; nothing of them is published",
    readers=readers("radiology_reports", screen),
    options=OPTIONS,
    consults=is_people_file,
)
