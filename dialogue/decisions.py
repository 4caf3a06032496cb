"""What a dialogue engine decides: which step comes next, and what to do. Never words."""

from dataclasses import dataclass
from typing import Literal, Protocol

from dialogue.replies import Action, Utterance

Engine = Literal["rasa", "keywords", "safety", "corridor"]


@dataclass(frozen=True)
class Decision:
    """An engine's answer to one utterance: the step of the flows that comes next, and what to do.

    `ranking` are the most likely intents with their probabilities, best first, where the engine
    weighs them.
    """

    engine: Engine
    intent: str
    confidence: float
    step: str
    do: tuple[Action, ...] = ()
    ranking: tuple[tuple[str, float], ...] = ()


class Dialogue(Protocol):
    """An engine that decides what happens next."""

    async def decide(self, utterance: Utterance, talk: str, after: str | None) -> Decision:
        """Decide on one utterance in the talk of that name; `after` is the step said last.

        Raises StageError when the engine cannot answer.
        """
        ...

    async def close(self) -> None:
        """Stop. Never raises; may be called twice."""
        ...
