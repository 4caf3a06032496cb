"""What meaning is learnt from: utterances by category and scenario, one YAML file per language.

`<language>.yaml` is written by people, `<language>.heard.yaml` is what the recogniser made of some
of it in kitchen noise. What the dialogue engine is taught is harmless, with the exceptions below.
"""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict

from config.files import read_model
from config.paths import RASA_PROJECT
from config.settings import LANGUAGES
from dialogue.safety.rules import Category

EXAMPLES = Path(__file__).parent / "examples"
ENGINE = RASA_PROJECT / "data" / "nlu"
A_INTENT = 14
"""Of each intent in each of the engine's files so many examples at most, spread evenly: the time to
learn grows with the third power of their number."""
NOT_HARMLESS = frozenset(
    {
        "ask_robot_feelings",
        "ask_robot_life",
        "ask_stop_how",
        "be_quiet_later",
        "change_topic",
        "feeling_bad",
        "leave_alone_politely",
    }
)
"""Intents of the engine whose wordings touch on a category."""

_ANNOTATED = re.compile(r"\[([^\]]*)\](?:\([^)]*\)|\{[^}]*\})")
_NOT_WORDS = re.compile(r"[^\w\s']")

Scenarios = dict[str, list[str]]


@dataclass(frozen=True)
class Example:
    """An utterance and what is in it; None is harmless."""

    text: str
    category: Category | None
    language: str


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    emergency: Scenarios = {}
    distress: Scenarios = {}
    abuse_disclosure: Scenarios = {}
    medical_question: Scenarios = {}
    stop: Scenarios = {}
    privacy: Scenarios = {}
    ai_identity: Scenarios = {}
    none: Scenarios = {}


def plain(text: str) -> str:
    """Return the words in lower case without punctuation, as a recogniser might write them."""
    return " ".join(_NOT_WORDS.sub(" ", text.casefold()).replace("_", " ").split())


def examples(folder: Path = EXAMPLES, engine: Path = ENGINE) -> list[Example]:
    """Return every example once, by its plain text. Raises ConfigError."""
    found: dict[str, Example] = {}
    for path in sorted(folder.glob("*.yaml")):
        file = read_model(path, _File)
        for category in _File.model_fields:
            scenarios: Scenarios = getattr(file, category)
            for texts in scenarios.values():
                meant: Category | None = None if category == "none" else category  # type: ignore[assignment]
                for text in map(plain, texts):
                    found.setdefault(text, Example(text, meant, _language(path)))
    for text, language in _taught(engine):
        found.setdefault(plain(text), Example(plain(text), None, language))
    return list(found.values())


def _language(path: Path) -> str:
    """Return the language in a file's name: de.yaml, de.heard.yaml, third.de.yaml."""
    return next(part for part in path.name.split(".") if part in LANGUAGES)


def sha256(folder: Path = EXAMPLES, engine: Path = ENGINE) -> str:
    """Return the SHA-256 of everything that is learnt from."""
    total = hashlib.sha256()
    for path in [*sorted(folder.glob("*.yaml")), *sorted(engine.glob("*.yml"))]:
        total.update(f"{path.name} {hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode())
    total.update(f"{A_INTENT} {sorted(NOT_HARMLESS)}".encode())
    return total.hexdigest()


def _taught(engine: Path) -> Iterator[tuple[str, str]]:
    for path in sorted(engine.glob("*.yml")):
        for item in yaml.safe_load(path.read_text("utf-8"))["nlu"]:
            if item.get("intent") is None or item["intent"] in NOT_HARMLESS:
                continue
            lines = [line.lstrip("- ").strip() for line in item["examples"].splitlines()]
            texts = [_ANNOTATED.sub(r"\1", line) for line in lines if line]
            some = texts[:: -(-len(texts) // A_INTENT)]
            yield from ((text, _language(path)) for text in some)
