"""The robot's own intents, with wordings that nothing was trained on: read, and said and heard."""

import asyncio
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from config.paths import CHECKOUT, RASA_PROJECT
from dialogue.training import RasaError
from dialogue.training import train as train_project
from robot.bench.common import BenchError, Options
from robot.bench.rasa_nlu import Answer, Example, ask, figures, share, train
from robot.bench.spoken import heard


def own_intents(options: Options, lean: str) -> dict[str, Any]:
    """Return macro-F1 of the robot's own model, and of `lean`, a pipeline without the embedding.

    With `spoken` also of what the robot hears when the same is said.
    """
    with tempfile.TemporaryDirectory() as folder:
        options.progress("own intents, without the embedding", 0, 1)
        plain = train(lean, _own_examples(), Path(folder))
        try:
            archive = train_project(lambda step: options.progress(step, 0, 1))
        except RasaError as error:
            raise BenchError(str(error)) from error
        models = {"": (None, archive), ", no embedding": (plain, plain.archive)}
        sets = {}
        for language in ("en", "de"):
            asked = _held_out(language)
            texts = [text for text, _ in asked]
            said = asyncio.run(_spoken(texts, language, options)) if options.spoken else []
            for name, (trained, model) in models.items():
                options.progress(f"own intents, {language}{name}", 0, 1)
                loaded, answers = ask(model, [*texts, *said])
                row = _own_figures(asked, answers[: len(asked)])
                if said:
                    row["spoken"] = _own_figures(asked, answers[len(asked) :])
                row |= figures(trained, model, loaded, answers)
                sets[f"own {language}{name}"] = row
    return sets


def _held_out(language: str) -> list[Example]:
    path = CHECKOUT / "tests" / "dialogue" / f"held_out_intents_{language}.yaml"
    groups = yaml.safe_load(path.read_text(encoding="utf-8"))
    return [(str(text), intent) for intent, texts in groups.items() for text in texts]


def _own_examples() -> list[Example]:
    groups = [
        group
        for path in sorted((RASA_PROJECT / "data" / "nlu").glob("*.yml"))
        for group in yaml.safe_load(path.read_text(encoding="utf-8"))["nlu"]
    ]
    return [
        (line.removeprefix("- "), group["intent"])
        for group in groups
        for line in group["examples"].splitlines()
    ]


async def _spoken(texts: Sequence[str], language: str, options: Options) -> list[str]:
    said: list[str] = []
    async for recognition in heard(texts, language, options.data.parent / "speech", options.seed):
        said.append(recognition.text or "?")
        options.progress(f"saying and hearing, {language}", len(said), len(texts))
    return said


def _own_figures(asked: Sequence[Example], answers: Sequence[Answer]) -> dict[str, Any]:
    wanted = [intent for _, intent in asked]
    answered = ["" if answer.refused else answer.intent for answer in answers]
    return {
        "n": len(asked),
        "macro_f1": macro_f1(wanted, [answer.intent for answer in answers]),
        "macro_f1_refusals_wrong": macro_f1(wanted, answered),
        "refused": share([answer.refused for answer in answers]),
    }


def macro_f1(wanted: Sequence[str], found: Sequence[str]) -> float:
    """Return the mean over the wanted intents of the harmonic mean of precision and recall."""
    hits: Counter[str] = Counter()
    misses: Counter[str] = Counter()
    for right, intent in zip(wanted, found, strict=True):
        if right == intent:
            hits[right] += 1
        else:
            misses[right] += 1
            misses[intent] += 1
    each = [2 * hits[key] / (2 * hits[key] + misses[key]) for key in set(wanted)]
    return round(float(np.mean(each)), 4)
