"""Rasa graph component: what a whole sentence means, as a vector beside the counted words."""

import os
import re
from pathlib import Path
from typing import Any

import numpy as np
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.constants import FEATURIZER_CLASS_ALIAS
from rasa.nlu.featurizers.dense_featurizer.dense_featurizer import DenseFeaturizer
from rasa.shared.nlu.constants import FEATURE_TYPE_SENTENCE, TEXT
from rasa.shared.nlu.training_data.features import Features
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from dialogue.embedding import SentenceEmbedding

CACHE = Path(os.environ["FIRESIDE_SENTENCES"])
"""Vectors of training examples only."""
STEP = 500
"""Examples between two reports: some seconds the first time, nothing later."""


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_FEATURIZER, is_trainable=False)
class SentenceEmbeddingFeaturizer(DenseFeaturizer, GraphComponent):
    """Adds the sentence's vector, of 384 numbers, as a dense sentence feature."""

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        return DenseFeaturizer.get_default_config()

    @classmethod
    def validate_config(cls, config: dict[str, Any]) -> None:
        """There is nothing to set."""

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> "SentenceEmbeddingFeaturizer":
        return cls(execution_context.node_name, config)

    def __init__(self, name: str, config: dict[str, Any]) -> None:
        super().__init__(name, config)
        self._embedding = SentenceEmbedding()

    def process(self, messages: list[Message]) -> list[Message]:
        return self._add(messages, self._embedding)

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        embedding, examples = SentenceEmbedding(CACHE), training_data.training_examples
        for begin in range(0, len(examples), STEP):
            self._add(examples[begin : begin + STEP], embedding)
            done = min(begin + STEP, len(examples))
            print(f"Sentences read: {done} of {len(examples)}", flush=True)
        return training_data

    def _add(self, messages: list[Message], embedding: SentenceEmbedding) -> list[Message]:
        spoken = [message for message in messages if message.get(TEXT)]
        vectors = embedding.vectors([plain(message.get(TEXT)) for message in spoken])
        for message, vector in zip(spoken, vectors, strict=True):
            row, origin = vector[np.newaxis], self._config[FEATURIZER_CLASS_ALIAS]
            message.add_features(Features(row, FEATURE_TYPE_SENTENCE, TEXT, origin or "meaning"))
        return messages


def plain(text: str) -> str:
    """Return the text as the examples are written: lower case, and nothing that is not heard."""
    return " ".join(re.findall(r"[\w'’-]+", text.lower()))
