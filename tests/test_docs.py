"""What the documents say is there: links, commands, targets, decisions."""

import re
import subprocess
import sys
from collections import Counter
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
LINK = re.compile(r"\[[^\]]*\]\(([^)#\s]+)[^)]*\)")
COMMAND = re.compile(r"python -m ((?:pipelines|medbert|tests)[\w.]*)")
TARGET = re.compile(r"`?make ([a-z]+)`?")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    targets = [link for link in LINK.findall(page.read_text(encoding="utf-8")) if "://" not in link]
    assert not [link for link in targets if not (page.parent / link).exists()]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_commands_and_targets_exist(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    modules = {name.rstrip(".") for name in COMMAND.findall(text)} - {"tests.benchmarks"}
    missing = {name for name in modules if "NAME" not in name and find_spec(name) is None}
    assert not missing
    blocks = "\n".join(re.findall(r"```.*?```|`[^`\n]+`", text, re.DOTALL))
    rules = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(TARGET.findall(blocks)) <= rules


def test_decisions_are_numbered_once() -> None:
    numbers = Counter(path.name[:4] for path in (ROOT / "docs" / "decisions").glob("*.md"))
    assert set(numbers.values()) == {1}
    assert all(number.isdigit() for number in numbers)


@pytest.mark.parametrize(
    "module", ["pipelines.build_corpus", "pipelines.samples", "pipelines.anonymise", "pipelines.report"]
)
def test_commands_explain_themselves(module: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", module, "--help"], capture_output=True, text=True, cwd=ROOT, check=True
    )
    assert "usage:" in done.stdout.lower()


def test_the_readme_names_every_option_of_the_main_command() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    for option in ("--input", "--output", "--workers", "--surrogate-key-file", "--withdraw", "--exclude", "--against"):
        assert option in text
