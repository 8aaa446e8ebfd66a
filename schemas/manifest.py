"""What a finished build says of itself."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from schemas import storage
from schemas.statistics import CorpusStatistics

VARIANTS = ("full", "dedup")
SUMMARY = "summary"


@dataclass(frozen=True, slots=True)
class Shard:
    """A final Parquet file: its path relative to the manifest, its rows, size and digest."""

    path: str
    rows: int
    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Account:
    """Where the documents of one source went; an additive monoid.

    `read` = `kept` + the sum of `rejected`; `duplicates` of the kept are marked as near-duplicates.
    """

    read: int = 0
    kept: int = 0
    duplicates: int = 0
    rejected: Mapping[str, int] = field(default_factory=dict)

    def __add__(self, other: "Account") -> "Account":
        return Account(
            self.read + other.read,
            self.kept + other.kept,
            self.duplicates + other.duplicates,
            add_counts(self.rejected, other.rejected),
        )

    def check(self, name: str) -> None:
        """Raise ValueError where a document is not accounted for."""
        rejected = sum(self.rejected.values())
        if self.read != self.kept + rejected:
            raise ValueError(f"{name}: read {self.read} documents but kept {self.kept} and rejected {rejected}")


def add_counts(one: Mapping[str, int], other: Mapping[str, int]) -> dict[str, int]:
    """Return the counts of both, added by key, in the order of the keys."""
    return {key: one.get(key, 0) + other.get(key, 0) for key in sorted({*one, *other})}


@dataclass(frozen=True, slots=True)
class Manifest:
    """A finished build. Equal input, configuration and surrogate key give equal bytes.

    `statistics[variant][source]` has a row `summary` too; `entities[source]` counts de-identified
    spans by label; `distributions[name][source]` are histograms, lower edge of a bin to count;
    `deduplication` is the JSON form of `schemas.signatures.Summary`, `vocabulary` that of
    `pipelines.vocabulary.vocabulary`; it is empty where it was not counted.
    """

    version: str
    fingerprint: str
    configuration: Mapping[str, Any]
    sources: Mapping[str, Account]
    statistics: Mapping[str, Mapping[str, CorpusStatistics]]
    shards: tuple[Shard, ...]
    entities: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    withdrawn: Mapping[str, int] = field(default_factory=dict)
    distributions: Mapping[str, Mapping[str, Mapping[str, int]]] = field(default_factory=dict)
    deduplication: Mapping[str, Any] = field(default_factory=dict)
    vocabulary: Mapping[str, Any] = field(default_factory=dict)

    def check(self) -> None:
        """Raise ValueError where documents are unaccounted for or figures contradict each other."""
        for name, account in self.sources.items():
            account.check(name)
        rows, kept = sum(s.rows for s in self.shards), sum(a.kept for a in self.sources.values())
        documents = self.statistics["full"][SUMMARY].documents
        if not rows == kept == documents:
            raise ValueError(f"shards hold {rows} rows, {kept} documents were kept and {documents} counted")

    def write(self, url: str) -> None:
        self.check()
        storage.write_json(url, asdict(self))

    @classmethod
    def read(cls, url: str) -> "Manifest":
        """Read the manifest at `url`. Raises OSError where there is none, ValueError where it is broken."""
        value = storage.read_json(url)
        try:
            return cls(
                version=value["version"],
                fingerprint=value["fingerprint"],
                configuration=value["configuration"],
                sources={name: Account(**account) for name, account in value["sources"].items()},
                statistics={
                    variant: {name: CorpusStatistics(**row) for name, row in rows.items()}
                    for variant, rows in value["statistics"].items()
                },
                shards=tuple(Shard(**shard) for shard in value["shards"]),
                entities=value["entities"],
                withdrawn=value["withdrawn"],
                distributions=value["distributions"],
                deduplication=value["deduplication"],
                vocabulary=value.get("vocabulary", {}),
            )
        except (KeyError, TypeError) as error:
            raise ValueError(f"{storage.split_url(url)[0]}: not a corpus manifest ({error})") from None


def summarise(rows: Mapping[str, CorpusStatistics]) -> dict[str, CorpusStatistics]:
    """Return `rows` with their sum as the row `summary`."""
    return {**rows, SUMMARY: CorpusStatistics.total(rows.values())}
