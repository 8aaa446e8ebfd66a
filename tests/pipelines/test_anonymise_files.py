import csv
import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from pipelines.anonymise_files import main
from pipelines.record_files import decode, kind_of

ROOT = Path(__file__).parents[2]
TEXT = "Frau Walburga Zwiesler, geb. 17.04.1951, Tel. 02772 5838201, Morbus Crohn.\n"
SECRETS = ("Walburga", "Zwiesler", "17.04.1951", "5838201")


@pytest.fixture
def letters(tmp_path):
    path = tmp_path / "letters.jsonl"
    records = [
        {"id": "a", "text": TEXT, "author": "Walburga Zwiesler"},
        {"id": 7, "text": "\ufeffBefund Fr. Zwiessler", "known": [{"label": "PERSON", "value": "Zwiesler"}]},
        {"text": "Lunge frei."},
    ]
    path.write_text("".join(json.dumps(r) + "\n" for r in records) + "{broken\n[1]\n" + '{"id": "x"}\n', "utf-8")
    return path


def lines(path):
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def run(*arguments):
    return main([str(argument) for argument in arguments])


def test_json_lines(letters, tmp_path, capsys):
    out = tmp_path / "out"
    assert run("--input", letters, "--output", out, "--spans") == 0
    texts = lines(out / "letters.jsonl")
    assert [record["id"] for record in texts] == ["a", 7, "line 3"]
    assert all(set(record) == {"id", "text"} for record in texts)
    assert texts[2]["text"] == "Lunge frei."
    spans = {record["id"]: record["entities"] for record in lines(out / "spans.jsonl")}
    found = [TEXT[e["begin"] : e["end"]] for e in spans["a"]]
    assert found == ["Walburga Zwiesler", "17.04.1951", "02772 5838201"]
    assert {e["label"] for e in spans[7]} == {"PERSON"}
    assert lines(out / "rejected.jsonl") == [
        {"id": "line 4", "reason": "broken_json"},
        {"id": "line 5", "reason": "no_record"},
        {"id": "x", "reason": "no_text"},
    ]
    written = "".join(p.read_text("utf-8") for p in out.iterdir()) + "".join(capsys.readouterr())
    assert not [secret for secret in SECRETS if secret in written]


def test_spans_alone(letters, tmp_path):
    assert run("--input", letters, "--output", tmp_path / "found.jsonl", "--spans") == 0
    assert [record["id"] for record in lines(tmp_path / "found.jsonl")] == ["a", 7, "line 3"]


@pytest.mark.parametrize(("delimiter", "encoding"), [(",", "utf-8"), (";", "cp1252"), ("\t", "utf-8-sig")])
def test_csv(tmp_path, delimiter, encoding):
    path = tmp_path / "befunde.csv"
    with path.open("w", encoding=encoding, newline="") as stream:
        rows = csv.writer(stream, delimiter=delimiter)
        rows.writerows([("nr", "befund", "name"), ("1", TEXT + "Größe", "Zwiesler"), ("2",), ("3", "Herz", "x")])
    out = tmp_path / "out"
    assert run("--input", path, "--output", out, "--text-column", "befund", "--id-column", "nr") == 0
    with (out / "befunde.csv").open(encoding="utf-8", newline="") as stream:
        made = list(csv.reader(stream))
    assert made[0] == ["nr", "befund"]
    assert made[1][1].endswith("Größe")
    assert made[2] == ["3", "Herz"]
    assert not [secret for secret in SECRETS if secret in (out / "befunde.csv").read_text("utf-8")]
    assert lines(out / "rejected.jsonl") == [{"id": "2", "reason": "no_text"}]


def test_a_folder_of_texts(tmp_path):
    folder = tmp_path / "in"
    (folder / "sub").mkdir(parents=True)
    (folder / "a.txt").write_text(TEXT, "utf-8")
    (folder / "sub" / "b.txt").write_bytes("Größe, Fr. Zwiesler".encode("cp1252"))
    (folder / "c.pdf").write_bytes(b"%PDF")
    out = tmp_path / "out"
    assert run("--input", folder, "--output", out, "--replacement", "tag") == 0
    assert (out / "a.txt").read_text("utf-8").startswith("Frau <PERSON>, geb. <DATE_OF_BIRTH>")
    assert (out / "sub" / "b.txt").read_text("utf-8") == "Größe, Fr. <PERSON>"
    assert lines(out / "rejected.jsonl") == [{"id": "c.pdf", "reason": "unknown_format"}]


def test_offsets_count_the_characters_of_the_text_as_it_is(tmp_path):
    """Windows line ends, characters beyond the first plane and byte order marks."""
    text = "\U0001f600 Befund\r\nFrau Walburga Zwiesler,\r\ngeb. 17.04.1951 \U0001f600 Tel. 02772 5838201\r\n"
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "plain.txt").write_bytes(text.encode())
    (folder / "marked.txt").write_bytes(b"\xef\xbb\xbf" + text.encode())
    (folder / "wide.txt").write_bytes(text.encode("utf-16"))
    record = json.dumps({"id": "record", "text": text})
    (folder / "wide.jsonl").write_bytes((record + "\n").encode("utf-16"))
    rows = f'id,text\r\nrow,"{text}"\r\n'
    (folder / "rows.csv").write_bytes(rows.encode())
    (folder / "wide.csv").write_bytes(rows.replace("row,", "wide row,").encode("utf-16"))
    assert run("--input", folder, "--output", tmp_path / "found.jsonl", "--spans") == 0
    found = {record["id"]: record["entities"] for record in lines(tmp_path / "found.jsonl")}
    assert set(found) == {"plain.txt", "marked.txt", "wide.txt", "record", "row", "wide row"}
    for entities in found.values():
        assert [text[e["begin"] : e["end"]] for e in entities] == ["Walburga Zwiesler", "17.04.1951", "02772 5838201"]


def test_a_table_without_the_column_is_rejected_beside_others(tmp_path, capsys):
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "a.csv").write_text("nr;befund\n1;Frau Zwiesler\n", "utf-8")
    (folder / "b.csv").write_bytes(b"")
    (folder / "c.csv").write_text('id,text\n1,"Fr. Zwiesler\nHerz"\n', "utf-8")
    (folder / "d.txt").write_bytes(b"")
    out = tmp_path / "out"
    assert run("--input", folder, "--output", out, "--replacement", "tag") == 0
    assert capsys.readouterr().out.startswith("2 of 3 documents")
    assert lines(out / "rejected.jsonl") == [{"id": "a.csv", "reason": "no_text_column"}]
    assert (out / "c.csv").read_text("utf-8").splitlines() == ["id,text", '1,"Fr. <PERSON>', 'Herz"']
    assert (out / "d.txt").read_bytes() == b""


def test_a_table_without_a_header_is_not_shown(tmp_path, capsys):
    path = tmp_path / "befunde.csv"
    path.write_text("1,Frau Walburga Zwiesler\n", "utf-8")
    assert run("--input", path, "--output", tmp_path / "out") == 2
    error = capsys.readouterr().err
    assert "--text-column" in error
    assert "Zwiesler" not in error


def test_the_key_file_decides_the_surrogates(letters, tmp_path):
    key = tmp_path / "key"
    key.write_bytes(b"sixteen bytes or more")
    for out in ("one", "two"):
        assert run("--input", letters, "--output", tmp_path / out, "--surrogate-key-file", key) == 0
    assert (tmp_path / "one/letters.jsonl").read_bytes() == (tmp_path / "two/letters.jsonl").read_bytes()
    key.write_bytes(b"short")
    assert run("--input", letters, "--output", tmp_path / "out", "--surrogate-key-file", key) == 2


@pytest.mark.parametrize(
    "arguments",
    [
        ["--input", "/nowhere", "--output", "out"],
        ["--output", "out"],
        ["--input", "LETTERS"],
        ["--input", "LETTERS", "--output", "FOLDER"],
        ["--input", "LETTERS", "--output", "out.jsonl"],
        ["--input", "LETTERS", "--output", "out", "--ner", "spacy:/nowhere"],
        ["--input", "LETTERS", "--output", "out", "--ner", "bert"],
        ["--input", "LETTERS", "--output", "out", "--surrogate-key-file", "/nowhere"],
        ["--input", "LETTERS", "--output", "out", "--replacement", "mask"],
        ["--unknown"],
    ],
)
def test_wrong_options_give_one_line_and_exit_code_2(letters, arguments, capsys):
    names = {"LETTERS": str(letters), "FOLDER": str(letters.parent), "out": str(letters.parent / "out")}
    try:
        code = main([names.get(argument) or argument for argument in arguments])
    except SystemExit as stopped:
        code = stopped.code
    captured = capsys.readouterr()
    assert code == 2
    assert captured.err.startswith("error: ")
    assert captured.err.count("\n") == 1
    assert captured.out == ""


def test_nothing_let_through(tmp_path):
    (tmp_path / "a.jsonl").write_text("{\n{\n")
    assert run("--input", tmp_path / "a.jsonl", "--output", tmp_path / "out") == 4


def test_an_empty_file(tmp_path):
    (tmp_path / "a.jsonl").write_text("")
    assert run("--input", tmp_path / "a.jsonl", "--output", tmp_path / "out", "--spans") == 0
    assert (tmp_path / "out" / "spans.jsonl").read_bytes() == b""


def test_no_network(letters, tmp_path, monkeypatch):
    def refuse(*_, **__):
        raise AssertionError("the network was asked for")

    monkeypatch.setattr(socket, "socket", refuse)
    monkeypatch.setattr(socket, "create_connection", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    assert run("--input", letters, "--output", tmp_path / "out", "--spans") == 0


@pytest.mark.parametrize("flag", ["--explain", "--help"])
def test_as_a_command(flag):
    done = subprocess.run(
        [sys.executable, "-m", "pipelines.anonymise", flag],
        input=TEXT,
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**os.environ, "COLUMNS": "120"},
        check=True,
    )
    assert done.stderr == ""
    expected = (
        ("Walburga Zwiesler", "person", "PERSON") if flag == "--explain" else ("--surrogate-key-file", "spans.jsonl")
    )
    assert all(part in done.stdout for part in expected)


def test_bytes_become_text():
    assert decode("Größe".encode()) == decode("Größe".encode("cp1252")) == decode("Größe".encode("utf-16")) == "Größe"
    assert decode(b"\xef\xbb\xbfa") == "a"
    assert [kind_of(p) for p in ("a.TXT", "a/b.jsonl", "x.tsv", "README", "a.pdf")] == [
        "text",
        "jsonl",
        "csv",
        "text",
        "",
    ]
