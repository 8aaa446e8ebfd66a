"""An Airflow of its own for a trial: its environment, its commands, its services and its database."""

import json
import os
import secrets
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, TypeVar

ROOT = Path(__file__).parents[1]
BIN = Path(sys.executable).parent
SERVICES = ("api-server", "dag-processor", "scheduler")
COMMAND_SECONDS = 900
SERVER_SECONDS = 600
T = TypeVar("T")


def environment(home: Path, project_python: Path, params: Mapping[str, Any]) -> dict[str, str]:
    """Return the environment of an Airflow that lives in `home` and knows our schedules only.

    `params` are the site's defaults of parameters. The daily run is twelve hours away.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    settings = {
        "CORE__DAGS_FOLDER": str(ROOT / "dags"),
        "CORE__LOAD_EXAMPLES": "False",
        "CORE__EXECUTOR": "LocalExecutor",
        "CORE__PARALLELISM": "2",
        "CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
        "CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "True",
        "CORE__EXECUTION_API_SERVER_URL": f"http://127.0.0.1:{port}/execution/",
        # a busy machine answers late: no task is given up for that
        "WORKERS__EXECUTION_API_TIMEOUT": "180",
        "WORKERS__MAX_FAILED_HEARTBEATS": "20",
        "SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "1200",
        "SCHEDULER__TASK_QUEUED_TIMEOUT": "1800",
        "DAG_PROCESSOR__DAG_FILE_PROCESSOR_TIMEOUT": "300",
        "CORE__DAGBAG_IMPORT_TIMEOUT": "300",
        "API__PORT": str(port),
        "API__HOST": "127.0.0.1",
        "API__BASE_URL": f"http://127.0.0.1:{port}",
        "API__WORKERS": "1",
        "API__SECRET_KEY": secrets.token_hex(32),
        "API_AUTH__JWT_SECRET": secrets.token_hex(32),
        "LOGGING__LOGGING_LEVEL": "WARNING",
        "USAGE_DATA_COLLECTION__ENABLED": "False",
    }
    return {
        **os.environ,
        **{f"AIRFLOW__{name}": value for name, value in settings.items()},
        "AIRFLOW_HOME": str(home),
        "MEDBERT_PYTHON": str(project_python.absolute()),
        "MEDBERT_HOME": str(ROOT),
        "MEDBERT_SCHEDULE": f"0 {(time.gmtime().tm_hour + 12) % 24} * * *",
        "MEDBERT_PARAMS": json.dumps(params),
        "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}",
    }


def airflow(env: Mapping[str, str], *arguments: str) -> str:
    """Run an Airflow command to its end and return what it printed.

    Raises CalledProcessError, after its output was shown, and TimeoutExpired.
    """
    log = Path(env["AIRFLOW_HOME"]) / "commands.log"
    command = [BIN / "airflow", *arguments]
    with open(log, "a") as errors:
        done = subprocess.run(
            command,
            check=False,
            env=dict(env),
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            timeout=COMMAND_SECONDS,
        )
    if done.returncode:
        print(log.read_text()[-6000:], done.stdout[-6000:], file=sys.stderr)
        done.check_returncode()
    return done.stdout


@contextmanager
def services(env: Mapping[str, str]) -> Iterator[None]:
    """Run Airflow's services, each in a process group of its own, with their logs in AIRFLOW_HOME.

    The server that tasks talk to comes first: a task that is started before it answers has failed.
    """
    processes = []
    try:
        for service in SERVICES:
            with open(Path(env["AIRFLOW_HOME"]) / f"{service}.log", "w") as log:
                command = [BIN / "airflow", service]
                processes.append(
                    subprocess.Popen(command, env=dict(env), stdout=log, stderr=log, start_new_session=True)
                )
            wait_for_server(env)
        yield
    finally:
        for number in (signal.SIGTERM, signal.SIGKILL):
            for process in processes:
                end_group(process, number)


def end_group(process: subprocess.Popen, number: signal.Signals) -> None:
    """Send a signal to the group of `process` and wait a while; a group that is gone is none's matter."""
    try:
        os.killpg(process.pid, number)
        process.wait(20)
    except (ProcessLookupError, subprocess.TimeoutExpired):
        pass


def rows(env: Mapping[str, str], query: str, *values: str) -> list[tuple]:
    """Ask Airflow's database; what fails while its services write to it, or one of them is killed, is asked again.

    Raises sqlite3.DatabaseError where it fails again and again.
    """
    path = Path(env["AIRFLOW_HOME"]) / "airflow.db"

    def ask() -> list[tuple]:
        with closing(sqlite3.connect(f"file:{path}?mode=rw", uri=True, timeout=60)) as database:
            return database.execute(query, values).fetchall()

    for pause in (1, 5, 15):
        try:
            return ask()
        except sqlite3.DatabaseError:
            time.sleep(pause)
    return ask()


def copy_database(source: Path, target: Path) -> None:
    """Make `target` the database that `source` is, its write-ahead log included; no process may use `target`."""
    for suffix in ("", "-wal", "-shm"):  # a log that is left would be played onto the copy
        target.with_name(target.name + suffix).unlink(missing_ok=True)
    with closing(sqlite3.connect(source)) as read, closing(sqlite3.connect(target)) as written:
        read.backup(written)


def wait_for(what: str, look: Callable[[], T | None], seconds: float, pause: float = 1.0) -> T:
    """Return what `look` finds as soon as it is not None. Raises AssertionError after `seconds`."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if (found := look()) is not None:
            return found
        time.sleep(pause)
    raise AssertionError(f"{what}: nothing within {seconds:.0f} s")


def wait_for_server(env: Mapping[str, str]) -> None:
    """Wait until the server answers that tasks talk to. Raises AssertionError."""

    def look() -> bool | None:
        try:
            with urllib.request.urlopen(f"{env['AIRFLOW__API__BASE_URL']}/api/v2/version", timeout=10) as answer:
                return answer.status == 200 or None
        except OSError:
            return None

    wait_for("Airflow's server", look, SERVER_SECONDS)


def wait_for_runs(env: Mapping[str, str], dag: str, kind: str, count: int, seconds: float) -> list[str]:
    """Return the ids of the runs of `dag` that were started in the way `kind`, oldest first, when `count` are green.

    Raises AssertionError where one failed, or after `seconds`.
    """

    def look() -> list[str] | None:
        runs = rows(env, "select run_id, state from dag_run where dag_id = ? and run_type = ? order by id", dag, kind)
        failed = [run for run, state in runs if state == "failed"]
        assert not failed, f"{dag}: {failed} failed; see {env['AIRFLOW_HOME']}/logs"
        green = [run for run, state in runs if state == "success"]
        return green if len(green) >= count else None

    return wait_for(f"{count} green {kind} runs of {dag}", look, seconds)
