import pytest

from pipelines.runners import beam_options, check_endpoint, pipeline_factory


@pytest.mark.parametrize("runner", ["DaskRunner", "PrismRunner", "BundleBasedDirectRunner", "InteractiveRunner"])
def test_runners_known_to_lose_documents_are_refused(runner: str) -> None:
    with pytest.raises(ValueError, match=f"{runner} is refused: "):
        beam_options([], runner, 1)


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
