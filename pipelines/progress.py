"""What a running build shows: a live table on a terminal, plain lines in a log, JSON lines for programs.

It reads the accounts and progress files that workers leave in the work folder, whatever the runner,
so it sees counts only and works across processes and machines.
"""

import json
import logging
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from rich.console import Console
from rich.live import Live
from rich.table import Table

from pipelines.splits import Split
from schemas import storage

logger = logging.getLogger("pipelines.build_corpus")
MODES = ("auto", "live", "plain", "json", "quiet")
MISSING = "–"
POLL_SECONDS = {"live": 1.0, "plain": 10.0, "json": 5.0}


@dataclass
class Line:
    """How far one source is: input bytes done of all, documents read and kept, bytes of text kept."""

    total: int = 0
    done: int = 0
    read: int = 0
    kept: int = 0
    text: int = 0

    def add(self, account: Mapping[str, Any], finished: int = 0) -> None:
        self.read += account["read"]
        self.kept += account["kept"]
        self.text += account["bytes"]
        self.done += finished


def weight(split: Split) -> int:
    """Return the bytes of input of `split`, as far as its range tells."""
    size = sum(length for _, length in split.files)
    if split.stop is None:
        return max(size - split.start, 0) if split.start < size else size
    return min(split.stop - split.start, size)


class Progress:
    """Shows pass one while the block runs."""

    def __init__(self, work: str, parts: Mapping[str, Split], mode: str) -> None:
        self.work, self.parts = work, parts
        self.mode = ("live" if sys.stderr.isatty() else "plain") if mode == "auto" else mode
        self.started = time.monotonic()
        self.finished: dict[str, Mapping[str, Any]] = {}
        self.shown: Mapping[str, Line] = {}
        self.active: dict[str, float] = {}
        self.looked = self.started
        self.stopping = threading.Event()
        self.thread = threading.Thread(target=self._run, name="progress", daemon=True)

    def __enter__(self) -> Self:
        if self.mode != "quiet":
            self.thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self.stopping.set()
        if self.thread.is_alive():
            self.thread.join()

    def lines(self) -> dict[str, Line]:
        """Return how far each source is, from the files in the work folder."""
        for path, _ in storage.list_files(storage.join(self.work, "accounts")):
            part = path.removesuffix(".json")
            if part in self.parts and part not in self.finished:
                self.finished[part] = storage.read_json(storage.join(self.work, "accounts", path))
        lines: dict[str, Line] = {}
        for part, split in self.parts.items():
            line = lines.setdefault(split.source, Line())
            line.total += weight(split)
            if part in self.finished:
                line.add(self.finished[part], weight(split))
        for path, _ in storage.list_files(storage.join(self.work, "progress")):
            part = path.removesuffix(".json")
            if part in self.parts and part not in self.finished:
                try:
                    lines[self.parts[part].source].add(storage.read_json(storage.join(self.work, "progress", path)))
                except (OSError, ValueError):
                    continue  # the part was finished in between
        return lines

    def _run(self) -> None:
        if self.mode == "live":
            with Live(console=Console(stderr=True), refresh_per_second=2, transient=True) as live:
                while not self.stopping.wait(POLL_SECONDS["live"]):
                    live.update(self.look(time.monotonic()))
            return
        while not self.stopping.wait(POLL_SECONDS[self.mode]):
            self.say(self.lines())

    def say(self, lines: Mapping[str, Line]) -> None:
        """Log one line, or print one JSON object, of the sums."""
        seconds = time.monotonic() - self.started
        total = sum_of(lines)
        if self.mode == "json":
            figures = {"seconds": round(seconds, 1), **vars(total)}
            print(json.dumps(figures), file=sys.stderr, flush=True)
            return
        logger.info(
            "%5.1f %% of input, %s documents read, %s kept, %.2f MB/s of text, %d s",
            100 * total.done / max(total.total, 1),
            f"{total.read:,}",
            f"{total.kept:,}",
            total.text / 1e6 / max(seconds, 1e-9),
            seconds,
        )

    def look(self, now: float) -> Table:
        """Return the live display at the time `now`; a source's rate is that of the seconds in which it moved."""
        lines = self.lines()
        for name, line in lines.items():
            if line != self.shown.get(name, Line(total=line.total)):
                self.active[name] = self.active.get(name, 0.0) + now - self.looked
        self.shown, self.looked = lines, now
        return table(lines, self.active, now - self.started)


def sum_of(lines: Mapping[str, Line]) -> Line:
    """Return the sum of all sources."""
    return Line(*(sum(getattr(line, name) for line in lines.values()) for name in Line.__dataclass_fields__))


def time_left(line: Line, seconds: float) -> str:
    """Return how long `line` needs if it goes on as in its `seconds` so far."""
    if line.done >= line.total:
        return "done"
    return f"{seconds * (line.total - line.done) / line.done:,.0f} s" if line.done and seconds else "…"


def table(lines: Mapping[str, Line], active: Mapping[str, float], seconds: float) -> Table:
    """Return the live display: a row for each source with its seconds of work, then all after `seconds`."""
    shown = Table(title="de-identifying", title_style="bold")
    for header in ("source", "input", "read", "kept", "rejected", "MB/s", "time left"):
        shown.add_column(header, justify="left" if header == "source" else "right")
    rows = [(name, line, active.get(name, 0.0)) for name, line in lines.items()]
    for name, line, spent in [*rows, ("all", sum_of(lines), seconds)]:
        if name == "all":
            shown.add_section()
        shown.add_row(
            name,
            f"{100 * line.done / line.total if line.total else 100:.0f} %",
            f"{line.read:,}",
            f"{line.kept:,}",
            f"{line.read - line.kept:,}",
            f"{line.text / 1e6 / spent:.2f}" if spent and line.text else MISSING,
            time_left(line, spent),
        )
    return shown
