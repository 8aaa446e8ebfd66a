"""Write docs/reference.md from the code: commands with their options, sources, labels, columns and JSON files.

    python scripts/make_reference.py [--check]

`--check` writes nothing and ends with 1 where the page is not what the code says.
"""

import argparse
import importlib
import io
import json
import os
import re
import sys
from collections.abc import Iterator, Sequence
from contextlib import redirect_stdout, suppress
from importlib import resources
from pathlib import Path
from typing import Any
from unittest.mock import patch

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "reference.md"
FILES = {
    "manifest.json": "manifest",
    "run.json": "run",
    "statistics.json": "statistics",
    "rejections/*.jsonl, a line": "rejection",
    "scores.json": "scores",
}
HEAD = """# Reference

Written by `python scripts/make_reference.py` from the code; `make check` holds it against the code.
"""


def commands() -> list[str]:
    """Return the modules that are commands: their file ends in a call of `main`."""
    files = sorted(path for folder in ("pipelines", "medbert") for path in (ROOT / folder).glob("*.py"))
    found = [path for path in files if re.search(r'^if __name__ == "__main__":.*\bmain', path.read_text(), re.M | re.S)]
    return [f"{path.parent.name}.{path.stem}" for path in found if path.stem != "worker"]  # Beam's, for workers


def help_of(command: str) -> str:
    """Return what `python -m COMMAND --help` prints on a plain terminal of 100 columns."""
    name = "pipelines.anonymise_files" if command == "pipelines.anonymise" else command  # it hands over
    module, printed = importlib.import_module(name), io.StringIO()
    plain = {"COLUMNS": "100", "NO_COLOR": "1", "TERM": "dumb", "LINES": "50"}
    with patch.dict(os.environ, plain), redirect_stdout(printed), suppress(SystemExit):
        module.main(["--help"])
    return "\n".join(line.rstrip() for line in printed.getvalue().strip().splitlines())


def table(header: Sequence[str], rows: Iterator[Sequence[str]]) -> str:
    """Return a Markdown table."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |" for line in lines)


def kind(schema: dict[str, Any], definitions: dict[str, Any]) -> str:
    """Return the JSON type of a property in a word."""
    if name := schema.get("$ref"):
        return kind(definitions[name.rsplit("/", 1)[1]], definitions)
    if "enum" in schema:
        return ", ".join(str(value) for value in schema["enum"])
    found = schema.get("type", "any")
    return " or ".join(found) if isinstance(found, list) else found


def properties(schema: dict[str, Any]) -> Iterator[list[str]]:
    """Yield name, type and description of what a JSON file holds, one level deep."""
    definitions = schema.get("$defs", {})
    for name, content in sorted(schema["properties"].items()):
        needed = "" if name in schema.get("required", ()) else "may be absent"
        description = content.get("description", "")
        yield [f"`{name}`", kind(content, definitions), "; ".join(text for text in (description, needed) if text)]


def reference() -> str:
    """Return the page."""
    from pipelines.reporting.croissant import COLUMNS
    from pipelines.sources import sources
    from schemas.document import SHARD_SCHEMA
    from schemas.entities import LABELS

    blocks = [HEAD.strip(), "## Commands"]
    for command in commands():
        blocks += [f"### `python -m {command}`", f"```text\n{help_of(command)}\n```"]
    rows = (
        [f"`{name}`", source.licence, ", ".join(f"`{option}`" for option in source.options) or "–"]
        for name, source in sources().items()
    )
    blocks += ["## Sources", table(("Source", "Licence", "Options (`--option SOURCE.NAME=VALUE`)"), rows)]
    blocks += ["## Labels of entities", "In the order that decides between equal spans: "]
    blocks[-1] += ", ".join(f"`{label}`" for label in LABELS) + "."
    columns = ([f"`{field.name}`", str(field.type), COLUMNS[field.name]] for field in SHARD_SCHEMA)
    blocks += ["## Columns of `data/*.parquet`", table(("Column", "Type", "Content"), columns)]
    for title, name in FILES.items():
        schema = json.loads(resources.files("schemas").joinpath(f"{name}.schema.json").read_text("utf-8"))
        blocks += [f"## `{title}`", f"In full: [schemas/{name}.schema.json](../schemas/{name}.schema.json)."]
        blocks.append(table(("Name", "Type", "Content"), properties(schema)))
    return "\n\n".join(blocks) + "\n"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return 0, or 1 where the page is out of date."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="say whether the page is up to date and write nothing")
    page = reference()
    if not parser.parse_args(arguments).check:
        PAGE.write_text(page, "utf-8")
        return 0
    if PAGE.is_file() and PAGE.read_text("utf-8") == page:
        return 0
    print(f"{PAGE.relative_to(ROOT)} is not what the code says: run python scripts/make_reference.py", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    sys.exit(main())
