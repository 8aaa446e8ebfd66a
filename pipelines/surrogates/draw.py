"""Keyed draws: the same original has the same surrogate within a scope, and no one without the key can tell which."""

import hmac
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from pipelines.folding import fold


@dataclass(frozen=True, slots=True)
class Draw:
    """Pseudo-random numbers by HMAC-SHA-256 under `key`, separate for each `scope` (a patient or a document)."""

    key: bytes = field(repr=False)
    scope: str = field(repr=False)

    def number(self, kind: str, original: str, attempt: int = 0) -> int:
        """Return the 256-bit number that belongs to `original` as a `kind` of thing."""
        message = "\0".join((self.scope, kind, original, str(attempt))).encode(errors="surrogatepass")
        return int.from_bytes(hmac.digest(self.key, message, "sha256"))

    def pick(self, choices: Sequence[str], kind: str, original: str, taken: Collection[str] = ()) -> str:
        """Return one of `choices` (not empty), not one of `taken` as long as another is left."""
        start = self.number(kind, original) % len(choices)
        for step in range(min(len(choices), 1 + len(taken))):
            choice = choices[(start + step) % len(choices)]
            if fold(choice) not in taken:
                return choice
        return choices[start]


def in_case_of(original: str, surrogate: str) -> str:
    """Return `surrogate` in the letter case of `original`: capitals, lower case, or as it is."""
    if original.isupper() and len(original) > 1:
        return surrogate.upper()
    return surrogate.lower() if original.islower() else surrogate
