"""Look into a finished corpus from the terminal.

    python -m pipelines.inspect --corpus DIR sample [--source NAME] [--count N] [--seed N]
    python -m pipelines.inspect --corpus DIR search REGEX [--source NAME] [--count N]
    python -m pipelines.inspect --corpus DIR show ID
    python -m pipelines.inspect --corpus DIR duplicates [ID] [--source NAME] [--count N]

Shards are read a batch at a time, so any corpus can be looked at.
"""

import argparse
import difflib
import heapq
import os
import random
import re
import shutil
import sys
import textwrap
from collections.abc import Iterator, Sequence
from typing import Any

import shtab

from pipelines.shard import read_row_groups
from schemas import storage
from schemas.document import SOURCES
from schemas.manifest import Manifest

Row = dict[str, Any]

EXIT_CODES = """exit codes:
  0  shown
  1  nothing found
  2  no finished corpus there, or a wrong option
"""


def rows(corpus: str, manifest: Manifest, source: str | None = None) -> Iterator[Row]:
    """Yield the documents of `corpus`, of one source or of all, in the order of the shards."""
    for shard in manifest.shards:
        if source is None or shard.path.startswith(f"data/{source}-"):
            for group in read_row_groups(storage.join(corpus, shard.path)):
                for batch in group.to_batches(max_chunksize=256):
                    yield from batch.to_pylist()


def sample(found: Iterator[Row], count: int, seed: int) -> list[Row]:
    """Return `count` of `found` drawn evenly, the same for the same `seed`, holding no more in memory."""
    generator = random.Random(seed)
    keyed = ((generator.random(), number, row) for number, row in enumerate(found))
    return [row for _, _, row in heapq.nsmallest(count, keyed, key=lambda entry: entry[:2])]


def search(found: Iterator[Row], pattern: re.Pattern[str], count: int) -> Iterator[tuple[Row, str]]:
    """Yield the first `count` documents that match, each with the place, 60 characters either side."""
    for row in found:
        if not count:
            return
        if match := pattern.search(row["text"]):
            count -= 1
            yield row, " ".join(row["text"][max(0, match.start() - 60) : match.end() + 60].split())


def describe(row: Row) -> str:
    """Return a document's line of facts: id, source, sizes, de-identified entities, its mark."""
    entities = ", ".join(f"{entity['label']} {entity['count']}" for entity in row["entities"]) or "none"
    mark = f"near-duplicate of {row['duplicate_of']} ({row['similarity']:.2f})" if row["duplicate_of"] else "kept"
    return f"{row['id']}  {row['source']}  {row['words']} words, {row['sentences']} sentences\n  {mark}; {entities}"


def side_by_side(one: str, other: str, width: int = 120) -> str:
    """Return two texts in columns of a terminal `width` characters wide; `|` stands between lines that differ."""
    column = max(20, (width - 3) // 2)
    left, right = (
        [line for part in text.splitlines() for line in textwrap.wrap(part, column) or [""]] for text in (one, other)
    )
    lines = []
    for tag, a, b, c, d in difflib.SequenceMatcher(None, left, right, autojunk=False).get_opcodes():
        for row in range(max(b - a, d - c)):
            first, second = left[a + row] if a + row < b else "", right[c + row] if c + row < d else ""
            lines.append(f"{first:{column}} {' ' if tag == 'equal' else '|'} {second}".rstrip())
    return "\n".join(lines)


def find(corpus: str, manifest: Manifest, ids: set[str]) -> dict[str, Row]:
    """Return the documents of `ids` that are there."""
    found: dict[str, Row] = {}
    for row in rows(corpus, manifest):
        if row["id"] in ids:
            found[row["id"]] = row
            if len(found) == len(ids):
                break
    return found


def duplicates(corpus: str, manifest: Manifest, wanted: str | None, source: str | None, count: int) -> list[Row]:
    """Return `count` marked documents: those of `source`, or those that are or have the duplicate `wanted`."""
    marked = (
        row
        for row in rows(corpus, manifest, source)
        if row["duplicate_of"] and wanted in (None, row["id"], row["duplicate_of"])
    )
    return [row for row, _ in zip(marked, range(count), strict=False)]


def expression(text: str) -> re.Pattern[str]:
    """Return the compiled regular expression. Raises ArgumentTypeError that says what is wrong with it."""
    try:
        return re.compile(text)
    except re.error as error:
        raise argparse.ArgumentTypeError(f"{text}: {error}") from error


def positive(text: str) -> int:
    """Return a number of at least 1. Raises ArgumentTypeError."""
    if not text.isdecimal() or not int(text):
        raise argparse.ArgumentTypeError(f"{text}: is no number of at least 1")
    return int(text)


def build_parser() -> argparse.ArgumentParser:
    """Return the command line."""
    parser = argparse.ArgumentParser(
        "python -m pipelines.inspect",
        description="Look into a finished corpus.",
        epilog=EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    shtab.add_argument_to(parser, ["--print-completion"])
    parser.add_argument("--corpus", required=True, metavar="DIR", help="folder or URL of a finished build")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    texts = {
        "sample": "documents drawn at random",
        "search": "documents whose text matches a regular expression",
        "show": "one document with its marks",
        "duplicates": "near-duplicates beside the document that is kept",
    }
    for name, text in texts.items():
        command = commands.add_parser(name, help=text, description=text)
        if name == "search":
            command.add_argument("pattern", metavar="REGEX", type=expression, help="case counts; (?i) makes it not")
        if name in ("show", "duplicates"):
            command.add_argument("id", metavar="ID", nargs="?" if name == "duplicates" else None)
        if name != "show":
            command.add_argument("--source", choices=SOURCES, metavar="NAME", help="of this source only")
            command.add_argument("--count", type=positive, default=3, metavar="N", help="how many (default 3)")
        if name == "sample":
            command.add_argument("--seed", type=int, default=1, metavar="N", help="of the draw (default 1)")
    return parser


def output(options: argparse.Namespace, manifest: Manifest) -> Iterator[str]:
    """Yield what the command of `options` prints, a document at a time."""
    corpus = options.corpus
    if options.command == "sample":
        for row in sample(rows(corpus, manifest, options.source), options.count, options.seed):
            yield f"{describe(row)}\n\n{row['text']}\n"
    elif options.command == "search":
        for row, excerpt in search(rows(corpus, manifest, options.source), options.pattern, options.count):
            yield f"{describe(row)}\n  … {excerpt} …\n"
    elif options.command == "show":
        for row in find(corpus, manifest, {options.id}).values():
            title = f"{row['title']}\n\n" if row["title"] else ""
            yield f"{describe(row)}\n\n{title}{row['text']}\n"
    else:
        marked = duplicates(corpus, manifest, options.id, options.source, options.count)
        kept = find(corpus, manifest, {row["duplicate_of"] for row in marked})
        for row in marked:
            if original := kept.get(row["duplicate_of"]):
                texts = side_by_side(original["text"], row["text"], shutil.get_terminal_size((120, 24)).columns)
                yield f"{describe(original)}\n{describe(row)}\n\n{texts}\n"
            else:  # marked against a corpus that lies elsewhere
                yield f"{describe(row)}\n  the document that is kept is not in this corpus\n"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return 0, 1 where nothing was found, or 2 where there is no corpus."""
    options = build_parser().parse_args(arguments)
    try:
        manifest = Manifest.read(storage.join(options.corpus, "manifest.json"))
        shown = 0
        for text in output(options, manifest):
            print(text, flush=True)
            shown += 1
    except BrokenPipeError:  # the reader, such as head, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except (OSError, ValueError) as error:
        reason = error if isinstance(error, ValueError) else "no finished corpus there, or it lacks a shard"
        print(f"{options.corpus}: {reason}", file=sys.stderr)
        return 2
    if not shown:
        print("nothing found", file=sys.stderr)
    return 0 if shown else 1


if __name__ == "__main__":
    sys.exit(main())
