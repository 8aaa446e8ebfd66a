"""The options of `python -m pipelines.build_corpus` and the configuration that they make."""

import argparse
import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import shtab
from rich_argparse import RichHelpFormatter

from pipelines.anonymise import Anonymisation
from pipelines.progress import MODES
from pipelines.select import Selection
from pipelines.sources import sources
from schemas import storage
from schemas.document import SOURCES
from schemas.signatures import Deduplication

EXIT_CODES = """exit codes:
  0  the corpus is finished
  1  the build broke off; run the same command again to resume
  2  wrong option or missing folder
  3  de-identification did not pass its self-test
  4  more documents than allowed could not be de-identified
  5  another run works on the same output
  130 interrupted; run the same command again to resume
"""


@dataclass(frozen=True, slots=True)
class Configuration:
    """What decides the content of a corpus, beside its input and the surrogate key."""

    sources: tuple[str, ...] = SOURCES
    options: dict[str, dict[str, str]] = field(default_factory=dict)
    selection: Selection = field(default_factory=Selection)
    anonymisation: Anonymisation = field(default_factory=Anonymisation)
    deduplication: Deduplication = field(default_factory=Deduplication)
    withdrawn: frozenset[str] = frozenset()
    against: str | None = None
    exclude: tuple[str, ...] = ()

    def to_json(self, key: bytes = b"") -> dict[str, Any]:
        """Return what the manifest says of it: no key, no path, no record key, but their digests."""
        anonymisation = {name: value for name, value in asdict(self.anonymisation).items() if name != "key"}
        return {
            "sources": list(self.sources),
            "options": {
                name: {option: stated(value) for option, value in sorted(values.items())}
                for name, values in sorted(self.options.items())
            },
            "selection": asdict(self.selection),
            "anonymisation": {**anonymisation, "key": key_check(key) if key else "random"},
            "deduplication": self.deduplication.to_json(),
            "withdrawn": digest_of(sorted(self.withdrawn)) if self.withdrawn else None,
            "against": file_digest(storage.join(self.against, "manifest.json")) if self.against else None,
            "exclude": [file_digest(url) for url in self.exclude],
        }


def stated(value: str) -> str:
    """Return an option's value, or the digest of the file that it names."""
    return f"sha256:{file_digest(value)}" if "/" in value and storage.exists(value) else value


def digest_of(values: Iterable[str]) -> str:
    """Return the SHA-256 digest, in hexadecimal, of `values` in order."""
    return hashlib.sha256("\0".join(values).encode()).hexdigest()


def key_check(key: bytes) -> str:
    """Return a value that tells whether two builds used the same key, and nothing of the key."""
    return hashlib.sha256(b"medbert surrogate key check\0" + key).hexdigest()[:16]


def file_digest(url: str) -> str:
    """Return the SHA-256 digest, in hexadecimal, of the file at `url`."""
    with storage.open_input(url) as stream:
        return hashlib.sha256(stream.read()).hexdigest()


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m pipelines.build_corpus",
        description="Build a de-identified, near-deduplicated, counted Parquet corpus from raw files. "
        "Without --input, files of synthetic patients and articles are generated first.",
        epilog=EXIT_CODES,
        formatter_class=_Formatter,
        allow_abbrev=False,
    )
    shtab.add_argument_to(parser, ["--print-completion"])
    _add_input_options(parser)
    _add_text_options(parser)
    _add_engine_options(parser)
    return parser


class _Formatter(RichHelpFormatter, argparse.RawDescriptionHelpFormatter):
    """Colours on a terminal; the epilogue keeps its lines."""


def _add_input_options(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("input and output")
    group.add_argument("--input", metavar="DIR", help="folder or URL with one folder a source")
    group.add_argument("--output", metavar="DIR", default="build/corpus", help="the corpus (default: %(default)s)")
    group.add_argument(
        "--documents",
        type=int,
        default=2000,
        metavar="N",
        help="size of the generated input, without --input (default: %(default)s)",
    )
    group.add_argument(
        "--sources", metavar="NAME,...", default=",".join(SOURCES), help="the sources to read (default: all ten)"
    )
    group.add_argument(
        "--option",
        action="append",
        default=[],
        metavar="SOURCE.NAME=VALUE",
        help="an option of a source, e.g. radiology_reports.text=BEFUNDTEXT; may be repeated",
    )
    group.add_argument(
        "--withdraw", metavar="FILE", help="ids or record keys, one a line, of documents that must not be in the corpus"
    )
    group.add_argument(
        "--exclude",
        action="append",
        default=[],
        metavar="FILE",
        help="benchmark texts (CSV or JSON Lines); documents that repeat or contain one are rejected; may be repeated",
    )


def _add_text_options(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("de-identification")
    group.add_argument(
        "--replacement",
        choices=("surrogate", "tag", "drop-sentence"),
        default="surrogate",
        help="what stands for an entity (default: %(default)s)",
    )
    group.add_argument(
        "--surrogate-key-file",
        metavar="FILE",
        help="at least 16 bytes; without it the key is random and is thrown away when the build is finished",
    )
    group.add_argument(
        "--ner",
        action="append",
        default=[],
        metavar="KIND:PATH",
        help="a further engine on disk, in union with the built-in ones: spacy:PATH or transformers:PATH",
    )
    group.add_argument(
        "--public", default="", metavar="NAME,...", help="sources whose public authors' names are kept (default: none)"
    )
    group.add_argument(
        "--maximum-failed",
        type=float,
        default=0.05,
        metavar="SHARE",
        help="share of documents that de-identification may give up on (default: %(default)s)",
    )
    group = parser.add_argument_group("selection and near-duplicates")
    group.add_argument(
        "--minimum-words",
        type=int,
        default=Selection().minimum_words,
        metavar="N",
        help="shorter documents are rejected (default: %(default)s)",
    )
    defaults = Deduplication()
    group.add_argument(
        "--threshold",
        type=float,
        default=defaults.threshold,
        metavar="J",
        help="Jaccard similarity of near-duplicates (default: %(default)s)",
    )
    group.add_argument(
        "--shingle", type=int, default=defaults.shingle, metavar="WORDS", help="words a shingle (default: %(default)s)"
    )
    group.add_argument(
        "--bands", type=int, default=defaults.bands, metavar="N", help="bands of the signature (default: %(default)s)"
    )
    group.add_argument(
        "--rows", type=int, default=defaults.rows, metavar="N", help="rows a band (default: %(default)s)"
    )
    group.add_argument(
        "--dedup-scope",
        nargs="+",
        default=["all"],
        metavar="NAME",
        help="all: across all sources; source: within each source; or the names of sources (default: all)",
    )
    group.add_argument("--against", metavar="CORPUS", help="an existing corpus whose documents count as kept already")


def _add_engine_options(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("engine", "Beam's own options of a runner may be added.")
    group.add_argument(
        "--runner",
        default="DirectRunner",
        metavar="NAME",
        help="DirectRunner (in process), or one of Beam's for a cluster, e.g. FlinkRunner (default: %(default)s)",
    )
    group.add_argument(
        "--workers", type=int, default=1, metavar="N", help="processes of the DirectRunner (default: %(default)s)"
    )
    group.add_argument(
        "--progress",
        choices=MODES,
        default="auto",
        help="live table, plain lines, JSON lines or nothing (default: live on a terminal)",
    )
    group.add_argument(
        "--only",
        choices=("plan", "parts"),
        help="plan: print as JSON which sources have files that no part covers, and stop; parts: stop after the "
        "first pass; such runs for different sources may work side by side",
    )
    group.add_argument(
        "--keep-parts",
        action="store_true",
        help="keep the parts of a finished build, so that the next delivery is added faster",
    )


def configuration(arguments: argparse.Namespace) -> Configuration:
    """Return the configuration of parsed `arguments`. Raises ValueError naming the option that is wrong."""
    names = tuple(sources(name for name in arguments.sources.split(",") if name))
    public = tuple(sources(name for name in arguments.public.split(",") if name))
    scope = tuple(arguments.dedup_scope)
    if scope not in (("all",), ("source",)):
        sources(scope)
    for url in (*arguments.exclude, *filter(None, [arguments.withdraw])):
        if not storage.exists(url):
            raise ValueError(f"{url}: no such file")
    if arguments.against and not storage.exists(storage.join(arguments.against, "manifest.json")):
        raise ValueError(f"--against {arguments.against}: no finished corpus there (no manifest.json)")
    if arguments.workers < 1:
        raise ValueError(f"--workers={arguments.workers}: at least one process is needed")
    if not 0 <= arguments.maximum_failed <= 1:
        raise ValueError(f"--maximum-failed={arguments.maximum_failed}: is a share, from 0 to 1")
    if arguments.minimum_words < 0:
        raise ValueError(f"--minimum-words={arguments.minimum_words}: is at least 0")
    return Configuration(
        sources=names,
        options=source_options(arguments.option),
        selection=Selection(minimum_words=arguments.minimum_words),
        anonymisation=Anonymisation(replacement=arguments.replacement, ner=tuple(arguments.ner), public=public),
        deduplication=Deduplication(
            threshold=arguments.threshold,
            bands=arguments.bands,
            rows=arguments.rows,
            shingle=arguments.shingle,
            scope=scope,
        ),
        withdrawn=withdrawn(arguments.withdraw) if arguments.withdraw else frozenset(),
        against=arguments.against,
        exclude=tuple(arguments.exclude),
    )


def source_options(settings: Sequence[str]) -> dict[str, dict[str, str]]:
    """Return SOURCE.NAME=VALUE settings by source. Raises ValueError for one that no source has."""
    options: dict[str, dict[str, str]] = {}
    for setting in settings:
        name, equals, value = setting.partition("=")
        source, _, option = name.partition(".")
        if not equals or not option:
            raise ValueError(f"--option {setting}: write it as SOURCE.NAME=VALUE")
        known = sources([source])[source].options
        if option not in known:
            raise ValueError(f"--option {setting}: {source} has the options {', '.join(sorted(known)) or '(none)'}")
        options.setdefault(source, {})[option] = value
    return options


def withdrawn(url: str) -> frozenset[str]:
    """Return the ids and record keys in the file at `url`, one a line; '#' starts a comment line."""
    with storage.open_input(url) as stream:
        lines = stream.read().decode("utf-8-sig").splitlines()
    return frozenset(line.strip() for line in lines if line.strip() and not line.startswith("#"))


def read_key(url: str | None) -> bytes:
    """Return the surrogate key in the file at `url`.

    Raises ValueError where there is no such file or the key is too short to protect anything.
    """
    if url is None:
        return b""
    if not storage.exists(url) or storage.is_folder(url):
        raise ValueError(f"--surrogate-key-file {url}: no such file")
    with storage.open_input(url) as stream:
        key = stream.read().strip()
    if len(key) < 16:
        raise ValueError(f"--surrogate-key-file {url}: {len(key)} bytes; at least 16 are needed")
    return key


def check_folders(input_url: str, output: str) -> None:
    """Raise ValueError where the input is missing, or the output is a file, another's folder or within the input."""
    if not storage.is_folder(input_url):
        raise ValueError(f"--input {input_url}: no such folder")
    if storage.exists(output) and not storage.is_folder(output):
        raise ValueError(f"--output {output}: is a file")
    if storage.is_within(output, input_url):
        raise ValueError(f"--output {output}: is within the input, whose files the next build would read")
    present = {path.split("/")[0] for path, _ in storage.list_files(input_url)}
    if not present & set(SOURCES):
        raise ValueError(f"--input {input_url}: no folder is named like a source ({', '.join(SOURCES)})")
    known = storage.exists(storage.join(output, "manifest.json")) or storage.exists(storage.join(output, ".work"))
    if not known and any(storage.list_files(output)):
        raise ValueError(f"--output {output}: holds files but is not a corpus; name an empty or new folder")
