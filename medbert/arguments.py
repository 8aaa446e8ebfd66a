"""Types of command-line arguments: what is out of range is refused with the usage, before any work."""

import argparse
import math
from typing import Any

import torch


def positive_integer(text: str) -> int:
    """Return a whole number above 0. Raises ArgumentTypeError on anything else."""
    number = int(text) if text.isdecimal() else 0
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text}: a whole number above 0 is wanted")
    return number


def positive_number(text: str) -> float:
    """Return a finite number above 0. Raises ArgumentTypeError on anything else."""
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not 0 < number < math.inf:
        raise argparse.ArgumentTypeError(f"{text}: a number above 0 is wanted")
    return number


def device(text: str) -> str:
    """Return the name of a device that is there. Raises ArgumentTypeError on anything else."""
    try:
        torch.zeros(1, device=text)
    except (RuntimeError, AssertionError, NotImplementedError):
        raise argparse.ArgumentTypeError(f"{text}: no such device here") from None
    return text


COUNT: dict[str, Any] = {"type": positive_integer, "metavar": "N"}
"""Of an option that is a whole number above 0."""


def add_models(parser: argparse.ArgumentParser) -> None:
    """Add the options that say which models are compared, and where."""
    add = parser.add_argument
    add("--model", action="append", metavar="[NAME=]MODEL", help="a folder, a hub id or a row's name; may be repeated")
    add("--download", action="store_true", help="fetch models from the hub; otherwise only its cache and folders")
    there = "cuda" if torch.cuda.is_available() else "cpu"
    add("--device", type=device, default=there, help="cpu or cuda (default: a GPU if there is one)")
