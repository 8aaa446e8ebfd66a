"""How the tasks of both schedules run `python -m ...` in the project's own environment.

What a task hands on are names, counts and paths; what a command prints to its error stream goes to the
task's log line by line.
"""

import ctypes
import os
import signal
import subprocess
from collections.abc import Container
from typing import Any

from airflow.sdk.exceptions import AirflowException, AirflowFailException

PYTHON = os.environ.get("MEDBERT_PYTHON", "python")
HOME = os.environ.get("MEDBERT_HOME", os.getcwd())

REASONS = {
    2: "wrong option or missing folder",
    3: "self-test of de-identification failed",
    4: "too many documents failed, or training diverged",
    5: "another run works on the same output",
}
HOPELESS = frozenset({2, 3, 4})
"""Exit codes that trying again cannot mend."""

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
    message = f"{module} ended with {done.returncode}: {REASONS.get(done.returncode, 'see its log above')}"
    raise AirflowFailException(message) if done.returncode in hopeless else AirflowException(message)


def log_failure(context: Any) -> None:
    """Say in the log which task gave up; a place to hook in mail or chat."""
    print(f"{context['task_instance'].task_id} gave up after {context['task_instance'].try_number} tries")
