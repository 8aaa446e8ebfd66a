import hashlib
import time
from pathlib import Path

from pipelines import software


def digest(folder: Path) -> str:
    found = hashlib.sha256()
    software.add_files(found, folder.name, folder.iterdir())
    return found.hexdigest()


def test_every_edit_counts_and_compiled_files_do_not(tmp_path: Path) -> None:
    folder = tmp_path / "package"
    (folder / "lexicons").mkdir(parents=True)
    (folder / "code.py").write_text("x = 1")
    (folder / "lexicons" / "names.txt").write_text("Gisela\n")
    digests = [digest(folder)]
    (folder / "__pycache__").mkdir()
    (folder / "__pycache__" / "code.pyc").write_bytes(b"x")
    assert digest(folder) == digests[0]
    for change in (
        lambda: (folder / "code.py").write_text("x = 2"),
        lambda: (folder / "lexicons" / "names.txt").write_text("Gisela\nOtto\n"),
        lambda: (folder / "lexicons" / "names.txt").rename(folder / "lexicons" / "words.txt"),
        (folder / "empty.txt").touch,
    ):
        change()
        digests.append(digest(folder))
    assert len(set(digests)) == len(digests)


def test_it_is_cheap_and_names_the_libraries_of_the_corpus() -> None:
    software.fingerprint.cache_clear()
    started = time.process_time()
    assert len(software.fingerprint()) == 64
    assert time.process_time() - started < 1
    assert {"ftfy", "pyarrow", "apache-beam"} <= set(software.libraries())
    assert "torch" not in software.libraries()
