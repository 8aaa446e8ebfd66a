"""Time, storage and memory of builds too large to try, from measured figures; prints the tables of docs/scale.md.

    python scripts/scale.py --corpus DIR --near-duplicates FILE --save docs/scale.json   # take up measurements
    python scripts/scale.py                                                              # print the tables

DIR is a finished build of one worker; FILE holds what `python -m tests.benchmarks.near_duplicates --documents N
--smaller M` printed, N of at least 200,000. Model: passes over text cost as much a byte at any size and are spread
over all cores; what near-duplicates cost a document grows with the number of documents by the power that the two
sizes show.
"""

import argparse
import json
import math
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
MEASURED = ROOT / "docs" / "scale.json"
CARD = ROOT / "pipelines" / "reporting" / "published_card.json"
CORES = (1, 16, 256)
TIMES = (1, 1000)
SPLIT_BYTES = 16 * 1024 * 1024
"""The largest split, pipelines.splits.LARGEST: so many parts a corpus has at least."""


@dataclass(frozen=True)
class Measured:
    """What was measured; `near_duplicates` holds (documents, CPU seconds, peak bytes) of two sizes."""

    finished: str
    documents: int
    text_bytes: int
    stages: dict[str, float]
    shards: float
    shard_bytes: int
    signature_bytes: int
    peak_bytes: int
    near_duplicates: tuple[tuple[int, float, int], tuple[int, float, int]]


@dataclass(frozen=True)
class Projection:
    """CPU seconds by pass, bytes on disk and in the driver's memory, and parts of a corpus of a certain size."""

    parts: float
    near_duplicates: float
    shards: float
    shard_bytes: float
    signature_bytes: float
    driver_bytes: float
    files: int

    @property
    def total(self) -> float:
        return self.parts + self.near_duplicates + self.shards

    def hours(self, cores: int, spread: bool) -> float:
        """Return the hours on `cores`, with near-duplicates spread over them or, at worst, on one."""
        near = self.near_duplicates / (cores if spread else 1)
        return ((self.parts + self.shards) / cores + near) / 3600


def folder_bytes(folder: Path) -> int:
    """Return the bytes of all files below `folder`."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def read_benchmark(path: Path) -> list[tuple[int, float, int]]:
    """Return (documents, CPU seconds, peak bytes) of each size in a benchmark's JSON lines, smallest first."""
    values: dict[str, list[float]] = {}
    for line in path.read_text("utf-8").splitlines():
        measure = json.loads(line)
        values.setdefault(measure["measure"], []).append(measure["value"])
    columns = (values[f"scale_{name}"] for name in ("documents", "cpu", "peak_memory"))
    return sorted((int(count), cpu, int(peak * 1e9)) for count, cpu, peak in zip(*columns, strict=True))


def measure(corpus: Path, benchmark: Path) -> Measured:
    """Return the figures of a finished build and of a benchmark of near-duplicates. Raises OSError, ValueError."""
    run = json.loads((corpus / "run.json").read_text("utf-8"))
    manifest = json.loads((corpus / "manifest.json").read_text("utf-8"))
    sizes = read_benchmark(benchmark)
    if len(sizes) < 2:
        raise ValueError(f"{benchmark}: figures of two sizes are needed")
    return Measured(
        finished=run["finished"][:10],
        documents=manifest["statistics"]["full"]["summary"]["documents"],
        text_bytes=run["text_bytes"],
        stages=run["cpu_seconds"],
        shards=run["pass_cpu_seconds"]["shards"],
        shard_bytes=folder_bytes(corpus / "data"),
        signature_bytes=folder_bytes(corpus / "signatures"),
        peak_bytes=run["peak_memory_bytes"]["driver"],
        near_duplicates=(sizes[0], sizes[-1]),
    )


def growth(measured: Measured) -> float:
    """Return the power of the number of documents by which the CPU seconds of near-duplicates grow, at least 1.

    Start-up makes small sizes look as if it were less.
    """
    (few, short, _), (many, long, _) = measured.near_duplicates
    return max(1.0, math.log(long / short) / math.log(many / few))


def project(measured: Measured, documents: float, text_bytes: float) -> Projection:
    """Return what a corpus of so many kept documents and bytes costs."""
    (few, _, small), (many, seconds, large) = measured.near_duplicates
    times = text_bytes / measured.text_bytes
    return Projection(
        parts=sum(measured.stages.values()) * times,
        near_duplicates=seconds * (documents / many) ** growth(measured),
        shards=measured.shards * times,
        shard_bytes=measured.shard_bytes * times,
        signature_bytes=measured.signature_bytes * times,
        driver_bytes=large + (large - small) / (many - few) * (documents - many),
        files=math.ceil(text_bytes / SPLIT_BYTES),
    )


def table(header: list[str], rows: list[list[str]]) -> list[str]:
    """Return the lines of a Markdown table, figures to the right."""
    rule = ["---", *["--:"] * (len(header) - 1)]
    return [f"| {' | '.join(cells)} |" for cells in (header, rule, *rows)]


def span(hours: float) -> str:
    """Return a time in the unit that suits it, two digits that count."""
    for unit, length in (("years", 8766.0), ("days", 24.0), ("h", 1.0), ("min", 1 / 60)):
        if hours >= 2 * length or unit == "min":
            return f"{float(f'{hours / length:.2g}'):,g} {unit}"
    raise AssertionError


def size(count: float) -> str:
    """Return a number of bytes in the unit that suits it, two digits that count."""
    for unit, length in (("TB", 1e12), ("GB", 1e9), ("MB", 1e6)):
        if count >= length or unit == "MB":
            return f"{float(f'{count / length:.2g}'):,g} {unit}"
    raise AssertionError


def pages(measured: Measured) -> str:
    """Return the tables as Markdown."""
    card = json.loads(CARD.read_text("utf-8"))["summary"]
    projections = {
        times: project(measured, card["documents"] * times, card["megabytes"] * 1e6 * times) for times in TIMES
    }
    whole = sum(measured.stages.values())
    rates = [
        [name, f"{spent:,.1f}", f"{measured.text_bytes / 1e6 / spent:,.2f}"] for name, spent in measured.stages.items()
    ]
    rates += [
        ["**first pass**", f"{whole:,.1f}", f"{measured.text_bytes / 1e6 / whole:,.3f}"],
        ["shards", f"{measured.shards:,.1f}", f"{measured.text_bytes / 1e6 / measured.shards:,.2f}"],
    ]
    costs = [
        ["CPU hours, first pass", *(f"{p.parts / 3600:,.1f}" for p in projections.values())],
        ["CPU hours, near-duplicates", *(f"{p.near_duplicates / 3600:,.1f}" for p in projections.values())],
        ["CPU hours, shards", *(f"{p.shards / 3600:,.1f}" for p in projections.values())],
        *(
            [
                f"time on {cores} core{'s' if cores > 1 else ''}",
                *(
                    span(p.hours(cores, True))
                    if cores == 1
                    else f"{span(p.hours(cores, True))} to {span(p.hours(cores, False))}"
                    for p in projections.values()
                ),
            ]
            for cores in CORES
        ),
        ["shards on disk", *(size(p.shard_bytes) for p in projections.values())],
        ["signatures on disk", *(size(p.signature_bytes) for p in projections.values())],
        ["parts, at least", *(f"{p.files:,}" for p in projections.values())],
        ["memory of the driver", *(size(p.driver_bytes) for p in projections.values())],
    ]
    (few, short, _), (many, long, _) = measured.near_duplicates
    build = (
        f"Measured {measured.finished}: a build of {measured.documents:,} generated documents, "
        f"{size(measured.text_bytes)} of text, one worker; peak memory {size(measured.peak_bytes)}."
    )
    marking = (
        f"Near-duplicates of generated signatures: {short / few * 1e6:,.0f} µs of CPU a document at {few:,} documents, "
        f"{long / many * 1e6:,.0f} µs at {many:,}: taken to grow as the number to the power of {growth(measured):.2f}."
    )
    header = ["", *(f"the card's corpus{f' × {times:,}' if times > 1 else ''}" for times in TIMES)]
    lines = [build, "", *table(["stage", "CPU s", "MB of text a CPU s"], rates), "", marking, "", *table(header, costs)]
    return "\n".join(lines)


def main() -> int:
    """Run the command line; returns 0, or 2 where figures are missing."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpus", type=Path, metavar="DIR", help="a finished build")
    parser.add_argument("--near-duplicates", type=Path, metavar="FILE", help="output of the benchmark, two sizes")
    parser.add_argument("--save", type=Path, metavar="FILE", help="write the measurements there")
    parser.add_argument("--measured", type=Path, default=MEASURED, metavar="FILE", help="measurements to project from")
    parsed = parser.parse_args()
    try:
        if parsed.corpus and parsed.near_duplicates:
            measured = measure(parsed.corpus, parsed.near_duplicates)
        else:
            measured = Measured(**json.loads(parsed.measured.read_text("utf-8")))
    except (OSError, ValueError, KeyError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    if parsed.save:
        parsed.save.write_text(json.dumps(asdict(measured), indent=2) + "\n", "utf-8")
    print(pages(measured))
    return 0


if __name__ == "__main__":
    sys.exit(main())
