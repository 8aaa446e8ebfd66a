"""What the modules may do, read from their source."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MODULES = sorted(path for folder in ("schemas", "pipelines", "medbert") for path in (ROOT / folder).rglob("*.py"))


def calls(path: Path) -> Iterator[tuple[str, int]]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            yield name, node.lineno


def test_only_anonymise_makes_documents() -> None:
    makers = {
        path.name
        for path in MODULES
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Document"
    }
    assert makers <= {"anonymise.py"}
    assert makers, "nobody makes documents: this test looks for the wrong name"


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_modules_stay_short(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 400


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_modules_say_what_they_are(path: Path) -> None:
    assert ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))


def test_pipelines_print_and_log_in_the_command_lines_only() -> None:
    """What a document's way goes through is silent: only commands, progress and the street's own log speak."""
    speakers = {
        "part.py",
        "progress.py",
        "explain.py",
        "anonymise_files.py",
        "html.py",
        "worker.py",
    }  # html.py silences a library
    talkers = {p for p in MODULES if "pipelines" in p.parts for name, _ in calls(p) if name in {"print", "getLogger"}}
    silent = {p.name for p in talkers if "def main(" not in p.read_text(encoding="utf-8")}
    assert silent <= {*speakers, "__init__.py"}
