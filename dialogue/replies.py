"""What passes through the corridor: something heard, and something to say and do about it."""

from dataclasses import dataclass
from typing import Literal

from voices.hearing import Guess

Source = Literal["voice", "text"]


@dataclass(frozen=True)
class Utterance:
    """What a person said, as the robot understood it; guesses best first."""

    guesses: tuple[Guess, ...]
    language: str
    source: Source
    called: bool = False
    """Whether the spotter heard a call for help in it."""

    @property
    def text(self) -> str:
        """The best guess, or an empty string."""
        return self.guesses[0].text if self.guesses else ""

    @property
    def confidence(self) -> float:
        """Confidence of the best guess, 0 to 1."""
        return self.guesses[0].confidence if self.guesses else 0.0


@dataclass(frozen=True)
class Cue:
    """Something the body does with a phrase: `express` smile, `look` person, `light` calm."""

    verb: Literal["express", "look", "gesture", "light"]
    value: str


@dataclass(frozen=True)
class Phrase:
    """One sentence to say, and what the body does as it begins."""

    text: str
    cues: tuple[Cue, ...] = ()
    answers: tuple[str, ...] = ()
    """What may be answered, where this is a closed question."""

    @property
    def asks(self) -> bool:
        """Whether it is a question, whatever quotes it ends with."""
        return self.text.rstrip('"”“»’ ').endswith("?")


@dataclass(frozen=True)
class Action:
    """Something the dialogue asks the program to do, beside speaking: `louder`, `repeat`, ..."""

    name: str
    value: str | None = None


@dataclass(frozen=True)
class Reply:
    """What the robot says and does in one turn, and what it expects to hear next."""

    phrases: tuple[Phrase, ...]
    actions: tuple[Action, ...] = ()
    intent: str | None = None
    intent_confidence: float | None = None
    engine: Literal["rasa", "keywords", "safety", "corridor"] = "keywords"
    step: str | None = None
    """The step of the flows it was, by which the next answer is understood."""

    @property
    def asks(self) -> bool:
        """Whether it ends with a question."""
        return bool(self.phrases) and self.phrases[-1].asks

    @property
    def sentences(self) -> tuple[str, ...]:
        """The words alone."""
        return tuple(phrase.text for phrase in self.phrases)

    @property
    def expects(self) -> tuple[str, ...]:
        """The answers to the closed question it ends with, if it does."""
        return self.phrases[-1].answers if self.phrases else ()
