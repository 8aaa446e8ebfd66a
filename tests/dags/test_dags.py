"""The schedules as Airflow sees them; run with the Python of Airflow's environment, skipped in the project's."""

import ast
import os
import sys
import time
from pathlib import Path
from types import ModuleType

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


@pytest.mark.parametrize("name", ["build_corpus", "train_medbert"])
def test_schedules_have_a_page_and_parameters_that_hold(modules: dict[str, ModuleType], name: str) -> None:
    from airflow.sdk import DAG

    dag = (
        next(value for value in getattr(modules[name], name)().__dict__.values() if isinstance(value, DAG))
        if not isinstance(getattr(modules[name], name)(), DAG)
        else getattr(modules[name], name)()
    )
    assert dag.doc_md
    dag.params.validate()
    assert all(param.description for param in modules[name].PARAMS.values())


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
