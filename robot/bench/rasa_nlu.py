"""Rasa's understanding alone, trained and asked in child processes as the robot's is."""

import json
import subprocess
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel

from config.paths import RASA_MODELS, RASA_PROJECT
from dialogue.training import LAUNCH, RasaError, rasa_environment, rasa_python
from robot.bench.common import BenchError

PARSER = RASA_PROJECT / "parse_lines.py"

Example = tuple[str, str]
"""A text and its intent."""


class Answer(BaseModel):
    """The best intent, whether Rasa would rather ask again, and how long it took."""

    intent: str
    confidence: float
    refused: bool
    seconds: float


class Loaded(BaseModel):
    """How long a model took to be ready, and the memory its process then held."""

    ready_seconds: float
    memory_mb: int


@dataclass(frozen=True)
class Trained:
    """A model archive and how long its training took."""

    archive: Path
    seconds: float


def train(config: str, examples: Sequence[Example], folder: Path) -> Trained:
    """Train a pipeline, given as the text of a config.yml. Raises BenchError."""
    by_intent: dict[str, list[dict[str, str]]] = {}
    for text, intent in examples:
        by_intent.setdefault(intent, []).append({"text": text})
    groups = [{"intent": intent, "examples": texts} for intent, texts in by_intent.items()]
    (folder / "config.yml").write_text(config, encoding="utf-8")
    data = json.dumps({"version": "3.1", "nlu": groups}, ensure_ascii=False)  # is YAML, too
    (folder / "nlu.yml").write_text(data, encoding="utf-8")
    files = ["--config", "config.yml", "--nlu", "nlu.yml", "--out", ".", "--fixed-model-name", "m"]
    began = time.perf_counter()
    done = subprocess.run(
        [*LAUNCH, _python(), "-m", "rasa", "train", "nlu", *files],
        cwd=folder,
        env=rasa_environment(RASA_MODELS, folder),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
    )
    if done.returncode != 0:
        last = done.stderr.decode(errors="replace").strip().splitlines()[-1:] or ["no reason given"]
        raise BenchError(f"Rasa could not be trained: {last[0]}")
    return Trained(folder / "m.tar.gz", time.perf_counter() - began)


def ask(archive: Path, texts: Sequence[str]) -> tuple[Loaded, list[Answer]]:
    """Load a model in a process of its own and let it understand texts. Raises BenchError."""
    lines = "".join(json.dumps(text) + "\n" for text in texts)
    with tempfile.TemporaryDirectory() as scratch:
        done = subprocess.run(
            [*LAUNCH, _python(), str(PARSER), str(archive)],
            cwd=scratch,
            env=rasa_environment(RASA_MODELS, Path(scratch)),
            input=lines.encode(),
            capture_output=True,
            check=False,
        )
    said = [line for line in done.stdout.decode().splitlines() if line.startswith("{")]
    if done.returncode != 0 or len(said) != len(texts) + 1:
        last = done.stderr.decode(errors="replace").strip().splitlines()[-1:] or ["no reason given"]
        raise BenchError(f"Rasa did not understand all texts: {last[0]}")
    return Loaded.model_validate_json(said[0]), [Answer.model_validate_json(x) for x in said[1:]]


def _python() -> str:
    try:
        return str(rasa_python())
    except RasaError as error:
        raise BenchError(str(error)) from error
