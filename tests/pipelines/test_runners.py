import os
import signal
import subprocess
import sys
import time

import pytest

from pipelines.runners import beam_options, check_endpoint, pipeline_factory


@pytest.mark.parametrize(
    ("runner", "reason"),
    [
        ("DaskRunner", "wrong results"),
        ("dask", "wrong results"),
        ("apache_beam.runners.dask.dask_runner.DaskRunner", "wrong results"),
        ("PrismRunner", "internet"),
        ("SwitchingDirectRunner", "internet"),
        ("BundleBasedDirectRunner", "memory"),
        ("InteractiveRunner", "caches elements"),
    ],
)
def test_runners_known_to_lose_or_leak_documents_are_refused_with_the_reason(runner: str, reason: str) -> None:
    with pytest.raises(ValueError, match=f"{runner} is refused: .*{reason}"):
        beam_options([], runner, 1)


def test_a_runner_that_nobody_tried_is_refused() -> None:
    with pytest.raises(ValueError, match="DirectRunner, PortableRunner"):
        beam_options([], "KafkaStreamsRunner", 1)


@pytest.mark.parametrize(
    ("runner", "options", "missing"),
    [
        ("FlinkRunner", [], "--flink_job_server_jar=FILE"),
        ("SparkRunner", ["--spark_master_url=spark://head:7077"], "--spark_job_server_jar=FILE"),
        ("PortableRunner", [], "--job_endpoint=HOST:PORT"),
        ("FlinkRunner", ["--flink_job_server_jar=/opt/jobs.jar"], "--environment_config=IMAGE"),
        ("PortableRunner", ["--job_endpoint=localhost:1", "--environment_type=DOCKER"], "--environment_config=IMAGE"),
        ("DataflowRunner", ["--region=europe-west3"], "--sdk_container_image=IMAGE"),
    ],
)
def test_what_beam_would_fetch_from_the_internet_must_be_named(runner: str, options: list[str], missing: str) -> None:
    with pytest.raises(ValueError, match=missing):
        pipeline_factory(beam_options(options, runner, 1), runner)


@pytest.mark.parametrize(
    ("runner", "options"),
    [
        ("FlinkRunner", ["--flink_job_server_jar=/opt/jobs.jar", "--environment_type=LOOPBACK"]),
        ("SparkRunner", ["--spark_job_server_jar=/opt/jobs.jar", "--environment_config=registry/medbert:1"]),
        ("DataflowRunner", ["--sdk_container_image=registry/medbert:1"]),
    ],
)
def test_named_job_servers_and_images_are_taken(runner: str, options: list[str]) -> None:
    assert pipeline_factory(beam_options(options, runner, 1), runner)


def test_the_lossy_mode_is_refused() -> None:
    with pytest.raises(ValueError, match="silently loses"):
        beam_options(["--direct_running_mode=multi_threading"], "DirectRunner", 2)


@pytest.mark.parametrize("option", ["--inptu=x", "--flink-master=x", "stray"])
def test_an_option_that_nobody_knows_is_an_error(option: str) -> None:
    with pytest.raises(ValueError, match="unknown option"):
        beam_options([option], "DirectRunner", 1)


def test_the_direct_runner_does_not_look_for_another_engine() -> None:
    pipeline = pipeline_factory(beam_options([], "DirectRunner", 1), "DirectRunner")()
    assert type(pipeline.runner).__name__ == "FnApiRunner"


def test_an_absent_job_service_is_an_error_and_no_hang() -> None:
    with pytest.raises(ValueError, match="no job service answers"):
        check_endpoint("localhost:1")
    with pytest.raises(ValueError, match="no job service answers"):
        check_endpoint("nonsense")


DRIVER = """
import os, subprocess, sys
worker = subprocess.Popen(f"exec {sys.executable} -m pipelines.worker {os.getpid()}", shell=True)
print(worker.pid, flush=True)
worker.wait()
"""


def runs(process: int) -> bool:
    try:
        with open(f"/proc/{process}/stat") as stat:
            return stat.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="looks at processes in /proc")
def test_a_worker_ends_with_its_killed_driver() -> None:
    """Nobody answers where it is told to ask for work: without its driver it would wait for ever."""
    environment = {**os.environ, "WORKER_ID": "worker", "CONTROL_API_SERVICE_DESCRIPTOR": 'url: "localhost:1"'}
    driver = subprocess.Popen(
        [sys.executable, "-c", DRIVER], env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    assert driver.stdout is not None
    worker = int(driver.stdout.readline())
    time.sleep(1)
    assert runs(worker)
    os.kill(driver.pid, signal.SIGKILL)
    driver.wait()
    end = time.monotonic() + 120
    while runs(worker) and time.monotonic() < end:
        time.sleep(0.2)
    assert not runs(worker)
