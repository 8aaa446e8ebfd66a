"""The schedules as Airflow sees them; run with the Python of Airflow's environment, skipped in the project's."""

import ast
import importlib
import os
import re
import sys
import time
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

sdk = pytest.importorskip("airflow.sdk")
DAGS = Path(__file__).parents[2] / "dags"


@pytest.fixture(scope="module")
def modules(tmp_path_factory: pytest.TempPathFactory) -> dict[str, ModuleType]:
    """Both schedules and how they run commands, imported as Airflow does: in less than 2 s."""
    os.environ.setdefault("AIRFLOW_HOME", str(tmp_path_factory.mktemp("airflow")))
    sys.path.insert(0, str(DAGS))
    import airflow.sdk.exceptions  # noqa: F401

    started = time.perf_counter()
    found = {name: __import__(name) for name in ("commands", "build_corpus", "train_medbert")}
    assert time.perf_counter() - started < 2
    return found


def test_no_schedule_imports_the_project() -> None:
    for path in DAGS.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            assert not {name.split(".")[0] for name in names} & {"pipelines", "schemas", "medbert"}, path


NAMES = ["build_corpus", "train_medbert"]


def schedule(modules: dict[str, ModuleType], name: str) -> Any:
    return getattr(modules[name], name)()


@pytest.mark.parametrize("name", NAMES)
def test_schedules_have_a_page_and_parameters_that_hold(modules: dict[str, ModuleType], name: str) -> None:
    dag = schedule(modules, name)
    assert dag.doc_md
    dag.params.validate()
    assert all(param.description for param in modules[name].PARAMS.values())


@pytest.mark.parametrize(
    ("name", "param", "wrong"),
    [
        ("build_corpus", "input", ""),
        ("build_corpus", "sources", ["thieme", "unknown"]),
        ("build_corpus", "sources", []),
        ("build_corpus", "workers", 0),
        ("build_corpus", "threshold", 1.5),
        ("build_corpus", "options", ["rm"]),
        ("train_medbert", "recipe", "huge"),
        ("train_medbert", "variants", ["half"]),
        ("train_medbert", "vocabulary_size", 70_000),
        ("train_medbert", "benchmarks", ["chest_ct"]),
    ],
)
def test_wrong_parameters_are_refused(modules: dict[str, ModuleType], name: str, param: str, wrong: Any) -> None:
    from airflow.sdk.exceptions import ParamValidationError

    params = schedule(modules, name).params
    with pytest.raises(ParamValidationError):
        params[param] = wrong


@pytest.mark.parametrize("name", NAMES)
def test_every_task_has_time_outs_retries_and_callbacks(modules: dict[str, ModuleType], name: str) -> None:
    tasks = schedule(modules, name).tasks
    assert tasks
    for task in tasks:
        values = {**getattr(task, "partial_kwargs", {})} or vars(task)
        assert values["retries"] > 0, task.task_id
        assert values["retry_exponential_backoff"], task.task_id
        assert values["execution_timeout"], task.task_id
        assert values["on_failure_callback"], task.task_id


def test_what_needs_a_gpu_is_in_a_pool_of_its_own(modules: dict[str, ModuleType]) -> None:
    pools = {task.task_id: task.pool for task in schedule(modules, "train_medbert").tasks}
    assert {name for name, pool in pools.items() if pool == "gpu"} == {"model.pretrain", "evaluate"}


def test_sources_and_variants_are_mapped_groups(modules: dict[str, ModuleType]) -> None:
    mapped = {
        name: {task.task_id for task in schedule(modules, name).tasks if list(task.iter_mapped_task_groups())}
        for name in NAMES
    }
    assert mapped == {
        "build_corpus": {"ingest.build_parts"},
        "train_medbert": {"model.tokens", "model.pretrain", "model.release"},
    }


def test_a_site_sets_defaults(modules: dict[str, ModuleType], monkeypatch: pytest.MonkeyPatch) -> None:
    params = {"build_corpus": {"input": "/data/raw", "workers": 16}, "train_medbert": {"recipe": "tiny"}}
    monkeypatch.setattr(modules["commands"], "PARAMS", params)
    monkeypatch.setattr(modules["commands"], "SCHEDULE", "none")
    for name in NAMES:
        importlib.reload(modules[name])
        dag = schedule(modules, name)
        assert {key: dag.params[key] for key in params[name]} == params[name]
    assert schedule(modules, "build_corpus").schedule is None


def test_recipes_are_those_of_the_project(modules: dict[str, ModuleType]) -> None:
    text = (DAGS.parent / "medbert" / "config.py").read_text(encoding="utf-8")
    named = next(line for line in text.splitlines() if line.startswith("RECIPES"))
    assert re.findall(r'"([\w-]+)":', named) == modules["train_medbert"].RECIPES


def test_the_source_names_are_those_of_the_project(modules: dict[str, ModuleType]) -> None:
    text = (DAGS.parent / "schemas" / "document.py").read_text(encoding="utf-8")
    named = next(
        ast.literal_eval(node.value)
        for node in ast.parse(text).body
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "SOURCES"
    )
    assert sorted(modules["build_corpus"].SOURCES) == sorted(named)


@pytest.mark.parametrize(("code", "retried"), [(1, True), (2, False), (3, False), (4, False), (5, True)])
def test_what_a_retry_cannot_mend_is_not_retried(
    modules: dict[str, ModuleType], code: int, retried: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from airflow.sdk.exceptions import AirflowException, AirflowFailException

    (tmp_path / "command.py").write_text("import sys\nprint('counts')\nsys.exit(int(sys.argv[1]))\n")
    monkeypatch.setattr(modules["commands"], "PYTHON", sys.executable)
    monkeypatch.setattr(modules["commands"], "HOME", str(tmp_path))
    assert modules["commands"].run_module("command", "0") == "counts"
    with pytest.raises(AirflowException) as raised:
        modules["commands"].run_module("command", str(code))
    assert isinstance(raised.value, AirflowFailException) is not retried


def test_a_command_ends_with_its_task(modules: dict[str, ModuleType], tmp_path: Path) -> None:
    """A killed task leaves no process behind that would hold the lock against the retry."""
    (tmp_path / "sleeper.py").write_text(
        "import os, time\nopen('pid', 'w').write(str(os.getpid()))\nos.rename('pid', 'ready')\ntime.sleep(60)\n"
    )
    task = os.fork()
    if not task:
        modules["commands"].PYTHON, modules["commands"].HOME = sys.executable, str(tmp_path)
        modules["commands"].run_module("sleeper")
        os._exit(0)
    end = time.monotonic() + 20
    while not (tmp_path / "ready").exists() and time.monotonic() < end:
        time.sleep(0.05)
    sleeper = int((tmp_path / "ready").read_text())
    os.kill(task, 9)
    os.waitpid(task, 0)
    while Path(f"/proc/{sleeper}").exists() and time.monotonic() < end:
        if "Z" in Path(f"/proc/{sleeper}/stat").read_text().split()[2]:
            break
        time.sleep(0.05)
    else:
        assert not Path(f"/proc/{sleeper}").exists()
