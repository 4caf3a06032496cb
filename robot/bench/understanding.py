"""`understanding`: what Rasa understands with our pipeline, beside its stock configuration.

On CLINC150 (150 intents, and texts that mean none of them) and on the published folds of HWU64 (64
intents), both trained here, and on our own intents with wordings that nothing was trained on.
"""

import csv
import json
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from rich.table import Table

from config.paths import RASA_PROJECT
from robot.bench.common import BenchError, Options, Progress, surroundings
from robot.bench.own_intents import own_intents
from robot.bench.rasa_nlu import Answer, Example, ask, figures, share, train

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

EMBEDDING = ("sentence_embedding.SentenceEmbeddingFeaturizer", "meaning.MeaningClassifier")


def ours(embedding: bool = True) -> str:
    """Return the project's own pipeline, or Rasa's linear classifier on the same counted words."""
    config = yaml.safe_load((RASA_PROJECT / "config.yml").read_text(encoding="utf-8"))
    parts = config["pipeline"]
    if not embedding:
        parts = [part for part in parts if part["name"] not in EMBEDDING]
        parts += [{"name": "LogisticRegressionClassifier", "tol": 0.01}]
        parts += [{"name": "FallbackClassifier", "threshold": 0.35, "ambiguity_threshold": 0.05}]
    heads = {key: config[key] for key in ("recipe", "assistant_id", "language")}
    return yaml.safe_dump(heads | {"pipeline": parts})


def run(options: Options) -> dict[str, Any]:
    """Return the figures of each set for each pipeline; a folder `clinc150` or `hwu64` may lack."""
    sets: dict[str, Any] = {}
    pipelines = {"ours": ours(), "stock": STOCK}
    if not any((options.data / name).is_dir() for name in ("clinc150", "hwu64")):
        raise BenchError(f"{options.data} has neither clinc150 nor hwu64; see docs/benchmarks.md.")
    if (options.data / "clinc150").is_dir():
        for name, config in pipelines.items():
            options.progress(f"CLINC150, {name}", 0, 1)
            sets[f"clinc150 {name}"] = clinc150(options.data / "clinc150", config)
    folds = sorted((options.data / "hwu64").glob("*.train.tsv"))[: options.folds]
    for name, config in pipelines.items():
        if folds:
            few = folds if name == "ours" else folds[:1]  # a neural network takes long to train
            sets[f"hwu64 {name}"] = hwu64(few, config, name, options.progress)
    sets |= own_intents(options, ours(embedding=False))
    return {"sets": sets, **surroundings(options.seed)}


def clinc150(folder: Path, config: str) -> dict[str, Any]:
    """Return accuracy on the test set, and how much that is out of scope is refused."""
    try:
        parts = json.loads((folder / "data_full.json").read_text(encoding="utf-8"))
        taught, asked, strange = (parts[key] for key in ("train", "test", "oos_test"))
    except (OSError, ValueError, KeyError) as error:
        raise BenchError(f"{folder / 'data_full.json'} is not CLINC150: {error}") from error
    costs, answers = _measured(config, taught, [text for text, _ in [*asked, *strange]])
    known, unknown = answers[: len(asked)], answers[len(asked) :]
    right = np.array([a.intent == intent for a, (_, intent) in zip(known, asked, strict=True)])
    sure = np.array([answer.confidence for answer in known])
    unsure = np.array([answer.confidence for answer in unknown])
    threshold = np.quantile(sure, 1 - KEPT)
    return {
        "accuracy": share(right),
        f"refused_out_of_scope_at_{KEPT}": share(unsure < threshold),
        f"kept_and_right_at_{KEPT}": share((sure >= threshold) & right),
        "refused_out_of_scope": share([answer.refused for answer in unknown]),
        "kept_and_right": share(right & ~np.array([answer.refused for answer in known])),
        **costs,
    }


def hwu64(folds: Sequence[Path], config: str, name: str, progress: Progress) -> dict[str, Any]:
    """Return micro-F1, which is accuracy where every text has one intent, of each fold."""
    scores = []
    costs: dict[str, Any] = {}
    for done, path in enumerate(folds):
        progress(f"HWU64, {name}", done, len(folds))
        taught, asked = _fold(path), _fold(path.with_name(path.name.replace(".train.", ".test.")))
        costs, answers = _measured(config, taught, [text for text, _ in asked])
        scores.append(
            share([a.intent == intent for a, (_, intent) in zip(answers, asked, strict=True)])
        )
    return {"micro_f1": round(float(np.mean(scores)), 4), "folds": scores, **costs}


def _measured(
    config: str, taught: Sequence[Example], texts: Sequence[str]
) -> tuple[dict[str, Any], list[Answer]]:
    with tempfile.TemporaryDirectory() as folder:
        trained = train(config, taught, Path(folder))
        loaded, answers = ask(trained.archive, texts)
        return figures(trained, trained.archive, loaded, answers), answers


def _fold(path: Path) -> list[Example]:
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
            return [(row["text"], row["intent"]) for row in rows]
    except (OSError, KeyError) as error:
        raise BenchError(f"{path} is not a fold of HWU64: {error}") from error


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
