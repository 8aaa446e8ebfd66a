"""Input of any size for the street: radiology reports as JSON Lines, put together from generated lines."""

import json
import os
import random
import tempfile
from pathlib import Path

from pipelines import samples

POOL_DOCUMENTS = 2_000
LINES = 6, 30
"""Fewest and most lines of a report; their mean makes 1.9 kB, about that of the published corpus."""

COPY_EVERY, REMEMBERED = 10, 1_000
"""Each tenth report repeats one of the last thousand with one line changed."""


def line_pool() -> list[str]:
    """Return the lines of generated clinical texts, from which any number of reports is put together."""
    with tempfile.TemporaryDirectory() as folder:
        samples.write_samples(Path(folder), POOL_DOCUMENTS, seed=1)
        with Path(folder, ".gold", "entities.jsonl").open(encoding="utf-8") as gold:
            texts = [json.loads(line)["text"] for line in gold]
    return [line for text in texts for line in text.split("\n") if line.strip()]


def write_input(folder: Path, pool: list[str], megabytes: int, seed: int) -> None:
    """Write `megabytes` of text as reports of radiology_reports, unless they are there."""
    target, size, number, rng = folder / "radiology_reports" / "ris.jsonl", 0, 0, random.Random(seed)
    if target.exists():
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    remembered: list[list[str]] = []
    temporary = target.with_name(".ris.jsonl")
    with temporary.open("w", encoding="utf-8") as stream:
        while size < megabytes * 1_000_000:
            lines = rng.choices(pool, k=rng.randint(*LINES))
            if number % COPY_EVERY == COPY_EVERY - 1:
                lines = [lines[0], *rng.choice(remembered)[1:]]
            elif len(remembered) < REMEMBERED:
                remembered.append(lines)
            else:
                remembered[rng.randrange(REMEMBERED)] = lines
            text = "\n".join(lines)
            stream.write(json.dumps({"Accession": f"A{number}", "Befund": text}, ensure_ascii=False) + "\n")
            size += len(text.encode())
            number += 1
    os.replace(temporary, target)
