"""The report of a finished corpus: `report.html` and `report.md` for people, `statistics.json` for programs.

    python -m pipelines.report --corpus DIR [--language en|de] [--format md|json|html]

All figures come from the manifest.
"""

import argparse
import json
import sys
from collections.abc import Iterable, Sequence

from pipelines.report_page import page
from pipelines.report_tables import (
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
from schemas import storage
from schemas.manifest import Manifest

__all__ = [
    "Section",
    "account_table",
    "corpus_table",
    "figures",
    "markdown",
    "megabytes",
    "page",
    "published",
    "statistics",
    "write_reports",
]


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


def markdown(manifest: Manifest) -> str:
    """Return `report.md` of `manifest`."""
    blocks = ["# Corpus report", f"Version {manifest.version}, fingerprint `{manifest.fingerprint}`.", NOTES]
    for section in sections(manifest):
        blocks.append(f"## {section.title}")
        blocks.append(markdown_table(section.header, section.cells) if section.cells else "None.")
        if section.note:
            blocks.append(section.note)
    return "\n\n".join(blocks) + "\n"


def write_reports(corpus: str, manifest: Manifest | None = None, language: str = "en") -> Manifest:
    """Write `report.html`, `report.md` and `statistics.json` into `corpus`, a folder or URL; return its manifest.

    Raises OSError where there is no manifest, ValueError where it is broken.
    """
    manifest = manifest or Manifest.read(storage.join(corpus, "manifest.json"))
    storage.write_json(storage.join(corpus, "statistics.json"), statistics(manifest))
    with storage.atomic_write(storage.join(corpus, "report.md")) as stream:
        stream.write(markdown(manifest).encode())
    with storage.atomic_write(storage.join(corpus, "report.html")) as stream:
        stream.write(page(manifest, language).encode())
    return manifest


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return 0, or 2 where there is no manifest to report on."""
    parser = argparse.ArgumentParser("python -m pipelines.report", description="Report on a finished corpus.")
    parser.add_argument("--corpus", required=True, metavar="DIR", help="folder or URL of a finished build")
    parser.add_argument("--format", choices=("md", "json", "html"), help="print this and write nothing")
    parser.add_argument("--language", choices=("en", "de"), default="en", help="of report.html")
    options = parser.parse_args(arguments)
    try:
        if options.format is None:
            print(markdown(write_reports(options.corpus, language=options.language)), end="")
            return 0
        manifest = Manifest.read(storage.join(options.corpus, "manifest.json"))
    except (OSError, ValueError) as error:
        reason = error if isinstance(error, ValueError) else "no manifest.json; is the build finished?"
        print(f"{options.corpus}: {reason}", file=sys.stderr)
        return 2
    if options.format == "md":
        print(markdown(manifest), end="")
    elif options.format == "html":
        print(page(manifest, options.language), end="")
    else:
        print(json.dumps(statistics(manifest), ensure_ascii=False, indent=2, sort_keys=True))
    return 0


if __name__ == "__main__":
    sys.exit(main())
