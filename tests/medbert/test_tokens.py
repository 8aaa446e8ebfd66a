import json
import multiprocessing
import os
import signal
import subprocess
import sys
import time
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from medbert import tokenizer, tokens
from medbert.buffers import TokenStream
from medbert.corpus import Corpus, held_out
from medbert.tokens import TokenFiles, open_tokens, tokenise, tokenise_shard
from schemas import storage
from schemas.manifest import Manifest
from schemas.statistics import CorpusStatistics
from tests.medbert import tiny_corpus


@pytest.fixture(scope="module")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tokenizer")
    tokenizer.save(tokenizer.train(iter(tiny_corpus.letters(40)), 900), folder)
    return folder


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    shards = {
        "wikipedia-00000": tiny_corpus.letters(300),
        "wikipedia-00001": [],
        "ggponc-00000": tiny_corpus.letters(500)[300:],
    }
    return tiny_corpus.write(tmp_path / "corpus", shards, duplicates=frozenset(range(0, 300, 3)))


@pytest.fixture
def in_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the pool be threads: starting processes takes seconds."""
    from multiprocessing.pool import ThreadPool

    class Threads:
        Pool = ThreadPool

    monkeypatch.setattr(multiprocessing, "get_context", lambda kind: Threads)


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir()) if path.is_file()}


@pytest.mark.usefixtures("in_process")
def test_token_files_hold_every_document(corpus: Path, encoder: Path, tmp_path: Path) -> None:
    made = tokenise(Corpus.open(str(corpus)), "full", encoder, tmp_path / "tokens", workers=2)
    assert made.documents["train"] + made.documents["validation"] == 500
    decoder = tokenizer.load(encoder)
    ids = np.fromfile(tmp_path / "tokens" / "wikipedia-00000.train.tokens", "<u2")
    ends = np.fromfile(tmp_path / "tokens" / "wikipedia-00000.train.offsets", "<u8")
    wanted = tiny_corpus.letters(300)
    found = [decoder.decode(ids[a:b].tolist()) for a, b in pairwise(ends)]
    normal = {decoder.decode(decoder.encode(text, add_special_tokens=False).ids) for text in wanted}
    assert set(found) <= normal
    assert open_tokens(tmp_path / "tokens", encoder) == made
    assert made.unigram_counts(900).sum() == made.tokens["train"]


@pytest.mark.usefixtures("in_process")
def test_held_out_documents_are_the_same_in_both_variants(corpus: Path, encoder: Path, tmp_path: Path) -> None:
    opened = Corpus.open(str(corpus))
    ids = {}
    for variant in ("full", "dedup"):
        made = tokenise(opened, variant, encoder, tmp_path / variant, workers=1)
        ids[variant] = {
            identity
            for shard in opened.manifest.shards
            for batch in opened.batches(shard, variant, ["id"])
            for identity in batch.column(0).to_pylist()
            if opened.is_held_out(identity)
        }
        assert made.documents["validation"] == len(ids[variant]) > 0
    assert ids["dedup"] < ids["full"]
    # no document that one variant trains on is held out in the other
    kept = {
        identity
        for shard in opened.manifest.shards
        for batch in opened.batches(shard, "dedup", ["id"])
        for identity in batch.column(0).to_pylist()
    }
    assert ids["dedup"] == ids["full"] & kept


KILLED = """
import sys, time
from pathlib import Path
from medbert import tokens
from medbert.corpus import Corpus
encode = tokens.encode
def slow(encoder, texts):
    for ids in encode(encoder, texts):
        time.sleep(0.005)
        yield ids
tokens.encode = slow
corpus = Corpus.open(sys.argv[1])
for shard in corpus.manifest.shards:
    tokens.tokenise_shard(corpus, shard, "full", Path(sys.argv[2]), Path(sys.argv[3]))
"""


@pytest.mark.slow
def test_a_killed_run_goes_on_and_makes_the_same_files(corpus: Path, encoder: Path, tmp_path: Path) -> None:
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    opened = Corpus.open(str(corpus))
    tokenise(opened, "full", encoder, whole, workers=1)
    killed.mkdir()
    process = subprocess.Popen([sys.executable, "-c", KILLED, str(corpus), str(encoder), str(killed)])
    deadline = time.monotonic() + 240
    while not (killed / "wikipedia-00000.train.offsets").exists() and time.monotonic() < deadline:
        assert process.poll() is None
        time.sleep(0.01)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    before = {path.name: path.stat().st_mtime_ns for path in killed.glob("wikipedia-00000.*.offsets")}
    assert before
    assert not (killed / "tokens.json").exists()
    tokenise(opened, "full", encoder, killed, workers=1)
    assert contents(killed) == contents(whole)
    assert before == {name: (killed / name).stat().st_mtime_ns for name in before}  # what was done was not done again


@pytest.mark.usefixtures("in_process")
def test_a_variant_without_documents_is_an_error(encoder: Path, tmp_path: Path) -> None:
    corpus = tiny_corpus.write(tmp_path / "c", {"wikipedia-00000": tiny_corpus.letters(3)}, frozenset(range(3)))
    with pytest.raises(ValueError, match="variant dedup has no document"):
        tokenise(Corpus.open(str(corpus)), "dedup", encoder, tmp_path / "tokens", workers=1)
    assert not (tmp_path / "tokens" / "tokens.json").exists()


LARGE = """
import resource, sys
from pathlib import Path
from medbert.corpus import Corpus
from medbert.tokens import tokenise_shard
corpus = Corpus.open(sys.argv[1])
tokenise_shard(corpus, corpus.manifest.shards[0], "full", Path(sys.argv[2]), Path(sys.argv[3]))
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


@pytest.mark.slow
def test_a_document_of_ten_million_tokens_is_one_document(encoder: Path, tmp_path: Path) -> None:
    text = "1 " * 10_000_000
    corpus = tiny_corpus.write(tmp_path / "c", {"webcrawl-00000": [text, "Fall 1."]})
    (tmp_path / "tokens").mkdir()
    command = [sys.executable, "-c", LARGE, str(corpus), str(encoder), str(tmp_path / "tokens")]
    done = subprocess.run(command, capture_output=True, check=True, timeout=280)
    assert int(done.stdout) < 1_250_000  # KiB: text, its Arrow copies and ids, not what the tokenizer makes of it all
    ends = np.fromfile(tmp_path / "tokens" / "webcrawl-00000.train.offsets", "<u8")
    assert max(np.diff(ends)) == 10_000_000
    counts = {"train": int(ends[-1]), "validation": 0}
    files = TokenFiles(tmp_path / "tokens", "c", tokenizer.digest(encoder), "full", ("webcrawl-00000",), counts, counts)
    assert TokenStream(files, "train", 512, 1).buffer(7, 4_096).boundaries[-1] == 4_096


def test_a_corrupt_shard_is_named_and_nothing_of_it_kept(corpus: Path, encoder: Path, tmp_path: Path) -> None:
    path = corpus / "data" / "wikipedia-00000.parquet"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(bytes(content))
    opened = Corpus.open(str(corpus))
    (tmp_path / "tokens").mkdir()
    with pytest.raises(ValueError, match=r"data/wikipedia-00000\.parquet: corrupt"):
        tokenise_shard(opened, opened.manifest.shards[0], "full", encoder, tmp_path / "tokens")
    assert not list((tmp_path / "tokens").iterdir())


def test_a_missing_shard_is_named(corpus: Path, encoder: Path, tmp_path: Path) -> None:
    opened = Corpus.open(str(corpus))
    (corpus / "data" / "ggponc-00000.parquet").unlink()
    with pytest.raises(ValueError, match=r"ggponc-00000\.parquet: the manifest names this shard"):
        tokenise_shard(opened, opened.manifest.shards[2], "full", encoder, tmp_path)


def test_a_full_disk_is_named(corpus: Path, encoder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = Path.open

    def full(path: Path, mode: str = "r", *more: Any, **named: Any) -> Any:
        return real(Path("/dev/full") if mode == "wb" else path, mode, *more, **named)

    monkeypatch.setattr(Path, "open", full)
    opened = Corpus.open(str(corpus))
    with pytest.raises(OSError, match=r"disk of .* is full"):
        tokenise_shard(opened, opened.manifest.shards[0], "full", encoder, tmp_path)


@pytest.mark.usefixtures("in_process")
def test_tokens_of_another_variant_are_not_mixed_in(corpus: Path, encoder: Path, tmp_path: Path) -> None:
    opened = Corpus.open(str(corpus))
    tokenise(opened, "full", encoder, tmp_path / "tokens", workers=1)
    with pytest.raises(ValueError, match="another corpus, tokenizer, variant or held-out share"):
        tokenise(opened, "dedup", encoder, tmp_path / "tokens", workers=1)


def test_another_tokenizer_than_the_files_is_refused(encoder: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    tokenizer.save(tokenizer.train(iter(["Ein anderer Text."] * 5), 800), other)
    for split in ("train", "validation"):
        np.arange(5, 9, dtype="<u2").tofile(tmp_path / f"a.{split}.tokens")
        np.array([0, 4], "<u8").tofile(tmp_path / f"a.{split}.offsets")
    counts = {"train": 4, "validation": 4}
    TokenFiles(tmp_path, "c", tokenizer.digest(encoder), "full", ("a",), counts, counts).write()
    assert open_tokens(tmp_path, encoder).tokens == counts
    with pytest.raises(ValueError, match="made with another tokenizer"):
        open_tokens(tmp_path, other)
    (tmp_path / "a.train.tokens").write_bytes(b"\x05\x00")
    with pytest.raises(ValueError, match="train tokens have 2 bytes, 8 were written"):
        open_tokens(tmp_path, encoder)


def test_a_corpus_without_manifest_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = [f"--corpus={tmp_path}", f"--tokenizer={tmp_path}", f"--output={tmp_path / 'out'}"]
    assert tokens.main(command) == 2
    assert "no manifest.json: not a corpus, or one that is not finished" in capsys.readouterr().err


def test_unfinished_token_files_are_refused(encoder: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"no tokens\.json"):
        open_tokens(tmp_path, encoder)


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"shards": 3}'])
def test_broken_token_files_are_named(content: str, encoder: Path, tmp_path: Path) -> None:
    (tmp_path / "tokens.json").write_text(content)
    with pytest.raises(ValueError, match=r"tokens\.json: not what medbert.tokens writes"):
        open_tokens(tmp_path, encoder)


def test_a_broken_manifest_is_named(tmp_path: Path) -> None:
    storage.write_json(str(tmp_path / "manifest.json"), {"version": "0"})
    with pytest.raises(ValueError, match="not a corpus manifest"):
        Corpus.open(str(tmp_path))
    (tmp_path / "manifest.json").write_text(json.dumps({})[:-1])
    with pytest.raises(ValueError):
        Corpus.open(str(tmp_path))


@pytest.mark.parametrize(("documents", "share"), [(0, 0.05), (300, 0.05), (4_000, 0.025), (4_700_000, 0.005)])
def test_of_a_small_corpus_more_is_held_out(documents: int, share: float) -> None:
    rows = {"full": {"summary": CorpusStatistics(documents=documents)}}
    opened = Corpus("", cast(Manifest, SimpleNamespace(statistics=rows)))
    assert opened.held_out_share == share
    chosen = sum(opened.is_held_out(f"{number:032x}") for number in range(20_000))
    assert chosen == pytest.approx(20_000 * share, rel=0.2)


def test_what_a_large_corpus_holds_out_a_small_one_does() -> None:
    names = [f"{number:032x}" for number in range(5_000)]
    assert {name for name in names if held_out(name, 0.005)} < {name for name in names if held_out(name, 0.05)}
