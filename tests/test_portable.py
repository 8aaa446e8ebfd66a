"""The street beyond one process: a separate job service, SDK worker processes and an object store.

`make portable` runs these tests: what comes out is byte for byte what the local runner makes.
"""

import hashlib
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest
from pyarrow import fs

from pipelines import samples
from schemas import storage
from tests.job_service import job_service
from tests.object_store import object_store

DOCUMENTS = 40
SECONDS = 800
# on a busy machine each of the many small processes waits for its turn
pytestmark = [pytest.mark.slow, pytest.mark.timeout(SECONDS + 100)]


@pytest.fixture(scope="module")
def raw(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("raw")
    samples.write_samples(folder, DOCUMENTS, seed=3)
    return folder


def build(source: str, output: str, key: Path, options: Sequence[str] = ()) -> None:
    """Build in a process of its own, as users do."""
    command = [sys.executable, "-m", "pipelines.build_corpus", f"--input={source}", f"--output={output}"]
    done = subprocess.run(
        [*command, f"--surrogate-key-file={key}", "--progress=quiet", *options],
        check=False,
        capture_output=True,
        text=True,
        timeout=SECONDS,
    )
    assert done.returncode == 0, done.stderr[-4000:]


def digests(corpus: str) -> dict[str, str]:
    """The digest of every file of a corpus; run.json says what differs from run to run."""
    found = {}
    for path, _ in storage.list_files(corpus):
        if path not in {"run.json", "report.html"}:
            with storage.open_input(storage.join(corpus, path)) as stream:
                found[path] = hashlib.sha256(stream.read()).hexdigest()
    return found


@pytest.fixture(scope="module")
def local(raw: Path, key_file: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    output = tmp_path_factory.mktemp("local") / "corpus"
    build(str(raw), str(output), key_file)
    found = digests(str(output))
    assert {path.split("/")[0] for path in found} >= {"data", "signatures", "manifest.json"}
    return found


def workers_of_jobs(folder: Path) -> set[int]:
    """How many SDK worker processes the jobs got, from the pool's log; a job has an endpoint of its own."""
    endpoints = re.findall(r'SdkHarness\("([^"]+)"', (folder / "pool.log").read_text())
    return set(Counter(endpoints).values())


def test_two_worker_processes_of_a_job_service_make_the_same_bytes(
    raw: Path, key_file: Path, local: dict[str, str], tmp_path: Path
) -> None:
    output = tmp_path / "corpus"
    with job_service(tmp_path, workers=2) as options:
        build(str(raw), str(output), key_file, options)
    assert digests(str(output)) == local
    assert workers_of_jobs(tmp_path) == {2}


def test_an_object_store_as_input_and_output_makes_the_same_bytes(
    raw: Path, key_file: Path, local: dict[str, str], tmp_path: Path
) -> None:
    with object_store("bucket") as query:
        source, output = f"s3://bucket/raw{query}", f"s3://bucket/corpus{query}"
        store, folder = storage.resolve(source)
        fs.copy_files(str(raw), folder, source_filesystem=fs.LocalFileSystem(), destination_filesystem=store)
        with job_service(tmp_path, workers=2) as options:
            build(source, output, key_file, options)
        assert digests(output) == local
