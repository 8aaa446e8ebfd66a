"""Springer Nature: articles and chapters as JATS (the publisher's programming interface) or A++."""

from pipelines.formats import aplusplus, jats
from pipelines.ingest import Source
from pipelines.sources._publications import article_reader

NAME = "springer_nature"

SOURCE = Source(
    name=NAME,
    licence="As agreed with the publisher (text and data mining); open-access articles CC BY 4.0",
    readers=(
        article_reader(NAME, "aplusplus", aplusplus.read, lambda path, head: aplusplus.accepts(head)),
        article_reader(NAME, "jats", jats.read, lambda path, head: jats.accepts(head)),
    ),
)
