"""The image of the workers and the page on engines fit the versions and options of the project."""

import re
import tomllib
from pathlib import Path

import pytest

from pipelines.runners import REFUSED, RUNNERS, beam_options, check_job_server, check_workers

ROOT = Path(__file__).parents[1]
IMAGE = (ROOT / "deploy" / "sdk-worker.Dockerfile").read_text("utf-8")
PAGE = (ROOT / "docs" / "engines.md").read_text("utf-8")
COMMANDS = [
    block.replace("\\\n", " ").split()
    for block in re.findall(r"```sh\n(python -m pipelines\.build_corpus .*?)```", PAGE, re.S)
]


def test_the_image_has_the_beam_and_the_python_of_the_project() -> None:
    pinned = re.search(r"^apache-beam==(\S+)$", (ROOT / "constraints.txt").read_text("utf-8"), re.M)
    assert pinned is not None
    assert f"ARG BEAM={pinned[1]}" in IMAGE
    assert f"({pinned[1]})" in PAGE
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert project["requires-python"] == ">=3.11"
    assert "FROM python:3.11-slim" in IMAGE
    assert f"{project['name'].replace('-', '_')}-*.whl" in IMAGE


def test_the_page_names_every_runner_and_every_refused_one() -> None:
    assert not [name for name in (*RUNNERS, *REFUSED) if f"`{name}`" not in PAGE]


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: next(p for p in command if "runner=" in p))
def test_the_commands_of_the_page_are_taken(command: list[str]) -> None:
    ours = {"--input", "--output", "--surrogate-key-file"}
    arguments = command[3:]
    rest = [
        part for part in arguments if part.startswith("--") and part not in ours and not part.startswith("--runner")
    ]
    runner = next(part.partition("=")[2] for part in arguments if part.startswith("--runner="))
    options = beam_options(rest, runner, 1)
    check_job_server(options, runner)
    check_workers(options, runner)


def test_the_page_has_a_command_for_each_cluster() -> None:
    assert len(COMMANDS) == 3
