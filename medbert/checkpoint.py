"""Checkpoints: written whole or not at all, the last good one found again."""

import errno
import os
from pathlib import Path
from typing import Any

import torch

KEPT = 2


def write(folder: Path, step: int, state: dict[str, Any]) -> Path:
    """Write `state` as the checkpoint of `step`, atomically, and drop all but the last two.

    Raises OSError naming the folder where the disk is full; earlier checkpoints are left as they are.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"step-{step:08d}.pt"
    temporary = folder / f".{path.name}.{os.getpid()}"
    try:
        with temporary.open("wb") as stream:
            torch.save(state, stream)
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(path)
    except (OSError, RuntimeError) as error:
        temporary.unlink(missing_ok=True)
        if getattr(error, "errno", None) == errno.ENOSPC or "PytorchStreamWriter" in str(error):
            message = f"the disk of {folder} is full: checkpoint {step} was not written, earlier ones are whole"
            raise OSError(errno.ENOSPC, message) from None
        raise
    for old in checkpoints(folder)[:-KEPT]:
        old.unlink()
    return path


def checkpoints(folder: Path) -> list[Path]:
    """Return the checkpoints in `folder`, oldest first."""
    return sorted(folder.glob("step-*.pt"))


def read(folder: Path) -> dict[str, Any] | None:
    """Return the newest checkpoint that can be read, None where there is none."""
    for path in reversed(checkpoints(folder)):
        try:
            return torch.load(path, map_location="cpu", weights_only=True)
        except (RuntimeError, EOFError, OSError, ValueError):
            continue
    return None
