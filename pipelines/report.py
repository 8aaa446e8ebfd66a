"""The report of a finished corpus: `report.html` and `report.md` for people, `statistics.json` for programs.

    python -m pipelines.report --corpus DIR [--language en|de] [--format md|json|html|csv] [--tokenizer DIR]
    python -m pipelines.report --corpus DIR --compare OTHER [--format md|html] [--language en|de]

All figures come from the manifest, but those of the run, from `run.json`, and tokens, from `tokens.json`, which
`--tokenizer` writes. `statistics.csv` holds the counts of `statistics.json`, one a line.
"""

import argparse
import csv
import io
import json
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import shtab

from pipelines.reporting.compare import comparison
from pipelines.reporting.page import comparison_page, page
from pipelines.reporting.tables import (
    NOTES,
    Section,
    account_table,
    corpus_table,
    figures,
    megabytes,
    published,
    sections,
    statistics,
)
from pipelines.token_counts import FILE as TOKENS_FILE
from pipelines.token_counts import count_tokens, read_tokens
from schemas import storage
from schemas.manifest import Manifest

__all__ = [
    "Section",
    "account_table",
    "corpus_table",
    "counts_csv",
    "figures",
    "markdown",
    "megabytes",
    "page",
    "published",
    "statistics",
    "write_reports",
]

EXIT_CODES = """exit codes:
  0  done
  2  no finished corpus there, or no tokenizer
"""


def markdown_table(header: Sequence[str], cells: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table whose figures are set right and whose columns line up as plain text."""
    rows = [list(header), *map(list, cells)]
    widths = [max(3, *map(len, column)) for column in zip(*rows, strict=True)]
    lines = [
        " | ".join(
            cell.rjust(width) if index else cell.ljust(width)
            for index, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    ]
    rule = " | ".join("-" * (width - 1) + (":" if index else "-") for index, width in enumerate(widths))
    return "\n".join(f"| {line} |" for line in (lines[0], rule, *lines[1:]))


Tokens = Mapping[str, Any] | None


def markdown(manifest: Manifest, tokens: Tokens = None) -> str:
    """Return `report.md` of `manifest`, with the `tokens` of its `tokens.json`."""
    blocks = ["# Corpus report", f"Version {manifest.version}, fingerprint `{manifest.fingerprint}`.", NOTES]
    return "\n\n".join([*blocks, *section_blocks(sections(manifest, tokens))]) + "\n"


def section_blocks(tables: Iterable[Section]) -> Iterator[str]:
    """Yield the titles, tables and notes of `tables` in Markdown."""
    for section in tables:
        yield f"## {section.title}"
        if section.cells or not section.note:
            yield markdown_table(section.header, section.cells) if section.cells else "None."
        if section.note:
            yield section.note


def comparison_markdown(ours: Manifest, theirs: Manifest) -> str:
    """Return what changed from `theirs` to `ours`."""
    builds = f"Before: fingerprint `{theirs.fingerprint}`. Now: fingerprint `{ours.fingerprint}`."
    return "\n\n".join(["# Comparison of two builds", builds, *section_blocks(comparison(ours, theirs))]) + "\n"


def counts_csv(manifest: Manifest, tokens: Tokens = None) -> str:
    """Return `statistics.csv`: table, then up to four names that lead to a count, and the count; absent is missing."""

    def leaves(value: Any, path: tuple[str, ...]) -> Iterator[list[str]]:
        if isinstance(value, Mapping):
            for name, inner in sorted(value.items()):  # a manifest that was read back has another order
                yield from leaves(inner, (*path, name))
        elif isinstance(value, list):
            for position, inner in enumerate(value, 1):
                yield from leaves(inner, (*path, str(position)))
        elif isinstance(value, int):
            yield [*path, *[""] * (5 - len(path)), str(value)]

    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(["table", "name_1", "name_2", "name_3", "name_4", "count"])
    writer.writerows(leaves(statistics(manifest, tokens), ()))
    return stream.getvalue()


def read_run(corpus: str) -> Mapping[str, Any] | None:
    """Return the description of the run that made `corpus`, or None where there is none."""
    try:
        return storage.read_json(storage.join(corpus, "run.json"))
    except (OSError, ValueError):
        return None


def write_reports(corpus: str, manifest: Manifest | None = None, language: str = "en") -> Manifest:
    """Write the reports and the statistics into `corpus`, a folder or URL; return its manifest.

    Raises OSError where there is no manifest, ValueError where it is broken.
    """
    manifest = manifest or Manifest.read(storage.join(corpus, "manifest.json"))
    tokens = read_tokens(corpus, manifest)
    storage.write_json(storage.join(corpus, "statistics.json"), statistics(manifest, tokens))
    texts = {
        "report.md": markdown(manifest, tokens),
        "statistics.csv": counts_csv(manifest, tokens),
        "report.html": page(manifest, language, read_run(corpus), tokens),
    }
    for name, text in texts.items():
        with storage.atomic_write(storage.join(corpus, name)) as stream:
            stream.write(text.encode())
    return manifest


def build_parser() -> argparse.ArgumentParser:
    """Return the command line."""
    parser = argparse.ArgumentParser(
        "python -m pipelines.report",
        description="Report on a finished corpus.",
        epilog=EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    shtab.add_argument_to(parser, ["--print-completion"])
    parser.add_argument("--corpus", required=True, metavar="DIR", help="folder or URL of a finished build")
    parser.add_argument("--format", choices=("md", "json", "html", "csv"), help="print this and write nothing")
    parser.add_argument(
        "--language", choices=("en", "de"), default="en", help="of report.html, or of html that is printed"
    )
    parser.add_argument("--tokenizer", metavar="DIR", help="count tokens by its tokenizer.json first: tokens.json")
    parser.add_argument(
        "--compare", metavar="OTHER", help="print what changed since this corpus, as md or html, and write nothing"
    )
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return 0, or 2 where there is no manifest to report on, or no tokenizer."""
    parser = build_parser()
    options = parser.parse_args(arguments)
    if options.compare and options.format not in (None, "md", "html"):
        parser.error(f"--compare is printed as md or html, not as {options.format}")
    folder = options.corpus
    try:
        manifest = Manifest.read(storage.join(folder, "manifest.json"))
        if options.compare:
            folder = options.compare
            before = Manifest.read(storage.join(folder, "manifest.json"))
            if options.format == "html":
                print(comparison_page(manifest, before, options.language), end="")
            else:
                print(comparison_markdown(manifest, before), end="")
            return 0
        if options.tokenizer:
            tokens = count_tokens(folder, manifest, options.tokenizer)
            storage.write_json(storage.join(folder, TOKENS_FILE), tokens)
    except (OSError, ValueError) as error:
        reason = error if isinstance(error, ValueError) else "no manifest.json; is the build finished?"
        print(f"{folder}: {reason}", file=sys.stderr)
        return 2
    if options.format is None:
        write_reports(folder, manifest, options.language)
    tokens = read_tokens(folder, manifest)
    if options.format == "html":
        print(page(manifest, options.language, read_run(folder), tokens), end="")
    elif options.format == "csv":
        print(counts_csv(manifest, tokens), end="")
    elif options.format == "json":
        print(json.dumps(statistics(manifest, tokens), ensure_ascii=False, indent=2, sort_keys=True))
    else:
        print(markdown(manifest, tokens), end="")
    return 0


if __name__ == "__main__":
    sys.exit(main())
