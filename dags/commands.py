"""How the tasks of both schedules run `python -m ...` in the project's own environment.

What a task hands on are names, counts and paths; what a command prints to its error stream goes to the
task's log line by line. A site sets these variables for Airflow's services:

- MEDBERT_PYTHON: Python of the project's environment
- MEDBERT_HOME: the folder that relative paths start from
- MEDBERT_SCHEDULE: how often build_corpus looks for deliveries, `@daily` by default, `none` for never
- MEDBERT_PARAMS: defaults of parameters as JSON, e.g. `{"build_corpus": {"input": "/data/raw"}}`
"""

import ctypes
import json
import os
import signal
import subprocess
from collections.abc import Container
from datetime import timedelta
from typing import Any

from airflow.sdk.exceptions import AirflowException, AirflowFailException

PYTHON = os.environ.get("MEDBERT_PYTHON", "python")
HOME = os.environ.get("MEDBERT_HOME", os.getcwd())
SCHEDULE = os.environ.get("MEDBERT_SCHEDULE", "@daily")
PARAMS = json.loads(os.environ.get("MEDBERT_PARAMS", "{}"))

HOPELESS = frozenset({2, 3, 4})
"""Exit codes that trying again cannot mend: wrong option, failed self-test, too many failures.

Worth another try are 1, 5 (another run works on the same output) and ends by a signal.
"""

PR_SET_PDEATHSIG = 1


def die_with_parent() -> None:
    """Ask Linux to kill this process when the task's process ends, so that a retry finds no lock held."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def run_module(module: str, *arguments: str, hopeless: Container[int] = HOPELESS) -> str:
    """Run `python -m module arguments` and return what it printed, without the last line break.

    Raises AirflowFailException, which is not retried, for exit codes that a retry cannot mend, and
    AirflowException, which is, for all others.
    """
    command = [PYTHON, "-m", module, *arguments]
    print("running", " ".join(command), flush=True)
    done = subprocess.run(command, check=False, cwd=HOME, stdout=subprocess.PIPE, text=True, preexec_fn=die_with_parent)
    if not done.returncode:
        return done.stdout.rstrip("\n")
    print(done.stdout, flush=True)
    ended = f"exit code {done.returncode}" if done.returncode > 0 else f"signal {-done.returncode}"
    message = f"{module} ended with {ended}; its log above says why"
    raise AirflowFailException(message) if done.returncode in hopeless else AirflowException(message)


def log_retry(context: Any) -> None:
    """Say in the log that a task will be tried again."""
    instance = context["task_instance"]
    print(f"try {instance.try_number} of {instance.task_id} failed; another one follows", flush=True)


def log_failure(context: Any) -> None:
    """Say in the log which task gave up; a place to hook in mail or chat."""
    print(f"{context['task_instance'].task_id} gave up after try {context['task_instance'].try_number}", flush=True)


def task_defaults(retries: int, longest: timedelta) -> dict[str, Any]:
    """Return the default arguments of a schedule's tasks: tried again with growing pauses, ended after `longest`."""
    return {
        "retries": retries,
        "retry_delay": timedelta(seconds=10),
        "retry_exponential_backoff": True,
        "max_retry_delay": timedelta(minutes=10),
        "execution_timeout": longest,
        "on_retry_callback": log_retry,
        "on_failure_callback": log_failure,
    }
