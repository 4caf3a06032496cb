"""Rasa graph component: each training example once more, as a recogniser might mishear it."""

import hashlib
import random
from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.constants import TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

COPY_OF = "misheard_from"
"""Key of a copy's own text before it was misheard, so that it is never held out without it."""


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_FEATURIZER, is_trainable=False)
class RecogniserNoise(GraphComponent):
    """Adds one copy of every example of four words or more, with one word lost or shortened.

    Chance depends on the seed and the text alone: a new example changes nothing else.
    """

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        return {"seed": 1}

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> "RecogniserNoise":
        return cls(config)

    def __init__(self, config: dict[str, Any]) -> None:
        self._seed = int(config["seed"])

    def process(self, messages: list[Message]) -> list[Message]:
        """Leave what was really said as it is."""
        return messages

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        said = training_data.intent_examples
        known = {message.get(TEXT) for message in said}
        copies = []
        for message in said:
            text = misheard(message.get(TEXT), self._seed)
            if text not in known:
                known.add(text)
                copies.append(Message({**message.data, TEXT: text, COPY_OF: message.get(TEXT)}))
        return (
            training_data.merge(TrainingData(training_examples=copies)) if copies else training_data
        )


def misheard(text: str, seed: int) -> str:
    """Return the text with a word lost, or with the last letters of one lost; short ones as is."""
    words = text.split()
    if len(words) < 4:
        return text
    chance = random.Random(hashlib.sha256(f"{seed}:{text}".encode()).digest())
    place = chance.randrange(len(words))
    word = words[place]
    shortened = [word[: -min(2, len(word) - 2)]] if len(word) > 3 and chance.random() < 0.5 else []
    return " ".join([*words[:place], *shortened, *words[place + 1 :]])
