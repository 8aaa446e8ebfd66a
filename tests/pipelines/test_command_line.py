"""Folders and options that a build cannot use are refused before anything is written."""

from pathlib import Path

import pytest

from pipelines.command_line import build_parser, check_folders, configuration, read_key


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    (tmp_path / "raw" / "ggponc").mkdir(parents=True)
    (tmp_path / "raw" / "ggponc" / "1.txt").write_text("Text")
    return tmp_path / "raw"


def test_a_new_or_an_empty_folder_will_do(raw: Path):
    check_folders(str(raw), str(raw.parent / "corpus"))
    (raw.parent / "corpus").mkdir()
    check_folders(str(raw), str(raw.parent / "corpus"))


@pytest.mark.parametrize(
    ("output", "message"),
    [
        ("file", "is a file"),
        ("raw", "within the input"),
        ("raw/ggponc/corpus", "within the input"),
        ("link/corpus", "within the input"),
        ("other", "holds files but is not a corpus"),
    ],
)
def test_an_output_that_would_do_harm_is_refused(raw: Path, output: str, message: str):
    (raw.parent / "file").write_text("")
    (raw.parent / "link").symlink_to(raw)
    (raw.parent / "other").mkdir()
    (raw.parent / "other" / "letter.txt").write_text("")
    with pytest.raises(ValueError, match=message):
        check_folders(str(raw), str(raw.parent / output))


def test_an_input_that_is_none_is_refused(raw: Path):
    for wrong in (raw / "ggponc" / "1.txt", raw / "nowhere"):
        with pytest.raises(ValueError, match="no such folder"):
            check_folders(str(wrong), str(raw.parent / "corpus"))
    with pytest.raises(ValueError, match="named like a source"):
        check_folders(str(raw / "ggponc"), str(raw.parent / "corpus"))


@pytest.mark.parametrize(
    "option",
    ["--maximum-failed=2", "--maximum-failed=-0.1", "--maximum-failed=nan", "--minimum-words=-3", "--workers=0"],
)
def test_numbers_out_of_range_are_refused(option: str):
    with pytest.raises(ValueError, match=option.split("=")[0]):
        configuration(build_parser().parse_args([option]))


def test_a_key_file_that_is_none_is_refused(tmp_path: Path):
    for wrong in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(ValueError, match="no such file"):
            read_key(str(wrong))
    (tmp_path / "key").write_text("too short")
    with pytest.raises(ValueError, match="at least 16"):
        read_key(str(tmp_path / "key"))
    assert read_key(None) == b""
