"""What tests share: where the real data is, if it is there, and a surrogate key."""

import os
from pathlib import Path

import pytest

SHARED = Path(os.environ.get("MEDBERT_SHARED", Path(__file__).parents[2] / "shared"))


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real raw files; tests that need it are skipped where it is absent."""
    folder = SHARED / "data"
    if not folder.is_dir():
        pytest.skip(f"no real data at {folder}: set MEDBERT_SHARED to the folder that holds data/")
    return folder


@pytest.fixture(scope="session")
def key_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with a fixed surrogate key, so that builds can be compared byte for byte."""
    path = tmp_path_factory.mktemp("key") / "key"
    path.write_text("0123456789abcdef0123456789abcdef")
    return path
