import pickle

import pytest

from schemas.document import PART_SCHEMA, SHARD_SCHEMA, RawDocument, document_id


def test_ids_are_stable_across_versions() -> None:
    assert document_id("radiology_reports", "A1") == "792f1fbc7e6d4765999e071017d65d4f"


def test_ids_tell_sources_and_keys_apart() -> None:
    assert len({document_id("a", "bc"), document_id("ab", "c"), document_id("a", "b")}) == 3


def test_raw_text_cannot_leave_its_process() -> None:
    raw = RawDocument("radiology_reports", "A1", "Herr Mustermann", known=())
    with pytest.raises(TypeError, match="must not leave"):
        pickle.dumps(raw)


def test_raw_documents_do_not_show_text() -> None:
    shown = repr(RawDocument("thieme", "Geheim-7", "Herr Mustermann", title="Brief Mustermann", patient="P9"))
    assert "Mustermann" not in shown
    assert "Geheim" not in shown
    assert "P9" not in shown


def test_a_part_is_a_shard_without_marks() -> None:
    assert PART_SCHEMA.names == SHARD_SCHEMA.names[: len(PART_SCHEMA.names)]
    assert set(SHARD_SCHEMA.names) - set(PART_SCHEMA.names) == {"duplicate_of", "similarity"}
