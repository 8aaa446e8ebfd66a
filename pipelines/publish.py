"""The accounts of parts and shards, summed into the manifest and the description of the run."""

import platform
import time
from collections.abc import Mapping, Sequence
from typing import Any

from pipelines.software import VERSION, libraries
from pipelines.usage import PassClock, peak_memory, peak_memory_of_children
from pipelines.vocabulary import vocabulary
from schemas.manifest import Account, Manifest, Shard, add_counts, summarise
from schemas.statistics import CorpusStatistics


class FailedError(RuntimeError):
    """De-identification gave up on more documents than allowed."""


def check_failures(accounts: Sequence[Mapping[str, Any]], maximum: float) -> None:
    """Raise FailedError where de-identification gave up on more than the share `maximum` of documents."""
    failed, kept = sum(a["failed"] for a in accounts), sum(a["kept"] for a in accounts)
    if failed > maximum * (failed + kept):
        raise FailedError(
            f"{failed} of {failed + kept} documents could not be de-identified, more than the allowed share of "
            f"{maximum} (--maximum-failed); the reasons are counted in the accounts of the work folder"
        )


def make_manifest(
    fingerprint: str,
    stated: Mapping[str, Any],
    accounts: Sequence[Mapping[str, Any]],
    shards: Sequence[Mapping[str, Any]],
    deduplication: Mapping[str, Any],
) -> Manifest:
    """Return the sums of all parts and shards."""
    names = stated["sources"]
    sums = {name: Account() for name in names}
    statistics = {variant: {name: CorpusStatistics.zero() for name in names} for variant in ("full", "dedup")}
    entities: dict[str, dict[str, int]] = {name: {} for name in names}
    distributions: dict[str, dict[str, dict[str, int]]] = {}
    for part in accounts:
        sums[part["source"]] += Account(part["read"], part["kept"], 0, part["rejected"])
    for shard in shards:
        name, rejected = shard["source"], shard["rejected"]
        counts = {variant: CorpusStatistics(**shard["statistics"][variant]) for variant in statistics}
        duplicates = counts["full"].documents - counts["dedup"].documents
        sums[name] += Account(0, -sum(rejected.values()), duplicates, rejected)
        for variant, count in counts.items():
            statistics[variant][name] += count
        entities[name] = add_counts(entities[name], shard["entities"])
        for title, bins in shard["distributions"].items():
            of_source = distributions.setdefault(title, {})
            of_source[name] = add_counts(of_source.get(name, {}), bins)
    return Manifest(
        version=VERSION,
        fingerprint=fingerprint,
        configuration=stated,
        sources=sums,
        statistics={variant: summarise(rows) for variant, rows in statistics.items()},
        shards=tuple(Shard(**shard["shard"]) for shard in shards if shard["shard"]),
        entities=entities,
        withdrawn={
            name: account.rejected["withdrawn"] for name, account in sums.items() if "withdrawn" in account.rejected
        },
        distributions=distributions,
        deduplication=deduplication,
        vocabulary=vocabulary((shard["source"], shard["vocabulary"]) for shard in shards),
    )


def describe_run(
    accounts: Sequence[Mapping[str, Any]], shards: Sequence[Mapping[str, Any]], clock: PassClock
) -> dict[str, Any]:
    """Return what differs from run to run: time by pass and stage, MB/s, peak memory, host, versions.

    `accounts` are of parts, `shards` of shards; both say what their processes used, on any machine.
    """
    stages: dict[str, float] = {}
    for account in accounts:
        for stage, spent in account["seconds"].items():
            stages[stage] = stages.get(stage, 0.0) + spent
    size = sum(account["bytes"] for account in accounts)
    passes = {name: clock.cpu[name] for name in ("near_duplicates", "shards")}
    peaks = [account["peak_memory"] for account in (*accounts, *shards)]
    return {
        "wall_seconds": rounded(clock.wall),
        "cpu_seconds": rounded(stages),
        "pass_cpu_seconds": rounded(clock.cpu),
        "megabytes_per_second": rounded(
            {name: size / 1e6 / spent for name, spent in (stages | passes).items() if spent}
        ),
        "peak_memory_bytes": {"driver": peak_memory(), "workers": max([peak_memory_of_children(), *peaks])},
        "text_bytes": size,
        "finished": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "host": platform.node(),
        "python": platform.python_version(),
        "packages": libraries(),
    }


def rounded(seconds: Mapping[str, float]) -> dict[str, float]:
    """Return the values rounded to three places, by name."""
    return {name: round(value, 3) for name, value in sorted(seconds.items())}
