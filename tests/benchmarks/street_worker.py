"""A build whose de-identification is a copy, to measure all the rest at sizes that would else take hours.

It stands beside the benchmark because nothing in the product may turn de-identification off.
"""

from pipelines import part, runners, worker
from pipelines.anonymise import Anonymisation
from schemas.document import Document, RawDocument


def copy(raw: RawDocument) -> Document:
    """Return the text as it is."""
    return Document(raw.id, raw.source, raw.text, raw.title, {}, raw.text)


def pass_through() -> None:
    """Let this process and the workers that it starts copy instead of de-identifying."""

    def anonymiser(settings: Anonymisation) -> object:
        return copy

    part.anonymiser = anonymiser  # type: ignore[assignment]
    runners.WORKER = "tests.benchmarks.street_worker"


if __name__ == "__main__":
    pass_through()
    worker.main()
