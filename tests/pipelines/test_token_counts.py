import json
import re
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Whitespace

from pipelines import report
from pipelines.token_counts import read_tokens
from schemas.document import SHARD_SCHEMA
from schemas.manifest import Account, Manifest, Shard, summarise
from schemas.statistics import CorpusStatistics

TEXTS = {"ggponc": ["kein Erguss kein Befund", "Erguss"], "thieme": ["Milz kein"]}


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    (tmp_path / "data").mkdir()
    rows, shards = {}, []
    for source, texts in TEXTS.items():
        words = [len(text.split()) for text in texts]
        values = {
            "id": [str(number) for number in range(len(texts))],
            "source": [source] * len(texts),
            "text": texts,
            "title": [""] * len(texts),
            "sentences": [1] * len(texts),
            "words": words,
            "bytes": [len(text) for text in texts],
            "entities": [[]] * len(texts),
            "duplicate_of": [None] * len(texts),
            "similarity": [None] * len(texts),
        }
        pq.write_table(pa.table(values, schema=SHARD_SCHEMA), tmp_path / "data" / f"{source}.parquet")
        shards.append(Shard(f"data/{source}.parquet", len(texts), 1, "0"))
        rows[source] = CorpusStatistics(len(texts), len(texts), sum(words), 1)
    Manifest(
        version="0.1.0",
        fingerprint="f" * 64,
        configuration={},
        sources={name: Account(row.documents, row.documents) for name, row in rows.items()},
        statistics={"full": summarise(rows), "dedup": summarise(rows)},
        shards=tuple(shards),
    ).write(str(tmp_path / "manifest.json"))
    tokenizer = Tokenizer(WordLevel({"[UNK]": 0, "kein": 1, "Erguss": 2, "Befund": 3}, unk_token="[UNK]"))  # pyright: ignore[reportCallIssue]
    tokenizer.pre_tokenizer = Whitespace()  # pyright: ignore[reportAttributeAccessIssue]
    tokenizer.save(str(tmp_path / "tokenizer.json"))
    return tmp_path


def test_tokens_are_counted_once_and_shown_from_then_on(corpus: Path, capsys: pytest.CaptureFixture[str]):
    assert report.main(["--corpus", str(corpus), "--tokenizer", str(corpus)]) == 0
    rows = json.loads((corpus / "statistics.json").read_text())["tokens"]["rows"]
    assert rows["ggponc"] == {"words": 5, "tokens": 5, "unknown": 0}
    assert rows["thieme"] == {"words": 2, "tokens": 2, "unknown": 1}
    assert rows["summary"] == {"words": 7, "tokens": 7, "unknown": 1}
    capsys.readouterr()
    assert report.main(["--corpus", str(corpus)]) == 0
    assert re.search(r"\| GGPOnc 1.0 +\| +5 \| +5 \| +1.000 \| +0 \|", capsys.readouterr().out)
    assert "tokens,rows,thieme,unknown,,1" in (corpus / "statistics.csv").read_text()


def test_tokens_of_another_corpus_are_missing(corpus: Path):
    manifest = Manifest.read(str(corpus / "manifest.json"))
    assert read_tokens(str(corpus), manifest) is None
    (corpus / "tokens.json").write_text(json.dumps({"corpus": "another", "rows": {}}))
    assert read_tokens(str(corpus), manifest) is None
    (corpus / "tokens.json").write_text("[")
    assert read_tokens(str(corpus), manifest) is None


@pytest.mark.parametrize("content", [None, "{"])
def test_without_a_tokenizer_one_line_says_so(
    content: str | None, corpus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    folder = tmp_path / "other"
    folder.mkdir()
    if content is not None:
        (folder / "tokenizer.json").write_text(content)
    assert report.main(["--corpus", str(corpus), "--tokenizer", str(folder)]) == 2
    assert "tokenizer.json" in capsys.readouterr().err
    assert not (corpus / "tokens.json").exists()
