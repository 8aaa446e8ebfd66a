"""What the documents say is there: links, commands, targets, decisions."""

import json
import os
import re
import shlex
import subprocess
import sys
from collections import Counter
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from pipelines.ingest import InputFile, find_reader
from pipelines.recognizers.tokens import tokenize
from schemas.document import RawDocument

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


def load(path: Path) -> ModuleType:
    spec = spec_from_file_location(path.stem, path)
    assert spec
    assert spec.loader
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


REFERENCE = load(ROOT / "scripts" / "make_reference.py")


@pytest.mark.parametrize("command", REFERENCE.commands())
def test_commands_explain_themselves(command: str) -> None:
    text = REFERENCE.help_of(command)
    assert text.startswith(("usage:", "Usage:"))
    assert len(text.splitlines()) > 3


def test_the_commands_are_those_that_the_documents_name() -> None:
    assert {"pipelines.build_corpus", "pipelines.inspect", "pipelines.dataset_card", "medbert.train"} <= set(
        REFERENCE.commands()
    )


def test_the_reference_is_what_the_code_says() -> None:
    assert (ROOT / "docs" / "reference.md").read_text("utf-8") == REFERENCE.reference(), (
        "run python scripts/make_reference.py"
    )


def code_of(page: str) -> dict[str, Any]:
    """Run the Python block of a how-to and return its names."""
    (block,) = re.findall(r"```python\n(.*?)```", (ROOT / "docs" / "how-to" / page).read_text("utf-8"), re.DOTALL)
    names: dict[str, Any] = {}
    exec(compile(block, page, "exec"), names)
    return names


def test_the_source_of_the_how_to_reads(tmp_path: Path) -> None:
    source = code_of("source.md")["SOURCE"]
    (tmp_path / "a.txt").write_text("Gisela Albers\nFrau Albers wurde entlassen.\n", "utf-8")
    file = InputFile(str(tmp_path / "a.txt"), "a.txt", 40)
    reader = find_reader(source, file)
    assert reader
    (document,) = reader.read(file, 0, None, {})
    assert isinstance(document, RawDocument)
    assert document.text == "Frau Albers wurde entlassen."
    assert [identifier.value for identifier in document.known] == ["Gisela Albers"]


def test_the_recognizer_of_the_how_to_finds() -> None:
    (entity,) = code_of("recognizer.md")["find"](tokenize("Einschluss unter Studien-ID: AB-1234 am Montag."))
    assert (entity.entity_type, entity.start, entity.end) == ("ID", 29, 36)


def test_the_benchmark_of_the_how_to_reads(tmp_path: Path) -> None:
    for split in ("train", "valid", "test"):
        rows = "".join(f"{split} {n}: kein Erguss,{n % 2},{1 - n % 2}\n" for n in range(8))
        (tmp_path / f"{split}.csv").write_text(f"text,erguss,stauung\n{rows}", "utf-8")
    splits = code_of("benchmark.md")["read"](tmp_path)
    assert splits.labels == ("erguss", "stauung")
    assert [len(part) for part in (splits.train, splits.valid, splits.test)] == [8, 8, 8]


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_the_tutorial_runs(tmp_path: Path) -> None:
    blocks = re.findall(r"```sh\n(.*?)```", (ROOT / "docs" / "tutorial.md").read_text("utf-8"), re.DOTALL)
    lines = [line for block in blocks for line in block.splitlines()]
    assert len(lines) > 8
    for line in lines:
        program, *arguments = shlex.split(line)
        assert program == "python"
        done = subprocess.run(
            [sys.executable, *arguments],
            check=False,
            capture_output=True,
            text=True,
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(ROOT), "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"},
        )
        assert done.returncode == 0, f"{line}\n{done.stderr[-2000:]}"
    figures = json.loads((tmp_path / "corpus" / "statistics.json").read_text("utf-8"))
    assert figures["statistics"]["full"]["summary"]["documents"] > 150
    assert figures["tokens"]["rows"]["summary"]["tokens"] > figures["tokens"]["rows"]["summary"]["words"]
    scores = (tmp_path / "scores" / "scores.md").read_text("utf-8")
    assert "medBERT.de-dedup" in scores


def test_the_readme_names_every_option_of_the_main_command() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    for option in ("--input", "--output", "--workers", "--surrogate-key-file", "--withdraw", "--exclude", "--against"):
        assert option in text
