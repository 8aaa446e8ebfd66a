"""The street: memory, linearity, workers and MB/s of each stage.

    python -m tests.benchmarks.street --megabytes 10 100 [--workers 2] [--pass-through]

Generates radiology reports as JSON Lines, builds the corpus in a process of its own and watches the
memory of that process and its children. `--pass-through` replaces de-identification, which takes most
of the time, by a copy: it shows memory and speed of everything else at sizes that would take hours.
"""

import argparse
import json
import random
import resource
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from pathlib import Path

import psutil

from pipelines import build_corpus, part, samples
from schemas.document import Document, RawDocument
from tests.benchmarks.report import report

POOL_DOCUMENTS = 2_000
KEY = "0123456789abcdef0123456789abcdef"


def line_pool(folder: Path) -> list[str]:
    """Return the lines of generated clinical texts, from which any number of reports is put together."""
    samples.write_samples(folder, POOL_DOCUMENTS, seed=1)
    with (folder / ".gold" / "entities.jsonl").open(encoding="utf-8") as gold:
        texts = [json.loads(line)["text"] for line in gold]
    return [line for text in texts for line in text.split("\n") if line.strip()]


def write_input(folder: Path, pool: list[str], megabytes: int, seed: int) -> int:
    """Write about `megabytes` of reports as JSON Lines for radiology_reports and return the bytes of text."""
    target, size, number, rng = folder / "radiology_reports" / "ris.jsonl", 0, 0, random.Random(seed)
    target.parent.mkdir(parents=True)
    with target.open("w", encoding="utf-8") as lines:
        while size < megabytes * 1_000_000:
            text = "\n".join(rng.choices(pool, k=rng.randint(6, 30)))
            lines.write(json.dumps({"Accession": f"A{number}", "Befund": text}, ensure_ascii=False) + "\n")
            size += len(text.encode())
            number += 1
    return size


class MemoryWatch:
    """The highest resident memory, in bytes, that any process of a tree had."""

    def __init__(self, process: psutil.Process) -> None:
        self.process, self.peak, self.running = process, 0, True
        self.thread = threading.Thread(target=self._watch, daemon=True)
        self.thread.start()

    def _watch(self) -> None:
        while self.running:
            try:
                for process in [self.process, *self.process.children(recursive=True)]:
                    self.peak = max(self.peak, process.memory_info().rss)
            except psutil.NoSuchProcess:
                pass
            time.sleep(0.2)


def build(source: Path, output: Path, workers: int, pass_through: bool) -> tuple[float, float, float, dict[str, float]]:
    """Return wall seconds, CPU seconds, peak bytes of a process and run.json's CPU seconds by stage."""
    command = [sys.executable, "-m", "tests.benchmarks.street", "--child", str(source), str(output), str(workers)]
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    process = subprocess.Popen([*command, *(["--pass-through"] if pass_through else [])])
    watch = MemoryWatch(psutil.Process(process.pid))
    if process.wait():
        raise SystemExit(f"the build ended with code {process.returncode}")
    watch.running = False
    wall, after = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    run = json.loads((output / "run.json").read_text())
    return wall, cpu, watch.peak, run["cpu_seconds"]


def child(source: str, output: str, workers: str, pass_through: bool) -> int:
    """Build in this process; `pass_through` works with one worker, whose modules are this process's."""
    if pass_through:

        def copy(raw: RawDocument) -> Document:
            return Document(raw.id, raw.source, raw.text, raw.title, {}, raw.text)

        part.anonymiser = lambda settings: copy  # type: ignore[assignment]
    key = Path(output).parent / "key"
    key.write_text(KEY)
    arguments = [f"--input={source}", f"--output={output}", f"--workers={workers}", "--sources=radiology_reports"]
    return build_corpus.main([*arguments, f"--surrogate-key-file={key}", "--progress=quiet"])


def measure(megabytes: Sequence[int], workers: int, pass_through: bool) -> None:
    """Print peak memory, time and MB/s for each size, and the gain of `workers` at the smallest."""
    kind = "pass-through" if pass_through else "whole street"
    walls: list[tuple[int, float]] = []
    with tempfile.TemporaryDirectory() as folder:
        pool = line_pool(Path(folder))
    for index, size in enumerate(megabytes):
        with tempfile.TemporaryDirectory() as folder:
            source, output = Path(folder, "in"), Path(folder, "out")
            text = write_input(source, pool, size, seed=size)
            wall, cpu, peak, stages = build(source, output, 1, pass_through)
            walls.append((text, wall))
            report(f"peak_memory_{size}MB", peak / 1e6, f"MB a process ({kind})")
            report(f"wall_{size}MB", wall, "s")
            report(f"cpu_{size}MB", cpu, "s")
            for stage, seconds in sorted(stages.items()):
                report(f"stage_{stage}_{size}MB", text / 1e6 / max(seconds, 1e-9), "MB/s of text")
            others = sum(seconds for stage, seconds in stages.items() if stage != "anonymise")
            report(f"all_but_deidentification_{size}MB", text / 1e6 / others, "MB/s of text per core")
            if index == 0 and workers > 1 and not pass_through:
                shutil.rmtree(output)
                parallel = build(source, output, workers, pass_through)[0]
                report("wall_of_workers", parallel, f"s with {workers} workers", "one worker", wall / parallel)
    if len(walls) > 1:
        (small, first), (large, last) = walls[0], walls[-1]
        report("growth", (last / first) / (large / small), "time ratio over size ratio; 1 is linear")


def main() -> int:
    """Read the command line."""
    if "--child" in sys.argv:
        position = sys.argv.index("--child")
        return child(*sys.argv[position + 1 : position + 4], pass_through="--pass-through" in sys.argv)
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--megabytes", type=int, nargs="+", default=[5, 20])
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--pass-through", action="store_true")
    arguments = parser.parse_args()
    measure(arguments.megabytes, arguments.workers, arguments.pass_through)
    return 0


if __name__ == "__main__":
    sys.exit(main())
