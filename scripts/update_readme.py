"""Write the tables of a built corpus into the README: `python scripts/update_readme.py build/corpus`."""

import re
import sys
from pathlib import Path

README = Path(__file__).parents[1] / "README.md"
BEGIN, END = "<!-- begin: table of the sample corpus, written by scripts/update_readme.py -->", "<!-- end -->"


def section(report: str, title: str) -> str:
    """Return the table below the heading `title` of a report.md."""
    found = re.search(rf"^## {re.escape(title)}\n+((?:\|.*\n)+)", report, re.MULTILINE)
    if found is None:
        raise SystemExit(f"the report has no section {title}")
    return found[1]


def main() -> None:
    """Replace what stands between the marks."""
    report = (Path(sys.argv[1]) / "report.md").read_text(encoding="utf-8")
    tables = f"The corpus of the generated samples:\n\n{section(report, 'Corpus: Full')}\n"
    tables += f"Where its documents went:\n\n{section(report, 'Read, kept and rejected')}"
    text = README.read_text(encoding="utf-8")
    before, rest = text.split(BEGIN)
    README.write_text(f"{before}{BEGIN}\n{tables}{END}{rest.split(END, 1)[1]}", encoding="utf-8")


if __name__ == "__main__":
    main()
