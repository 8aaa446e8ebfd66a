"""The greatest memory of a stretch of work: of the device where there is one, else of the whole process."""

import contextlib
import sys
from pathlib import Path

import torch

STATUS, CLEAR = Path("/proc/self/status"), Path("/proc/self/clear_refs")


def start(device: str) -> None:
    """Forget earlier peaks; on systems without /proc nothing is measured (`peak` returns None)."""
    if device.startswith("cuda"):
        torch.cuda.reset_peak_memory_stats()
    elif sys.platform == "linux":
        with contextlib.suppress(OSError):
            CLEAR.write_text("5")  # resets the peak resident set (man 5 proc)


def peak(device: str) -> int | None:
    """Return the bytes of the peak since `start`: allocated on the device, or resident in the process."""
    if device.startswith("cuda"):
        return torch.cuda.max_memory_allocated()
    try:
        lines = STATUS.read_text().splitlines()
    except OSError:
        return None
    return next((1024 * int(line.split()[1]) for line in lines if line.startswith("VmHWM:")), None)
