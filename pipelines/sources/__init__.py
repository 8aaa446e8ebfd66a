"""The ten sources: one module each, collected here by name."""

import importlib
from collections.abc import Iterable
from functools import cache

from pipelines.ingest import Source
from schemas.document import SOURCES


@cache
def source(name: str) -> Source:
    """Return the source `name`, one of `schemas.document.SOURCES`."""
    return importlib.import_module(f"pipelines.sources.{name}").SOURCE


def sources(names: Iterable[str] = SOURCES) -> dict[str, Source]:
    """Return the sources `names`, in the order of the published table.

    Raises ValueError naming a source that does not exist.
    """
    wanted = set(names)
    if unknown := sorted(wanted - set(SOURCES)):
        raise ValueError(f"unknown source {', '.join(unknown)}; there are {', '.join(SOURCES)}")
    return {name: source(name) for name in SOURCES if name in wanted}
