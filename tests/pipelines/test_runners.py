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
