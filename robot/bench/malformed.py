"""`malformed`: 1,000 damaged recordings and lines into `fireside talk`, in the real process."""

import json
import os
import random
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rich.table import Table

from config.paths import CHECKOUT
from robot.bench.common import Options, recordings, surroundings

RECORDINGS, LINES = 600, 400
BATCH = 50
LARGE = 1_000_000
"""A line of 1 MB, as somebody would paste it."""


def run(options: Options) -> dict[str, Any]:
    """Send everything through `fireside talk --json` and count what came back for each."""
    chance = random.Random(options.seed)
    sounds = [options.data / entry.file for entry in recordings(options.data)[:20]]
    results: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as folder:
        files = [_damaged(chance, sounds, Path(folder) / f"{n:04d}.wav") for n in range(RECORDINGS)]
        for start in range(0, RECORDINGS, BATCH):
            options.progress("recordings", start, RECORDINGS + LINES)
            wavs = [word for path in files[start : start + BATCH] for word in ("--wav", str(path))]
            results.append(_talk(wavs, b"", BATCH))
    lines = [_line(chance) for _ in range(LINES)]
    for start in range(0, LINES, BATCH):
        options.progress("lines", RECORDINGS + start, RECORDINGS + LINES)
        results.append(_talk([], b"\n".join(lines[start : start + BATCH]) + b"\n", BATCH))
    keys = ("inputs", "turns", "sentences", "crashes", "other_output")
    return {
        **{key: sum(result[key] for result in results) for key in keys},
        **surroundings(options.seed),
    }


def _talk(options: list[str], lines: bytes, inputs: int) -> dict[str, int]:
    command = [sys.executable, "-m", "robot", "talk", "--json", "--no-rasa", "--no-audio", *options]
    environment = {**os.environ, "COLUMNS": "1000"}
    done = subprocess.run(command, input=lines, capture_output=True, cwd=CHECKOUT, env=environment)
    turns = other = 0
    for line in done.stdout.decode().splitlines():
        try:
            turns += "heard" in json.loads(line)
        except ValueError:
            other += 1
    said = done.stderr.decode().splitlines()
    return {
        "inputs": inputs,
        "turns": turns,
        "sentences": len([line for line in said if line.endswith(".")]),
        "crashes": int(done.returncode not in (0, 1)) + sum("Traceback" in line for line in said),
        "other_output": other,
    }


def _damaged(chance: random.Random, sounds: list[Path], path: Path) -> Path:
    """Write one damaged recording, or none at all, and return its path."""
    raw = bytearray(chance.choice(sounds).read_bytes())
    kinds: list[Callable[[], bytes | None]] = [
        lambda: bytes(raw[: chance.randrange(len(raw))]),
        lambda: chance.randbytes(chance.randrange(1, 5000)),
        lambda: b"",
        lambda: None,
        lambda: b"RIFF\xff\xff\xff\xffWAVEfmt \x10\0\0\0" + chance.randbytes(2000),
        lambda: bytes(b ^ (0xFF if chance.random() < 0.01 else 0) for b in raw),
        lambda: b"<html>not a sound</html>" * chance.randrange(1, 500),
        lambda: b"fLaC" + chance.randbytes(500),
        lambda: bytes(raw) + chance.randbytes(100_000),
        lambda: b"\0" * chance.randrange(1, 2_000_000),
    ]
    content = chance.choice(kinds)()
    if content is not None:
        path.write_bytes(content)
    return path


def _line(chance: random.Random) -> bytes:
    kinds: list[Callable[[], bytes]] = [
        lambda: b"a" * LARGE,
        lambda: "ä".encode() * (LARGE // 2),
        lambda: b"\xff\xfe" + chance.randbytes(20).replace(b"\n", b""),
        lambda: b"hello \xc3",
        lambda: b"/greet" + b"{" * chance.randrange(1, 300),
        lambda: "\u202e\u0000🙂".encode() * chance.randrange(1, 50),
        lambda: b"[[[" + b"\x1b[2J" * chance.randrange(1, 50),
        lambda: chance.randbytes(chance.randrange(1, 300)).replace(b"\n", b""),
    ]
    return chance.choice(kinds)() or b"x"


def table(result: dict[str, Any]) -> Table:
    """Show the counts."""
    shown = Table("what", "count")
    for key in ("inputs", "turns", "sentences", "crashes", "other_output"):
        shown.add_row(key, str(result[key]))
    return shown
