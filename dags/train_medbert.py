"""The schedule of the models: a tokenizer, then one model a variant of the corpus, as soon as there is one."""

import re
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

from airflow.sdk import Asset, Metadata, Param, dag, get_current_context, task, task_group
from airflow.sdk.exceptions import AirflowSkipException

# a scheduler has this folder on its path, `airflow dags list-import-errors --local` has not
sys.path.append(str(Path(__file__).parent))

import commands
from commands import run_module, task_defaults

CORPUS = Asset("medbert_corpus")
MODELS = Asset("medbert_models")
VARIANTS = ["full", "dedup"]
RECIPES = ["published", "modern", "long", "tiny", "tiny-long"]
GPU_POOL = "gpu"
DEFAULTS = {
    "corpus": None,
    "output": "build/training",
    "models": "build/models",
    "scores": "build/scores",
    "recipe": "modern",
    "tokens": None,
    "variants": VARIANTS,
    "vocabulary_size": 30_000,
    "benchmarks": [],
    "evaluation_options": [],
    **commands.PARAMS.get("train_medbert", {}),
}
PARAMS = {
    "corpus": Param(
        DEFAULTS["corpus"],
        type=["null", "string"],
        description="A finished corpus; without it the one that the asset medbert_corpus told of last",
    ),
    "output": Param(
        DEFAULTS["output"], type="string", minLength=1, description="Where tokenizers, token files and checkpoints go"
    ),
    "models": Param(DEFAULTS["models"], type="string", minLength=1, description="Where the models and their cards go"),
    "scores": Param(DEFAULTS["scores"], type="string", minLength=1, description="Where the evaluation goes"),
    "recipe": Param(
        DEFAULTS["recipe"],
        type="string",
        enum=RECIPES,
        description="What to train and how long; tiny is for trying the schedule out",
    ),
    "tokens": Param(
        DEFAULTS["tokens"], type=["null", "integer"], minimum=1, description="Budget of tokens instead of the recipe's"
    ),
    "variants": Param(
        DEFAULTS["variants"],
        type="array",
        items={"type": "string", "enum": VARIANTS},
        examples=VARIANTS,
        minItems=1,
        uniqueItems=True,
        description="Variants of the corpus, one model each",
    ),
    "vocabulary_size": Param(
        DEFAULTS["vocabulary_size"],
        type="integer",
        minimum=300,
        maximum=65_535,
        description="Entries of the tokenizer's vocabulary",
    ),
    "benchmarks": Param(
        DEFAULTS["benchmarks"],
        type="array",
        items={"type": "string", "pattern": "^[a-z0-9_]+=.+$"},
        description="Benchmarks to evaluate on, NAME=PATH each; without any there is no evaluation",
    ),
    "evaluation_options": Param(
        DEFAULTS["evaluation_options"],
        type="array",
        items={"type": "string", "pattern": "^--[a-z-]+(=.*)?$"},
        description="Further options of medbert.evaluate, e.g. --runs=5",
    ),
}


def folder_of_run(*names: str) -> str:
    """Return a working folder of this run: a retry goes on there, the next corpus is trained on from the start."""
    context = get_current_context()
    return "/".join([context["params"]["output"], re.sub(r"\W+", "-", context["run_id"]), *names])


def corpus_of_run() -> str:
    """Return the corpus that was asked for, or the one of the asset event that started this run."""
    context = get_current_context()
    if context["params"]["corpus"]:
        return context["params"]["corpus"]
    events = [event for events in context["triggering_asset_events"].values() for event in events]
    if not events:
        raise ValueError("started by hand without the parameter corpus, and no asset event tells where it is")
    return events[-1].extra["corpus"]


@dag(
    schedule=[CORPUS],
    catchup=False,
    max_active_runs=1,
    params=PARAMS,
    tags=["medbert"],
    default_args=task_defaults(retries=2, longest=timedelta(days=14)),
)
def train_medbert() -> None:
    """A tokenizer and two models from the corpus that `build_corpus` tells of, compared on benchmarks.

    **train_tokenizer** learns one vocabulary for all models. **model** is mapped over the variants of the
    corpus: **tokens** packs its text, **pretrain** trains, **release** writes the Hugging Face folder with
    its model card. **evaluate** compares the models on the benchmarks, if there are any. pretrain and
    evaluate wait for a slot in the pool `gpu`; make it once, with as many slots as there are devices:
    `airflow pools set gpu 1 "GPUs"`.

    A task that is killed is tried again; training goes on from its last checkpoint. Wrong options and a
    training that diverged are not tried again.
    """

    @task
    def train_tokenizer() -> dict[str, str]:
        corpus, folder = corpus_of_run(), folder_of_run("tokenizer")
        size = f"--vocabulary-size={get_current_context()['params']['vocabulary_size']}"
        run_module("medbert.tokenizer", f"--corpus={corpus}", f"--output={folder}", size)
        return {"corpus": corpus, "tokenizer": folder}

    @task
    def variants() -> list[str]:
        return get_current_context()["params"]["variants"]

    @task_group
    def model(variant: str, made: dict[str, str]) -> Any:
        @task(map_index_template="{{ variant }}")
        def tokens(variant: str, made: dict[str, str]) -> str:
            get_current_context()["variant"] = variant  # what the grid shows instead of a number
            folder = folder_of_run("tokens", variant)
            options = [f"--corpus={made['corpus']}", f"--tokenizer={made['tokenizer']}", f"--output={folder}"]
            run_module("medbert.tokens", *options, f"--variant={variant}")
            return folder

        @task(pool=GPU_POOL, map_index_template="{{ variant }}")
        def pretrain(variant: str, made: dict[str, str], tokens_folder: str) -> str:
            get_current_context()["variant"] = variant
            params, folder = get_current_context()["params"], folder_of_run("runs", variant)
            options = [f"--tokens-folder={tokens_folder}", f"--tokenizer={made['tokenizer']}", f"--output={folder}"]
            budget = [f"--tokens={params['tokens']}"] if params["tokens"] else []
            run_module("medbert.pretrain", *options, f"--recipe={params['recipe']}", *budget)
            return folder

        @task
        def release(made: dict[str, str], run: str) -> str:
            models = get_current_context()["params"]["models"]
            options = [f"--run={run}", f"--tokenizer={made['tokenizer']}", f"--corpus={made['corpus']}"]
            return run_module("medbert.release", *options, f"--output={models}")

        return release(made, pretrain(variant, made, tokens(variant, made)))

    @task(pool=GPU_POOL)
    def evaluate(models: list[str]) -> None:
        params = get_current_context()["params"]
        if not params["benchmarks"]:
            raise AirflowSkipException("no benchmarks were named")
        options = [f"--task={benchmark}" for benchmark in params["benchmarks"]]
        options += [f"--model={Path(folder).name}={folder}" for folder in models]
        run_module("medbert.evaluate", *options, f"--output={params['scores']}", *params["evaluation_options"])

    @task(outlets=[MODELS], trigger_rule="none_failed")
    def announce(models: list[str]) -> Any:
        yield Metadata(MODELS, {"models": list(models)})

    released = model.partial(made=train_tokenizer()).expand(variant=variants())
    evaluate(released) >> announce(released)


train_medbert()
