"""Which documents there are: how many of each source, which are copies of which, which are dirty.

Every decision is a function of (seed, source, number), so any document can be made without the others.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from math import gcd
from random import Random

PROPORTIONS: Mapping[str, int] = {
    "doccheck_flexikon": 63_840,
    "ggponc": 4_369,
    "webcrawl": 11_322,
    "pubmed_abstracts": 12_139,
    "radiology_reports": 3_657_801,
    "springer_nature": 257_999,
    "electronic_health_records": 373_421,
    "doctoral_theses": 7_486,
    "thieme": 330_994,
    "wikipedia": 3_639,
}
"""Documents of the published corpus (medBERT.de's model card), whose proportions the samples follow."""

BLOCK = 40
COPY_RATES = {"radiology_reports": 0.10, "electronic_health_records": 0.05, "doctoral_theses": 0.0}
DEFAULT_COPY_RATE = 0.03
TEMPLATE_RATE = 0.12
"""Share of radiology reports that are one of a few fixed normal reports."""
STRENGTHS = (0.0, 0.0, 0.01, 0.03, 0.06, 0.1, 0.2, 0.35)
"""Shares of words that an edited copy changes; 0 is an exact repeat."""
CROSS_SOURCE = {"webcrawl": "doccheck_flexikon", "thieme": "springer_nature"}
"""Sources some of whose documents repeat one of another source."""
DIRT = {
    "radiology_reports": (("non_report", 0.04), ("english", 0.008), ("short", 0.006), ("mojibake", 0.01)),
    "electronic_health_records": (("english", 0.01), ("short", 0.01), ("mojibake", 0.02)),
    "pubmed_abstracts": (("english", 0.3),),
    "webcrawl": (("english", 0.05),),
    "springer_nature": (("english", 0.05),),
    "thieme": (("english", 0.02), ("mojibake", 0.01)),
}
"""Shares of dirty documents; `--clean` has none."""


def counts(documents: int) -> dict[str, int]:
    """Return how many documents of each source make `documents`, at least a few of each.

    Raises ValueError for less than one a source.
    """
    if documents < len(PROPORTIONS):
        raise ValueError(f"{documents} documents are too few: ten sources need at least {len(PROPORTIONS)}")
    least = max(1, min(6, documents // 100))
    total = sum(PROPORTIONS.values())
    shares = {name: max(least, documents * weight // total) for name, weight in PROPORTIONS.items()}
    shares["radiology_reports"] += documents - sum(shares.values())
    return shares


def _step(count: int) -> int:
    step = max(1, round(count * 0.618))
    while gcd(step, count) > 1:
        step += 1
    return step


def scattered(slot: int, count: int) -> int:
    """Return the number of the document at place `slot` of `count`: a permutation that spreads neighbours."""
    return slot * _step(count) % count


def slot_of(number: int, count: int) -> int:
    """Return the place of document `number`: the inverse of `scattered`."""
    return number * pow(_step(count), -1, count) % count


@dataclass(frozen=True, slots=True)
class Role:
    """What a document is: original, copy (of `root` of `root_source`, words changed by `strength`) or template.

    `dirt` names what is wrong with it, "" for nothing.
    """

    kind: str = "original"
    root_source: str = ""
    root: int = -1
    strength: float = 0.0
    dirt: str = ""
    template: int = -1


def role(seed: int, source: str, number: int, totals: Mapping[str, int], clean: bool) -> Role:
    """Return the role of document `number` of `source`."""
    block, place = divmod(number, BLOCK)
    return _block(seed, source, block, tuple(totals.items()), clean)[place]


@lru_cache(maxsize=64)
def _block(seed: int, source: str, block: int, totals: tuple[tuple[str, int], ...], clean: bool) -> tuple[Role, ...]:
    """Return the roles of a block of neighbouring numbers; its first document is always an original.

    The first is left to be repeated by other sources, so that no cluster spans two plans.
    """
    rng = Random(f"{seed}/plan/{source}/{block}")
    rate = COPY_RATES.get(source, DEFAULT_COPY_RATE)
    originals: list[int] = []
    roles = [Role()]
    for place in range(1, BLOCK):
        number = block * BLOCK + place
        chance, strength = rng.random(), STRENGTHS[int(rng.random() * len(STRENGTHS))]
        dirt = _dirt(source, rng.random(), clean)
        if source == "radiology_reports" and chance < TEMPLATE_RATE:
            roles.append(Role("template", template=int(6 * rng.random() ** 2)))
        elif originals and chance > 1 - rate:
            roles.append(Role("copy", source, originals[int(rng.random() * len(originals))], strength))
        else:
            roles.append(Role(dirt=dirt))
            if not dirt:
                originals.append(number)
    other = CROSS_SOURCE.get(source)
    if other and block * BLOCK < dict(totals)[other]:
        roles[2] = Role("copy", other, block * BLOCK)
        taken = (source, block * BLOCK + 2)
        roles = [Role(dirt=r.dirt) if (r.root_source, r.root) == taken else r for r in roles]
    if source == "doctoral_theses":
        roles[1] = Role("chapter", source, block * BLOCK)
    return tuple(roles)


def _dirt(source: str, chance: float, clean: bool) -> str:
    if clean:
        return ""
    for name, rate in DIRT.get(source, ()):
        if chance < rate:
            return name
        chance -= rate
    return ""
