"""Which Beam runner runs a build, and which are refused because they lose documents."""

import argparse
import os
import shlex
import socket
import sys
from collections.abc import Callable, Sequence
from typing import Any, cast

import apache_beam as beam
from apache_beam.options.pipeline_options import (
    DirectOptions,
    FlinkRunnerOptions,
    PipelineOptions,
    PortableOptions,
    SetupOptions,
    SparkRunnerOptions,
    WorkerOptions,
)
from apache_beam.runners.portability.fn_api_runner import FnApiRunner
from apache_beam.transforms.environments import SubprocessSDKEnvironment

RUNNERS = ("DirectRunner", "PortableRunner", "FlinkRunner", "SparkRunner", "DataflowRunner")
REFUSED = {
    "DaskRunner": "it reports success with wrong results: empty files, lost last batches, mixed outputs",
    "BundleBasedDirectRunner": "it keeps every element in memory",
    "InteractiveRunner": "it caches elements, so text, in files of its own",
    "PrismRunner": "it downloads its engine from the internet",
    "SwitchingDirectRunner": "it starts PrismRunner, which downloads its engine from the internet",
}
CONNECT_SECONDS = 10.0
WORKER = "pipelines.worker"
"""The module that a worker process of the DirectRunner runs."""


def beam_options(arguments: Sequence[str], runner: str, workers: int) -> PipelineOptions:
    """Return Beam's options for `runner`.

    Raises ValueError for an option that Beam does not know, and for runners and modes that are known
    to lose or leak documents.
    """
    check_runner(runner)
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    for options in PipelineOptions.__subclasses__():
        options._add_argparse_args(cast(Any, parser))
    unknown = parser.parse_known_args(list(arguments))[1]
    if unknown:
        raise ValueError(f"unknown option {unknown[0]}; see --help")
    options = PipelineOptions(list(arguments), runner=runner)
    direct = options.view_as(DirectOptions)
    if direct.direct_running_mode == "multi_threading":
        raise ValueError("--direct_running_mode=multi_threading is refused: it silently loses elements")
    if runner == "DirectRunner":
        direct.direct_num_workers = workers
    options.view_as(SetupOptions).save_main_session = False
    return options


def check_runner(runner: str) -> None:
    """Raise ValueError unless `runner` is one of RUNNERS; Beam would take any class of that name or path."""
    name = runner.rpartition(".")[2].lower().removesuffix("runner")
    for refused, reason in REFUSED.items():
        if name == refused.lower().removesuffix("runner"):
            raise ValueError(f"--runner={runner} is refused: {reason}")
    if runner not in RUNNERS:
        raise ValueError(f"--runner={runner}: builds run on {', '.join(RUNNERS)} only")


def pipeline_factory(options: PipelineOptions, runner: str) -> Callable[[], beam.Pipeline]:
    """Return a function that makes a pipeline on `runner`.

    `DirectRunner` is Beam's in-process FnApiRunner: the class of that name first tries to fetch
    another engine from the internet, and waits for it without end behind a silent firewall. Raises
    ValueError where a portable runner's job endpoint does not answer, and where Beam would fetch a job
    server or a container image from the internet.
    """
    if runner == "DirectRunner":
        environment = None
        if options.view_as(DirectOptions).direct_num_workers != 1:
            # exec: the driver is the worker's parent, not a shell
            command = f"exec {shlex.quote(sys.executable)} -m {WORKER} {os.getpid()}"
            environment = SubprocessSDKEnvironment.from_command_string(command)
        return lambda: beam.Pipeline(runner=FnApiRunner(default_environment=environment), options=options)
    check_job_server(options, runner)
    check_workers(options, runner)
    check_endpoint(options.view_as(PortableOptions).job_endpoint)
    return lambda: beam.Pipeline(runner=runner, options=options)


def check_job_server(options: PipelineOptions, runner: str) -> None:
    """Raise ValueError where Beam would fetch a runner's job server from the internet."""
    jars = {
        "FlinkRunner": ("flink_job_server_jar", options.view_as(FlinkRunnerOptions).flink_job_server_jar),
        "SparkRunner": ("spark_job_server_jar", options.view_as(SparkRunnerOptions).spark_job_server_jar),
        "PortableRunner": ("", None),
    }
    option, jar = jars.get(runner, ("", "needs none"))
    if jar or options.view_as(PortableOptions).job_endpoint:
        return
    wanted = f"--job_endpoint=HOST:PORT{option and f' or --{option}=FILE'}"
    raise ValueError(f"--runner={runner} needs {wanted}: Beam would look for a job server on the internet")


def check_workers(options: PipelineOptions, runner: str) -> None:
    """Raise ValueError where workers would run in Beam's own container image, which lacks this project."""
    portable = options.view_as(PortableOptions)
    image = (
        portable.environment_config
        or portable.environment_options
        or options.view_as(WorkerOptions).sdk_container_image
    )
    if image or (portable.environment_type or "DOCKER") == "LOOPBACK":
        return
    wanted = "--sdk_container_image=IMAGE"
    if runner != "DataflowRunner":
        wanted = "--environment_type=DOCKER --environment_config=IMAGE (or PROCESS, EXTERNAL, LOOPBACK)"
    raise ValueError(f"--runner={runner} needs {wanted}: its workers must have this project, see docs/engines.md")


def check_endpoint(endpoint: str | None) -> None:
    """Raise ValueError where nothing answers at `endpoint`: Beam itself would wait without end."""
    if not endpoint or endpoint == "embed":
        return
    host, _, port = endpoint.rpartition(":")
    try:
        socket.create_connection((host, int(port)), timeout=CONNECT_SECONDS).close()
    except (OSError, ValueError) as error:
        raise ValueError(f"--job_endpoint={endpoint}: no job service answers there ({error})") from None
