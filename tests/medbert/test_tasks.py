"""Readers of benchmarks: the formats, and what is refused or warned of."""

import bz2
import gzip
import json
import lzma
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from medbert.tasks import TASKS, read_task
from medbert.tasks.chest_xray import LABELS
from medbert.tasks.examples import Example, label_table
from medbert.tasks.files import read_text
from medbert.tasks.standoff import from_standoff
from medbert.tasks.tagged import cut_sentences, read_conll, to_iob2
from pipelines.sampling.benchmarks import write_benchmark

SPLITS = ("train", "valid", "test")


def text(number: int) -> str:
    return " ".join(f"wort{number}x{place}" for place in range(12))


def write(folder: Path, suffix: str, contents: dict[str, str]) -> Path:
    folder.mkdir(exist_ok=True)
    for split, content in contents.items():
        (folder / f"{split}{suffix}").write_text(content, encoding="utf-8")
    return folder


def tables(folder: Path, header: str, **rows: list[str]) -> Path:
    return write(folder, ".csv", {split: "\n".join([header, *lines, ""]) for split, lines in rows.items()})


def three(row: str, **changed: list[str]) -> dict[str, list[str]]:
    """Return rows of the three splits with texts of their own; `row` has a {} for the text."""
    texts = {split: [row.format(text(10 * i + j)) for j in range(2)] for i, split in enumerate(SPLITS)}
    return texts | changed


def test_every_task_has_its_own_file():
    published = "chest_ct chest_xray classification germeval14 ggponc_ner grascco_phi ler ner wrist_ner"
    assert tuple(published.split()) == TASKS


@pytest.mark.parametrize("name", ["chest_ct", "chest_xray"])
def test_generated_benchmarks_have_the_published_form(name, tmp_path):
    write_benchmark(name, tmp_path / name, 110, 1)
    splits = read_task(name, tmp_path / name, "keep")
    assert (len(splits.train), len(splits.valid), len(splits.test)) == (89, 10, 11)
    assert splits.kind == "multi_label"
    assert len(splits.labels) == {"chest_ct": 24, "chest_xray": 9}[name]
    assert label_table(splits.train, splits.labels).any(axis=0).all()


def test_the_published_sizes():
    from pipelines.sampling.benchmarks import DOCUMENTS, split_sizes

    assert split_sizes(DOCUMENTS) == {"train": 4369, "valid": 546, "test": 547}


def test_labels_of_a_class_each_and_parquet(tmp_path):
    folder = tmp_path / "data"
    folder.mkdir()
    for i, split in enumerate(SPLITS):
        table = pa.table({"text": [text(2 * i), text(2 * i + 1)], "label": ["a", "b"]})
        pq.write_table(table, folder / f"{split}.parquet")
    splits = read_task("classification", folder)
    assert splits.kind == "multi_class"
    assert splits.labels == ("a", "b")


def test_labels_unseen_in_training_are_the_tests_own(tmp_path):
    data = tables(tmp_path / "d", "text,labels", **three('{},"a,b"', test=[f"{text(90)},neu"]))
    splits = read_task("classification", data)
    assert splits.labels == ("a", "b")
    assert splits.unseen == ("neu",)
    assert any("only in the test" in note for note in splits.warnings)


def test_an_empty_class_and_a_full_one_are_warned_of(tmp_path):
    header = "text," + ",".join(LABELS)
    data = tables(tmp_path / "d", header, **three("{},1,0" + ",0" * 7))
    splits = read_task("chest_xray", data)
    assert any(note.startswith("without an example in training: Verschattung") for note in splits.warnings)
    assert any(note.startswith("without an example in the test") for note in splits.warnings)
    assert "in every example of the test, AUROC undefined: Stauung" in splits.warnings


def test_duplicates_over_splits_are_dropped_from_the_earlier_or_refused(tmp_path):
    near = text(90) + " ende"
    rows = three("{},a", train=[f"{text(0)},a", f"{text(90)},a", f"{text(91)},a"], test=[f"{near},a", f"{text(91)},a"])
    data = tables(tmp_path / "d", "text,labels", **rows)
    splits = read_task("classification", data)
    assert len(splits.train) == 1
    assert len(splits.test) == 2
    assert "train leaks into test: 1 exact, 1 near_duplicate (dropped from train)" in splits.warnings
    assert len(read_task("classification", data, "keep").train) == 3
    with pytest.raises(ValueError, match="train leaks into test"):
        read_task("classification", data, "refuse")


def test_a_patient_stays_in_one_split(tmp_path):
    rows = three("{},a,p1", valid=[f"{text(50)},a,p2"], test=[f"{text(60)},a,p3", f"{text(61)},b,p9"])
    rows["train"].append(f"{text(62)},b,p3")
    splits = read_task("classification", tables(tmp_path / "d", "text,labels,patient", **rows))
    assert "train leaks into test: 1 patient (dropped from train)" in splits.warnings


def test_a_whole_benchmark_is_split_by_patient(tmp_path):
    rows = [f"{text(i)},a,p{i % 10}" for i in range(40)]
    splits = read_task("classification", tables(tmp_path / "d", "text,labels,patient", all=rows))
    groups = [{example.group for example in getattr(splits, name)} for name in SPLITS]
    assert all(groups)
    assert not groups[0] & groups[1]
    assert not groups[0] & groups[2]
    assert not groups[1] & groups[2]


@pytest.mark.parametrize("missing", ["", "nan", "NaN", " "])
def test_missing_texts_are_left_out_and_counted(missing, tmp_path):
    rows = three("{},a")
    rows["train"].append(f"{missing},a")
    splits = read_task("classification", tables(tmp_path / "d", "text,labels", **rows))
    assert len(splits.train) == 2
    assert "train.csv: 1 rows without text left out" in splits.warnings


def test_two_examples_are_too_few_and_three_are_enough(tmp_path):
    with pytest.raises(ValueError, match="no example in it"):
        read_task("classification", tables(tmp_path / "two", "text,labels", all=[f"{text(1)},a", f"{text(2)},b"]))
    rows = [f"{text(i)},a" for i in range(3)]
    assert len(read_task("classification", tables(tmp_path / "three", "text,labels", all=rows)).test) == 1


@pytest.mark.parametrize(
    ("header", "row", "message"),
    [
        ("report,labels", "{},a", "no column text"),
        ("text", "{}", "no labels"),
        ("text,x", "{},2", "column x is neither 0 nor 1"),
        ("text,label", "{},", "no label"),
        ("text,labels", "{},a,b", "more cells than the header"),
        ("text,labels", "{},", "no label in the training"),
    ],
)
def test_malformed_tables_name_what_is_wrong(header, row, message, tmp_path):
    with pytest.raises(ValueError, match=message):
        read_task("classification", tables(tmp_path / "d", header, **three(row)))


def test_a_chest_x_ray_without_a_column(tmp_path):
    with pytest.raises(ValueError, match="no column Materialfehllage"):
        read_task("chest_xray", tables(tmp_path / "d", "text," + ",".join(LABELS[:-1]), **three("{}" + ",0" * 8)))


def test_other_encodings_and_absent_files_are_named(tmp_path):
    data = tables(tmp_path / "d", "text,labels", **three("{},a"))
    (data / "valid.csv").write_bytes("text,labels\nErgüsse,a\n".encode("latin-1"))
    with pytest.raises(ValueError, match=r"valid\.csv: not in UTF-8"):
        read_task("classification", data)
    with pytest.raises(ValueError, match="no such file"):
        read_task("classification", tmp_path / "absent")
    with pytest.raises(ValueError, match="task unknown: one of"):
        read_task("unknown", data)


def records(**changed: list[dict]) -> dict[str, str]:
    splits = {
        split: [{"tokens": [f"w{i}{j}", "X", "Y"], "tags": ["O", "B-A", "I-A"]} for j in range(2)]
        for i, split in enumerate(SPLITS)
    }
    return {name: json.dumps(rows) for name, rows in (splits | changed).items()}


@pytest.mark.parametrize("task", ["wrist_ner", "ggponc_ner", "ner"])
def test_tokens_and_tags(task, tmp_path):
    splits = read_task(task, write(tmp_path / "d", ".json", records()))
    assert splits.kind == "ner"
    assert splits.labels == ("A",)
    assert splits.train[0].labels == ("O", "B-A", "I-A")


def test_tags_that_do_not_fit_tokens_are_refused(tmp_path):
    broken = records(valid=[{"tokens": ["a", "b"], "tags": ["O"]}])
    with pytest.raises(ValueError, match="record 1: 2 tokens but 1 tags"):
        read_task("ggponc_ner", write(tmp_path / "one", ".json", broken))
    broken = records(valid=[{"tokens": ["a", "b"], "tags": ["O", "PER"]}])
    with pytest.raises(ValueError, match="a tag that is none of"):
        read_task("ggponc_ner", write(tmp_path / "two", ".json", broken))
    with pytest.raises(ValueError, match="not JSON"):
        read_task("ggponc_ner", write(tmp_path / "three", ".json", records() | {"test": '[{"tokens": '}))


def standoff(identity: str, spans: list[dict]) -> str:
    return json.dumps({"id": identity, "text": f"Herr {identity}\nkam am 3. Mai 2020 zu uns.", "spans": spans})


def test_standoff_becomes_a_line_an_example(tmp_path):
    lines = [
        standoff(f"Abc{i}", [{"start": 5, "end": 9, "label": "NAME"}, {"start": 17, "end": 28, "label": "DATE"}])
        for i in range(6)
    ]
    (tmp_path / "all.jsonl").write_text("\n".join(lines))
    splits = read_task("grascco_phi", tmp_path / "all.jsonl", "keep")
    assert splits.labels == ("DATE", "NAME")
    first = splits.train[0]
    assert first.words[0] == "Herr"
    assert first.labels == ("O", "B-NAME")


@pytest.mark.parametrize(
    ("span", "message"),
    [
        ({"start": 5, "end": 500, "label": "NAME"}, "is not in the text"),
        ({"start": 9, "end": 5, "label": "NAME"}, "is not in the text"),
        ({"start": 5, "label": "NAME"}, "without start, end and label"),
    ],
)
def test_spans_outside_of_the_text_are_refused(span, message, tmp_path):
    (tmp_path / "all.jsonl").write_text("\n".join([standoff("Abc", [span])] * 3))
    with pytest.raises(ValueError, match=message):
        read_task("grascco_phi", tmp_path / "all.jsonl")


def test_spans_within_words_are_widened_and_overlaps_dropped(tmp_path):
    spans = [{"start": 6, "end": 8, "label": "NAME"}, {"start": 5, "end": 9, "label": "OTHER"}]
    (tmp_path / "all.jsonl").write_text("\n".join(standoff(f"Abc{i}", spans) for i in range(9)))
    notes = read_task("grascco_phi", tmp_path / "all.jsonl", "keep").warnings
    assert "all.jsonl: 9 spans overlap others and were left out" in notes


def test_schemes_of_tags_become_iob2():
    assert to_iob2(["I-A", "I-A", "B-A", "O", "I-B"], "") == ["B-A", "I-A", "B-A", "O", "B-B"]  # IOB1
    assert to_iob2(["B-A", "I-A", "E-A", "S-B"], "") == ["B-A", "I-A", "I-A", "B-B"]  # IOBES
    assert to_iob2(["B-A", "L-A", "U-A", "U-A"], "") == ["B-A", "I-A", "B-A", "B-A"]  # BILOU
    assert to_iob2(["O", "I-A", "I-B"], "") == ["O", "B-A", "B-B"]  # faults


def test_germeval_has_comments_indices_and_two_levels(tmp_path):
    sentence = "#\thttp://example.org\t[2010-07-04]\n1\t{}\tB-PER\tO\n2\tkommt\tO\tO\n3\taus\tO\tB-LOC\n\n"
    contents = {split: "".join(sentence.format(f"N{i}{j}") for j in range(3)) for i, split in enumerate(SPLITS)}
    splits = read_task("germeval14", write(tmp_path / "d", ".tsv", contents))
    assert splits.labels == ("PER",)
    assert splits.train[0].words == ("N00", "kommt", "aus")
    assert read_task("ner", tmp_path / "d").train[0].words == ("N00", "kommt", "aus"), "indices are no words"


def test_a_hash_is_a_word(tmp_path):
    (tmp_path / "a.conll").write_text("# O\nZeitung B-ORG\n\n")
    assert read_conll(tmp_path / "a.conll")[0].words == ("#", "Zeitung")


def test_tokens_without_tag_are_named(tmp_path):
    (tmp_path / "a.conll").write_text("Das O\nHaus\n")
    with pytest.raises(ValueError, match="line 2: a token without tag"):
        read_conll(tmp_path / "a.conll")


def test_texts_without_sentence_breaks_are_cut_and_no_entity_with_them(tmp_path):
    words = (["w"] * 9 + ["."]) * 50
    tags = ["O"] * 9 + ["O"]
    whole = Example("", tuple(tags * 50), tuple(words))
    assert [len(sentence.words) for sentence in cut_sentences(whole)] == [10] * 50
    inside = Example("", ("B-A", *["I-A"] * 299), ("w",) * 300)
    assert [len(sentence.words) for sentence in cut_sentences(inside)] == [300]
    (tmp_path / "a.bio").write_text(
        "".join(f"w{i} {'O' if i % 7 else 'B-A'}\n{'. O' if i % 5 == 0 else 'x O'}\n" for i in range(400))
    )
    splits = read_task("ner", tmp_path / "a.bio")
    assert any("no sentence breaks" in note for note in splits.warnings)


def test_a_large_benchmark_is_read_in_seconds(tmp_path):
    generator = np.random.default_rng(0)
    rows = [f"{' '.join(generator.choice(5000, 60).astype(str))},a" for _ in range(2000)]
    data = tables(tmp_path / "d", "text,labels", train=rows[:1600], valid=rows[1600:1800], test=rows[1800:])
    started = time.process_time()
    assert len(read_task("classification", data).train) == 1600
    assert time.process_time() - started < 20


def test_a_span_over_a_line_break_goes_on_as_a_new_entity():
    lines, moved, dropped = from_standoff("Frau Dr.\nAda Muster kam.", [(5, 19, "NAME")], "g")
    assert [line.labels for line in lines] == [("O", "B-NAME", "I-NAME"), ("B-NAME", "I-NAME", "O", "O")]
    assert (moved, dropped) == (0, 0)


def avro(identity: str, text: str, start: int, end: int) -> dict:
    """Return a record as MobIE and SmartData have it: Avro's JSON form, offsets in UTF-16 code units."""
    mention = {"span": {"start": start, "end": end, "attributes": None}, "type": "ORT", "refids": None}
    return {"id": identity, "text": {"string": text}, "tokens": None, "conceptMentions": {"array": [mention]}}


@pytest.mark.parametrize(
    ("suffix", "compress"), [(".gz", gzip.compress), (".bz2", bz2.compress), (".xz", lzma.compress)]
)
def test_compressed_files_of_nested_records(suffix, compress, tmp_path):
    for i, split in enumerate(("train", "dev", "test")):
        rows = [avro(f"{i}{j}", f"\N{POLICE CAR} Halt {i}{j} in Mainz", 14, 19) for j in range(2)]
        text = "\n".join(json.dumps(row, indent=1) for row in rows)  # one object after the other, over many lines
        (tmp_path / f"{split}.json{suffix}").write_bytes(compress(text.encode()))
    splits = read_task("ner", tmp_path)
    assert splits.labels == ("ORT",)
    assert [word for word, tag in zip(splits.test[0].words, splits.test[0].labels, strict=True) if tag != "O"] == [
        "Mainz"
    ]
    whole = (tmp_path / f"test.json{suffix}").read_bytes()
    (tmp_path / f"test.json{suffix}").write_bytes(whole[:-9])
    with pytest.raises(ValueError, match=rf"test\.json{suffix}: not a whole {suffix} file"):
        read_task("ner", tmp_path)
    (tmp_path / f"test.json{suffix}").write_bytes(b"{}")
    with pytest.raises(ValueError, match=rf"test\.json{suffix}: not a whole {suffix} file"):
        read_task("ner", tmp_path)


def test_compressed_tables(tmp_path):
    for split, lines in three("{},a").items():
        (tmp_path / f"{split}.csv.gz").write_bytes(gzip.compress("\n".join(["text,labels", *lines]).encode()))
    assert len(read_task("classification", tmp_path).train) == 2


def test_a_file_that_does_not_fit_into_memory_is_refused(tmp_path):
    (tmp_path / "train.json.gz").write_bytes(gzip.compress(b" " * 3_000_000))
    with pytest.raises(ValueError, match="more than 1,000,000 bytes"):
        read_text(tmp_path / "train.json.gz", largest=1_000_000)


@pytest.mark.slow
def test_real_corpora(real_data):
    ler = read_task("ler", real_data / "ner" / "ler" / "ler_dev.conll")
    assert len(ler.labels) == 19
    germeval = read_task("germeval14", real_data / "ner" / "germeval2014")
    assert len(germeval.test) == 5100
    assert len(germeval.labels) == 12
    mobie = read_task("ner", real_data / "ner" / "mobie" / "v1_20210811")
    assert {"location-city", "person"} <= set(mobie.labels)
    assert len(read_task("ner", real_data / "ner" / "smartdata" / "v3_20200302").test) > 800
    papers = read_task("ner", real_data / "ner" / "europeana_de" / "enp_DE.onb.bio")
    assert {"LOC", "ORG", "PER"} <= set(papers.labels)


def test_real_letters(real_data):
    letters = read_task("grascco_phi", real_data / "phi" / "grascco_dev")
    groups = [{example.group for example in getattr(letters, name)} for name in SPLITS]
    assert not groups[0] & groups[2]
    assert sum(map(len, groups)) == 32
