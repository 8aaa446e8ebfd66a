"""The street's reading, cleaning, selecting and writing beside datatrove's reading, filtering and writing.

Both get the same JSON Lines and one process. datatrove filters by length alone and writes JSON Lines
without compression; ours mends encodings, detects the language, drops boilerplate, looks at the
length and writes Parquet. CPU time, start-up left out of both, in alternating rounds.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.benchmarks.report import report
from tests.benchmarks.street_input import write_input

MEGABYTES, ROUNDS = 10, 3
STAGES = ("read", "clean", "select", "write")

DATATROVE = """
import json, sys, time
from datatrove.executor import LocalPipelineExecutor
from datatrove.pipeline.filters import LambdaFilter
from datatrove.pipeline.readers import JsonlReader
from datatrove.pipeline.writers import JsonlWriter

source, target, logs = sys.argv[1:]
steps = [
    JsonlReader(source, text_key="Befund", id_key="Accession"),
    LambdaFilter(lambda document: 50 <= len(document.text) <= 1_000_000),
    JsonlWriter(target, compression=None),
]
started = time.process_time()
statistics = LocalPipelineExecutor(steps, tasks=1, workers=1, logging_dir=logs).run()
seconds = time.process_time() - started
with open(next(__import__("pathlib").Path(target).glob("*.jsonl")), encoding="utf-8") as lines:
    print(json.dumps({"seconds": seconds, "documents": sum(1 for _ in lines)}))
"""

OURS = """
import json, sys
from pathlib import Path
from tests.benchmarks.street_worker import pass_through
from pipelines import build_corpus
from schemas import storage

pass_through()
source, target, key = sys.argv[1:]
Path(key).write_text("0123456789abcdef0123456789abcdef")
arguments = [f"--input={source}", f"--output={target}", "--sources=radiology_reports", f"--surrogate-key-file={key}"]
assert build_corpus.main([*arguments, "--progress=quiet"]) == 0
run = storage.read_json(f"{target}/run.json")
read = storage.read_json(f"{target}/manifest.json")["sources"]["radiology_reports"]["read"]
print(json.dumps({"seconds": sum(run["cpu_seconds"][stage] for stage in %r), "documents": read}))
"""


def rate(python: str, script: str, *arguments: Path) -> float:
    """Return the documents a CPU second that `script` says it did."""
    command = [python, "-c", script, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found = json.loads(done.stdout.splitlines()[-1])
    return found["documents"] / found["seconds"]


def measure(arguments: argparse.Namespace, pool: list[str]) -> None:
    """Print the documents a second of both, or that datatrove is missing."""
    python = arguments.datatrove_python
    probe = "import datatrove.pipeline.filters, datatrove.pipeline.readers, datatrove.pipeline.writers"
    if subprocess.run([python, "-c", probe], capture_output=True, check=False).returncode:
        print(json.dumps({"measure": "documents_per_second", "peer": "datatrove", "missing": True}))
        return
    rates: dict[str, list[float]] = {"ours": [], "datatrove": []}
    for _ in range(ROUNDS):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            write_input(folder / "in", pool, MEGABYTES, seed=1)
            source = folder / "in" / "radiology_reports"
            rates["datatrove"].append(rate(python, DATATROVE, source, folder / "theirs", folder / "logs"))
            script = OURS % (STAGES,)
            rates["ours"].append(rate(sys.executable, script, folder / "in", folder / "ours", folder / "key"))
    medians = {name: statistics.median(found) for name, found in rates.items()}
    report("documents_per_second_datatrove", medians["datatrove"], "documents/s of CPU")
    ratio = medians["ours"] / medians["datatrove"]
    report("documents_per_second", medians["ours"], "documents/s of CPU", "datatrove, filtering by length", ratio)
