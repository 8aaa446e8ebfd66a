from pathlib import Path

import pytest

from medbert.tasks import TASKS, read_task
from medbert.tasks.tables import read_rows


def write(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    return folder


def rows(*reports: tuple[str, str]) -> str:
    return "text,labels\n" + "".join(f'"{text}","{labels}"\n' for text, labels in reports)


def test_the_benchmarks_are_known():
    assert set(TASKS) == {
        "chest_ct", "chest_xray", "classification", "germeval14", "ggponc_ner", "grascco_phi", "ler", "ner", "wrist_ner"
    }  # fmt: skip
    with pytest.raises(ValueError, match="chest_ct"):
        read_task("chestct", Path())


def test_labels_do_not_come_from_the_test(tmp_path):
    write(tmp_path, train=rows(("eins", "A,B"), ("zwei", "")), valid=rows(("drei", "B")), test=rows(("vier", "C")))
    splits = read_task("classification", tmp_path)
    assert splits.labels == ("A", "B")
    assert splits.unseen == ("C",)
    assert any("never predicted: C" in note for note in splits.warnings)
    assert any("AUROC undefined" in note for note in splits.warnings)


def test_leaks_are_dropped_refused_or_kept(tmp_path):
    write(tmp_path, train=rows(("eins", "A"), ("zwei", "B")), valid=rows(("drei", "A")), test=rows(("Eins!", "A")))
    assert [example.text for example in read_task("classification", tmp_path).train] == ["zwei"]
    assert len(read_task("classification", tmp_path, "keep").train) == 2
    with pytest.raises(ValueError, match="train leaks into test: 1 exact"):
        read_task("classification", tmp_path, "refuse")


def test_one_patient_in_two_splits(tmp_path):
    header = "text,label,patient\n"
    write(tmp_path, train=header + "eins,A,7\nzwei,B,8\n", valid=header + "drei,A,9\n", test=header + "vier,A,7\n")
    splits = read_task("classification", tmp_path)
    assert splits.kind == "multi_class"
    assert [example.group for example in splits.train] == ["8"]


def test_rows_without_text_are_counted(tmp_path):
    write(tmp_path, train=rows(("nan", "A"), ("eins", "A"), ("", "A")), valid=rows(("b", "A")), test=rows(("c", "A")))
    assert "train.csv: 2 rows without text left out" in read_task("classification", tmp_path).warnings


@pytest.mark.parametrize(
    ("train", "message"),
    [
        ("", "no rows"),
        ("report,labels\na,b\n", "no column text"),
        ("text,A\nx,ja\n", "row 1: column A is neither 0 nor 1"),
        ("text,labels\nx,A,B\n", "line 2: more cells"),
        ("text\nx\n", "no labels"),
    ],
)
def test_malformed_tables_are_refused(tmp_path, train, message):
    with pytest.raises(ValueError, match=message):
        read_task("classification", write(tmp_path, train=train))


def test_two_examples_are_too_few(tmp_path):
    with pytest.raises(ValueError, match="no example"):
        read_task("classification", write(tmp_path, train=rows(("eins", "A"), ("zwei", "B"))))


def test_one_file_is_split_by_patient(tmp_path):
    text = "text,label,patient\n" + "".join(f"text {i} w{i},A,{i // 2}\n" for i in range(20))
    splits = read_task("classification", write(tmp_path, train=text))
    groups = [{example.group for example in part} for part in (splits.train, splits.valid, splits.test)]
    assert not groups[0] & groups[1] | groups[0] & groups[2] | groups[1] & groups[2]


def test_wrong_encoding_is_named(tmp_path):
    (tmp_path / "train.csv").write_bytes("text,labels\nÖdem,A\n".encode("latin-1"))
    with pytest.raises(ValueError, match="UTF-8"):
        list(read_rows(tmp_path / "train.csv"))


def test_chest_xray_wants_its_nine_columns(tmp_path):
    with pytest.raises(ValueError, match="no column Stauung"):
        read_task("chest_xray", write(tmp_path, train="text,Erguss\nx,1\n"))
