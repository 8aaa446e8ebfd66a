"""What a recognizer finds: a labelled stretch of text; and how findings become one non-overlapping list."""

from collections.abc import Iterable
from typing import NamedTuple

from schemas.entities import LABELS

PRECEDENCE = {label: rank for rank, label in enumerate(LABELS)}


class Entity(NamedTuple):
    """A stretch of text with its label; the fields are named as those of Presidio's `RecognizerResult`.

    `start` and `end` are string indices (end exclusive), `score` is in 0..1, `recognizer` says which one found it.
    Presidio's own class is not used here because importing it takes seconds (it loads torch where that is installed).
    """

    entity_type: str
    start: int
    end: int
    score: float
    recognizer: str

    def moved(self, distance: int) -> "Entity":
        """Return the entity `distance` characters further on."""
        return self._replace(start=self.start + distance, end=self.end + distance)


def merge(entities: Iterable[Entity]) -> list[Entity]:
    """Return non-overlapping entities in the order of the text that cover all that `entities` cover.

    Overlapping ones become their union, which takes the label of the longest; of equally long ones that of the
    highest score, then that which comes first in `schemas.entities.LABELS`.
    """
    merged: list[Entity] = []
    group: list[Entity] = []
    end = -1
    for entity in sorted(entities, key=lambda each: (each.start, each.end)):
        if group and entity.start >= end:
            merged.append(_union(group, end))
            group = []
        group.append(entity)
        end = max(end, entity.end) if len(group) > 1 else entity.end
    if group:
        merged.append(_union(group, end))
    return merged


def _union(group: list[Entity], end: int) -> Entity:
    if len(group) == 1:
        return group[0]
    best = min(group, key=lambda each: (each.start - each.end, -each.score, PRECEDENCE[each.entity_type]))
    return best._replace(start=group[0].start, end=end)
