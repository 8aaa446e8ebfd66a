"""Run both schedules for real, in an Airflow of their own, and hold what happened against its database.

    python scripts/run_dags.py --project-python .venv/bin/python [--quick]

Run it with the Python of Airflow's environment. First `airflow dags test build_corpus` on generated files; then
a scheduler with LocalExecutor, in which a part's process is killed in the middle, the corpus must come out as
before all the same, and its asset event must start `train_medbert` (recipe tiny).
"""

import argparse
import hashlib
import json
import os
import secrets
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
BIN = Path(sys.executable).parent
POLL_SECONDS = 0.2


def environment(home: Path, project_python: Path) -> dict[str, str]:
    """Return the environment of an Airflow that lives in `home` and knows our schedules only."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    airflow = {
        "CORE__DAGS_FOLDER": str(ROOT / "dags"),
        "CORE__LOAD_EXAMPLES": "False",
        "CORE__EXECUTOR": "LocalExecutor",
        "CORE__PARALLELISM": "2",
        "CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
        "CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "True",
        "CORE__EXECUTION_API_SERVER_URL": f"http://127.0.0.1:{port}/execution/",
        "CORE__DEFAULT_TASK_RETRY_DELAY": "1",
        "API__PORT": str(port),
        "API__HOST": "127.0.0.1",
        "API__WORKERS": "1",
        "API_AUTH__JWT_SECRET": secrets.token_hex(32),
        "API__SECRET_KEY": secrets.token_hex(32),
        "LOGGING__LOGGING_LEVEL": "WARNING",
        "USAGE_DATA_COLLECTION__ENABLED": "False",
    }
    return {
        **os.environ,
        **{f"AIRFLOW__{name}": value for name, value in airflow.items()},
        "AIRFLOW_HOME": str(home),
        "MEDBERT_PYTHON": str(project_python.absolute()),
        "MEDBERT_HOME": str(ROOT),
        "MEDBERT_RECIPE": "tiny",
        "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}",
    }


def airflow(env: dict[str, str], *arguments: str) -> str:
    """Run an Airflow command to its end and return what it printed. Raises CalledProcessError."""
    return subprocess.run([BIN / "airflow", *arguments], check=True, env=env, stdout=subprocess.PIPE, text=True).stdout


def digests(corpus: Path) -> dict[str, str]:
    """The digest of every file of a corpus but run.json, which says what differs from run to run."""
    files = (path for path in corpus.rglob("*") if path.is_file() and path.name != "run.json")
    shown = {path.relative_to(corpus): path for path in files}
    return {
        str(name): hashlib.sha256(path.read_bytes()).hexdigest()
        for name, path in sorted(shown.items())
        if not any(part.startswith(".") for part in name.parts)
    }


def rows(home: Path, query: str, *values: str) -> list[tuple]:
    """Ask Airflow's database."""
    with sqlite3.connect(f"file:{home / 'airflow.db'}?mode=ro", uri=True, timeout=30) as database:
        return database.execute(query, values).fetchall()


def wait_for_run(home: Path, dag: str, seconds: float) -> str:
    """Return the id of the finished run of `dag`. Raises AssertionError where it failed or did not end."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        for run, state in rows(home, "select run_id, state from dag_run where dag_id = ?", dag):
            assert state != "failed", f"{dag} failed; see {home}/logs"
            if state == "success":
                return run
        time.sleep(1)
    raise AssertionError(f"{dag} did not end in {seconds:.0f} s; see {home}/logs")


def kill_a_part(output: Path, seconds: float) -> None:
    """Kill the first process that builds parts of the corpus at `output`, with its work half done."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        for folder in Path("/proc").iterdir():
            if folder.name.isdecimal() and builds_parts(folder, output):
                time.sleep(2)
                os.kill(int(folder.name), signal.SIGKILL)
                return
        time.sleep(POLL_SECONDS)
    raise AssertionError(f"no process built parts within {seconds:.0f} s")


def builds_parts(process: Path, output: Path) -> bool:
    """Tell whether a folder of /proc is that of a first pass with that output."""
    try:
        arguments = (process / "cmdline").read_bytes().decode(errors="replace").split("\0")
    except OSError:
        return False
    return f"--output={output}" in arguments and "--only=parts" in arguments


@contextmanager
def scheduler(env: dict[str, str], home: Path) -> Iterator[None]:
    """Run Airflow's services, each in a process group of its own, with their logs in `home`."""
    processes = []
    try:
        for service in ("api-server", "dag-processor", "scheduler"):
            with open(home / f"{service}.log", "w") as log:
                command = [BIN / "airflow", service]
                processes.append(subprocess.Popen(command, env=env, stdout=log, stderr=log, start_new_session=True))
        yield
    finally:
        for process in processes:
            os.killpg(process.pid, signal.SIGTERM)
        for process in processes:
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)


def check_imports(env: dict[str, str]) -> None:
    """Raise AssertionError where a schedule does not import, or takes 2 s beyond Airflow itself."""
    code = (
        "import airflow.sdk, airflow.sdk.exceptions, time; start = time.perf_counter(); "
        "import build_corpus, train_medbert; print(time.perf_counter() - start)"
    )
    path = {**env, "PYTHONPATH": str(ROOT / "dags")}
    done = subprocess.run([sys.executable, "-c", code], check=True, env=path, stdout=subprocess.PIPE, text=True)
    took = float(done.stdout.split()[-1])
    print(f"both schedules are imported in {took:.2f} s", flush=True)
    assert took < 2
    errors = json.loads(airflow(env, "dags", "list-import-errors", "--output=json", "--local") or "[]")
    assert not errors, errors


def main() -> int:
    """Run everything; an AssertionError says what did not go as it should."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--project-python", type=Path, default=ROOT / ".venv/bin/python", metavar="FILE")
    parser.add_argument("--documents", type=int, default=120, metavar="N")
    parser.add_argument("--sources", metavar="NAME,...", help="build these only (default: all)")
    parser.add_argument("--seconds", type=float, default=1500, metavar="N", help="longest wait for a scheduled run")
    parser.add_argument("--quick", action="store_true", help="imports and one run without a scheduler only")
    parser.add_argument("--skip-test", action="store_true", help="compare with a build outside of Airflow instead")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="work there and leave all files")
    parsed = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="medbert-dags-") as temporary:
        run_all((parsed.keep or Path(temporary)).absolute(), parsed)
    return 0


def run_all(home: Path, parsed: argparse.Namespace) -> None:
    """Run the schedules with all files in `home`."""
    home.mkdir(parents=True, exist_ok=True)
    env = environment(home, parsed.project_python)
    airflow(env, "db", "migrate")
    check_imports(env)
    (home / "key").write_text(secrets.token_hex(16))
    project = [env["MEDBERT_PYTHON"], "-m"]
    sample = ["pipelines.samples", f"--documents={parsed.documents}", f"--output={home / 'raw'}"]
    subprocess.run([*project, *sample], check=True, cwd=ROOT)
    params: dict[str, Any] = {
        "input": str(home / "raw"),
        "output": str(home / "tested"),
        "surrogate_key_file": str(home / "key"),
    }
    if parsed.sources:
        params["sources"] = parsed.sources.split(",")
    if parsed.skip_test:
        options = [f"--{name.replace('_', '-')}={value}" for name, value in params.items() if name != "sources"]
        options += [f"--sources={parsed.sources}"] if parsed.sources else []
        subprocess.run([*project, "pipelines.build_corpus", "--progress=quiet", *options], check=True, cwd=ROOT)
    else:
        airflow(env, "dags", "reserialize")
        airflow(env, "dags", "test", "build_corpus", "--conf", json.dumps(params))
        print("airflow dags test build_corpus: success", flush=True)
    expected = digests(home / "tested")
    assert expected, "no corpus"
    if not parsed.quick:
        run_scheduled(home, env, params, expected, parsed.seconds)


def run_scheduled(
    home: Path, env: dict[str, str], params: dict[str, Any], expected: dict[str, str], seconds: float
) -> None:
    """Run build_corpus under a scheduler, kill one of its processes, and wait for train_medbert to follow."""
    output = home / "scheduled"
    airflow(env, "pools", "set", "gpu", "1", "GPUs")
    airflow(env, "dags", "reserialize")
    # runs of `dags test` are not those of the scheduler
    with sqlite3.connect(home / "airflow.db", timeout=30) as database:
        database.execute("delete from dag_run")
    with scheduler(env, home):
        airflow(env, "dags", "trigger", "build_corpus", "--conf", json.dumps({**params, "output": str(output)}))
        kill_a_part(output, seconds)
        run = wait_for_run(home, "build_corpus", seconds)
        tries = rows(home, "select max(try_number) from task_instance where run_id = ?", run)[0][0]
        assert tries >= 2, "the killed task was not tried again"
        assert digests(output) == expected, "the corpus is another one after a task was killed"
        print(f"build_corpus: success; the killed task took {tries} tries, the corpus is byte-identical", flush=True)
        trained = wait_for_run(home, "train_medbert", seconds)
        kind = rows(home, "select run_type from dag_run where run_id = ?", trained)[0][0]
        assert kind == "asset_triggered", kind
        print("train_medbert: success, started by the asset medbert_corpus", flush=True)


if __name__ == "__main__":
    sys.exit(main())
