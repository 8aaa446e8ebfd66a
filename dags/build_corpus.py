"""The schedule of the corpus: parts of each source that has new files, then the whole corpus."""

import json
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

from airflow.sdk import Asset, Metadata, Param, dag, get_current_context, task, task_group
from airflow.sdk.exceptions import AirflowSkipException

# a scheduler has this folder on its path, `airflow dags list-import-errors --local` has not
sys.path.append(str(Path(__file__).parent))

import commands
from commands import HOPELESS, run_module, task_defaults

SOURCES = [
    "doccheck_flexikon",
    "ggponc",
    "webcrawl",
    "pubmed_abstracts",
    "radiology_reports",
    "springer_nature",
    "electronic_health_records",
    "doctoral_theses",
    "thieme",
    "wikipedia",
]
CORPUS = Asset("medbert_corpus")
DEFAULTS = {
    "input": "build/samples-2000",
    "output": "build/corpus",
    "sources": SOURCES,
    "workers": 1,
    "threshold": 0.8,
    "surrogate_key_file": None,
    "options": [],
    **commands.PARAMS.get("build_corpus", {}),
}
PARAMS = {
    "input": Param(DEFAULTS["input"], type="string", minLength=1, description="Folder or URL with one folder a source"),
    "output": Param(DEFAULTS["output"], type="string", minLength=1, description="Where the corpus is built"),
    "sources": Param(
        DEFAULTS["sources"],
        type="array",
        items={"type": "string", "enum": SOURCES},
        examples=SOURCES,
        minItems=1,
        uniqueItems=True,
        description="Sources to read",
    ),
    "workers": Param(DEFAULTS["workers"], type="integer", minimum=1, maximum=256, description="Processes of each task"),
    "threshold": Param(
        DEFAULTS["threshold"],
        type="number",
        minimum=0.1,
        maximum=1,
        description="Jaccard similarity from which documents are near-duplicates",
    ),
    "surrogate_key_file": Param(
        DEFAULTS["surrogate_key_file"],
        type=["null", "string"],
        description="File of the surrogate key. With one, parts of old deliveries are kept; without one a random key "
        "is thrown away after the build, and a new delivery makes all parts anew",
    ),
    "options": Param(
        DEFAULTS["options"],
        type="array",
        items={"type": "string", "pattern": "^--[a-z_-]+(=.*)?$"},
        description="Further options of pipelines.build_corpus and of its runner, e.g. --replacement=tag",
    ),
}


def options() -> list[str]:
    """Return the command line of a build with the parameters of this run."""
    params = get_current_context()["params"]
    key = params["surrogate_key_file"]
    return [
        f"--input={params['input']}",
        f"--output={params['output']}",
        f"--workers={params['workers']}",
        f"--threshold={params['threshold']}",
        "--keep-parts",
        "--progress=plain",
        *([f"--surrogate-key-file={key}"] if key else []),
        *params["options"],
    ]


@dag(
    schedule=None if commands.SCHEDULE == "none" else commands.SCHEDULE,
    catchup=False,
    max_active_runs=1,
    params=PARAMS,
    tags=["medbert"],
    default_args=task_defaults(retries=3, longest=timedelta(days=2)),
)
def build_corpus() -> None:
    """Raw files of ten German medical sources in, a de-identified, near-deduplicated Parquet corpus out.

    **find_deliveries** names the sources that have files which no part covers yet. **ingest** builds
    their parts, one mapped group a source, side by side. **assemble** finds near-duplicates over all
    parts, writes the shards, counts them and writes the manifest. **audit** reads every shard and holds
    it against the manifest. **report** writes the pages that people read and tells the asset
    `medbert_corpus`, on which `train_medbert` waits; it is skipped where the corpus is the one of last time.

    A task that is killed is tried again and goes on from the last finished part. Wrong options, a failed
    self-test of de-identification and too many failures are not tried again. Put a delivery into a folder
    of its own, e.g. `radiology_reports/2026-11-22/`: parts of older deliveries are then left as they are.

    What is new is told by the files' contents, not by the day of the run: a delivery that comes late is
    taken up by the next run, and a backfill of any days builds once and finds nothing to do after that.
    """

    @task
    def find_deliveries() -> list[str]:
        wanted = get_current_context()["params"]["sources"]
        printed = run_module("pipelines.build_corpus", *options(), f"--sources={','.join(wanted)}", "--only=plan")
        return json.loads(printed)["sources"]

    @task_group
    def ingest(source: str) -> None:
        @task(map_index_template="{{ source }}")
        def build_parts(source: str) -> None:
            get_current_context()["source"] = source  # what the grid shows instead of a number
            # which share of documents may fail is decided over all sources, by assemble
            chosen = [f"--sources={source}", "--only=parts", "--maximum-failed=1"]
            run_module("pipelines.build_corpus", *options(), *chosen)

        build_parts(source)

    @task(trigger_rule="none_failed")
    def assemble() -> str:
        params = get_current_context()["params"]
        run_module("pipelines.build_corpus", *options(), f"--sources={','.join(params['sources'])}")
        return params["output"]

    @task
    def audit(corpus: str) -> str:
        run_module("pipelines.audit", f"--corpus={corpus}", hopeless=HOPELESS | {1})  # findings stay findings
        return corpus

    @task(inlets=[CORPUS], outlets=[CORPUS])
    def report(corpus: str) -> Any:
        run_module("pipelines.report", f"--corpus={corpus}")
        fingerprint = json.loads(run_module("pipelines.report", f"--corpus={corpus}", "--format=json"))["fingerprint"]
        told = get_current_context()["inlet_events"][CORPUS]
        if len(told) and told[-1].extra == {"corpus": corpus, "fingerprint": fingerprint}:
            raise AirflowSkipException("nothing changed since the asset was told of this corpus")
        yield Metadata(CORPUS, {"corpus": corpus, "fingerprint": fingerprint})

    assembled = assemble()
    ingest.expand(source=find_deliveries()) >> assembled
    report(audit(assembled))


build_corpus()
