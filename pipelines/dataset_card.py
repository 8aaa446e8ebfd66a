"""The output folder as a data set: `README.md`, the card that Hugging Face reads, and `croissant.json`.

    python -m pipelines.dataset_card --corpus DIR

A build writes both; the command is for corpora built before.
"""

import argparse
import sys
from collections.abc import Sequence

from pipelines.report import markdown_table
from pipelines.reporting.croissant import COLUMNS, croissant
from pipelines.reporting.tables import NOTES, VARIANT_NAMES, corpus_table
from schemas import storage
from schemas.document import SHARD_SCHEMA
from schemas.manifest import SUMMARY, VARIANTS, Manifest

SNIPPETS = {
    "datasets": """\
from datasets import load_dataset

full = load_dataset(corpus, "full", split="train")
dedup = load_dataset(corpus, "dedup", split="train")
counts = len(full), len(dedup)""",
    "DuckDB": """\
import duckdb

counts = duckdb.sql(
    f"SELECT count(*), count(*) FILTER (duplicate_of IS NULL) FROM '{corpus}/data/*.parquet'"
).fetchall()[0]""",
    "Polars": """\
import polars

full = polars.scan_parquet(f"{corpus}/data/*.parquet").select("id", "text", "duplicate_of").collect()
counts = len(full), len(full.filter(polars.col("duplicate_of").is_null()))""",
    "pandas": """\
import pandas

full = pandas.read_parquet(f"{corpus}/data")
counts = len(full), len(full[full.duplicate_of.isna()])""",
}
"""How the corpus in the folder `corpus` is opened; each ends with the number of documents of both variants."""

EXIT_CODES = """exit codes:
  0  README.md and croissant.json are written
  2  no finished corpus there
"""


def size_category(documents: int) -> str:
    """Return the class of size of the data set, as Hugging Face names them."""
    steps = [(1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M")]
    return next((name for limit, name in steps if documents < limit), "1M<n<10M" if documents < 10**7 else "n>10M")


def front_matter(manifest: Manifest) -> str:
    """Return the card's YAML: the configurations full and dedup.

    The filter's set holds an empty string, which is no id, because a set of null alone has no type.
    """
    lines = ["language: de", "license: other", "license_name: by-source", "pretty_name: German medical corpus"]
    lines += ["task_categories: [fill-mask]", "tags: [medical, clinical, de-identified]"]
    lines += [f"size_categories: ['{size_category(manifest.statistics['full'][SUMMARY].documents)}']", "configs:"]
    for variant in VARIANTS:
        lines += [f"- config_name: {variant}", *(["  default: true"] if variant == "full" else [])]
        lines += ["  data_files:", "  - split: train", "    path: data/*.parquet"]
        lines += ['  filters: [[[duplicate_of, in, ["", null]]]]'] if variant == "dedup" else []
    return "\n".join(["---", *lines, "---"])


def card(manifest: Manifest) -> str:
    """Return `README.md` of the corpus of `manifest`."""
    blocks = [front_matter(manifest), "# German medical corpus"]
    blocks.append(
        "German medical texts of ten sources, de-identified and marked for near-duplicates. De-identification is "
        "measured, not perfect: handle the corpus as personal data. Each source keeps its own licence."
    )
    for variant in VARIANTS:
        table = corpus_table(manifest.statistics.get(variant, {}))
        blocks += [f"## {VARIANT_NAMES[variant]} (`{variant}`)", markdown_table(table.header, table.cells)]
    blocks += [NOTES, "## Columns"]
    columns = [(f"`{field.name}`", str(field.type), COLUMNS[field.name]) for field in SHARD_SCHEMA]
    blocks += ["\n".join(["| Column | Type | Content |", "|---|---|---|", *(f"| {' | '.join(c)} |" for c in columns)])]
    blocks += ["## Opening it", "The dedup variant is the rows whose `duplicate_of` is null. `corpus` is this folder."]
    for name, snippet in SNIPPETS.items():
        blocks += [f"### {name}", f"```python\n{snippet}\n```"]
    blocks.append(
        f"Made by version {manifest.version}, fingerprint `{manifest.fingerprint}`. Figures in full: report.html, "
        "statistics.json; shards with their SHA-256: manifest.json."
    )
    return "\n\n".join(blocks) + "\n"


def write_dataset_card(corpus: str, manifest: Manifest) -> None:
    """Write `README.md` and `croissant.json` into `corpus`, a folder or URL: equal manifests give equal bytes."""
    storage.write_json(storage.join(corpus, "croissant.json"), croissant(manifest))
    with storage.atomic_write(storage.join(corpus, "README.md")) as stream:
        stream.write(card(manifest).encode())


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return 0, or 2 where there is no manifest."""
    parser = argparse.ArgumentParser(
        "python -m pipelines.dataset_card",
        description="Describe a corpus as a data set.",
        epilog=EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--corpus", required=True, metavar="DIR", help="folder or URL of a finished build")
    corpus = parser.parse_args(arguments).corpus
    try:
        write_dataset_card(corpus, Manifest.read(storage.join(corpus, "manifest.json")))
    except (OSError, ValueError) as error:
        reason = error if isinstance(error, ValueError) else "no manifest.json; is the build finished?"
        print(f"{corpus}: {reason}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
