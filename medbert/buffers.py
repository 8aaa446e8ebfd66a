"""Training data without padding: flat buffers of a fixed number of tokens, with document boundaries.

A document longer than the model's length is cut into pieces; each piece stands between [CLS] and [SEP].
The pieces of an epoch, in an order that depends on (seed, epoch) alone, are one long row of tokens, and
buffer k is its k-th slice. So no token is lost, none is padding, and training resumes at any buffer.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from medbert.tokenizer import SPECIAL_TOKENS
from medbert.tokens import TokenFiles

CLS, SEP = SPECIAL_TOKENS.index("[CLS]"), SPECIAL_TOKENS.index("[SEP]")


@dataclass(frozen=True, slots=True)
class Buffer:
    """A flat row of whole and, at its two ends, cut sequences.

    `tokens`, int32 [tokens]; `positions`, int32 [tokens], count from 0 in each sequence; `boundaries`,
    int32 [sequences + 1], are where sequences begin, and the end.
    """

    tokens: np.ndarray
    positions: np.ndarray
    boundaries: np.ndarray


class TokenStream:
    """The endless row of tokens of one split of token files, for sequences of at most `length` tokens.

    `tokens_per_epoch` are those of all documents, [CLS] and [SEP] included; `attended` is how many tokens a
    token sees on average, its sequence's.
    """

    def __init__(self, files: TokenFiles, split: str, length: int, seed: int) -> None:
        if length < 3:
            raise ValueError(f"length {length}: a sequence is [CLS], at least one token and [SEP]")
        self.length, self.seed = length, seed
        self.maps: list[np.ndarray] = []
        pieces: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []
        for number, name in enumerate(files.shards):
            path = files.folder / f"{name}.{split}.tokens"
            self.maps.append(np.memmap(path, "<u2", "r") if path.stat().st_size else np.zeros(0, "<u2"))
            offsets = np.fromfile(files.folder / f"{name}.{split}.offsets", "<u8").astype(np.int64)
            begins, lengths = cut_documents(offsets, length - 2)
            pieces.append((np.full(len(begins), number, np.int32), begins, lengths))
        self.shard, self.begin, self.size = (np.concatenate(column) for column in zip(*pieces, strict=True))
        self.tokens_per_epoch = int(self.size.sum() + 2 * len(self.size))
        self.attended = int(((self.size + 2) ** 2).sum()) / max(self.tokens_per_epoch, 1)
        if not self.tokens_per_epoch:
            raise ValueError(f"{files.folder}: no document in the split {split}")

    @lru_cache(maxsize=2)  # noqa: B019 - a buffer needs one epoch or two, and a stream lives as long as its run
    def epoch(self, number: int) -> tuple[np.ndarray, np.ndarray]:
        """Return the order of the pieces in an epoch, and where each ends in its row of tokens."""
        order = np.random.default_rng([self.seed, number]).permutation(len(self.size))
        return order, np.cumsum(self.size[order] + 2)

    def buffer(self, number: int, tokens: int) -> Buffer:
        """Return slice `number` of the row, of `tokens` tokens."""
        out = np.empty(tokens, np.int32)
        positions = np.empty(tokens, np.int32)
        boundaries, filled = [0], 0
        for piece, skip in self._pieces(number * tokens):
            row = self._sequence(piece)[skip : skip + tokens - filled]
            end = filled + len(row)
            out[filled:end] = row
            positions[filled:end] = np.arange(skip, skip + len(row))
            boundaries.append(end)
            filled = end
            if filled == tokens:
                break
        return Buffer(out, positions, np.array(boundaries, np.int32))

    def _pieces(self, begin: int) -> Iterator[tuple[int, int]]:
        """Yield pieces from token `begin` of the row on, and how many tokens of the first are behind."""
        number, offset = divmod(begin, self.tokens_per_epoch)
        while True:
            order, ends = self.epoch(number)
            place = int(np.searchsorted(ends, offset, "right"))
            skip = offset - int(ends[place - 1] if place else 0)
            for piece in order[place:]:
                yield int(piece), skip
                skip = 0
            number, offset = number + 1, 0

    def _sequence(self, piece: int) -> np.ndarray:
        begin, size = int(self.begin[piece]), int(self.size[piece])
        row = np.empty(size + 2, np.int32)
        row[0], row[-1] = CLS, SEP
        row[1:-1] = self.maps[self.shard[piece]][begin : begin + size]
        return row


def cut_documents(offsets: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Return begins and lengths, int64, of the pieces of at most `size` tokens of documents at `offsets`.

    A document's pieces differ in length by one token at most, so that none is a stub. Empty documents
    have no piece.
    """
    lengths = np.diff(offsets)
    begins, lengths = offsets[:-1][lengths > 0], lengths[lengths > 0]
    pieces = -(-lengths // size)
    owner = np.repeat(np.arange(len(lengths)), pieces)
    within = np.arange(len(owner)) - np.repeat(np.cumsum(pieces) - pieces, pieces)
    first = within * lengths[owner] // pieces[owner]
    last = (within + 1) * lengths[owner] // pieces[owner]
    return begins[owner] + first, last - first
