"""Thieme: journal articles as JATS, handbooks and textbooks as BITS."""

from pipelines.formats import jats
from pipelines.ingest import Source
from pipelines.sources._publications import article_reader

NAME = "thieme"

SOURCE = Source(
    name=NAME,
    licence="As agreed with the publisher (text and data mining)",
    readers=(article_reader(NAME, "jats", jats.read, lambda path, head: jats.accepts(head)),),
)
