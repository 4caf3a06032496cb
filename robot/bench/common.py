"""What benchmarks share: their options, the data's format, and where they ran."""

import json
import os
import platform
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import psutil
from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from config.paths import CHECKOUT

SPEECH = Path(os.environ.get("FIRESIDE_DATA", CHECKOUT.parent / "shared" / "data")) / "speech"
"""The folder of recordings, with `noise` in it."""

Progress = Callable[[str, int, int], None]
"""Told what is under way, how much is done and how much there is."""

PACKAGES = ("faster-whisper", "ctranslate2", "vosk", "pocketsphinx", "pyttsx3", "hibari-tts")


class BenchError(Exception):
    """A benchmark cannot run; the text says what is missing and what to do."""


@dataclass(frozen=True)
class Options:
    """How a benchmark is run; `data` is a folder of recordings or texts, or a file.

    `folds` is for `understanding`: folds to train on at most. `spoken`: texts are said aloud and
    heard again. `rasa`: whether the dialogue engine runs. `kills`: how often `reminders` kills.
    """

    data: Path
    seed: int
    progress: Progress
    folds: int = 10
    spoken: bool = False
    rasa: bool = True
    kills: int | None = None


class Recording(BaseModel):
    """One entry of manifest.json; `file` is relative to it."""

    model_config = ConfigDict(extra="ignore", frozen=True)
    file: str
    set: str
    language: str
    text: str | None = None
    slots: dict[str, str] | None = None


def recordings(data: Path) -> list[Recording]:
    """Return the entries of the folder's manifest. Raises BenchError."""
    path = data / "manifest.json"
    try:
        entries = TypeAdapter(list[Recording]).validate_json(path.read_bytes())
    except OSError as error:
        raise BenchError(f"{path} cannot be read; name a folder with --data.") from error
    except ValidationError as error:
        first = error.errors()[0]
        at = ".".join(str(part) for part in first["loc"])
        raise BenchError(f"{path} is not a manifest: {at}: {first['msg']}.") from error
    if not entries:
        raise BenchError(f"{path} lists no recordings.")
    return entries


def surroundings(seed: int) -> dict[str, Any]:
    """Return what a reader must know to judge the figures."""
    return {
        "machine": f"{platform.machine()}, {psutil.cpu_count()} cores, {platform.platform()}",
        "load_before": round(psutil.getloadavg()[0], 2),
        "python": platform.python_version(),
        "versions": {name: version(name) for name in PACKAGES},
        "seed": seed,
    }


def spread(values: Sequence[float]) -> dict[str, float]:
    """Return the distribution of some figures."""
    if not values:
        return {"n": 0}
    p50, p95 = np.percentile(values, [50, 95])
    figures = {"p50": p50, "p95": p95, "min": min(values), "max": max(values)}
    return {"n": len(values), **{name: round(float(value), 2) for name, value in figures.items()}}


def as_json(result: dict[str, Any]) -> str:
    """Return the result as one JSON document."""
    return json.dumps(result, ensure_ascii=False, indent=2)
