"""The street: memory, linearity, gain of workers and MB/s of each stage, and datatrove beside it.

    python -m tests.benchmarks.street --megabytes 10 100 [--build-workers 2] [--pass-through]

Generates radiology reports as JSON Lines, builds the corpus in a process of its own and watches the
memory of that process and its children. `--pass-through` replaces de-identification, which takes most
of the time, by a copy: it shows memory and speed of everything else at sizes that would take hours.
`--folder` keeps input and output, so that the same command goes on with a build that was broken off.
"""

import argparse
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from pipelines import build_corpus
from tests.benchmarks import street_peer
from tests.benchmarks.report import report
from tests.benchmarks.street_input import line_pool, write_input
from tests.benchmarks.street_worker import pass_through

KEY = "0123456789abcdef0123456789abcdef"
PASSES = {"shards": "finished", "near_duplicates": "pairs", "parts": "."}
"""The passes, last first, and the folder of the work folder by which one sees that a pass has begun."""


class Watch:
    """By pass of a build: the highest resident memory, in bytes, of any process and the CPU seconds of each."""

    def __init__(self, process: psutil.Process, work: Path) -> None:
        self.process, self.work, self.running = process, work, True
        self.peaks = dict.fromkeys(reversed(PASSES), 0)
        self.seconds: dict[str, dict[int, float]] = {name: {} for name in self.peaks}
        self.thread = threading.Thread(target=self._watch, daemon=True)
        self.thread.start()

    def _watch(self) -> None:
        while self.running:
            now = next((name for name, folder in PASSES.items() if (self.work / folder).exists()), "parts")
            try:
                for process in [self.process, *self.process.children(recursive=True)]:
                    self.peaks[now] = max(self.peaks[now], process.memory_info().rss)
                    used = process.cpu_times()
                    self.seconds[now][process.pid] = used.user + used.system
            except psutil.NoSuchProcess:
                pass
            time.sleep(1)

    def longest_way(self) -> float:
        """Return the CPU seconds of the driver and, in each pass, of its busiest worker: what must follow in time."""
        workers = (
            max((spent for pid, spent in found.items() if pid != self.process.pid), default=0.0)
            for found in self.seconds.values()
        )
        return sum(workers) + max(found.get(self.process.pid, 0.0) for found in self.seconds.values())


@dataclass(frozen=True, slots=True)
class Measured:
    """What one build took: wall seconds, CPU seconds that must follow in time, peak bytes by pass, run.json."""

    wall: float
    longest_way: float
    peaks: dict[str, int]
    run: dict

    @property
    def cpu(self) -> float:
        return sum(self.run["pass_cpu_seconds"].values())

    @property
    def megabytes(self) -> float:
        return self.run["text_bytes"] / 1e6


def build(source: Path, output: Path, workers: int, passes_through: bool) -> Measured:
    """Build the corpus of `source` in a process of its own."""
    command = [sys.executable, "-m", "tests.benchmarks.street", "--child", str(source), str(output), str(workers)]
    started = time.perf_counter()
    options = ["--pass-through"] if passes_through else []
    process = subprocess.Popen([*command, *options], stdout=subprocess.DEVNULL)
    watch = Watch(psutil.Process(process.pid), output / ".work")
    if process.wait():
        raise SystemExit(f"the build ended with code {process.returncode}")
    watch.running = False
    run = json.loads((output / "run.json").read_text())
    return Measured(time.perf_counter() - started, watch.longest_way(), watch.peaks, run)


def child(source: str, output: str, workers: str, passes_through: bool) -> int:
    """Build in this process."""
    if passes_through:
        pass_through()
    key = Path(output).parent / "key"
    key.write_text(KEY)
    arguments = [f"--input={source}", f"--output={output}", f"--workers={workers}", "--sources=radiology_reports"]
    return build_corpus.main([*arguments, f"--surrogate-key-file={key}", "--progress=plain"])


@contextmanager
def folder_of(kept: Path | None, name: str) -> Iterator[Path]:
    """Give a folder for a build: one below `kept`, which stays, or a temporary one."""
    if kept is not None:
        yield kept / name
        return
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder)


def report_build(size: int, measured: Measured, workers: int, kind: str) -> None:
    """Print the figures of one build of `size` MB."""
    for name, peak in measured.peaks.items():
        report(f"peak_memory_{name}_{size}MB", peak / 1e6, f"MB a process ({kind})")
    known = measured.run["peak_memory_bytes"]
    report(f"peak_memory_{size}MB", max(known.values()) / 1e6, f"MB a process ({kind}), as the system counts it")
    report(f"wall_{size}MB", measured.wall, f"s with {workers} workers")
    report(f"cpu_{size}MB", measured.cpu, "s")
    report(f"efficiency_{size}MB", measured.cpu / measured.wall / workers, "CPU seconds a worker and wall second")
    for name, seconds in measured.run["wall_seconds"].items():
        report(f"wall_{name}_{size}MB", seconds, "s")
    for name, rate in measured.run["megabytes_per_second"].items():
        report(f"stage_{name}_{size}MB", rate, "MB/s of text")
    others = {name: spent for name, spent in measured.run["cpu_seconds"].items() if name != "anonymise"}
    report(
        f"pass_one_but_deidentification_{size}MB", measured.megabytes / sum(others.values()), "MB/s of text per core"
    )
    rest = measured.cpu - measured.run["cpu_seconds"].get("anonymise", 0.0)
    report(f"all_but_deidentification_{size}MB", measured.megabytes / rest, "MB/s of text per core, start-up and all")


def measure_sizes(arguments: argparse.Namespace, pool: list[str]) -> None:
    """Print peak memory, time and MB/s for each size, and how time grows with it."""
    kind = "pass-through" if arguments.pass_through else "whole street"
    found: list[Measured] = []
    for size in arguments.megabytes:
        with folder_of(arguments.folder, f"{size}MB") as folder:
            write_input(folder / "in", pool, size, seed=size)
            measured = build(folder / "in", folder / "out", arguments.build_workers, arguments.pass_through)
        report_build(size, measured, arguments.build_workers, kind)
        found.append(measured)
    if len(found) > 1:
        small, large = found[0], found[-1]
        ratio = large.megabytes / small.megabytes
        report("growth_wall", large.wall / small.wall / ratio, "time ratio over size ratio; 1 is linear")
        report("growth_cpu", large.cpu / small.cpu / ratio, "time ratio over size ratio; 1 is linear")


def measure_workers(arguments: argparse.Namespace, pool: list[str]) -> None:
    """Print the gain of two workers over one at the smallest size, in alternating rounds.

    Wall time suffers from whatever else the machine does. CPU time says what the gain is where two
    cores are free: all that one worker does, over what the driver and the busier of two workers do.
    """
    size, walls, ways, efficiency = arguments.megabytes[0], {1: [], 2: []}, {1: [], 2: []}, {1: [], 2: []}
    with tempfile.TemporaryDirectory() as folder:
        source, output = Path(folder, "in"), Path(folder, "out")
        write_input(source, pool, size, seed=size)
        for _ in range(arguments.rounds):
            for workers in walls:
                measured = build(source, output, workers, arguments.pass_through)
                walls[workers].append(measured.wall)
                ways[workers].append(measured.longest_way)
                efficiency[workers].append(measured.cpu / measured.wall / workers)
                shutil.rmtree(output)
    medians = {workers: statistics.median(times) for workers, times in walls.items()}
    ways_of = {workers: statistics.median(times) for workers, times in ways.items()}
    report("load_of_the_machine", psutil.getloadavg()[2], "processes that want to run, mean of 15 minutes")
    for workers, shares in efficiency.items():
        report(f"efficiency_{workers}_workers", statistics.median(shares), "CPU seconds a worker and wall second")
    report("wall_one_worker", medians[1], f"s for {size} MB")
    report("wall_two_workers", medians[2], f"s for {size} MB", "one worker", medians[1] / medians[2])
    report("cpu_in_sequence_two_workers", ways_of[2], f"s for {size} MB", "one worker", ways_of[1] / ways_of[2])


def main() -> int:
    """Read the command line."""
    if "--child" in sys.argv:
        position = sys.argv.index("--child")
        source, output, workers = sys.argv[position + 1 : position + 4]
        return child(source, output, workers, "--pass-through" in sys.argv)
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--megabytes", type=int, nargs="+", default=[5, 20])
    parser.add_argument("--build-workers", type=int, default=1, help="worker processes of the builds of each size")
    parser.add_argument("--rounds", type=int, default=1, help="rounds of one worker against two")
    parser.add_argument("--pass-through", action="store_true")
    parser.add_argument("--folder", type=Path, help="keep input and output here")
    parser.add_argument("--datatrove-python", default=sys.executable, help="a Python that has datatrove")
    parser.add_argument("--parts", nargs="+", choices=list(PARTS), default=list(PARTS))
    arguments = parser.parse_args()
    pool = line_pool()
    for part in arguments.parts:
        PARTS[part](arguments, pool)
    return 0


PARTS = {"sizes": measure_sizes, "workers": measure_workers, "datatrove": street_peer.measure}

if __name__ == "__main__":
    sys.exit(main())
