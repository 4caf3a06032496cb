"""Training the dialogue engine: from the examples in `dialogue/rasa` to one model archive.

A model belongs to the SHA-256 of everything it was made of, so nothing is trained twice. The sum
of the archive itself stands beside it, and no archive with another sum is ever loaded.
"""

import hashlib
import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from config.paths import CHECKOUT, RASA_MODELS, RASA_PROJECT, RASA_PYTHON, SENTENCES

LAUNCH = (sys.executable, "-I", "-S", str(RASA_PROJECT / "launch.py"))
"""Put before a command, it makes the command die with this program."""


FLOWS = CHECKOUT / "dialogue" / "content" / "flows"
EMBEDDING = CHECKOUT / "dialogue" / "embedding.py"
DOMAIN = "domain.yml"
SERVING = ("channel.py", "talks.py", "launch.py", "endpoints.yml", "parse_lines.py")
"""Files of the project that no model is made of."""
DECIDES = ("begins", "steps", "any_answer")
"""The parts of a flow's file that Rasa learns; a new wording needs no training."""


class RasaError(Exception):
    """The engine cannot be trained, or must not be started; one sentence with the remedy."""


@dataclass(frozen=True)
class TrainedModel:
    """A model archive, and the SHA-256 it had when it was made."""

    path: Path
    sha256: str


def train(
    progress: Callable[[str], None], models: Path = RASA_MODELS, project: Path = RASA_PROJECT
) -> Path:
    """Return the archive trained from the project as it is now, training it only if need be.

    A project without a domain gets the domain and the rules that follow from the flows.

    Takes minutes where the examples are new, else less; `progress` is told each step. Raises
    RasaError.
    """
    known = trained_model(models, project)
    if known is not None and _sha256(known.path) == known.sha256:
        progress("The dialogue engine is trained already.")
        return known.path
    python = rasa_python()
    models.mkdir(parents=True, exist_ok=True)
    progress("Training the dialogue engine; the first time this takes some minutes.")
    inputs = inputs_sha256(project)
    with tempfile.TemporaryDirectory(dir=models) as scratch:
        command = _training_command(python, project, Path(scratch))
        _run(command, Path(scratch), models, progress)
        made = Path(scratch) / "model.tar.gz"
        sha256 = _sha256(made)
        archive = models / f"{inputs[:16]}-{sha256[:16]}.tar.gz"
        os.replace(made, archive)
        record = Path(scratch) / "record.json"
        record.write_text(json.dumps({"archive": archive.name, "sha256": sha256}) + "\n")
        os.replace(record, models / f"{inputs}.json")
    progress("The dialogue engine is trained.")
    return archive


def trained_model(models: Path = RASA_MODELS, project: Path = RASA_PROJECT) -> TrainedModel | None:
    """Return the model made from the project as it is now, or None if there is none yet."""
    try:
        record = json.loads((models / f"{inputs_sha256(project)}.json").read_text())
        model = TrainedModel(models / Path(record["archive"]).name, str(record["sha256"]))
    except (OSError, ValueError, TypeError, KeyError):
        return None
    return model if model.path.exists() else None


def verify(model: TrainedModel) -> None:
    """Raise RasaError unless the archive is, byte for byte, the one that was trained."""
    try:
        found = _sha256(model.path)
    except OSError as error:
        sentence = f"The dialogue model {model.path.name} cannot be read; run fireside train."
        raise RasaError(sentence) from error
    if found != model.sha256:
        raise RasaError(
            f"The dialogue model {model.path.name} is not the one that was trained here; "
            "it will not be loaded. Run fireside train to make a new one."
        )


def inputs_sha256(project: Path = RASA_PROJECT) -> str:
    """Return the SHA-256 of everything that goes into a model."""
    files = [
        path
        for path in project.rglob("*")
        if path.suffix in (".yml", ".lock", ".py") and path.name not in SERVING
    ]
    total = hashlib.sha256()
    for path in sorted(files):
        total.update(f"{path.relative_to(project).as_posix()} {_sha256(path)}\n".encode())
    total.update(f"{_sha256(EMBEDDING)}\n".encode())
    if not (project / DOMAIN).exists():
        for path in sorted(FLOWS.glob("*.yaml")):
            total.update(f"{path.name} {_what_decides(path)}\n".encode())
    return total.hexdigest()


def _what_decides(path: Path) -> str:
    """Return the parts of a flow that Rasa learns; read without a library, for the set-up."""
    parts = re.split(r"^(?=\w+:)", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return "".join(part for part in parts if part.split(":", 1)[0] in DECIDES)


def rasa_python() -> Path:
    """Return the interpreter of Rasa's own environment. Raises RasaError when it is not there."""
    if not RASA_PYTHON.exists():
        raise RasaError(f"Rasa's own environment is missing at {RASA_PYTHON}; run make setup.")
    return RASA_PYTHON


def rasa_environment(models: Path, scratch: Path) -> dict[str, str]:
    """Return the environment for a Rasa child: nothing inherited, nothing sent, nothing noisy."""
    return {
        "PATH": os.defpath,
        "LANG": "C.UTF-8",
        "HOME": str(models / "home"),  # matplotlib's font list, kept because it is slow to make
        "TMPDIR": str(scratch),
        "FIRESIDE_SENTENCES": str(SENTENCES),
        # The components in the project's folder; the embedding, which is the controller's as well.
        "PYTHONPATH": os.pathsep.join([str(RASA_PROJECT), str(CHECKOUT)]),
        "PYTHONWARNINGS": "ignore",
        "RASA_TELEMETRY_ENABLED": "false",
        "RASA_MAX_CACHE_SIZE": "0",
        "RASA_CACHE_DIRECTORY": str(scratch / "cache"),
        "SQLALCHEMY_SILENCE_UBER_WARNING": "1",
        "TF_CPP_MIN_LOG_LEVEL": "3",
        # More threads make this small a model slower, and take the cores from the ears.
        "OMP_NUM_THREADS": "1",
        # The sentence model uses two, which must sleep while they wait (dialogue/embedding.py);
        # its OpenMP is the one scikit-learn has loaded before it, so it is told here.
        "OMP_WAIT_POLICY": "PASSIVE",
        "OPENBLAS_NUM_THREADS": "1",
    }


def _training_command(python: Path, project: Path, scratch: Path) -> list[str]:
    domain, data = project / DOMAIN, [project / "data"]
    if not domain.exists():
        domain = scratch / DOMAIN
        data.append(scratch / "rules.yml")
        _write_what_follows_from_the_flows(scratch)
    files = ["--config", project / "config.yml", "--domain", domain, "--data", *data]
    made = ["--out", scratch, "--fixed-model-name", "model", "--fail-on-validation-warnings"]
    return [*LAUNCH, str(python), "-m", "rasa", "train", *map(str, files), *map(str, made)]


def _write_what_follows_from_the_flows(folder: Path) -> None:
    # Imported here: the set-up uses this file before there are any libraries.
    from config.files import ConfigError
    from dialogue.flows import Flows
    from dialogue.phrasebook import KEYS
    from dialogue.rasa_rules import rasa_files

    try:
        flows = Flows.load(FLOWS, KEYS)
    except ConfigError as error:
        raise RasaError(f"The flows cannot be read: {error}") from error
    for name, text in rasa_files(flows).items():
        (folder / name).write_text(text, encoding="utf-8")


def _run(command: list[str], scratch: Path, models: Path, progress: Callable[[str], None]) -> None:
    with subprocess.Popen(
        command,
        cwd=scratch,
        # Nobody talks to an engine that learns: it may have all the cores.
        env=rasa_environment(models, scratch) | {"OPENBLAS_NUM_THREADS": str(os.cpu_count() or 1)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        errors="replace",
    ) as child:
        assert child.stdout is not None
        said = []
        for line in _plain_lines(child.stdout):
            said.append(line)
            if started := re.search(r"Starting to train component '(\w+)'", line):
                progress(f"Training the dialogue engine: {started[1]}.")
            elif line.startswith("Sentences read: "):  # said by SentenceEmbeddingFeaturizer
                progress(f"Training the dialogue engine. {line}.")
    if child.returncode != 0:
        log = models / "training.log"
        log.write_text("\n".join(said) + "\n")
        faults = [line for line in said if re.search(r"(Exception|Error|UserWarning): ", line)]
        last = (faults or said or [f"it ended with code {child.returncode}"])[-1]
        raise RasaError(f"Rasa could not be trained: {last} (all of it is in {log})")


def _plain_lines(output: Iterator[str]) -> Iterator[str]:
    """Yield what was said, without colours and the many steps of progress bars."""
    for line in output:
        plain = re.sub(r"\x1b\[[0-9;]*m", "", line).strip()
        if plain and "it/s" not in plain:
            yield plain


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
