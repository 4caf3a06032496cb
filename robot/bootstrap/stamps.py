"""Stamps: the SHA-256 sums of the inputs a step was last finished with."""

import hashlib
import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from config.paths import CHECKOUT


def digest(paths: Iterable[Path]) -> str:
    """One sum over files, and all files below folders, with their places in the checkout."""
    total = hashlib.sha256()
    for path in sorted(paths):
        for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
            if file.is_file() and "__pycache__" not in file.parts:
                total.update(f"{file.relative_to(CHECKOUT)}\0".encode())
                total.update(hashlib.sha256(file.read_bytes()).digest())
    return total.hexdigest()


def read(stamp: Path) -> dict[str, str]:
    """The sums in a stamp; none when it is missing or was cut short."""
    try:
        sums = json.loads(stamp.read_text())
    except (OSError, ValueError):
        return {}
    return sums if isinstance(sums, dict) else {}


def write(stamp: Path, sums: Mapping[str, str]) -> None:
    """Write a stamp whole or not at all."""
    stamp.parent.mkdir(parents=True, exist_ok=True)
    half = stamp.with_suffix(".half")
    half.write_text(json.dumps(dict(sums), indent=1))
    os.replace(half, stamp)
