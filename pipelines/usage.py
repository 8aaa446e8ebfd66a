"""What a build costs: wall and CPU seconds of each pass, peak memory of its processes."""

import ctypes
import resource
import sys
import time
from pathlib import Path

import pyarrow as pa

_STATUS = Path("/proc/self/status")


def peak_memory() -> int:
    """Return the most bytes of resident memory that this process has had."""
    try:
        lines = _STATUS.read_text("ascii", "replace").splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:"))
    except (OSError, StopIteration):
        return _maximum(resource.RUSAGE_SELF)  # on Linux it would count what the parent held at the fork


def peak_memory_of_children() -> int:
    """Return the most bytes of resident memory that any ended child, or child of a child, has had."""
    return _maximum(resource.RUSAGE_CHILDREN)


def _maximum(who: int) -> int:
    return resource.getrusage(who).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def release_memory() -> None:
    """Give free memory back to the system: else what one stage leaves behind adds to what the next one needs."""
    pa.default_memory_pool().release_unused()
    if sys.platform == "linux":
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # of glibc alone
        if trim is not None:
            trim(0)


def cpu_seconds() -> float:
    """Return the CPU seconds of this process, its children that have ended and theirs."""
    used = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(one.ru_utime + one.ru_stime for one in used)


class PassClock:
    """Wall and CPU seconds by pass; workers count where they are children that have ended, so on this machine."""

    def __init__(self) -> None:
        self.wall: dict[str, float] = {}
        self.cpu: dict[str, float] = {}
        self._last = time.monotonic(), cpu_seconds()

    def lap(self, name: str) -> None:
        """Charge what was spent since the last lap to the pass `name`."""
        now = time.monotonic(), cpu_seconds()
        self.wall[name], self.cpu[name] = now[0] - self._last[0], now[1] - self._last[1]
        self._last = now
