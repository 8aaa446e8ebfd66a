"""Wikipedia and Flexikon: from files to documents, through the street's own reading."""

import bz2
import tracemalloc
from pathlib import Path

import pytest

from pipelines.ingest import Outcome
from pipelines.reading import read_file, read_split
from pipelines.sources import source
from pipelines.sources.wikipedia import is_medical
from pipelines.splits import batches, input_file, plan
from schemas import storage
from schemas.document import RawDocument, Rejection, document_id

HEAD, TAIL = "<mediawiki><siteinfo/>\n", "</mediawiki>"
INFARCT = (
    "{{Infobox ICD|A=1}} Der '''Herzinfarkt''' ist eine [[Krankheit]].[[Kategorie:Krankheitsbild in der Kardiologie]]"
)


def page(number: int, text: str, title: str = "") -> str:
    return (
        f"<page><title>{title or f'T{number}'}</title><ns>0</ns><id>{number}</id>"
        f"<revision><text>{text}</text></revision></page>\n"
    )


def read(name: str, folder: Path, **options: str) -> list[Outcome]:
    """Read all of `folder` as the street does; unforeseen errors fail the test."""
    found, root = source(name), str(folder)

    def broken(path: str, error: Exception) -> None:
        raise AssertionError(path) from error

    chosen = {**found.options, **options}
    return [
        outcome
        for batch in batches(found, storage.list_files(root))
        for split in plan(found, root, batch)
        for outcome in read_split(found, root, split, chosen, broken)
    ]


def short(outcomes: list[Outcome]) -> list[tuple[str, str]]:
    return [(o.key, o.text) if isinstance(o, RawDocument) else ("", o.reason) for o in outcomes]


def test_wikipedia_keeps_medical_articles(tmp_path: Path) -> None:
    (tmp_path / "dump.dat").write_text(
        HEAD + page(1, INFARCT) + page(2, "Ein [[Berg]].[[Kategorie:Berg]]") + page(3, "#REDIRECT [[A]]") + TAIL
    )
    outcomes = read("wikipedia", tmp_path)
    assert short(outcomes) == [("1", "Der Herzinfarkt ist eine Krankheit."), ("", "not_medical"), ("", "redirect")]
    assert isinstance(outcomes[0], RawDocument)
    assert (outcomes[0].title, outcomes[0].file, outcomes[0].source) == ("T1", "dump.dat", "wikipedia")
    assert isinstance(outcomes[1], Rejection)
    assert outcomes[1].id == document_id("wikipedia", "2")
    assert len([o for o in read("wikipedia", tmp_path, categories="all") if isinstance(o, RawDocument)]) == 2


def test_wikipedia_with_another_lexicon(tmp_path: Path) -> None:
    lexicon = tmp_path / "berge.txt"
    lexicon.write_text("# eigene\nKategorie:Berg*\n-Kategorie:Bergbau\nVorlage:Infobox Berg\n")
    assert is_medical("[[Kategorie:Berg in Tirol]]", str(lexicon))
    assert is_medical("{{Infobox Berg\n|X=1}}", str(lexicon))
    assert not is_medical("[[Kategorie:Bergbau]]", str(lexicon))
    assert not is_medical(INFARCT, str(lexicon))
    other = tmp_path / "falsch.txt"
    other.write_text("Berge\n")
    with pytest.raises(ValueError, match="Kategorie:NAME"):
        is_medical("x", str(other))


@pytest.mark.parametrize(
    ("wikitext", "medical"),
    [
        (INFARCT, True),
        ("{{Gesundheitshinweis}}", True),
        ("[[Kategorie:Virale Infektionskrankheit]]", True),
        ("[[category:krankheitssymptom in der Urologie|X]]", True),
        ("[[Kategorie:Krankheitsbild in der Tiermedizin]]", False),
        ("[[Kategorie:Film]] {{Infobox Film}}", False),
        ("Der Krankheitsbild in der Kardiologie", False),
    ],
)
def test_is_medical(wikitext: str, medical: bool) -> None:
    assert is_medical(wikitext) is medical


def test_flexikon_keeps_all_and_reads_saved_pages(tmp_path: Path) -> None:
    (tmp_path / "export.xml").write_text(HEAD + page(5, "Die ''Leber'' ist ein Organ.") + page(6, "{{x}}") + TAIL)
    article = " ".join(["Die Leber ist das größte innere Organ des Menschen und liegt rechts oben im Bauch."] * 5)
    (tmp_path / "leber.txt").write_text(
        f"<!DOCTYPE html><html><head><title>Leber - DocCheck Flexikon</title></head><body><p>{article}</p>"
    )
    (tmp_path / "bild.html").write_bytes(b"\x89PNG\r\n\x1a\n\0\0")
    outcomes = read("doccheck_flexikon", tmp_path)
    assert short(outcomes) == [
        ("", "unsupported_format"),
        ("5", "Die Leber ist ein Organ."),
        ("", "no_text"),
        ("leber.txt", article),
    ]
    assert isinstance(outcomes[3], RawDocument)
    assert outcomes[3].title == "Leber"


def test_huge_multistream_dump_is_shared_and_complete(tmp_path: Path) -> None:
    folder = tmp_path
    noise = [f"{i:x}" for i in range(7**6, 7**6 + 60_000)]
    with (folder / "dump.xml.bz2").open("wb") as stream:
        stream.write(bz2.compress(HEAD.encode()))
        for i in range(40):
            text = INFARCT + " ".join(noise[(i * 997) % 30_000 :][:9000])
            stream.write(bz2.compress(page(i, text).encode()))
        stream.write(bz2.compress(TAIL.encode()))
    size = (folder / "dump.xml.bz2").stat().st_size
    wikipedia, file = source("wikipedia"), input_file(str(folder), "dump.xml.bz2", size)
    ranges = list(wikipedia.readers[0].cut(file, size // 7))
    assert len(ranges) >= 7
    found = [
        outcome.key
        for start, stop in ranges
        for outcome in read_file(wikipedia, file, start, stop, {})
        if isinstance(outcome, RawDocument)
    ]
    assert found == [str(i) for i in range(40)]


def test_memory_is_constant(tmp_path: Path) -> None:
    with (tmp_path / "line.xml").open("wb") as stream:
        stream.write(HEAD.encode().replace(b"\n", b"") + b"<page><title>A</title><revision><text>")
        for _ in range(100):
            stream.write(b"x" * 1_000_000)
        stream.write(b"</text></revision></page>" + page(2, INFARCT).encode() + TAIL.encode())
    file = input_file(str(tmp_path), "line.xml", (tmp_path / "line.xml").stat().st_size)
    tracemalloc.start()
    outcomes = list(read_file(source("wikipedia"), file, 0, None, {}))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert short(outcomes) == [("", "record_too_large"), ("2", "Der Herzinfarkt ist eine Krankheit.")]
    assert peak < 100_000_000


def test_real_pages(real_data: Path) -> None:
    outcomes = read("wikipedia", real_data / "raw/wikipedia", categories="all")
    documents = [outcome for outcome in outcomes if isinstance(outcome, RawDocument)]
    assert [document.title for document in documents] == [
        "Alan Smithee",
        "Ampere",
        "Ang Lee",
        "Anime",
        "The Visitors",
        "Alan Smithee",
    ]
    assert {outcome.reason for outcome in outcomes if isinstance(outcome, Rejection)} == {"unsupported_format"}
