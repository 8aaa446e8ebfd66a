"""Readers of raw formats: pure functions from a binary stream to records; they know no source."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A record that a reader could not make sense of, beside good ones.

    `key` is the record's key where it could be read, else its position in the file (such as
    `record 17` or `byte 4096`); `reason` a code in snake case, never text of the record.
    """

    key: str
    reason: str


class UnreadableFileError(ValueError):
    """A file, or the rest of it, cannot be read; `reason` is a code, never text of the file."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
