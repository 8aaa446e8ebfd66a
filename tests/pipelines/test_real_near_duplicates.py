"""What near-duplicate detection says of real texts that were delivered twice."""

import csv
from pathlib import Path

import pytest

from pipelines.formats import mediawiki, wikitext
from schemas.signatures import Deduplication
from tests.pipelines.signing import Row, run, shingle_sets, similar_pairs


def answers(path: Path) -> list[str]:
    """Return the German answers of a crawl of questions and answers."""
    csv.field_size_limit(1 << 24)
    with path.open(encoding="utf-8", newline="") as stream:
        return [row["answer"] or "" for row in csv.DictReader(stream, delimiter="\t") if row["lang"] == "de"]


def test_two_crawls_of_the_same_pages(real_data: Path, tmp_path: Path) -> None:
    folder = real_data / "raw/webcrawl/health_authority_faq"
    crawls = [answers(folder / name) for name in ("faq_200322_16.tsv", "faq_200327.tsv")]
    parts: dict[str, list[Row]] = {
        f"crawl{number}": [(f"{number}-{place:04}", "webcrawl", text) for place, text in enumerate(texts)]
        for number, texts in enumerate(crawls)
    }
    marks, summary = run(tmp_path, parts)
    rows = [row for part in parts.values() for row in part]
    kept = {row[0]: row[0] for row in rows}
    for key, mark in marks.items():
        part, row = key.split(":")
        kept[parts[part][int(row)][0]] = mark["duplicate_of"]
    pairs = similar_pairs(shingle_sets([text for *_, text in rows], Deduplication()), 0.8)
    assert all(kept[rows[one][0]] == kept[rows[other][0]] for one, other in pairs)
    clusters = {kept[identity] for identity, *_ in parts["crawl0"]}
    repeated = sum(kept[identity] in clusters for identity, *_ in parts["crawl1"])
    # two of seven answers were there five days before
    assert repeated / len(crawls[1]) == pytest.approx(2 / 7, abs=0.001)
    assert summary.pairs["skipped"] == 0


def test_two_revisions_of_one_article(real_data: Path, tmp_path: Path) -> None:
    folder = real_data / "raw/wikipedia/dewiki_pages"
    texts = []
    for name in ("dewiki-20130602-id1.xml", "dewiki-20200801-id1.xml"):
        with (folder / name).open("rb") as stream:
            pages = [page for page in mediawiki.read(stream) if isinstance(page, mediawiki.Page)]
        texts.append(wikitext.plain_text(pages[0].text))
    one, other = shingle_sets(texts, Deduplication())
    similarity = len(one & other) / len(one | other)
    marks, _ = run(tmp_path, {"p": [(f"{place}", "wikipedia", text) for place, text in enumerate(texts)]})
    assert similarity >= 0.8
    assert [mark["similarity"] for mark in marks.values()] == [similarity]
