import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medbert.metrics import entities
from medbert.tasks import read_task
from medbert.tasks.standoff import from_standoff
from medbert.tasks.tagged import read_conll, read_records, to_iob2


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ("I-A I-A O I-B", "B-A I-A O B-B"),
        ("B-A E-A S-A S-A", "B-A I-A B-A B-A"),
        ("B-A L-A U-B", "B-A I-A B-B"),
        ("I-A B-A", "B-A B-A"),
    ],
)
def test_other_schemes_become_iob2(tags, expected):
    assert to_iob2(tags.split(), "x") == expected.split()


def test_unknown_tags_are_refused():
    with pytest.raises(ValueError, match="none of O, B-"):
        to_iob2(["PER"], "x")


def test_tags_that_do_not_fit_the_tokens(tmp_path):
    (tmp_path / "train.json").write_text(json.dumps([{"tokens": ["a", "b"], "tags": ["O"]}]))
    with pytest.raises(ValueError, match="record 1: 2 tokens but 1 tags"):
        read_records(tmp_path / "train.json")


def test_a_line_without_tag_is_named(tmp_path):
    (tmp_path / "train.conll").write_text("a O\nb\n")
    with pytest.raises(ValueError, match="line 2"):
        read_conll(tmp_path / "train.conll")


def test_a_hash_can_be_a_token(tmp_path):
    (tmp_path / "x.conll").write_text("# O\nWert B-A\n\n-DOCSTART- O\n\nb\tO\n")
    assert [example.words for example in read_conll(tmp_path / "x.conll")] == [("#", "Wert"), ("b",)]


def test_standoff_spans_are_widened_and_counted():
    examples, moved, dropped = from_standoff("Frau Meier-Schulz\nkam", [(5, 8, "PERSON"), (5, 17, "PERSON")], "d")
    assert [(example.words, example.labels) for example in examples] == [
        (("Frau", "Meier", "-", "Schulz"), ("O", "B-PERSON", "I-PERSON", "I-PERSON")),
        (("kam",), ("O",)),
    ]
    assert (moved, dropped) == (0, 1)
    assert from_standoff("Meier", [(1, 3, "X")], "d")[1] == 1


@pytest.mark.parametrize("span", [{"start": 0, "end": 9, "label": "X"}, {"start": 2, "end": 1, "label": "X"}, {}])
def test_impossible_spans_are_refused(tmp_path, span):
    (tmp_path / "train.jsonl").write_text(json.dumps({"text": "kurz", "spans": [span]}))
    with pytest.raises(ValueError, match="span"):
        read_records(tmp_path / "train.jsonl")


@given(st.text("ab. \n", max_size=30), st.lists(st.tuples(st.integers(0, 29), st.integers(1, 9)), max_size=4))
def test_every_span_is_an_entity_or_counted(text, spans):
    chosen = [(start, start + size, "X") for start, size in spans if start + size <= len(text)]
    examples, _, dropped = from_standoff(text, chosen, "d")
    found = sum(len(entities(example.labels)) for example in examples)
    assert found >= len(chosen) - dropped  # a span over a line break is one entity on each line
    assert sum(len(example.words) for example in examples) == len([c for example in examples for c in example.words])


def test_germeval(real_data):
    splits = read_task("germeval14", real_data / "ner" / "germeval2014", "keep")
    assert len(splits.train) + len(splits.valid) == 2200
    assert len(splits.test) == 5100
    assert {"PER", "LOC", "ORG", "OTH"} <= set(splits.labels)
    assert sum(label == "B-PER" for example in splits.test for label in example.labels) > 1500


def test_letters_stay_in_one_split(real_data):
    splits = read_task("grascco_phi", real_data / "phi" / "grascco_dev" / "dev.jsonl", "keep")
    groups = [{example.group for example in part} for part in (splits.train, splits.valid, splits.test)]
    assert not groups[0] & groups[2]
    assert len(set.union(*groups)) == 32
