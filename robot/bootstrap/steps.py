"""What has to be there before Fireside can run or be tested, in order."""

import re
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from config.paths import CHECKOUT, CONFIG, MODELS, RASA_PYTHON, STATE
from dialogue.training import trained_model
from robot.bootstrap import stamps, system
from robot.bootstrap.child import WORK, SetupError, run
from robot.bootstrap.environment import Environment

EMBEDDED = ("whisper-tiny.en", "whisper-base")
VOSK = {
    "en": "vosk-model-small-en-us-0.15",
    "de": "vosk-model-small-de-0.15",
    "fr": "vosk-model-small-fr-0.22",
    "it": "vosk-model-small-it-0.22",
    "es": "vosk-model-small-es-0.42",
    "nl": "vosk-model-small-nl-0.22",
}
VOSK_LIMIT_S = 90
"""It is fetched while Rasa's packages are, which take longer."""
TRIED = WORK / "tried.json"
"""What is useful, could not be had, and is not asked for again until `make setup`."""
ROOM_GB = 6
"""Environments 3.5 GB, models 0.2 GB, pip's cache and scratch: what Debian 12 needed, and room."""

Work = Callable[[Path, Sequence[int]], None]
Chain = Sequence["Step"]


@dataclass(frozen=True)
class Step:
    """One thing to set up. `work` gets its log and the descriptors its programs must hold."""

    name: str
    purpose: str
    ready: Callable[[], bool]
    work: Work


PACKAGES = Environment(CHECKOUT / ".venv", ("robot/requirements.lock",), with_project=True)
TEST_PACKAGES = Environment(
    PACKAGES.folder, (*PACKAGES.locks, "tests/requirements.lock"), with_project=True
)
RASA = Environment(
    RASA_PYTHON.parent.parent,
    ("dialogue/rasa/requirements.lock",),
    # Rasa 3.6.21 declares Python < 3.11 and runs on it: docs/adr/0010-setting-up-from-nothing.md.
    pip_options=("--ignore-requires-python",),
    # Its multidict is built from source, and has no need of Python's C headers in plain Python.
    env={"MULTIDICT_NO_EXTENSIONS": "1"},
)
FIRESIDE = PACKAGES.folder / "bin" / "fireside"


def plan(goal: str) -> list[list[Chain]]:
    """Stages one after another; the chains of a stage run side by side, their steps in order."""
    packages = TEST_PACKAGES if goal in ("test", "lint") else PACKAGES
    python = environment("Python packages", "what the controller is made of", packages)
    if goal == "lint":
        return [[[system_packages((system.VENV,))]], [[python]]]
    rasa = environment("Rasa packages", "the part that understands sentences, 2.7 GB", RASA)
    machine = system_packages(system.TO_TEST if goal == "test" else system.TO_RUN)
    return [[[machine]], [[python, speech_models(), vosk_model()], [rasa]], [[training()]]]


def system_packages(packages: Sequence[system.SystemPackage]) -> Step:
    """Ready when nothing is missing but what was tried in vain and is not required."""

    def ready() -> bool:
        gone = system.missing(packages)
        tried = stamps.read(TRIED)
        return all(not package.required and package.name in tried for package in gone)

    def work(log: Path, _: Sequence[int]) -> None:
        failure: SetupError | None = None
        try:
            system.install(system.missing(packages), log)
        except SetupError as error:
            failure = error
        gone = system.missing(packages)
        if any(package.required for package in gone):
            raise failure or SetupError(system.by_hand(gone), log)
        if gone:
            stamps.write(TRIED, stamps.read(TRIED) | {package.name: "" for package in gone})
            raise Unimportant(f"Fireside works without. {system.by_hand(gone)}")

    names = ", ".join(package.name for package in system.missing(packages))
    return Step("System packages", f"{names}, with apt", ready, work)


def environment(name: str, purpose: str, wanted: Environment) -> Step:
    """An environment with its packages."""

    def work(log: Path, holding: Sequence[int]) -> None:
        free = shutil.disk_usage(CHECKOUT).free / 1e9
        if free < ROOM_GB and not wanted.python.exists():
            raise SetupError(f"Set-up needs {ROOM_GB} GB of disk; {free:.1f} GB are free.")
        wanted.build(log, holding)

    return Step(name, f"{purpose}, from {wanted.locks[-1]}", wanted.ready, work)


def speech_models() -> Step:
    """The recognisers that every home has: one for English, one for the other languages."""
    stamp = STATE / "setup" / "speech-models.json"

    def wanted() -> dict[str, str]:
        return {"registry": stamps.digest([CHECKOUT / "voices" / "models.yaml"])}

    def ready() -> bool:
        return stamps.read(stamp) == wanted() and all((MODELS / name).exists() for name in EMBEDDED)

    def work(log: Path, holding: Sequence[int]) -> None:
        sums = wanted()
        for name in EMBEDDED:
            run([FIRESIDE, "models", "get", name], log, holding=holding)
        stamps.write(stamp, sums)

    purpose = "Whisper tiny.en for English, base for the other languages, 204 MB"
    return Step("Speech models", purpose, ready, work)


def vosk_model() -> Step:
    """The streaming recogniser of the home's language, when its vendor can be reached."""
    name = VOSK[home_language()]

    def ready() -> bool:
        return (MODELS / name).exists() or name in stamps.read(TRIED)

    def work(log: Path, holding: Sequence[int]) -> None:
        try:
            run([FIRESIDE, "models", "get", name], log, holding=holding, limit_s=VOSK_LIMIT_S)
        except SetupError as error:
            stamps.write(TRIED, stamps.read(TRIED) | {name: ""})
            raise Unimportant(
                f"{name} could not be fetched: the embedded recogniser is used instead. "
                f"Later: fireside models get {name} (or --from FILE)."
            ) from error

    return Step("Vosk", f"{name}, a faster recogniser from its vendor", ready, work)


def home_language() -> str:
    """The language in config/home.yaml, read without a library: `fireside check` is the judge."""
    try:
        text = (CONFIG / "home.yaml").read_text()
    except OSError:
        return "en"
    found = re.search(r"^language:[ \"']*(\w\w)\b", text, re.MULTILINE)
    return found[1] if found and found[1] in VOSK else "en"


def training() -> Step:
    """The trained mind; the trainer itself knows whether it is of these examples."""

    def work(log: Path, holding: Sequence[int]) -> None:
        run([FIRESIDE, "train"], log, holding=holding)

    purpose = "examples and words of danger are learnt; minutes the first time, a third of it later"
    learnt = STATE / "safety" / "meaning.npz"
    return Step("Training", purpose, lambda: trained_model() is not None and learnt.exists(), work)


class Unimportant(Exception):
    """A step failed that Fireside can do without. The sentence says what that means."""
