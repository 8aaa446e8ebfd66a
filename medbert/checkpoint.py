"""Checkpoints: written whole or not at all, the last good one found again."""

import os
import pickle
from pathlib import Path
from typing import Any

import torch

from medbert.disk import naming_a_full_disk

KEPT = 2


def write(folder: Path, step: int, state: dict[str, Any]) -> Path:
    """Write `state` as the checkpoint of `step`, atomically, and drop all but the last two.

    Raises OSError naming the folder where the disk is full; earlier checkpoints are left as they are.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"step-{step:08d}.pt"
    temporary = folder / f".{path.name}.{os.getpid()}"
    try:
        with naming_a_full_disk(folder), temporary.open("wb") as stream:
            _save(state, stream)
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    for old in checkpoints(folder)[:-KEPT]:
        old.unlink()
    return path


def _save(state: dict[str, Any], stream: Any) -> None:
    try:
        torch.save(state, stream)
    except RuntimeError as error:
        # torch's writer hides the error of the stream behind its own, which it raises when it closes
        cause = error.__context__
        while cause is not None and not isinstance(cause, OSError):
            cause = cause.__context__
        raise cause or error from None


def checkpoints(folder: Path) -> list[Path]:
    """Return the checkpoints in `folder`, oldest first."""
    return sorted(folder.glob("step-*.pt"))


def read(folder: Path) -> dict[str, Any] | None:
    """Return the newest checkpoint that can be read, None where there is none."""
    for path in reversed(checkpoints(folder)):
        try:
            return torch.load(path, map_location="cpu", weights_only=True)
        except (RuntimeError, EOFError, OSError, ValueError, pickle.UnpicklingError):
            continue
    return None
