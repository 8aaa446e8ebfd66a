"""De-identification: a raw document becomes a document without the people in it, or a rejection.

Entities are found by the recognizers, by what the record knows of its patient and by any stronger engine, in union,
and replaced. It fails closed: an error, a time-out, a span outside the text or anything that the scan of the output
still finds rejects the document. This is the only maker of a `Document`.
"""

import secrets
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from pipelines import output_scan
from pipelines.canaries import CANARIES
from pipelines.engines import load_engine
from pipelines.known_identifiers import KnownIdentifiers
from pipelines.normalise import Normalised, normalise
from pipelines.replacement import Replaced, Splitter, drop_sentences, replace, split_simply, tag
from pipelines.spans import BadSpanError, Span, check, resolve
from pipelines.surrogates import Surrogates, load_lexicons
from pipelines.windows import propagate, window_size, windows
from schemas.document import Document, KnownIdentifier, RawDocument, Rejection

REPLACEMENTS = ("surrogate", "tag", "drop-sentence")
STAGE = "anonymise"
_TITLE_END = "\n\n"
_MILLION = 1_000_000


class Result(Protocol):
    """What of presidio's RecognizerResult is used here."""

    @property
    def start(self) -> int: ...
    @property
    def end(self) -> int: ...
    @property
    def entity_type(self) -> str: ...
    @property
    def score(self) -> float: ...


Finder = Callable[[str], Sequence[Result]]


class SelfTestError(RuntimeError):
    """A canary survived de-identification: nothing may be processed."""


class DeadlineError(Exception):
    """A document took longer than it may."""


class ResidualError(Exception):
    """The scan of the output still found something; `reason` says of what kind."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Anonymisation:
    """Settings. `key` is random unless given: surrogates then differ from build to build and cannot be traced back.

    `replacement` is one of `REPLACEMENTS`; `ner` names stronger engines such as "spacy:PATH", used in union;
    `public` are sources whose texts name persons as authors and keep them; `timeout` is in seconds of processor time,
    so that a busy machine rejects nothing, for each started million characters of a document.
    """

    replacement: str = "surrogate"
    key: bytes = field(default_factory=lambda: secrets.token_bytes(32), repr=False)
    ner: tuple[str, ...] = ()
    public: tuple[str, ...] = ()
    timeout: float = 60.0

    def __post_init__(self) -> None:
        if self.replacement not in REPLACEMENTS:
            raise ValueError(f"replacement {self.replacement!r} is none of {', '.join(REPLACEMENTS)}")
        if len(self.key) < 16:
            raise ValueError(f"the surrogate key has {len(self.key)} bytes; at least 16 are needed")


class Anonymiser:
    """Makes de-identified documents of raw ones. Loads everything at construction and raises if anything is missing.

    `finder` are the recognizers and `is_common` tells ordinary words; the project's own unless others are given.
    `splitter` cuts a text into sentences, for the replacement `drop-sentence`.
    """

    def __init__(
        self,
        settings: Anonymisation,
        finder: Finder | None = None,
        is_common: Callable[[str], bool] | None = None,
        splitter: Splitter = split_simply,
    ) -> None:
        self.settings = settings
        self._finders = [finder or _recognizers(), *(load_engine(name) for name in settings.ner)]
        self._is_common = is_common or _common_words()
        self._splitter = splitter
        load_lexicons()
        self.find(
            "Frau Gisela Müller, geb. 1.5.1954",
            KnownIdentifiers([KnownIdentifier("PERSON", "Müller")], self._is_common),
        )

    @property
    def engines(self) -> Sequence[Finder]:
        """The stronger engines beside the recognizers."""
        return self._finders[1:]

    def __call__(self, raw: RawDocument) -> Document | Rejection:
        """Return the de-identified document, or why there is none. Raises nothing, whatever the text."""
        return self.examine(raw)[0]

    def examine(self, raw: RawDocument) -> tuple[Document | Rejection, list[Span]]:
        """Return the outcome and the entities of the text, its title left out, by offsets into it as it is.

        A rejected document has those that were found until then. Raises nothing, whatever the text.
        """
        in_text: list[Span] = []
        try:
            whole = _Whole(raw)
            deadline = time.thread_time() + self.settings.timeout * (1 + len(whole.text) // _MILLION)
            keep = ("PERSON",) if raw.source in self.settings.public else ()
            known = KnownIdentifiers(raw.known, self._is_common)
            spans = list(whole.divided(self.find(whole.text, known, keep, deadline)))
            in_text = [
                s._replace(begin=s.begin - whole.head, end=s.end - whole.head) for s in spans if s.begin >= whole.head
            ]
            return self._document(raw, whole, known, spans, deadline), in_text
        except DeadlineError:
            reason = "anonymise_timeout"
        except BadSpanError:
            reason = "bad_span"
        except ResidualError as error:
            reason = error.reason
        except Exception:  # the document must neither pass nor end the run, and the message may hold its text
            reason = "anonymise_error"
        return Rejection(raw.id, raw.source, STAGE, reason, raw.file), in_text

    def preview(self, text: str) -> str:
        """Return the de-identified `text`, or the reason code of its rejection."""
        outcome = self(RawDocument("electronic_health_records", "", text))
        return outcome.text if isinstance(outcome, Document) else f"rejected: {outcome.reason}"

    def find(
        self,
        text: str,
        known: KnownIdentifiers | None = None,
        keep: Iterable[str] = (),
        deadline: float | None = None,
    ) -> list[Span]:
        """Return the entities of `text` by offsets into it as it is: sorted, without overlaps.

        `keep` are labels that the recognizers' findings are ignored of, never what is `known`. `deadline` is a value of
        time.thread_time(). Raises DeadlineError, BadSpanError, and whatever a recognizer raises.
        """
        normalised = normalise(text)
        spans: list[Span] = []
        extents = list(windows(normalised.text, window_size(normalised.text)))
        for begin, end in extents:
            _check_time(deadline)
            window = normalised.text[begin:end] if len(extents) > 1 else normalised.text
            found = [s for s in self._in_window(window) if s.label not in keep]
            found += known.find(window) if known else []
            spans += found if not begin else [s._replace(begin=s.begin + begin, end=s.end + begin) for s in found]
        if len(extents) > 1 and "PERSON" not in keep:
            spans += propagate(normalised.text, spans, self._is_common)
        return resolve(_in_original(spans, normalised), text)

    def _in_window(self, text: str) -> Iterator[Span]:
        for finder in self._finders:
            found = [Span(r.start, r.end, r.entity_type, r.score) for r in finder(text)]
            check(found, len(text))
            yield from found
        yield from output_scan.scan(text)

    def _document(
        self, raw: RawDocument, whole: "_Whole", known: KnownIdentifiers, spans: list[Span], deadline: float
    ) -> Document:
        _check_time(deadline)
        in_title = [s for s in spans if s.end <= whole.head]
        in_text = spans[len(in_title) :]
        if self.settings.replacement == "drop-sentence":
            new_title, new_text = self._dropped(whole, in_title, in_text)
        else:
            stand_in = self._stand_in(raw, whole, spans)
            new_title = replace(whole.text, in_title, stand_in, 0, whole.title_end)
            new_text = replace(whole.text, in_text, stand_in, whole.head)
        for new in (new_title, new_text):
            if new.text:
                _scan(new, known)
        _check_time(deadline)
        template = new_text.text
        if self.settings.replacement == "surrogate":
            template = replace(whole.text, in_text, tag, whole.head).text
        counts = Counter(s.label for s in spans)
        return Document(raw.id, raw.source, new_text.text, new_title.text, dict(sorted(counts.items())), template)

    def _stand_in(self, raw: RawDocument, whole: "_Whole", spans: list[Span]) -> Callable[[Span], str]:
        if self.settings.replacement == "tag":
            return tag
        scope = f"{raw.source}\0{raw.patient or raw.key}"
        return Surrogates(whole.text, spans, self.settings.key, scope, [k.value for k in raw.known]).of

    def _dropped(self, whole: "_Whole", in_title: list[Span], in_text: list[Span]) -> tuple[Replaced, Replaced]:
        moved = [s._replace(begin=s.begin - whole.head, end=s.end - whole.head) for s in in_text]
        title = "" if in_title else whole.text[: whole.title_end]
        return Replaced(title, []), Replaced(drop_sentences(whole.text[whole.head :], moved, self._splitter), [])

    def self_test(self) -> None:
        """De-identify canaries. Raises SelfTestError, which names the kind of canary, if one survives."""
        for canary in CANARIES:
            raw = RawDocument("electronic_health_records", canary.name, canary.text, known=canary.known)
            made = self(raw)
            if isinstance(made, Rejection):
                raise SelfTestError(f"canary {canary.name}: rejected with {made.reason}")
            plain = normalise(made.text).text.casefold()
            if any(secret.casefold() in plain for secret in canary.secrets):
                raise SelfTestError(f"canary {canary.name} survived: nothing may be processed")
            if any(kept not in made.text for kept in canary.kept) and self.settings.replacement != "drop-sentence":
                raise SelfTestError(f"canary {canary.name}: medical words were taken for personal information")


class _Whole:
    """Title and text of a document as one, so that a name in either is replaced alike; `head` is the text's begin."""

    def __init__(self, raw: RawDocument) -> None:
        title = raw.title + _TITLE_END if raw.title else ""
        text = title + raw.text
        # a lone surrogate is no character and cannot be written
        self.text = text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")
        self.head = len(title)
        self.title_end = len(raw.title)

    def divided(self, spans: Iterable[Span]) -> Iterator[Span]:
        """Yield spans, those that reach from the title into the text as two."""
        for span in spans:
            if span.end <= self.title_end or span.begin >= self.head:
                yield span
                continue
            if span.begin < self.title_end:
                yield span._replace(end=self.title_end)
            if span.end > self.head:
                yield span._replace(begin=self.head)


def _scan(new: Replaced, known: KnownIdentifiers) -> None:
    """Raise ResidualError where personal information is left outside of the replacements."""
    normalised = normalise(new.text)
    for begin, end in windows(normalised.text):
        window = normalised.text[begin:end]
        for reason, hits in (
            ("residual_known_identifier", known.find(window)),
            ("residual_identifier", output_scan.scan(window)),
        ):
            moved = [s._replace(begin=s.begin + begin, end=s.end + begin) for s in hits]
            if output_scan.outside(_in_original(moved, normalised), new.extents):
                raise ResidualError(reason)


def _recognizers() -> Finder:
    from pipelines.recognizers import find

    return find


def _common_words() -> Callable[[str], bool]:
    from pipelines.recognizers.lexicon import Flag, lexicon

    words = lexicon()
    # a word that is only formed like one, as "Fleischtann" is, may be a misspelt name
    return lambda word: words[word] & (Flag.COMMON | Flag.MEDICAL) == Flag.COMMON


def _check_time(deadline: float | None) -> None:
    if deadline is not None and time.thread_time() > deadline:
        raise DeadlineError


def _in_original(spans: Iterable[Span], normalised: Normalised) -> list[Span]:
    """Return spans of the normalised text as spans of the original."""
    if not normalised.starts:
        return list(spans)
    moved = []
    for span in spans:
        begin, end = normalised.original(span.begin, span.end)
        moved.append(span._replace(begin=begin, end=end))
    return moved


if __name__ == "__main__":
    from pipelines.anonymise_files import main

    sys.exit(main())
