"""The command line of `python -m pipelines.anonymise`: files of texts in, the same without the people in them out."""

import argparse
import logging
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import Any, BinaryIO, NoReturn

from rich.console import Console
from rich_argparse import RawDescriptionRichHelpFormatter

from pipelines import explain, record_files
from pipelines.anonymise import REPLACEMENTS, Anonymisation, Anonymiser, SelfTestError
from pipelines.formats import Unreadable
from pipelines.record_files import Columns, Record
from pipelines.spans import Span
from schemas import storage
from schemas.document import RawDocument, Rejection

SPANS, REJECTED = "spans.jsonl", "rejected.jsonl"
_SOURCE = "electronic_health_records"
"""What a text of unknown origin is taken for: a clinical one."""
_SHOWN_EVERY = 0.5
_EPILOG = f"""writes into DIR
  the files of the input under their own names, each record its id and its de-identified text
  {SPANS}     with --spans: {{"id", "entities": [{{"begin", "end", "label", "score"}}]}} a line; offsets are Python
                  string indices into the text as it was given, line ends too, without a byte order mark
  {REJECTED}  ids and reason codes of the records that were not let through

a line of JSON may carry what is known of its patient, which is then masked whatever the recognizers find:
  {{"id": "1", "text": "...", "known": [{{"label": "PERSON", "value": "Müller, Gisela"}}], "patient": "4711"}}

exit codes: 0 done, 1 broke off, 2 wrong option or missing file, 3 the self-test failed, 4 nothing was let through"""


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.exit(2, f"error: {message} (see --help)\n")


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = _Parser(
        prog="python -m pipelines.anonymise",
        description="De-identify German clinical texts: plain text, JSON Lines and CSV.",
        epilog=_EPILOG,
        formatter_class=RawDescriptionRichHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--input", metavar="FILE_OR_FOLDER", help=".txt, .jsonl, .csv or .tsv, or a folder of them")
    parser.add_argument("--output", metavar="DIR", help="folder to write to; or a .jsonl file, for the spans alone")
    parser.add_argument("--spans", action="store_true", help=f"write what was found and where, as {SPANS}")
    parser.add_argument(
        "--replacement", choices=REPLACEMENTS, default="surrogate", help="what stands for an entity (%(default)s)"
    )
    parser.add_argument(
        "--surrogate-key-file", metavar="FILE", help="at least 16 bytes; without it surrogates differ from run to run"
    )
    parser.add_argument(
        "--ner",
        action="append",
        default=[],
        metavar="KIND:PATH",
        help="a further engine on disk, in union with the built-in ones: spacy:PATH or transformers:PATH",
    )
    parser.add_argument(
        "--text-column", default="text", metavar="NAME", help="field or column of the text (%(default)s)"
    )
    parser.add_argument("--id-column", default="id", metavar="NAME", help="field or column of the id (%(default)s)")
    parser.add_argument(
        "--explain", action="store_true", help="show which recognizer finds what in a text typed on standard input"
    )
    return parser


@dataclass
class Account:
    """What became of the records."""

    documents: int = 0
    entities: Counter[str] = field(default_factory=Counter)
    rejected: list[tuple[str | int, str]] = field(default_factory=list)

    def reject_file(self, path: str, reason: str) -> None:
        """Account for a file that no record can be read from, as for one document."""
        self.documents += 1
        self.rejected.append((path, reason))


def files_of(url: str) -> list[tuple[str, str]]:
    """Return (URL, path) of the file at `url` or of every file below it. Raises ValueError where there is none."""
    if storage.is_folder(url):
        found = [(storage.join(url, path), path) for path, _ in storage.list_files(url)]
        if not any(record_files.kind_of(path) for _, path in found):
            raise ValueError(f"--input {url}: no .txt, .jsonl, .csv or .tsv file there")
        return found
    if not storage.exists(url):
        raise ValueError(f"--input {url}: no such file or folder")
    return [(url, storage.split_url(url)[0].rstrip("/").rpartition("/")[2])]


def anonymise_files(url: str, output: str, anonymiser: Anonymiser, columns: Columns, spans: bool) -> Account:
    """De-identify the file or the files at `url` into the folder `output`; return what became of them.

    `output` may be a file, `*.jsonl`, that gets the spans alone. Raises ValueError and OSError.
    """
    files = files_of(url)
    alone = output.endswith(".jsonl")
    _check_output(files, output, alone, spans)
    account = Account()
    with ExitStack() as stack:
        spans_url = output if alone else storage.join(output, SPANS)
        span_stream = stack.enter_context(storage.atomic_write(spans_url)) if spans else None
        show = stack.enter_context(_shown(account))
        for file_url, path in files:
            kind = record_files.kind_of(path) or ("text" if len(files) == 1 else "")
            if not kind:
                account.reject_file(path, "unknown_format")
                continue
            run = _File(file_url, path, kind, anonymiser, columns, account, span_stream, show)
            try:
                run.process(None if alone else storage.join(output, path))
            except record_files.NoColumnError:
                if len(files) == 1:
                    raise
                account.reject_file(path, "no_text_column")
    if account.rejected and not alone:
        with storage.atomic_write(storage.join(output, REJECTED)) as stream:
            for key, reason in account.rejected:
                record_files.put_json(stream, {"id": key, "reason": reason})
    return account


def _check_output(files: list[tuple[str, str]], output: str, alone: bool, spans: bool) -> None:
    if alone and not spans:
        raise ValueError(f"--output {output}: a .jsonl file takes the spans; add --spans or name a folder")
    names = {path for _, path in files} & {SPANS, REJECTED}
    if names and not alone:
        raise ValueError(f"--input: a file is called {min(names)}, as one of the output; rename it")
    written = {storage.resolve(output if alone else storage.join(output, path))[1] for _, path in files}
    if any(storage.resolve(url)[1] in written for url, _ in files):
        raise ValueError(f"--output {output}: would overwrite the input; name another folder")


@dataclass
class _Shown:
    """Counts on the terminal while the command runs; nothing where standard error is none."""

    account: Account
    console: Console
    last: float = 0.0

    def __enter__(self) -> "_Shown":
        self.status = self.console.status("de-identifying") if self.console.is_terminal else None
        if self.status:
            self.status.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self.status:
            self.status.stop()

    def __call__(self) -> None:
        if self.status and time.monotonic() - self.last > _SHOWN_EVERY:
            self.last = time.monotonic()
            self.status.update(f"{self.account.documents:,} documents, {len(self.account.rejected):,} rejected")


def _shown(account: Account) -> _Shown:
    return _Shown(account, Console(stderr=True))


@dataclass(frozen=True)
class _File:
    """One file of records on its way."""

    url: str
    path: str
    kind: str
    anonymiser: Anonymiser
    columns: Columns
    account: Account
    spans: BinaryIO | None
    show: _Shown

    def process(self, target: str | None) -> None:
        """Read, de-identify and write the file; one whose single text is rejected is not written."""
        with ExitStack() as stack:
            stream = stack.enter_context(storage.open_input(self.url))
            texts = self._texts(record_files.READERS[self.kind](stream, self.path, self.columns))
            first = next(texts, None)
            if target is None or (first is None and self.kind == "text"):
                list(texts)
                return
            write = record_files.writer(self.kind, stack.enter_context(storage.atomic_write(target)), self.columns)
            for key, text in chain([first] if first else [], texts):
                write(key, text)

    def _texts(self, records: Iterator[Record | Unreadable]) -> Iterator[tuple[str | int, str]]:
        """Yield id and de-identified text of the records that are let through; account for all."""
        for record in records:
            self.account.documents += 1
            self.show()
            if isinstance(record, Unreadable):
                self.account.rejected.append((record.key, record.reason))
                continue
            raw = RawDocument(_SOURCE, str(record.id), record.text, known=record.known, patient=record.patient)
            outcome, spans = self.anonymiser.examine(raw)
            if self.spans is not None:
                record_files.put_json(self.spans, {"id": record.id, "entities": [_entity(span) for span in spans]})
            if isinstance(outcome, Rejection):
                self.account.rejected.append((record.id, outcome.reason))
                continue
            self.account.entities.update(outcome.entities)
            yield record.id, outcome.text


def _entity(span: Span) -> dict[str, Any]:
    return {"begin": span.begin, "end": span.end, "label": span.label, "score": round(span.score, 3)}


def settings_of(arguments: argparse.Namespace) -> Anonymisation:
    """Return the settings of parsed `arguments`. Raises ValueError naming the option that is wrong."""
    settings = Anonymisation(replacement=arguments.replacement, ner=tuple(arguments.ner))
    if not arguments.surrogate_key_file:
        return settings
    with storage.open_input(arguments.surrogate_key_file) as stream:
        return replace(settings, key=stream.read().strip())


def summary(account: Account, output: str, spans: bool) -> str:
    """Return what to say at the end: counts only."""
    kept = account.documents - len(account.rejected)
    lines = [f"{kept:,} of {account.documents:,} documents de-identified, {account.entities.total():,} entities"]
    lines += [f"  {label:14}{count:10,}" for label, count in sorted(account.entities.items())]
    reasons = Counter(reason for _, reason in account.rejected)
    lines += [f"rejected: {reason}{count:10,}" for reason, count in sorted(reasons.items())]
    if spans:
        lines.append(f"spans     {output if output.endswith('.jsonl') else storage.join(output, SPANS)}")
    return "\n".join([*lines, f"output    {output}"])


def run(arguments: argparse.Namespace) -> int:
    """Do what the parsed arguments say and return the exit code."""
    if not arguments.explain and not (arguments.input and arguments.output):
        raise ValueError("--input and --output are needed, or --explain (see --help)")
    if arguments.input:
        files_of(arguments.input)
    anonymiser = Anonymiser(settings_of(arguments))
    anonymiser.self_test()
    if arguments.explain:
        console, text = Console(), sys.stdin.read()
        console.print(explain.table(anonymiser, text))
        console.print(anonymiser.preview(text), markup=False, highlight=False)
        return 0
    columns = Columns(arguments.text_column, arguments.id_column)
    account = anonymise_files(arguments.input, arguments.output, anonymiser, columns, arguments.spans)
    print(summary(account, arguments.output, arguments.spans))
    return 4 if account.documents and len(account.rejected) >= account.documents else 0


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit code (see --help)."""
    logging.basicConfig(level=logging.ERROR, format="%(message)s", stream=sys.stderr, force=True)
    try:
        return run(build_parser().parse_args(arguments))
    except KeyboardInterrupt:
        message, code = "interrupted", 1
    except SelfTestError as error:
        message, code = f"error: {error}", 3
    except (ValueError, FileNotFoundError) as error:
        message, code = f"error: {error}", 2
    except OSError as error:
        message, code = f"error: {error}", 1
    except Exception as error:  # its message may hold text
        message, code = f"error: {type(error).__name__}", 1
    print(message, file=sys.stderr)
    return code
