import json
from pathlib import Path

import numpy as np
import pytest

from medbert import tokenizer
from medbert.corpus import Corpus, held_out, verify
from medbert.tokens import TokenFiles, open_tokens
from schemas.manifest import Shard


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "tokenizer").mkdir()
    tokenizer.save(tokenizer.train(iter(["Der Patient."] * 3), 800), tmp_path / "tokenizer")
    for split in ("train", "validation"):
        np.arange(5, 9, dtype="<u2").tofile(tmp_path / f"a.{split}.tokens")
        np.array([0, 4], "<u8").tofile(tmp_path / f"a.{split}.offsets")
    counts = {"train": 4, "validation": 4}
    digest = tokenizer.digest(tmp_path / "tokenizer")
    TokenFiles(tmp_path, "c", digest, "full", ("a",), {"train": 1, "validation": 1}, counts).write()
    return tmp_path


def test_token_files_are_opened_as_written(folder: Path) -> None:
    assert open_tokens(folder, folder / "tokenizer").tokens == {"train": 4, "validation": 4}


def test_another_tokenizer_is_refused(folder: Path) -> None:
    value = json.loads((folder / "tokens.json").read_text())
    (folder / "tokens.json").write_text(json.dumps({**value, "tokenizer": "other"}))
    with pytest.raises(ValueError, match="another tokenizer"):
        open_tokens(folder, folder / "tokenizer")


def test_a_cut_token_file_is_refused(folder: Path) -> None:
    (folder / "a.train.tokens").write_bytes(b"\x05\x00")
    with pytest.raises(ValueError, match="train tokens have 2 bytes, 8 were written"):
        open_tokens(folder, folder / "tokenizer")


def test_a_corpus_without_manifest_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"no manifest\.json"):
        Corpus.open(str(tmp_path))


def test_the_share_held_out_is_that_asked_for() -> None:
    chosen = sum(held_out(f"{number:032x}") for number in range(20_000))
    assert 60 < chosen < 140


def test_a_corrupt_shard_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.parquet").write_bytes(b"broken")
    fields = dict.fromkeys(Shard.__dataclass_fields__, 0)
    shard = Shard(**{**fields, "path": "a.parquet", "sha256": "0" * 64})  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"a\.parquet: corrupt"):
        verify(str(tmp_path / "a.parquet"), shard)
