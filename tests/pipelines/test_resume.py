"""Builds that are killed at random and started again end in the bytes of one that was never killed."""

import hashlib
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pipelines import samples
from schemas.manifest import Manifest

DOCUMENTS = 100
KILLS = int(os.environ.get("MEDBERT_KILLS", "2"))
"""How often a build is killed; more than a test run has time for show more moments."""

SLOW = 600.0


def command(raw: Path, output: Path, workers: int) -> list[str]:
    key = raw.parent / "key"
    key.write_text("0123456789abcdef0123456789abcdef")
    arguments = [f"--input={raw}", f"--output={output}", f"--workers={workers}", f"--surrogate-key-file={key}"]
    return [sys.executable, "-m", "pipelines.build_corpus", *arguments, "--progress=quiet"]


def digests(folder: Path) -> dict[str, str]:
    """Every file of a corpus by name, but for those that say what differs from run to run."""
    files = (p for p in folder.rglob("*") if p.is_file() and p.name not in {"run.json", "report.html", ".lock"})
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def finished_files(output: Path) -> int:
    """Return how many files a build has finished so far, by which one tells how far it is."""
    # unlike rglob, os.walk passes over a folder that the build takes away meanwhile
    return sum(not name.startswith(".") for _, _, names in os.walk(output) for name in names)


def killed(arguments: list[str], output: Path, chance: random.Random) -> bool:
    """Start a build and kill it with all its workers some files later; tell whether it was not done before."""
    log = output.with_suffix(".log")
    with open(log, "w") as errors:
        process = subprocess.Popen(arguments, stderr=errors, start_new_session=True)
    target = finished_files(output) + chance.randint(1, 25)
    deadline = time.monotonic() + SLOW
    while process.poll() is None and time.monotonic() < deadline:
        if finished_files(output) >= target:
            time.sleep(chance.uniform(0, 0.3))
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            return True
        time.sleep(0.01)
    assert process.poll() == 0, f"the build failed or hung: {log.read_text()[-2000:]}"
    return False


@pytest.fixture(scope="module")
def unbroken(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Raw files and, beside them, the corpus that an unbroken build makes of them."""
    folder = tmp_path_factory.mktemp("resume")
    samples.write_samples(folder / "raw", DOCUMENTS, seed=7)
    subprocess.run(command(folder / "raw", folder / "corpus", 1), check=True, stderr=subprocess.DEVNULL)
    return folder


@pytest.mark.slow
@pytest.mark.timeout(2 * SLOW)
@pytest.mark.parametrize("workers", [1, 2])
def test_a_build_that_is_killed_at_random_ends_in_the_same_bytes(unbroken: Path, tmp_path: Path, workers: int) -> None:
    output, chance = tmp_path / "corpus", random.Random(workers)
    arguments = command(unbroken / "raw", output, workers)
    kills = 0
    while kills < KILLS:
        if killed(arguments, output, chance):
            kills += 1
            continue
        # it came to its end, so the next kills hit a new build
        assert digests(output) == digests(unbroken / "corpus")
        shutil.rmtree(output)
    subprocess.run(arguments, check=True, stderr=subprocess.DEVNULL)
    assert digests(output) == digests(unbroken / "corpus")
    assert not (output / ".work").exists()
    Manifest.read(str(output / "manifest.json")).check()
