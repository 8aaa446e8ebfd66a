"""Electronic health records: FHIR, CDA, letters as RTF, Word, PDF or plain text, and exports as tables."""

from pipelines.ingest import Source
from pipelines.sources.clinical import OPTIONS, is_people_file, readers

SOURCE = Source(
    name="electronic_health_records",
    licence="patient data of the hospital that runs the build; nothing of them is published",
    readers=readers("electronic_health_records"),
    options=OPTIONS,
    consults=is_people_file,
)
