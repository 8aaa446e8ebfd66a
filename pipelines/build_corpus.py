"""The street: raw files in, a de-identified, near-deduplicated, counted Parquet corpus out.

    python -m pipelines.build_corpus --runner=DirectRunner --input DIR --output DIR

Three passes, each a Beam pipeline over small elements; text never crosses a shuffle. (1) Each split
becomes a part: read, clean, select, anonymise, count, sign, write. (2) Near-duplicates are found on
the signatures of the parts. (3) Each part gets its marks and becomes a shard. The manifest is written
last; what is done is not done again, so a killed build is resumed by the same command.
"""

import json
import logging
import secrets
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import apache_beam as beam
from rich.console import Console
from rich.table import Table

from pipelines import dataset_card, report, samples, software
from pipelines.anonymise import Anonymiser, SelfTestError
from pipelines.command_line import Configuration, build_parser, check_folders, configuration, digest_of, read_key
from pipelines.deduplicate import deduplicate
from pipelines.mark import FinishShards, Marking, Unmarked
from pipelines.part import BuildParts, Recipe, anonymiser
from pipelines.progress import Progress
from pipelines.publish import FailedError, check_failures, describe_run, make_manifest
from pipelines.runners import beam_options, pipeline_factory
from pipelines.shard import part_url
from pipelines.sources import sources
from pipelines.splits import PlanBatches, Split, batches, read_plan
from pipelines.usage import PassClock, release_memory
from schemas import storage
from schemas.document import RawDocument
from schemas.manifest import VARIANTS, Manifest
from schemas.signatures import signing

logger = logging.getLogger("pipelines.build_corpus")
SAMPLES = "build/samples"
SMALL_BYTES = 256 * 1024 * 1024
"""Of how many bytes of input a pass is small: done in the driver before workers have started."""

SMALL_DOCUMENTS = 1 << 18
"""Likewise for near-duplicates, whose stages start their workers anew: some ten seconds' work."""


@dataclass(frozen=True, slots=True)
class Build:
    """One run of the street: where from, where to, what to do and on what engine."""

    input: str
    output: str
    configuration: Configuration
    make_pipeline: Callable[[], beam.Pipeline]
    make_small_pipeline: Callable[[], beam.Pipeline]
    key: bytes = b""
    maximum_failed: float = 0.05
    keep_parts: bool = False
    progress: str = "quiet"

    def pipeline_for(self, size: int, small: int) -> Callable[[], beam.Pipeline]:
        """Return how a pass of a `size` is run: starting workers takes longer than one of at most `small`."""
        return self.make_pipeline if size > small else self.make_small_pipeline

    @property
    def work(self) -> str:
        return storage.join(self.output, ".work")

    @property
    def manifest(self) -> str:
        return storage.join(self.output, "manifest.json")


def build_corpus(build: Build) -> Manifest:
    """Build the corpus and return its manifest; one that is finished and unchanged is left as it is.

    Raises FailedError, SelfTestError, OSError and ValueError; the same call resumes what was done.
    """
    clock = PassClock()
    storage.make_folder(build.work)
    splits = plan_splits(build)
    clock.lap("plan")
    stated = build.configuration.to_json(build.key)
    fingerprint = fingerprint_of(build, splits)
    if storage.exists(build.manifest):
        finished = Manifest.read(build.manifest)
        if finished.fingerprint == fingerprint:
            logger.info("the corpus is finished already and neither input nor configuration changed")
            if not build.keep_parts:
                storage.delete_folder(build.work)
            return finished
    recipe = make_recipe(build)
    parts = {split.name(recipe.fingerprint): split for split in splits}
    accounts = run_pass_one(build, recipe, parts)
    check_failures(accounts, build.maximum_failed)
    clock.lap("parts")
    release_memory()
    unmarked = number_parts(accounts)
    summary = deduplicate(
        [part_url(build.work, "signatures", part.part) for part in unmarked],
        storage.join(build.work, "marks"),
        storage.join(build.work, "pairs"),
        build.configuration.deduplication,
        build.pipeline_for(sum(account["kept"] for account in accounts), SMALL_DOCUMENTS),
        against=build.configuration.against,
        exclude=build.configuration.exclude,
        template=TextTemplate(recipe),
        withdrawn=build.configuration.withdrawn,
    )
    clock.lap("near_duplicates")
    shards = run_pass_three(build, unmarked, fingerprint, sum(account["bytes"] for account in accounts))
    manifest = make_manifest(fingerprint, stated, accounts, shards, summary.to_json())
    clock.lap("shards")
    storage.write_json(storage.join(build.output, "run.json"), describe_run(accounts, shards, clock))
    finish(build, manifest)
    return manifest


def find_deliveries(build: Build) -> list[str]:
    """Return the sources that have splits without a finished part; none where the corpus is up to date."""
    storage.make_folder(build.work)
    splits = plan_splits(build)
    if storage.exists(build.manifest) and Manifest.read(build.manifest).fingerprint == fingerprint_of(build, splits):
        return []
    recipe = make_recipe(build)
    missing = {
        split.source
        for split in splits
        if not storage.exists(part_url(build.work, "accounts", split.name(recipe.fingerprint)))
    }
    return [name for name in build.configuration.sources if name in missing]


def fingerprint_of(build: Build, splits: Sequence[Split]) -> str:
    """Return the fingerprint of a corpus: of its input, its configuration and this software."""
    stated = json.dumps(build.configuration.to_json(build.key), sort_keys=True)
    return digest_of([software.fingerprint(), stated, *(split.name("") for split in splits)])


def build_parts(build: Build) -> None:
    """Do passes zero and one only; a later build of the same output goes on from there."""
    storage.make_folder(build.work)
    recipe = make_recipe(build)
    parts = {split.name(recipe.fingerprint): split for split in plan_splits(build)}
    accounts = run_pass_one(build, recipe, parts)
    check_failures(accounts, build.maximum_failed)


def plan_splits(build: Build) -> list[Split]:
    """Return the splits of all sources, in the order of the published table, then of the paths."""
    planned = [
        batch
        for name, source in sources(build.configuration.sources).items()
        for batch in batches(source, storage.list_files(storage.join(build.input, name)))
    ]
    with build.pipeline_for(sum(size for batch in planned for _, size in batch.files), SMALL_BYTES)() as pipeline:
        _ = pipeline | beam.Create(planned) | PlanBatches(build.input, build.work)
    return read_plan(build.work, planned)


def make_recipe(build: Build) -> Recipe:
    """Return what pass one does, with the build's key; a random one lives as long as the work folder."""
    key, key_url = build.key, storage.join(build.work, "key")
    if not key:
        storage.create_private(key_url, secrets.token_bytes(32))
        with storage.open_input(key_url) as stream:
            key = stream.read()
    stated = build.configuration.to_json(key)
    for name in ("deduplication", "against", "exclude", "sources"):
        del stated[name]  # they decide nothing in a part, but for the scheme of the signatures
    settings = build.configuration.deduplication
    stated["signature"] = signing(settings)
    return Recipe(
        input=build.input,
        work=build.work,
        fingerprint=digest_of([software.fingerprint(), json.dumps(stated, sort_keys=True)]),
        options=build.configuration.options,
        selection=build.configuration.selection,
        anonymisation=replace(build.configuration.anonymisation, key=key),
        deduplication=settings,
        withdrawn=build.configuration.withdrawn,
    )


@dataclass(frozen=True, slots=True)
class TextTemplate:
    """Turns a text, such as a benchmark's, into the template that signatures are made of."""

    recipe: Recipe

    def __call__(self, text: str) -> str:
        document = anonymiser(self.recipe.anonymisation)(RawDocument("", "", text))
        return getattr(document, "template", "")


def run_pass_one(build: Build, recipe: Recipe, parts: Mapping[str, Split]) -> list[dict[str, Any]]:
    """Build the parts that are not there and return the accounts of all, in order."""
    Anonymiser(recipe.anonymisation).self_test()
    with Progress(build.work, parts, build.progress), build.make_pipeline() as pipeline:
        _ = pipeline | beam.Create(list(parts.values())) | BuildParts(recipe)
    return [storage.read_json(part_url(build.work, "accounts", part)) for part in parts]


def number_parts(accounts: Sequence[Mapping[str, Any]]) -> list[Unmarked]:
    """Return the parts of `accounts`, numbered within their source."""
    numbers: dict[str, int] = {}
    unmarked = []
    for account in accounts:
        number = numbers.setdefault(account["source"], 0)
        unmarked.append(Unmarked(account["part"], account["source"], number))
        numbers[account["source"]] += 1
    return unmarked


def run_pass_three(build: Build, unmarked: Sequence[Unmarked], fingerprint: str, size: int) -> list[dict[str, Any]]:
    """Write the shards, of `size` bytes of text, and return their accounts, in order."""
    storage.delete_file(build.manifest)
    for folder in ("data", "signatures", "rejections", ".work/finished"):
        storage.delete_folder(storage.join(build.output, folder))
    marking = Marking(build.work, build.output, {"version": software.VERSION, "fingerprint": fingerprint})
    with build.pipeline_for(size, SMALL_BYTES)() as pipeline:
        _ = pipeline | beam.Create(list(unmarked)) | FinishShards(marking)
    return [storage.read_json(storage.join(build.work, "finished", f"{part.part}.json")) for part in unmarked]


def finish(build: Build, manifest: Manifest) -> None:
    """Write the reports and, last, the manifest; then throw away the work and a random key."""
    report.write_reports(build.output, manifest)
    dataset_card.write_dataset_card(build.output, manifest)
    manifest.write(build.manifest)
    if not build.keep_parts or not build.key:  # parts of a key that is thrown away fit no later build
        storage.delete_folder(build.work)


def run(arguments: Sequence[str] | None = None) -> None:
    """Build what the command line `arguments` ask for. Raises ValueError for what is wrong in them."""
    parsed, rest = build_parser().parse_known_args(arguments)
    options = beam_options(rest, parsed.runner, parsed.workers)
    settings = configuration(parsed)
    if parsed.input is None:
        parsed.input = f"{SAMPLES}-{parsed.documents}"
        samples.write_samples(Path(parsed.input), parsed.documents, seed=1)
    check_folders(parsed.input, parsed.output)
    build = Build(
        input=parsed.input,
        output=parsed.output,
        configuration=settings,
        make_pipeline=pipeline_factory(options, parsed.runner),
        make_small_pipeline=pipeline_factory(beam_options(rest, parsed.runner, 1), parsed.runner),
        key=read_key(parsed.surrogate_key_file),
        maximum_failed=parsed.maximum_failed,
        keep_parts=parsed.keep_parts,
        progress=parsed.progress,
    )
    if parsed.only:
        with storage.lock(parsed.output, shared=True), ExitStack() as held:
            for name in settings.sources:
                held.enter_context(storage.lock(parsed.output, name))
            if parsed.only == "plan":
                print(json.dumps({"sources": find_deliveries(build)}))
            else:
                build_parts(build)
        return
    with storage.lock(parsed.output):
        manifest = build_corpus(build)
    show(build, manifest)


def show(build: Build, manifest: Manifest) -> None:
    """Print the table and where the files are."""
    if build.progress == "json":
        print(json.dumps({"manifest": build.manifest, "summary": asdict(manifest.statistics["full"]["summary"])}))
    elif build.progress != "quiet":
        console = Console()
        for variant in VARIANTS:
            console.print(terminal_table(report.corpus_table(manifest.statistics[variant]), f"Corpus, {variant}"))
        console.print(terminal_table(report.account_table(manifest.sources), "Where the documents went"))
        for name, path in (("corpus", ""), ("report", "report.html"), ("manifest", "manifest.json")):
            console.print(f"{name:9} {storage.join(build.output, path) if path else build.output}")


def terminal_table(section: report.Section, title: str) -> Table:
    """Return a section of the report as a table for a terminal, figures to the right."""
    table = Table(title=title, title_justify="left")
    for position, header in enumerate(section.header):
        table.add_column(header, justify="right" if position else "left", no_wrap=not position)
    for row in section.cells:
        table.add_row(*row)
    return table


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit code (see --help)."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", stream=sys.stderr, force=True)
    for name in ("apache_beam", "presidio-analyzer", "pdfminer", "root"):
        logging.getLogger(name).setLevel(logging.ERROR)
    logger.setLevel(logging.INFO)  # "root" above is Beam's way to log, and every logger's default
    failures: dict[type[BaseException], int] = {SelfTestError: 3, FailedError: 4, storage.LockedError: 5, ValueError: 2}
    failures[PermissionError] = 2  # a folder that cannot be listed cannot be accounted for
    try:
        run(arguments)
    except KeyboardInterrupt:
        logger.error("interrupted; run the same command again to resume")
        return 130
    except tuple(failures) as error:
        logger.error("error: %s", error)
        return next(code for kind, code in failures.items() if isinstance(error, kind))
    return 0


if __name__ == "__main__":
    # Beam pickles functions by their module's name, which must not be __main__
    from pipelines.build_corpus import main as main_of_module

    sys.exit(main_of_module())
