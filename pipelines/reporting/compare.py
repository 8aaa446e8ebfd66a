"""Two builds side by side: what changed per source, and whether chance explains it."""

from collections.abc import Iterator
from math import sqrt

from pipelines.reporting.tables import DISPLAY_NAMES, MISSING, Section, number
from schemas.document import SOURCES
from schemas.manifest import VARIANTS, Manifest

BEYOND_CHANCE = 3.89
"""The z above which a change of a share is beyond chance: p < 0.0001 two-sided, as some thirty are tested at once."""

CHANCE_NOTE = (
    "A change of a share is beyond chance where the pooled two-proportion z test gives |z| above "
    f"{BEYOND_CHANCE} (p < 0.0001). The test takes the documents of both builds for independent samples: on the same "
    "documents it is cautious. Shares of fewer than 5 expected documents are not tested."
)


def z_score(one: int, of_one: int, other: int, of_other: int) -> float | None:
    """Return the pooled two-proportion z of `one` of `of_one` against `other` of `of_other`.

    None where it says nothing: a group is empty or fewer than 5 are expected with or without the property.
    """
    if not of_one or not of_other:
        return None
    pooled = (one + other) / (of_one + of_other)
    if min(of_one, of_other) * min(pooled, 1 - pooled) < 5:
        return None
    return (one / of_one - other / of_other) / sqrt(pooled * (1 - pooled) * (1 / of_one + 1 / of_other))


def change(ours: int | None, theirs: int | None) -> str:
    """Return the difference, in percent too where there is something to compare with."""
    if ours is None or theirs is None:
        return MISSING
    percent = f" ({100 * (ours - theirs) / theirs:+.1f} %)" if theirs and ours != theirs else ""
    return f"{ours - theirs:+,}{percent}" if ours != theirs else "0"


def count_changes(ours: Manifest, theirs: Manifest, variant: str) -> Iterator[list[str]]:
    """Yield a row a source of the documents and words of `variant` there, here and their difference."""
    for source in SOURCES:
        here, there = (m.statistics.get(variant, {}).get(source) for m in (ours, theirs))
        if here is None and there is None:
            continue
        cells = [DISPLAY_NAMES[source]]
        for name in ("documents", "words"):
            a, b = (getattr(row, name) if row is not None else None for row in (here, there))
            cells += [number(b), number(a), change(a, b)]
        yield cells


def share_changes(ours: Manifest, theirs: Manifest) -> Iterator[list[str]]:
    """Yield a row for each share of rejections, by reason, and of near-duplicates that is in either build."""
    for source in SOURCES:
        a, b = ours.sources.get(source), theirs.sources.get(source)
        if a is None or b is None:
            continue
        shares = [("near-duplicates", a.duplicates, a.kept, b.duplicates, b.kept)]
        for reason in sorted({*a.rejected, *b.rejected}):
            shares.append((reason, a.rejected.get(reason, 0), a.read, b.rejected.get(reason, 0), b.read))
        for name, one, of_one, other, of_other in shares:
            if not one and not other:
                continue
            z = z_score(one, of_one, other, of_other)
            verdict = "not tested" if z is None else "yes" if abs(z) > BEYOND_CHANCE else "no"
            percents = [f"{100 * x / n:.2f} %" if n else MISSING for x, n in ((other, of_other), (one, of_one))]
            yield [DISPLAY_NAMES[source], name, *percents, verdict]


def comparison(ours: Manifest, theirs: Manifest) -> list[Section]:
    """Return the tables of `ours` (now) against `theirs` (before)."""
    header = ("Source", *(f"{name} {when}" for name in ("Documents", "Words") for when in ("before", "now", "change")))
    tables = [
        Section(f"Changes: {variant}", header, list(count_changes(ours, theirs, variant)))
        for variant in VARIANTS
        if variant in ours.statistics or variant in theirs.statistics
    ]
    header = ("Source", "Share", "Before", "Now", "Beyond chance")
    tables.append(Section("Changes of shares", header, list(share_changes(ours, theirs)), CHANCE_NOTE))
    return tables
