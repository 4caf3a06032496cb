"""`understanding`: what Rasa understands with our pipeline, beside its stock configuration.

On CLINC150 (150 intents, and texts that mean none of them) and on the published folds of HWU64 (64
intents), both trained here, and on our own intents with wordings that nothing was trained on.
"""

import asyncio
import csv
import json
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from rich.table import Table

from config.paths import CHECKOUT, RASA_PROJECT
from dialogue.training import RasaError
from dialogue.training import train as train_project
from robot.bench.common import BenchError, Options, Progress, spread, surroundings
from robot.bench.rasa_nlu import Answer, Example, Loaded, Trained, ask, train
from robot.bench.spoken import heard

KEPT = 0.93
"""Share of what is meant for an intent that is kept when out-of-scope recall is read off."""

STOCK = """\
recipe: default.v1
assistant_id: stock
language: en
pipeline:
- name: WhitespaceTokenizer
- name: RegexFeaturizer
- name: LexicalSyntacticFeaturizer
- name: CountVectorsFeaturizer
- name: CountVectorsFeaturizer
  analyzer: char_wb
  min_ngram: 1
  max_ngram: 4
- name: DIETClassifier
  epochs: 100
  constrain_similarities: true
- name: EntitySynonymMapper
- name: FallbackClassifier
  threshold: 0.3
  ambiguity_threshold: 0.1
"""
"""The pipeline `rasa init` of Rasa 3.6 writes, without its response selector (there are none)."""

NOISE = "recogniser_noise.RecogniserNoise"
EMBEDDING = ("sentence_embedding.SentenceEmbeddingFeaturizer", "meaning.MeaningClassifier")


def ours(embedding: bool = True) -> str:
    """Return the project's own pipeline for typed texts, which nobody has misheard.

    Without the embedding there is Rasa's linear classifier on the same counted words.
    """
    config = yaml.safe_load((RASA_PROJECT / "config.yml").read_text(encoding="utf-8"))
    left_out = (NOISE,) if embedding else (NOISE, *EMBEDDING)
    parts = [part for part in config["pipeline"] if part["name"] not in left_out]
    if not embedding:
        parts += [{"name": "LogisticRegressionClassifier", "tol": 0.01}]
        parts += [{"name": "FallbackClassifier", "threshold": 0.35, "ambiguity_threshold": 0.05}]
    heads = {key: config[key] for key in ("recipe", "assistant_id", "language")}
    return yaml.safe_dump(heads | {"pipeline": parts})


def run(options: Options) -> dict[str, Any]:
    """Return the figures of each set for each pipeline; a folder `clinc150` or `hwu64` may lack."""
    sets: dict[str, Any] = {}
    pipelines = {"ours": ours(), "stock": STOCK}
    if (options.data / "clinc150").is_dir():
        for name, config in pipelines.items():
            options.progress(f"CLINC150, {name}", 0, 1)
            sets[f"clinc150 {name}"] = clinc150(options.data / "clinc150", config)
    folds = sorted((options.data / "hwu64").glob("*.train.tsv"))[: options.folds]
    for name, config in pipelines.items():
        if folds:
            sets[f"hwu64 {name}"] = hwu64(folds, config, name, options.progress)
    sets |= own_intents(options)
    return {"sets": sets, **surroundings(options.seed)}


def clinc150(folder: Path, config: str) -> dict[str, Any]:
    """Return accuracy on the test set, and how much that is out of scope is refused."""
    try:
        parts = json.loads((folder / "data_full.json").read_text(encoding="utf-8"))
        taught, asked, strange = (parts[key] for key in ("train", "test", "oos_test"))
    except (OSError, ValueError, KeyError) as error:
        raise BenchError(f"{folder / 'data_full.json'} is not CLINC150: {error}") from error
    figures, answers = _measured(config, taught, [text for text, _ in [*asked, *strange]])
    known, unknown = answers[: len(asked)], answers[len(asked) :]
    right = np.array([a.intent == intent for a, (_, intent) in zip(known, asked, strict=True)])
    sure = np.array([answer.confidence for answer in known])
    unsure = np.array([answer.confidence for answer in unknown])
    threshold = np.quantile(sure, 1 - KEPT)
    return {
        "accuracy": _share(right),
        f"refused_out_of_scope_at_{KEPT}": _share(unsure < threshold),
        f"kept_and_right_at_{KEPT}": _share((sure >= threshold) & right),
        "refused_out_of_scope": _share([answer.refused for answer in unknown]),
        "kept_and_right": _share(right & ~np.array([answer.refused for answer in known])),
        **figures,
    }


def hwu64(folds: Sequence[Path], config: str, name: str, progress: Progress) -> dict[str, Any]:
    """Return micro-F1, which is accuracy where every text has one intent, of each fold."""
    scores = []
    figures: dict[str, Any] = {}
    for done, path in enumerate(folds):
        progress(f"HWU64, {name}", done, len(folds))
        taught, asked = _fold(path), _fold(path.with_name(path.name.replace(".train.", ".test.")))
        figures, answers = _measured(config, taught, [text for text, _ in asked])
        scores.append(
            _share([a.intent == intent for a, (_, intent) in zip(answers, asked, strict=True)])
        )
    return {"micro_f1": round(float(np.mean(scores)), 4), "folds": scores, **figures}


def own_intents(options: Options) -> dict[str, Any]:
    """Return macro-F1 of the robot's own model, and of one without the embedding, by language.

    With `spoken` also of what the robot hears when the same is said.
    """
    with tempfile.TemporaryDirectory() as folder:
        options.progress("own intents, without the embedding", 0, 1)
        plain = train(ours(embedding=False), _own_examples(), Path(folder))
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
                row |= _figures(trained, model, loaded, answers)
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
        "refused": _share([answer.refused for answer in answers]),
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


def _measured(
    config: str, taught: Sequence[Example], texts: Sequence[str]
) -> tuple[dict[str, Any], list[Answer]]:
    with tempfile.TemporaryDirectory() as folder:
        trained = train(config, taught, Path(folder))
        loaded, answers = ask(trained.archive, texts)
        return _figures(trained, trained.archive, loaded, answers), answers


def _figures(
    trained: Trained | None, archive: Path, loaded: Loaded, answers: Sequence[Answer]
) -> dict[str, Any]:
    return {
        "train_seconds": round(trained.seconds) if trained else None,
        "model_mb": round(archive.stat().st_size / 1e6, 1),
        "ready_seconds": loaded.ready_seconds,
        "memory_mb": loaded.memory_mb,
        "parse_ms": spread([1000 * answer.seconds for answer in answers]),
    }


def _fold(path: Path) -> list[Example]:
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
            return [(row["text"], row["intent"]) for row in rows]
    except (OSError, KeyError) as error:
        raise BenchError(f"{path} is not a fold of HWU64: {error}") from error


def _share(values: Any) -> float:
    return round(float(np.mean(values)), 4)


def table(result: dict[str, Any]) -> Table:
    """Show one row a set and pipeline."""
    shown = Table("set", "figures", "train s", "model MB", "ready s", "memory MB", "parse ms")
    for name, row in result["sets"].items():
        figures = {key: row[key] for key in row if isinstance(row[key], float)}
        figures |= {f"spoken {key}": value for key, value in row.get("spoken", {}).items()}
        lines = [f"{k}: {v}" for k, v in figures.items() if not k.endswith(("_seconds", "_mb"))]
        cells = [row["train_seconds"], row["model_mb"], row["ready_seconds"], row["memory_mb"]]
        parse = f"{row['parse_ms'].get('p50')} / {row['parse_ms'].get('p95')}"
        shown.add_row(name, "\n".join(lines), *(str(cell) for cell in cells), parse)
    return shown
