"""Which Beam runner runs a build, and which are refused because they lose documents."""

import argparse
import socket
import sys
from collections.abc import Callable, Sequence
from typing import Any, cast

import apache_beam as beam
from apache_beam.options.pipeline_options import DirectOptions, PipelineOptions, PortableOptions, SetupOptions
from apache_beam.runners.portability.fn_api_runner import FnApiRunner
from apache_beam.transforms.environments import SubprocessSDKEnvironment

REFUSED = {
    "DaskRunner": "it reports success with wrong results: empty files, lost last batches, mixed outputs",
    "BundleBasedDirectRunner": "it keeps every element in memory",
    "InteractiveRunner": "it caches elements, so text, in files of its own",
    "PrismRunner": "it downloads its engine from the internet",
}
CONNECT_SECONDS = 10.0


def beam_options(arguments: Sequence[str], runner: str, workers: int) -> PipelineOptions:
    """Return Beam's options for `runner`.

    Raises ValueError for an option that Beam does not know, and for runners and modes that are known
    to lose or leak documents.
    """
    if runner in REFUSED:
        raise ValueError(f"--runner={runner} is refused: {REFUSED[runner]}")
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


def pipeline_factory(options: PipelineOptions, runner: str) -> Callable[[], beam.Pipeline]:
    """Return a function that makes a pipeline on `runner`.

    `DirectRunner` is Beam's in-process FnApiRunner: the class of that name first tries to fetch
    another engine from the internet, and waits for it without end behind a silent firewall. Raises
    ValueError where a portable runner's job endpoint does not answer.
    """
    if runner == "DirectRunner":
        environment = None
        if options.view_as(DirectOptions).direct_num_workers != 1:
            environment = SubprocessSDKEnvironment.from_command_string(f"{sys.executable} -m pipelines.worker")
        return lambda: beam.Pipeline(runner=FnApiRunner(default_environment=environment), options=options)
    check_endpoint(options.view_as(PortableOptions).job_endpoint)
    return lambda: beam.Pipeline(runner=runner, options=options)


def check_endpoint(endpoint: str | None) -> None:
    """Raise ValueError where nothing answers at `endpoint`: Beam itself would wait without end."""
    if not endpoint or endpoint == "embed":
        return
    host, _, port = endpoint.rpartition(":")
    try:
        socket.create_connection((host, int(port)), timeout=CONNECT_SECONDS).close()
    except (OSError, ValueError) as error:
        raise ValueError(f"--job_endpoint={endpoint}: no job service answers there ({error})") from None
