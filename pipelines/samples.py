"""Synthetic raw files of all ten sources, any number of documents, with gold beside them.

python -m pipelines.samples --documents 2000 --output build/samples --seed 1
"""

import argparse
import shutil
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from pipelines.sampling import plan
from pipelines.sampling.benchmarks import BENCHMARKS, DOCUMENTS, LABEL_NOISE, write_benchmark
from pipelines.sampling.broken import BROKEN
from pipelines.sampling.corpus import Corpus, canary_strings
from pipelines.sampling.gold import Gold
from pipelines.sampling.layout import Layout, OutputFile, own_id
from pipelines.sampling.progress import Progress, progress
from pipelines.sampling.record import Record

GOLD = ".gold"
VERSION = 1
"""Raised whenever the same arguments give other bytes."""


def write_samples(output: Path, documents: int, seed: int, clean: bool = False, show: Progress | None = None) -> None:
    """Write `documents` synthetic documents below `output`, a folder a source, and the gold in `.gold`.

    Equal arguments give equal bytes. Raises ValueError where there are too few documents for ten
    sources, or where `output` holds files that no earlier run has written.
    """
    corpus = Corpus(seed, plan.counts(documents), clean)
    layouts = {source: Layout(source, count) for source, count in corpus.totals.items()}
    _prepare(output)
    gold = Gold(output / GOLD, corpus, layouts)
    for source, layout in layouts.items():
        for file in layout.files():
            path = output / source / file.path
            path.parent.mkdir(parents=True, exist_ok=True)
            file.form.write(str(path), _records(corpus, layout, file, gold, show))
        if not clean:
            for name, reason, write in BROKEN.get(source, ()):
                (output / source / name).parent.mkdir(parents=True, exist_ok=True)
                write(str(output / source / name), corpus)
                gold.reject_file(source, name, reason)
    gold.finish(
        {"version": VERSION, "seed": seed, "documents": documents, "clean": clean, "sources": dict(corpus.totals)},
        canary_strings(),
    )


def _prepare(output: Path) -> None:
    """Remove what an earlier run wrote; refuse a folder that holds anything else."""
    if not output.is_dir():
        return
    ours = {GOLD, *plan.PROPORTIONS}
    found = sorted(item.name for item in output.iterdir())
    if found and (not (output / GOLD).is_dir() or not ours.issuperset(found)):
        raise ValueError(f"{output}: holds files that this command did not write; name another folder")
    for name in found:
        shutil.rmtree(output / name)


def _records(corpus: Corpus, layout: Layout, file: OutputFile, gold: Gold, show: Progress | None) -> Iterator[Record]:
    for slot in range(file.start, file.stop):
        number = layout.number(slot)
        record = corpus.record(layout.source, number)
        record = replace(record, identity=own_id(layout.source, number), key=layout.key(number))
        if file.form.surface is not None:
            record = replace(record, text=file.form.surface(record))
        gold.add(record, file.path)
        if show is not None:
            show(layout.source, len(record.text))
        yield record


def parser() -> argparse.ArgumentParser:
    """Return the command line."""
    result = argparse.ArgumentParser(prog="python -m pipelines.samples", description=(__doc__ or "").split("\n")[0])
    result.add_argument(
        "--documents", type=int, metavar="N", help="how many documents (default: 2000; of a benchmark 5462)"
    )
    result.add_argument(
        "--output", type=Path, required=True, metavar="DIR", help="the folder to write, a folder a source"
    )
    result.add_argument("--seed", type=int, default=1, metavar="S", help="equal seeds give equal bytes (default: 1)")
    result.add_argument(
        "--benchmark", choices=sorted(BENCHMARKS), help="write labelled chest reports instead (DIR may be a .csv file)"
    )
    result.add_argument(
        "--label-noise",
        type=float,
        default=LABEL_NOISE,
        metavar="SHARE",
        help="of reports with a wrong label (default: 0.02)",
    )
    result.add_argument("--clean", action="store_true", help="no dirt: no non-reports, English or broken files")
    return result


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns its exit status."""
    chosen = parser().parse_args(arguments)
    documents = (DOCUMENTS if chosen.benchmark else 2000) if chosen.documents is None else chosen.documents
    started = time.monotonic()
    try:
        if documents < 1 or not 0 <= chosen.label_noise <= 1:
            raise ValueError("--documents must be positive and --label-noise between 0 and 1")
        if chosen.benchmark:
            write_benchmark(chosen.benchmark, chosen.output, documents, chosen.seed, chosen.label_noise)
            print(f"{documents} synthetic reports of {chosen.benchmark} in {chosen.output}")
            return 0
        with progress(documents) as show:
            write_samples(chosen.output, documents, chosen.seed, chosen.clean, show)
    except (ValueError, OSError) as error:
        print(f"samples: {error}", file=sys.stderr)
        return 2
    rate = documents / max(time.monotonic() - started, 1e-9)
    print(f"{documents} documents in {chosen.output} ({rate:.0f}/s), gold in {chosen.output / GOLD}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
