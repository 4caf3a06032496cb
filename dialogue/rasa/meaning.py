"""Rasa graph component: the intent whose examples a sentence is most like, or that it is none."""

from pathlib import Path
from typing import Any

import numpy as np
from likeness import Calibration, Examples, Sentences, Space
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.classifiers import LABEL_RANKING_LENGTH
from rasa.nlu.classifiers.classifier import IntentClassifier
from rasa.nlu.featurizers.featurizer import Featurizer
from rasa.shared.constants import DEFAULT_NLU_FALLBACK_INTENT_NAME
from rasa.shared.nlu.constants import INTENT, INTENT_RANKING_KEY, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData
from recogniser_noise import COPY_OF
from scipy.sparse import csr_matrix, vstack

FILE = "examples.npz"


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class MeaningClassifier(IntentClassifier, GraphComponent):
    """Reads sentence features, sparse and dense; see likeness.py.

    One example in five is first held out, with its misheard copies, to calibrate: confidences are
    the chance of being right, and `nlu_fallback` is put before the ranking, as Rasa's own
    FallbackClassifier does, where the best is below what `keep` of the held-out examples reach.
    """

    @classmethod
    def required_components(cls) -> list[type]:
        return [Featurizer]

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        return {"keep": 0.97, "seed": 1}

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> "MeaningClassifier":
        return cls(config, model_storage, resource)

    def __init__(
        self, config: dict[str, Any], model_storage: ModelStorage, resource: Resource
    ) -> None:
        self._config = config
        self._storage = model_storage
        self._resource = resource
        self._intents: np.ndarray = np.empty(0, str)

    def train(self, training_data: TrainingData) -> Resource:
        messages = [each for each in training_data.intent_examples if each.get(TEXT)]
        if not messages:
            return self._resource
        names = [each.get(INTENT) for each in messages]
        self._intents, numbers = np.unique(names, return_inverse=True)
        known = _sentences(messages)
        self._calibration = self._calibrated(messages, known, numbers)
        self._examples = Examples.learn(known, numbers, self._config["seed"])
        with self._storage.write_to(self._resource) as folder:
            self._save(folder / FILE)
        return self._resource

    def _calibrated(
        self, messages: list[Message], known: Sentences, numbers: np.ndarray
    ) -> Calibration:
        originals = [each.get(COPY_OF, each.get(TEXT)) for each in messages]
        _, wording = np.unique(originals, return_inverse=True)
        out = (np.random.default_rng(self._config["seed"]).random(len(messages)) < 0.2)[wording]
        if out.all() or not out.any():
            return Calibration.of(np.empty(0, np.float32), np.empty(0, bool), self._config["keep"])
        first = Examples.learn(known[~out], numbers[~out], self._config["seed"])
        asked = out & np.array([each.get(COPY_OF) is None for each in messages])
        scores = first.scores(known[asked])
        right = scores.argmax(axis=1) == numbers[asked]
        return Calibration.of(scores.max(axis=1), right, self._config["keep"])

    def process(self, messages: list[Message]) -> list[Message]:
        spoken = [each for each in messages if each.get(TEXT) and len(self._intents)]
        if spoken:
            scores = self._examples.scores(_sentences(spoken, len(self._examples.space.rarity)))
            for message, confidences in zip(
                spoken, self._calibration.confidence(scores), strict=False
            ):
                self._decide(message, confidences)
        return messages

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """Leave it: nothing behind this reads predictions for training examples."""
        return training_data

    def _decide(self, message: Message, confidences: np.ndarray) -> None:
        best = np.argsort(-confidences, kind="stable")[:LABEL_RANKING_LENGTH]
        ranking = [_named(self._intents[at], confidences[at]) for at in best]
        threshold = self._calibration.threshold
        if ranking[0]["confidence"] < threshold:
            ranking.insert(0, _named(DEFAULT_NLU_FALLBACK_INTENT_NAME, threshold))
        message.set(INTENT, ranking[0], add_to_output=True)
        message.set(INTENT_RANKING_KEY, ranking, add_to_output=True)

    def _save(self, path: Path) -> None:
        space, placed = self._examples.space, self._examples.placed
        calibration = self._calibration
        np.savez(
            path,
            intents=self._intents,
            mean=space.mean,
            metric=space.metric,
            rarity=space.rarity,
            vectors=placed.vectors,
            counts=placed.counts.data,
            indices=placed.counts.indices,
            rows=placed.counts.indptr,
            weights=self._examples.weights,
            calibration=[calibration.slope, calibration.offset, calibration.threshold],
        )

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> "MeaningClassifier":
        made = cls(config, model_storage, resource)
        try:
            with model_storage.read_from(resource) as folder, np.load(folder / FILE) as file:
                kept = dict(file)
        except ValueError:  # nothing was trained
            return made
        shape = len(kept["vectors"]), len(kept["rarity"])
        counts = csr_matrix((kept["counts"], kept["indices"], kept["rows"]), shape)
        space = Space(kept["mean"], kept["metric"], kept["rarity"])
        made._examples = Examples(space, Sentences(kept["vectors"], counts), kept["weights"])
        made._calibration = Calibration(*map(float, kept["calibration"]))
        made._intents = kept["intents"]
        return made


def _sentences(messages: list[Message], width: int | None = None) -> Sentences:
    dense = [each.get_dense_features(TEXT)[1].features for each in messages]
    sparse = [each.get_sparse_features(TEXT)[1] for each in messages]
    width = width or next(each.features.shape[1] for each in sparse if each)
    none = csr_matrix((1, width))  # of "?!", which has no words
    counts = vstack([each.features if each else none for each in sparse]).tocsr()
    return Sentences(np.vstack(dense).astype(np.float32), counts)


def _named(intent: str, confidence: float) -> dict[str, Any]:
    return {"name": str(intent), "confidence": float(confidence)}
