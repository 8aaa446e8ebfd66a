"""What software makes a corpus: parts of other code, lexicons, models or libraries are not taken up again."""

import functools
import hashlib
import re
from collections.abc import Iterable
from importlib import metadata, resources
from importlib.resources.abc import Traversable

VERSION = metadata.version("medbert-de")

_OURS = ("pipelines", "schemas")
_COMPILED = "__pycache__"
_REQUIREMENT = re.compile(r"[\w.-]+(?!.*;)")


@functools.cache
def libraries() -> dict[str, str]:
    """Return the version of each library that the corpus needs, by name."""
    required = metadata.requires("medbert-de") or []
    names = (match[0] for requirement in required if (match := _REQUIREMENT.match(requirement)))
    return {name: metadata.version(name) for name in sorted(names)}


@functools.cache
def fingerprint() -> str:
    """Return the SHA-256, in hexadecimal, of every file of our packages and of the version of each library.

    It takes a twentieth of a second. A version number alone would leave stale parts after an edit.
    """
    digest = hashlib.sha256()
    for package in _OURS:
        root = resources.files(package)
        add_files(digest, package, root.iterdir())
    for name, version in libraries().items():
        digest.update(f"{name}\0{version}\0".encode())
    return digest.hexdigest()


def add_files(digest: "hashlib._Hash", path: str, entries: Iterable[Traversable]) -> None:
    """Add names and contents of `entries` of the folder `path`, in order, and of all below them."""
    for entry in sorted(entries, key=lambda entry: entry.name):
        name = f"{path}/{entry.name}"
        if entry.is_dir():
            if entry.name != _COMPILED:
                add_files(digest, name, entry.iterdir())
            continue
        content = entry.read_bytes()
        digest.update(f"{name}\0{len(content)}\0".encode())
        digest.update(content)
