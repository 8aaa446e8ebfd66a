"""De-identification: a raw document becomes a document without the people in it, or a rejection.

Entities are found by the recognizers, by what the record knows of its patient and by any stronger engine, in union,
and replaced. It fails closed: an error, a time-out, a span outside the text or anything that the scan of the output
still finds rejects the document. This is the only maker of a `Document`.
"""

import secrets
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from pipelines import output_scan
from pipelines.canaries import CANARIES
from pipelines.engines import load_engine
from pipelines.known_identifiers import find_known
from pipelines.normalise import Normalised, normalise
from pipelines.replacement import Replaced, Splitter, drop_sentences, replace, split_simply, tag
from pipelines.spans import BadSpanError, Span, check, resolve
from pipelines.surrogates import Surrogates
from pipelines.windows import propagate, windows
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
    `public` are sources whose texts name persons as authors and keep them; `timeout` is in seconds for each started
    million characters of a document.
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
        self.find("Frau Gisela Müller, geb. 1.5.1954")

    def __call__(self, raw: RawDocument) -> Document | Rejection:
        """Return the de-identified document, or why there is none. Raises nothing, whatever the text."""
        try:
            return self._document(raw)
        except DeadlineError:
            reason = "anonymise_timeout"
        except BadSpanError:
            reason = "bad_span"
        except ResidualError as error:
            reason = error.reason
        except Exception:  # the document must neither pass nor end the run, and the message may hold its text
            reason = "anonymise_error"
        return Rejection(raw.id, raw.source, STAGE, reason, raw.file)

    def find(
        self, text: str, known: Sequence[KnownIdentifier] = (), keep: Iterable[str] = (), deadline: float | None = None
    ) -> list[Span]:
        """Return the entities of `text` by offsets into it as it is: sorted, without overlaps.

        `keep` are labels that the recognizers' findings are ignored of, never what is `known`. `deadline` is a value of
        time.monotonic(). Raises DeadlineError, BadSpanError, and whatever a recognizer raises.
        """
        normalised = normalise(text)
        spans: list[Span] = []
        extents = list(windows(normalised.text))
        for begin, end in extents:
            _check_time(deadline)
            window = normalised.text[begin:end] if len(extents) > 1 else normalised.text
            found = [s for s in self._in_window(window) if s.label not in keep]
            found += find_known(window, known, self._is_common)
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

    def _document(self, raw: RawDocument) -> Document:
        text = raw.text if raw.text.isascii() else raw.text.encode("utf-8", "replace").decode("utf-8")
        title = raw.title.encode("utf-8", "replace").decode("utf-8")
        head = title + _TITLE_END if title else ""
        whole = head + text
        deadline = time.monotonic() + self.settings.timeout * (1 + len(whole) // _MILLION)
        keep = ("PERSON",) if raw.source in self.settings.public else ()
        spans = list(_divided(self.find(whole, raw.known, keep, deadline), len(head)))
        _check_time(deadline)
        in_title = [s for s in spans if s.end <= len(head)]
        in_text = spans[len(in_title) :]
        new_title, new_text = self._replaced(raw, whole, in_title, in_text, len(head))
        for new in (new_title, new_text):
            self._scan(new, raw.known)
        _check_time(deadline)
        template = new_text.text
        if self.settings.replacement == "surrogate":
            template = replace(whole, in_text, tag, len(head)).text
        counts = Counter(s.label for s in spans)
        return Document(raw.id, raw.source, new_text.text, new_title.text, dict(sorted(counts.items())), template)

    def _replaced(
        self, raw: RawDocument, whole: str, in_title: list[Span], in_text: list[Span], head: int
    ) -> tuple[Replaced, Replaced]:
        """Return title and text after replacement; the title and its separator are the first `head` characters."""
        title_end = max(0, head - len(_TITLE_END))
        if self.settings.replacement == "drop-sentence":
            moved = [s._replace(begin=s.begin - head, end=s.end - head) for s in in_text]
            title = "" if in_title else whole[:title_end]
            return Replaced(title, []), Replaced(drop_sentences(whole[head:], moved, self._splitter), [])
        stand_in = tag
        if self.settings.replacement == "surrogate":
            scope = f"{raw.source}\0{raw.patient or raw.key}"
            avoid = [identifier.value for identifier in raw.known]
            stand_in = Surrogates(whole, [*in_title, *in_text], self.settings.key, scope, avoid).of
        return replace(whole, in_title, stand_in, 0, title_end), replace(whole, in_text, stand_in, head)

    def _scan(self, new: Replaced, known: Sequence[KnownIdentifier]) -> None:
        """Raise ResidualError where personal information is left outside of the replacements."""
        normalised = normalise(new.text)
        for begin, end in windows(normalised.text):
            window = normalised.text[begin:end]
            for reason, hits in (
                ("residual_known_identifier", find_known(window, known, self._is_common)),
                ("residual_identifier", output_scan.scan(window)),
            ):
                moved = [s._replace(begin=s.begin + begin, end=s.end + begin) for s in hits]
                if output_scan.outside(_in_original(moved, normalised), new.extents):
                    raise ResidualError(reason)

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


def _recognizers() -> Finder:
    from pipelines.recognizers import find

    return find


def _common_words() -> Callable[[str], bool]:
    from pipelines.recognizers.lexicon import Flag, lexicon

    words = lexicon()
    return lambda word: bool(words[word] & (Flag.COMMON | Flag.COMPOUND))


def _check_time(deadline: float | None) -> None:
    if deadline is not None and time.monotonic() > deadline:
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


def _divided(spans: Iterable[Span], cut: int) -> Iterator[Span]:
    """Yield spans, those that reach over the border at `cut` as two."""
    for span in spans:
        if span.begin < cut < span.end:
            yield span._replace(end=cut)
            yield span._replace(begin=cut)
        else:
            yield span
