"""The files of a benchmark: one for each split, compressed or not."""

import bz2
import gzip
import lzma
import zlib
from pathlib import Path

NAMES = {"train": ("train",), "valid": ("valid", "validation", "dev", "val"), "test": ("test",)}
COMPRESSED = {".gz": gzip.open, ".bz2": bz2.open, ".xz": lzma.open}
LARGEST = 1 << 32
"""Bytes of a file, decompressed, at most: benchmarks are small, and a compressed file may be of any size within."""


def kind_of(path: Path) -> tuple[str, str]:
    """Return name and suffix of a file, what it was compressed with left out: dev.json.gz is dev and .json."""
    inner = Path(path.stem) if path.suffix in COMPRESSED else path
    return inner.stem, inner.suffix


def split_files(folder: Path, suffixes: tuple[str, ...]) -> dict[str, Path]:
    """Return the file of each split: the one whose name, without suffix, ends in train, valid, dev, ... or test.

    A single file is the split train. Raises ValueError where none, or two for one split, are found.
    """
    if folder.is_file():
        return {"train": folder}
    files = sorted(path for path in folder.iterdir() if kind_of(path)[1] in suffixes)
    found: dict[str, Path] = {}
    for path in files:
        for split, names in NAMES.items():
            if kind_of(path)[0].lower().replace("-", "_").split("_")[-1] in names:
                if split in found:
                    raise ValueError(f"{folder}: two files for split {split}: {found[split].name} and {path.name}")
                found[split] = path
    if not found and len(files) == 1:
        found["train"] = files[0]
    if not found:
        wanted = " or ".join(f"train{suffix}" for suffix in suffixes)
        raise ValueError(f"{folder}: no {wanted} (and valid, test) in it")
    return found


def read_text(path: Path, largest: int = LARGEST) -> str:
    """Return the text of a file, decompressed by its suffix (.gz, .bz2, .xz), a byte order mark left out.

    Raises ValueError where it is cut off or broken, not in UTF-8, or has more than `largest` bytes.
    """
    try:
        with COMPRESSED.get(path.suffix, open)(path, "rb") as stream:
            content = bytearray()
            while len(content) <= largest and (block := stream.read(1 << 20)):
                content += block
    except (EOFError, gzip.BadGzipFile, lzma.LZMAError, zlib.error):
        raise ValueError(f"{path}: not a whole {path.suffix} file") from None
    except OSError as error:
        if error.errno is None:  # of bz2: invalid data
            raise ValueError(f"{path}: not a whole {path.suffix} file") from None
        raise
    if len(content) > largest:
        raise ValueError(f"{path}: more than {largest:,} bytes of text: no benchmark that fits into memory")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ValueError(f"{path}: not in UTF-8; save it again in that encoding") from None
