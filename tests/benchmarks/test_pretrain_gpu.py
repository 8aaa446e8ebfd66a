"""The script for a GPU, in small on the CPU: it runs from end to end."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch


@pytest.mark.slow
def test_the_dry_run_measures_everything() -> None:
    script = Path(__file__).with_name("pretrain_gpu.sh")
    environment = {**os.environ, "PYTHON": sys.executable, "OMP_NUM_THREADS": "1"}
    done = subprocess.run([str(script), "--dry-run"], capture_output=True, env=environment, timeout=280, check=False)
    assert done.returncode == 0, done.stderr.decode()[-2000:]
    lines = [json.loads(line) for line in done.stdout.decode().splitlines()]
    value = {line["measure"]: line["value"] for line in lines}
    assert 0 < value["packed against padded rows, backward"] < 100
    for recipe in ("published", "modern"):
        for data in ("all of 128 tokens", "all of 512 tokens", "reports packed"):
            assert value[f"{recipe}, {data}: speed"] > 0
            assert 0 < value[f"{recipe}, {data}: matrix products"] < 1
    assert value["unigram entropy"] > 0
    assert any(measure.startswith("held-out loss after") for measure in value)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device")
def test_without_a_gpu_it_says_so() -> None:
    module = [sys.executable, "-m", "tests.benchmarks.pretrain_gpu"]
    done = subprocess.run(module, capture_output=True, timeout=200, check=False, cwd=Path(__file__).parents[2])
    assert done.returncode == 1
    assert b"no CUDA device" in done.stderr
