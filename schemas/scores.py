"""What an evaluation found: a figure of a model on a benchmark, with its interval."""

from dataclasses import asdict, dataclass
from typing import Any

METRICS = {
    "auroc": "AUROC",
    "macro_f1": "macro F1",
    "micro_f1": "micro F1",
    "macro_precision": "precision",
    "macro_recall": "recall",
    "micro_precision": "micro precision",
    "micro_recall": "micro recall",
    "auprc": "AUPRC",
    "macro_f1_at_half": "macro F1 at 0.5",
    "micro_f1_at_half": "micro F1 at 0.5",
    "macro_precision_at_half": "precision at 0.5",
    "macro_recall_at_half": "recall at 0.5",
    "micro_precision_at_half": "micro precision at 0.5",
    "micro_recall_at_half": "micro recall at 0.5",
    "token_f1": "F1 per tag",
    "token_precision": "precision per tag",
    "token_recall": "recall per tag",
}
"""The metrics and how a table names them."""


@dataclass(frozen=True, slots=True)
class Score:
    """A model's mean over its fine-tunings on one task by one metric, 0 to 1, and the 95 % interval.

    `mean`, `low` and `high` are None where the figure is undefined. `better_than` names the models that it
    is better than after Holm's correction at 5 %; `best` tells whether those are all the others.
    """

    model: str
    task: str
    metric: str
    mean: float | None
    low: float | None
    high: float | None
    runs: int
    failed: int
    better_than: tuple[str, ...] = ()
    best: bool = False

    def to_json(self) -> dict[str, Any]:
        """Return the object that scores.json holds."""
        return asdict(self) | {"better_than": list(self.better_than)}
