"""Which recognizer found what in a text that somebody types: for the terminal, never for a file."""

from collections.abc import Iterator
from typing import Any

from rich.table import Table
from rich.text import Text

from pipelines import output_scan
from pipelines.anonymise import Anonymiser
from pipelines.normalise import normalise
from pipelines.spans import Span


def findings(anonymiser: Anonymiser, text: str) -> Iterator[tuple[Span, str]]:
    """Yield every span that anything finds in `text`, and who; spans overlap where several agree."""
    from pipelines import recognizers

    normalised = normalise(text)
    found: list[Any] = list(recognizers.findings(normalised.text))
    for engine in anonymiser.engines:
        found += engine(normalised.text)
    for entity in found:
        begin, end = normalised.original(entity.start, entity.end)
        yield Span(begin, end, entity.entity_type, entity.score), entity.recognizer
    for span in output_scan.scan(normalised.text):
        begin, end = normalised.original(span.begin, span.end)
        yield span._replace(begin=begin, end=end), "output scan"


def table(anonymiser: Anonymiser, text: str) -> Table:
    """Return a table of the findings in `text`; it holds the text, so show it on a terminal only."""
    rows = Table(title="Found", title_justify="left")
    for header in ("characters", "text", "label", "score", "by"):
        rows.add_column(header)
    for span, name in sorted(findings(anonymiser, text)):
        surface = Text(repr(text[span.begin : span.end])[1:-1])
        rows.add_row(f"{span.begin}-{span.end}", surface, span.label, f"{span.score:.2f}", name)
    return rows
