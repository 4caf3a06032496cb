"""What a dialogue engine decides: which things to say, by key, and what to do. Never words."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol

from dialogue.replies import Action, Utterance

Engine = Literal["rasa", "keywords", "safety", "corridor"]


@dataclass(frozen=True)
class Decision:
    """An engine's answer to one utterance.

    `say` are keys of the phrasebook, in order; the words are chosen there, for each language.
    """

    engine: Engine
    intent: str
    confidence: float
    say: tuple[str, ...]
    do: tuple[Action, ...] = ()
    values: Mapping[str, str] = field(default_factory=dict)
    """Filled into the phrases, such as a name the person has said."""


class Dialogue(Protocol):
    """An engine that decides what happens next."""

    async def decide(self, utterance: Utterance, talk: str) -> Decision:
        """Decide on one utterance in the talk of that name.

        Raises StageError when the engine cannot answer.
        """
        ...

    async def close(self) -> None:
        """Stop. Never raises; may be called twice."""
        ...
