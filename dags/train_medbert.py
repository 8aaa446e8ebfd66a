"""The schedule of the models: a tokenizer, then one model a variant of the corpus, as soon as there is one."""

import os
import re
from datetime import timedelta
from typing import Any

from airflow.sdk import Asset, Metadata, Param, dag, get_current_context, task, task_group
from commands import log_failure, run_module

CORPUS = Asset("medbert_corpus")
MODELS = Asset("medbert_models")
VARIANTS = ["full", "dedup"]
RECIPES = ["published", "modern", "long", "tiny", "tiny-long"]
GPU_POOL = "gpu"
PARAMS = {
    "corpus": Param(
        None,
        type=["null", "string"],
        description="A finished corpus; without it the one that the asset medbert_corpus told of last",
    ),
    "output": Param("build/training", type="string", minLength=1, description="Where tokenizer and checkpoints go"),
    "models": Param("build/models", type="string", minLength=1, description="Where the models go"),
    "recipe": Param(
        os.environ.get("MEDBERT_RECIPE", "modern"),
        type="string",
        enum=RECIPES,
        description="What to train and how long; tiny is for trying the schedule out",
    ),
    "variants": Param(VARIANTS, type="array", items={"type": "string", "enum": VARIANTS}, description="One model each"),
    "vocabulary_size": Param(30_000, type="integer", minimum=300, maximum=200_000, description="Of the tokenizer"),
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
    default_args={
        "retries": 2,
        "retry_delay": timedelta(seconds=10),
        "retry_exponential_backoff": True,
        "execution_timeout": timedelta(days=14),
        "on_failure_callback": log_failure,
    },
)
def train_medbert() -> None:
    """A tokenizer and two models from the corpus that `build_corpus` tells of.

    **train_tokenizer** learns one vocabulary for all models. **model** is mapped over the variants of the
    corpus: **tokens** packs its text, **pretrain** trains, **release** writes the Hugging Face folder with
    its model card. pretrain waits for a slot in the pool `gpu`; make it once, with as many slots as there
    are devices: `airflow pools set gpu 1 "GPUs"`.

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
    def model(variant: str, made: dict[str, str]) -> None:
        @task
        def tokens(variant: str, made: dict[str, str]) -> str:
            folder = folder_of_run("tokens", variant)
            options = [f"--corpus={made['corpus']}", f"--tokenizer={made['tokenizer']}", f"--output={folder}"]
            run_module("medbert.tokens", *options, f"--variant={variant}", "--workers=1")
            return folder

        @task(pool=GPU_POOL)
        def pretrain(variant: str, made: dict[str, str], tokens_folder: str) -> str:
            folder = folder_of_run("runs", variant)
            options = [f"--tokens-folder={tokens_folder}", f"--tokenizer={made['tokenizer']}", f"--output={folder}"]
            run_module("medbert.pretrain", *options, f"--recipe={get_current_context()['params']['recipe']}")
            return folder

        @task
        def release(made: dict[str, str], run: str) -> None:
            models = get_current_context()["params"]["models"]
            options = [f"--run={run}", f"--tokenizer={made['tokenizer']}", f"--corpus={made['corpus']}"]
            run_module("medbert.release", *options, f"--output={models}")

        release(made, pretrain(variant, made, tokens(variant, made)))

    @task(outlets=[MODELS])
    def announce() -> Any:
        yield Metadata(MODELS, {"models": get_current_context()["params"]["models"]})

    model.partial(made=train_tokenizer()).expand(variant=variants()) >> announce()


train_medbert()
