"""Run both schedules for real, in an Airflow of their own, and hold what happened against its database.

    .venv-dags/bin/python scripts/run_dags.py --project-python .venv/bin/python [--quick]

First `airflow dags test` of each schedule on generated files, the models by the recipe tiny. Then a scheduler
with LocalExecutor: a task that builds parts is killed in the middle and tried again, the corpus must come out
as before all the same, its asset event must start `train_medbert`, and a backfill of two days must take up a new
delivery once.
"""

import argparse
import hashlib
import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import screenshots
from trial_airflow import ROOT, airflow, copy_database, environment, rows, services, wait_for, wait_for_runs

IMPORT_SECONDS = 2.0
TINY = {
    "recipe": "tiny",
    "tokens": 20_000,
    "vocabulary_size": 2_000,
    "evaluation_options": ["--runs=1", "--limit=20", "--epochs=1", "--learning-rates=5e-5", "--long-texts=truncate"],
}
KILLED_SOURCE = "radiology_reports"
QUICK_SOURCES = ["ggponc", KILLED_SOURCE]


def main() -> int:
    """Run everything; an AssertionError says what did not go as it should."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--project-python", type=Path, default=ROOT / ".venv/bin/python", metavar="FILE")
    parser.add_argument("--documents", type=int, default=200, metavar="N", help="size of the generated input")
    parser.add_argument("--sources", metavar="NAME,...", help="build these alone; ggponc and the killed one are needed")
    parser.add_argument("--seconds", type=float, default=1800, metavar="N", help="longest wait for a scheduled run")
    parser.add_argument("--quick", action="store_true", help="imports and one run without a scheduler only")
    parser.add_argument("--scheduler-only", action="store_true", help="no dags test; compare with a plain build")
    parser.add_argument("--screenshots", type=Path, metavar="DIR", help="take pictures of the form and of the grid")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="work there, an empty folder, and leave all files")
    parsed = parser.parse_args()
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="medbert-dags-") as temporary:
        run_all((parsed.keep or Path(temporary)).absolute(), parsed)
    print(f"all in {time.monotonic() - started:.0f} s", flush=True)
    return 0


def run_all(home: Path, parsed: argparse.Namespace) -> None:
    """Run the schedules with all files in `home`."""
    airflow_home = home / "airflow"
    airflow_home.mkdir(parents=True)
    params = corpus_params(home)
    if parsed.sources or parsed.quick:
        params["sources"] = parsed.sources.split(",") if parsed.sources else QUICK_SOURCES
    env = environment(airflow_home, parsed.project_python, {"build_corpus": params, "train_medbert": tiny(home)})
    airflow(env, "db", "migrate")
    check_imports(env)
    fresh = airflow_home / "airflow.db"
    copy_database(fresh, home / "fresh.db")
    make_input(home, env, parsed.documents)
    tested = {**params, "output": str(home / "tested")}
    if parsed.scheduler_only:
        stated = {**tested, "sources": ",".join(params["sources"])} if "sources" in params else tested
        options = [f"--{name.replace('_', '-')}={value}" for name, value in stated.items()]
        run_project(env, "pipelines.build_corpus", "--progress=quiet", *options)
    else:
        test_schedule(env, "build_corpus", tested)
    expected = digests(home / "tested")
    assert "manifest.json" in expected, "no corpus"
    if parsed.quick:
        return
    if not parsed.scheduler_only:
        test_schedule(env, "train_medbert", {"corpus": str(home / "tested")})
        check_models(home)
        copy_database(home / "fresh.db", fresh)  # the trial's asset events are not those of the scheduler
    run_scheduled(home, env, expected, parsed)


def corpus_params(home: Path) -> dict[str, Any]:
    """Return the parameters of build_corpus in a trial."""
    return {"input": str(home / "raw"), "output": str(home / "corpus"), "surrogate_key_file": str(home / "key")}


def tiny(home: Path) -> dict[str, Any]:
    """Return the parameters of train_medbert in a trial: models as small as they get, one generated benchmark."""
    folders = {"output": str(home / "training"), "models": str(home / "models"), "scores": str(home / "scores")}
    return {**TINY, **folders, "benchmarks": [f"chest_ct={home / 'benchmark'}"]}


def make_input(home: Path, env: Mapping[str, str], documents: int) -> None:
    """Write the key, raw files, and a benchmark of generated reports that says that it is synthetic."""
    (home / "key").write_text(secrets.token_hex(16))
    run_project(env, "pipelines.samples", f"--documents={documents}", f"--output={home / 'raw'}")
    benchmark = ["--benchmark=chest_ct", "--documents=120", f"--output={home / 'benchmark'}"]
    run_project(env, "pipelines.samples", *benchmark)
    (home / "benchmark" / "README.md").write_text("Synthetic reports.\n")


def run_project(env: Mapping[str, str], module: str, *arguments: str) -> None:
    """Run a command of the project. Raises CalledProcessError."""
    subprocess.run([env["MEDBERT_PYTHON"], "-m", module, *arguments], check=True, cwd=ROOT, timeout=600)


def check_imports(env: Mapping[str, str]) -> None:
    """Raise AssertionError where a schedule does not import, or takes 2 s beyond Airflow itself."""
    code = (
        "import airflow.sdk, airflow.sdk.exceptions, time; start = time.perf_counter(); "
        "import build_corpus, train_medbert; print(time.perf_counter() - start)"
    )
    path = {**env, "PYTHONPATH": str(ROOT / "dags")}
    done = subprocess.run([sys.executable, "-c", code], check=True, env=path, stdout=subprocess.PIPE, text=True)
    took = float(done.stdout.split()[-1])
    assert took < IMPORT_SECONDS, f"the schedules take {took:.2f} s to import"
    errors = airflow(env, "dags", "list-import-errors", "--output=json", "--local")
    assert json.loads(errors.splitlines()[-1]) == [], errors
    print(f"both schedules: imported in {took:.2f} s, no import errors", flush=True)


def test_schedule(env: Mapping[str, str], dag: str, params: Mapping[str, Any]) -> None:
    """Run `airflow dags test`. Raises CalledProcessError where its run is not green."""
    started = time.monotonic()
    airflow(env, "dags", "reserialize")
    airflow(env, "dags", "test", dag, "--conf", json.dumps(params))
    states = [state for (state,) in rows(env, "select state from dag_run where dag_id = ?", dag)]
    assert states == ["success"], states
    print(f"airflow dags test {dag}: success in {time.monotonic() - started:.0f} s", flush=True)


def check_models(home: Path) -> None:
    """Raise AssertionError where a model, its card or the scores are missing."""
    for name in ("medbert.de", "medbert.de-dedup"):
        for file in ("model.safetensors", "README.md", "tokenizer.json"):
            assert (home / "models" / name / file).is_file(), f"{name}: no {file}"
    scores = json.loads((home / "scores" / "scores.json").read_text())["scores"]
    assert {score["model"] for score in scores} == {"medbert.de", "medbert.de-dedup"}, scores


def digests(corpus: Path) -> dict[str, str]:
    """Return the digest of every file of a corpus but run.json and the page that shows it.

    Those two say what differs from run to run.
    """
    files = sorted(path.relative_to(corpus) for path in corpus.rglob("*") if path.is_file())
    return {
        str(name): hashlib.sha256((corpus / name).read_bytes()).hexdigest()
        for name in files
        if name.name not in {"run.json", "report.html"} and not any(part.startswith(".") for part in name.parts)
    }


def run_scheduled(home: Path, env: Mapping[str, str], expected: dict[str, str], parsed: argparse.Namespace) -> None:
    """Run build_corpus under a scheduler, kill a task of it, wait for train_medbert, then fill back two days."""
    corpus, seconds = home / "corpus", parsed.seconds
    airflow(env, "pools", "set", "gpu", "1", "GPUs")
    airflow(env, "dags", "reserialize")
    with services(env):
        airflow(env, "dags", "trigger", "build_corpus")
        done, planned = kill_task(corpus, seconds)
        run = wait_for_runs(env, "build_corpus", "manual", 1, seconds)[0]
        tries = "select task_id from task_instance where run_id = ? and try_number > 1"
        assert ("ingest.build_parts",) in rows(env, tries, run), "the killed task was not tried again"
        assert digests(corpus) == expected, "the corpus is another one after a task was killed"
        print(f"build_corpus: green; a task was killed with {done} of {planned} parts done and tried again", flush=True)
        print(f"{len(expected)} files of the corpus are byte-identical to those of the unbroken build", flush=True)
        wait_for_runs(env, "train_medbert", "asset_triggered", 1, seconds)
        check_models(home)
        print("train_medbert: green, started by the asset medbert_corpus", flush=True)
        backfill(home, env, seconds)
        if parsed.screenshots:
            screenshots.take(env["AIRFLOW__API__BASE_URL"], run, parsed.screenshots)


def kill_task(corpus: Path, seconds: float) -> tuple[int, int]:
    """Kill the task that builds the parts of a source as soon as one is done; return how many were, of how many."""

    def look() -> tuple[int, int] | None:
        counts = parts_of(corpus, KILLED_SOURCE)
        if not counts[0]:
            return None
        for folder in Path("/proc").iterdir():
            if folder.name.isdecimal() and builds_parts(folder, corpus):
                os.kill(parent_of(folder), signal.SIGKILL)
                return parts_of(corpus, KILLED_SOURCE)
        raise AssertionError("the parts were done before their task could be killed: use more --documents")

    done, planned = wait_for("a first part", look, seconds, pause=0.02)
    assert done < planned, "all parts were done before their task was killed: use more --documents"
    return done, planned


def parts_of(corpus: Path, source: str) -> tuple[int, int]:
    """Return how many parts of `source` are done and how many are planned."""
    accounts = [json.loads(path.read_text()) for path in (corpus / ".work" / "accounts").glob("[!.]*.json")]
    plans = [json.loads(path.read_text()) for path in (corpus / ".work" / "plan").glob("[!.]*.json")]
    planned = sum(split["source"] == source for plan in plans for split in plan)
    return sum(account["source"] == source for account in accounts), planned


def builds_parts(process: Path, corpus: Path) -> bool:
    """Tell whether a folder of /proc is that of a first pass over the source whose task is killed."""
    try:
        arguments = (process / "cmdline").read_bytes().decode(errors="replace").split("\0")
    except OSError:
        return False
    return {f"--output={corpus}", "--only=parts", f"--sources={KILLED_SOURCE}"} <= set(arguments)


def parent_of(process: Path) -> int:
    """Return the process id of the parent of a folder of /proc."""
    fields = dict(line.split(":", 1) for line in (process / "status").read_text().splitlines())
    return int(fields["PPid"])


def backfill(home: Path, env: Mapping[str, str], seconds: float) -> None:
    """Fill back two days after a new delivery: the first run builds its parts alone, the second finds nothing."""
    delivery = home / "raw" / "ggponc" / "2026-11-02"
    run_project(env, "pipelines.samples", "--documents=20", "--seed=9", f"--output={home / 'more'}")
    shutil.copytree(home / "more" / "ggponc", delivery)
    # whatever the hour of the schedule, two of its times are between these
    days = ["--from-date=2026-11-01T00:00", "--to-date=2026-11-02T23:59", "--max-active-runs=1"]
    airflow(env, "backfill", "create", "--dag-id=build_corpus", *days)
    runs = wait_for_runs(env, "build_corpus", "backfill", 2, seconds)
    built = [
        rows(
            env,
            "select map_index, state from task_instance where run_id = ? and task_id = 'ingest.build_parts'",
            run,
        )
        for run in runs
    ]
    assert built == [[(0, "success")], [(-1, "skipped")]], built
    told = rows(env, "select state from task_instance where run_id = ? and task_id = 'report'", runs[1])
    assert told == [("skipped",)], told
    print("backfill of two days: one group builds the new delivery, then nothing is left to do", flush=True)


if __name__ == "__main__":
    sys.exit(main())
