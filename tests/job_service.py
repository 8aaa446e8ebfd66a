"""Beam's own job service and a pool of SDK worker processes, for tests: `python -m tests.job_service`.

The pool is Beam's too, and starts a process for each worker that the service asks for. Beam's service asks
for one worker a job; this one asks for as many as it is told, as Flink and Spark do.
"""

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from apache_beam.runners.portability import local_job_service, local_job_service_main
from apache_beam.runners.portability.fn_api_runner import FnApiRunner
from apache_beam.runners.worker.worker_pool_main import BeamFnExternalWorkerPoolServicer

START_SECONDS = 60


def main() -> None:
    """Serve jobs, and workers if `--pool` is given, until killed; the port is written to `--port_file`."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--pool", action="store_true", help="serve SDK worker processes instead of jobs")
    parser.add_argument("--port_file", required=True)
    parsed = parser.parse_args()
    if parsed.pool:
        address, _ = BeamFnExternalWorkerPoolServicer.start(use_process=True)
        Path(f"{parsed.port_file}.tmp").write_text(address.rpartition(":")[2])
        os.rename(f"{parsed.port_file}.tmp", parsed.port_file)
        while True:
            time.sleep(3600)

    class Runner(FnApiRunner):
        def __init__(self, **arguments: Any) -> None:
            super().__init__(**arguments)
            self._num_workers = parsed.workers

    local_job_service.fn_runner.FnApiRunner = Runner
    local_job_service_main.run(["--port_file", parsed.port_file])


@contextmanager
def job_service(folder: Path, workers: int = 2) -> Iterator[list[str]]:
    """Start both processes, with their logs in `folder`, and yield the options that make a build use them."""
    # the pool starts what "python" is on the path
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    ports, processes = [], []
    try:
        for name, options in (("service", [f"--workers={workers}"]), ("pool", ["--pool"])):
            command = [sys.executable, "-m", "tests.job_service", f"--port_file={folder / name}.port", *options]
            with open(folder / f"{name}.log", "w") as log:
                processes.append(subprocess.Popen(command, stderr=log, stdout=log, env={**os.environ, "PATH": path}))
        ports = [wait_for_port(folder / f"{name}.port") for name in ("service", "pool")]
        yield [
            "--runner=PortableRunner",
            f"--job_endpoint=localhost:{ports[0]}",
            "--environment_type=EXTERNAL",
            f"--environment_config=localhost:{ports[1]}",
        ]
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            process.wait(START_SECONDS)


def wait_for_port(path: Path) -> int:
    """Return the port that a starting service writes to `path`. Raises TimeoutError."""
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end:
        if path.exists():
            return int(path.read_text())
        time.sleep(0.1)
    raise TimeoutError(f"{path}: the service did not start")


if __name__ == "__main__":
    main()
