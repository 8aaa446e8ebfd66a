from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from medbert.buffers import CLS, SEP, TokenStream, cut_documents
from medbert.tokens import TokenFiles


def token_files(folder: Path, lengths: list[list[int]]) -> tuple[TokenFiles, list[list[int]]]:
    """Write shards of documents whose tokens are all different, and return them and the documents."""
    documents, following = [], 10
    for number, shard in enumerate(lengths):
        here = []
        for length in shard:
            here.append(list(range(following, following + length)))
            following += length
        np.array([t for d in here for t in d], "<u2").tofile(folder / f"{number}.train.tokens")
        np.cumsum([0, *shard], dtype="<u8").tofile(folder / f"{number}.train.offsets")
        documents += here
    names = tuple(str(number) for number in range(len(lengths)))
    return TokenFiles(folder, "", "", "full", names, {}, {}), documents


@given(st.lists(st.integers(0, 40), max_size=30), st.integers(1, 12))
def test_pieces_cover_every_document_evenly(lengths: list[int], size: int) -> None:
    begins, sizes = cut_documents(np.cumsum([0, *lengths]), size)
    covered = [token for b, n in zip(begins, sizes, strict=True) for token in range(b, b + n)]
    assert covered == list(range(sum(lengths)))
    assert all(1 <= n <= size for n in sizes)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.lists(st.integers(0, 30), min_size=1, max_size=8), min_size=1, max_size=3).filter(
        lambda shards: sum(map(sum, shards)) > 0
    ),
    st.integers(3, 16),
    st.integers(1, 50),
)
def test_an_epoch_holds_every_token_once(
    tmp_path_factory: pytest.TempPathFactory, lengths: list[list[int]], length: int, size: int
) -> None:
    files, documents = token_files(tmp_path_factory.mktemp("tokens"), lengths)
    stream = TokenStream(files, "train", length, seed=3)
    count = -(-stream.tokens_per_epoch // size)
    row = np.concatenate([stream.buffer(number, size).tokens for number in range(count)])[: stream.tokens_per_epoch]
    words = sorted(token for token in row.tolist() if token not in (CLS, SEP))
    assert words == sorted(token for document in documents for token in document)
    assert (row == CLS).sum() == (row == SEP).sum() == len(stream.size)


def test_boundaries_never_join_two_documents(tmp_path: Path) -> None:
    files, documents = token_files(tmp_path, [[5, 40, 3], [17, 1]])
    stream = TokenStream(files, "train", 12, seed=1)
    owner = {token: number for number, document in enumerate(documents) for token in document}
    for number in range(20):
        buffer = stream.buffer(number, 23)
        assert buffer.boundaries[0] == 0
        assert buffer.boundaries[-1] == 23
        for begin, end in zip(buffer.boundaries, buffer.boundaries[1:], strict=False):
            assert end - begin <= 12
            assert len({owner[t] for t in buffer.tokens[begin:end].tolist() if t in owner}) <= 1
            assert (np.diff(buffer.positions[begin:end]) == 1).all()


def test_the_order_follows_from_seed_and_epoch(tmp_path: Path) -> None:
    files, _ = token_files(tmp_path, [[7] * 30])
    one, same, other = (TokenStream(files, "train", 12, seed=s) for s in (1, 1, 2))
    assert (one.buffer(5, 64).tokens == same.buffer(5, 64).tokens).all()
    assert (one.buffer(0, 64).tokens != other.buffer(0, 64).tokens).any()
    assert (one.epoch(0)[0] != one.epoch(1)[0]).any()


def test_a_split_without_documents_is_an_error(tmp_path: Path) -> None:
    files, _ = token_files(tmp_path, [[0, 0]])
    with pytest.raises(ValueError, match="no document"):
        TokenStream(files, "train", 12, seed=1)
