"""What text-dedup's MinHash finds in the same texts, in a Python of its own, with as many bands and rows.

It joins whatever shares a band, without comparing, so its recall is that of the bands and its
precision what the bands let through.
"""

import json
import subprocess
import time
from pathlib import Path

import numpy as np

PROBE = "import text_dedup.minhash"

SCRIPT = """
import json, sys
from text_dedup import minhash

source, output, bands, rows, permutations, words, count = sys.argv[1:]
options = ["--path", "json", "--data_files", source, "--split", "train", "--column", "text", "--output", output]
options += ["--cache_dir", output + ".cache", "--ngram", words, "--min_length", "0", "--num_perm", permutations]
minhash.main([*options, "--b", bands, "--r", rows, "--num_proc", "1"], standalone_mode=False)
with open(output + ".json", "w") as stream:
    json.dump([int(minhash.uf.find(number)) for number in range(int(count))], stream)
"""


def text_dedup_labels(python: str, texts: list[str], folder: Path, numbers: list[int]) -> tuple[np.ndarray, float]:
    """Return the cluster of each text, int64 [texts], and the wall seconds; `numbers` are the script's options.

    Raises ImportError where `python` has no text-dedup, and RuntimeError where it fails.
    """
    if subprocess.run([python, "-c", PROBE], capture_output=True, check=False).returncode:
        raise ImportError("text-dedup is not installed")
    source, output = folder / "texts.jsonl", folder / "found"
    source.write_text("".join(json.dumps({"text": text}) + "\n" for text in texts), encoding="utf-8")
    started = time.monotonic()
    command = [python, "-c", SCRIPT, str(source), str(output), *map(str, numbers), str(len(texts))]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr.strip().splitlines()[-1] if done.stderr.strip() else "no message")
    labels = np.array(json.loads(output.with_suffix(".json").read_text()), np.int64)
    return labels, time.monotonic() - started
