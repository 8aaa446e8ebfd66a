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
    makers = {path.name for path in MODULES for name, _ in calls(path) if name == "Document"}
    assert makers <= {"anonymise.py"}
    assert makers, "nobody makes documents: this test looks for the wrong name"


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_modules_stay_short(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 400


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_modules_say_what_they_are(path: Path) -> None:
    assert ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))


def test_pipelines_print_and_log_in_the_command_lines_only() -> None:
    allowed = {
        "build_corpus.py",
        "progress.py",
        "report.py",
        "inspect.py",
        "anonymise.py",
        "anonymise_files.py",
        "samples.py",
    }
    talkers = {
        p.name for p in MODULES if "pipelines" in p.parts for name, _ in calls(p) if name in {"print", "getLogger"}
    }
    assert talkers <= allowed
