import subprocess
import sys

from pipelines import usage


def test_the_peak_stays_when_memory_is_given_back() -> None:
    before = usage.peak_memory()
    block = bytearray(64 << 20)
    block[:: 1 << 12] = b"x" * (len(block) >> 12)
    del block
    assert before <= usage.peak_memory() < 1 << 36
    code = "from pipelines import usage; b = b'x' * (200 << 20); del b; print(usage.peak_memory())"
    peak = int(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout)
    assert 200 << 20 < peak < 600 << 20
    assert usage.peak_memory_of_children() >= peak


def test_the_clock_charges_children_that_have_ended() -> None:
    clock = usage.PassClock()
    subprocess.run([sys.executable, "-c", "sum(range(10_000_000))"], check=True)
    clock.lap("parts")
    clock.lap("shards")
    assert clock.cpu["parts"] > 0.05 > clock.cpu["shards"]
    assert clock.wall["parts"] > clock.wall["shards"]
