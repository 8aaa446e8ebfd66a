"""The recognizers as Presidio's own: `EntityRecognizer` objects for its registry and analyzer engine.

They are kept apart from the functions that they wire, because importing presidio_analyzer takes seconds.
"""

from types import ModuleType
from typing import Any

from presidio_analyzer import EntityRecognizer, RecognizerRegistry, RecognizerResult

from pipelines.recognizers.entity import Entity
from pipelines.recognizers.tokens import tokenize


class FamilyRecognizer(EntityRecognizer):
    """One family of recognizers, such as pipelines.recognizers.date, for Presidio."""

    def __init__(self, family: ModuleType) -> None:
        self.family = family
        super().__init__(
            supported_entities=list(family.ENTITIES), name=f"German {family.NAME} recognizer", supported_language="de"
        )

    def load(self) -> None:
        """Read the lexicons now. Raises OSError or ValueError where one is missing."""
        tokenize("")

    def analyze(self, text: str, entities: list[str], nlp_artifacts: Any = None) -> list[RecognizerResult]:
        """Return the findings of this family; needs no artifacts of a language model."""
        return [result(entity) for entity in self.family.find(tokenize(text)) if entity.entity_type in entities]


def result(entity: Entity) -> RecognizerResult:
    """Return an entity as Presidio's result."""
    return RecognizerResult(entity.entity_type, entity.start, entity.end, entity.score)


def make_recognizers(families: tuple[ModuleType, ...]) -> list[EntityRecognizer]:
    """Return a recognizer for each family."""
    return [FamilyRecognizer(family) for family in families]


def make_registry(families: tuple[ModuleType, ...]) -> RecognizerRegistry:
    """Return a registry for German that holds these recognizers and no others."""
    return RecognizerRegistry(recognizers=make_recognizers(families), supported_languages=["de"])
