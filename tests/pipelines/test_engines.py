import importlib
import importlib.util

import pytest

from pipelines.engines import label_of, load_engine

TEXT = "Herr Zwiesler kam aus Herborn."


@pytest.mark.parametrize(
    ("tag", "label"),
    [
        ("PER", "PERSON"),
        ("B-PER", "PERSON"),
        ("NAME_PATIENT", "PERSON"),
        ("LOCATION_CITY", "CITY"),
        ("CONTACT_PHONE", "PHONE"),
        ("DATE", "DATE"),
        ("NAME_TITLE", None),
        ("MISC", None),
        ("O", None),
    ],
)
def test_labels_of_engines_become_ours(tag, label):
    assert label_of(tag) == label


@pytest.mark.parametrize("name", ["bert", "flair:/tmp", "spacy:", "spacy:/nowhere", "transformers:/nowhere"])
def test_what_does_not_load_is_told(name):
    with pytest.raises(ValueError, match=name):
        load_engine(name)


@pytest.mark.parametrize("kind", ["spacy", "transformers"])
def test_an_empty_folder_is_no_model(kind, tmp_path):
    if importlib.util.find_spec(kind) is None:
        pytest.skip(f"{kind} is not installed")
    with pytest.raises(ValueError, match=f"{kind}:"):
        load_engine(f"{kind}:{tmp_path}")


@pytest.mark.slow
def test_a_spacy_pipeline(tmp_path):
    spacy = pytest.importorskip("spacy")
    training = importlib.import_module("spacy.training")
    pipeline = spacy.blank("de")
    ner = pipeline.add_pipe("ner")
    ner.add_label("PER")
    begin = TEXT.index("Zwiesler")
    example = training.Example.from_dict(pipeline.make_doc(TEXT), {"entities": [(begin, begin + 8, "PER")]})
    pipeline.initialize(lambda: [example])
    for _ in range(30):
        pipeline.update([example])
    pipeline.to_disk(tmp_path)
    find = load_engine(f"spacy:{tmp_path}")
    assert [(f.start, f.end, f.entity_type) for f in find(TEXT)] == [(begin, begin + 8, "PERSON")]


@pytest.mark.slow
def test_a_transformers_model(tmp_path):
    transformers = pytest.importorskip("transformers")
    tokens = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *sorted(set(TEXT)), *(f"##{c}" for c in sorted(set(TEXT)))]
    (tmp_path / "vocab.txt").write_text("\n".join(tokens), "utf-8")
    tokenizer = transformers.BertTokenizerFast(vocab_file=str(tmp_path / "vocab.txt"), do_lower_case=False)
    config = transformers.BertConfig(
        vocab_size=len(tokens), hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16,
        id2label={0: "B-PER", 1: "I-PER"}, label2id={"B-PER": 0, "I-PER": 1},
    )  # fmt: skip
    transformers.BertForTokenClassification(config).save_pretrained(tmp_path)
    tokenizer.save_pretrained(tmp_path)
    find = load_engine(f"transformers:{tmp_path}")
    text = TEXT * 100
    found = find(text)
    assert found
    assert {f.entity_type for f in found} == {"PERSON"}
    assert all(0 <= f.start < f.end <= len(text) for f in found)
    assert max(f.end for f in found) > 2000


def test_a_model_without_known_labels_is_refused(tmp_path):
    spacy = pytest.importorskip("spacy")
    pipeline = spacy.blank("de")
    pipeline.add_pipe("ner").add_label("DRUG")
    pipeline.initialize()
    pipeline.to_disk(tmp_path)
    with pytest.raises(ValueError, match="DRUG"):
        load_engine(f"spacy:{tmp_path}")
