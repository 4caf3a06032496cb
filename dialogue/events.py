"""Everything that is reported. Events only report: nothing waits for them, nothing obeys them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from dialogue.replies import Reply, Utterance

SEALED = "abuse_disclosure"
"""A class of which nothing is reported: what is reported is seen on pages."""

State = Literal["idle", "listening", "thinking", "speaking", "stopped"]


@dataclass(frozen=True)
class StateChanged:
    """The robot is now idle, listening, thinking, speaking or stopped."""

    state: State


@dataclass(frozen=True)
class SpeechStarted:
    """Somebody began to speak."""


@dataclass(frozen=True)
class SpeechEnded:
    """Somebody has finished; `seconds` is how long they spoke."""

    seconds: float


@dataclass(frozen=True)
class PartialHeard:
    """What a streaming recogniser makes of the words so far."""

    text: str


@dataclass(frozen=True)
class WordSpotted:
    """The spotter heard one of its words: `stop`, `help` or `name`."""

    word: str


@dataclass(frozen=True)
class UtteranceHeard:
    """What was understood of an utterance; confidence 0 to 1, alternatives best first."""

    text: str
    confidence: float
    language: str
    alternatives: tuple[str, ...]
    source: str


@dataclass(frozen=True)
class DangerHeard:
    """The safety layer found words of danger, or another class it answers itself."""

    category: str


@dataclass(frozen=True)
class AlertRaised:
    """A human is asked to come, now (`alert`) or in this shift (`note`); already on disk."""

    alert: int
    category: str
    time: str
    kind: Literal["alert", "note"] = "alert"
    about: str | None = None
    """What staff wrote and is to be seen to, such as a reminder; never a resident's words."""


@dataclass(frozen=True)
class ReminderChanged:
    """A reminder was due, said, answered, missed ...: the states are those of the ledger."""

    occurrence: int
    name: str
    state: str


@dataclass(frozen=True)
class AlertNotStored:
    """Somebody needs help now, and the disk refuses: whoever sees this is the only one told."""

    category: str


@dataclass(frozen=True)
class AlertDelivered:
    """A message about an alert has arrived: at a person, or at everybody near."""

    alert: int
    recipient: str
    channel: str


@dataclass(frozen=True)
class AlertEscalated:
    """Nobody has said that they are coming, so the next person is told; steps count from 0."""

    alert: int
    step: int
    person: str


@dataclass(frozen=True)
class AlertAcknowledged:
    """Somebody has said that they are coming."""

    alert: int
    by: str


@dataclass(frozen=True)
class ReplyDecided:
    """What will be said and done, and by which engine's decision."""

    sentences: tuple[str, ...]
    actions: tuple[str, ...]
    engine: str
    intent: str | None
    intent_confidence: float | None


@dataclass(frozen=True)
class PhraseStarted:
    """The first sample of a sentence has left."""

    text: str


@dataclass(frozen=True)
class PhraseEnded:
    """A sentence has ended, all of it or cut short after `seconds`."""

    text: str
    complete: bool
    seconds: float


@dataclass(frozen=True)
class TurnEnded:
    """A turn is over; the time each stage took, in ms."""

    timings_ms: dict[str, float]


@dataclass(frozen=True)
class EngineChanged:
    """A part became `ready`, `starting`, `restarting` or `failed`; the sentence is for a person."""

    part: str
    status: Literal["ready", "starting", "restarting", "failed"]
    message: str


@dataclass(frozen=True)
class StageFailed:
    """A stage of the corridor failed and the robot went on without it."""

    stage: str
    code: str
    message: str


Event = (
    StateChanged
    | SpeechStarted
    | SpeechEnded
    | PartialHeard
    | WordSpotted
    | UtteranceHeard
    | DangerHeard
    | AlertRaised
    | AlertNotStored
    | ReminderChanged
    | AlertDelivered
    | AlertEscalated
    | AlertAcknowledged
    | ReplyDecided
    | PhraseStarted
    | PhraseEnded
    | TurnEnded
    | EngineChanged
    | StageFailed
)

Publish = Callable[[Event], None]


def heard(utterance: Utterance, sealed: bool = False) -> UtteranceHeard:
    """Report an utterance; of a sealed one, only that there was one."""
    if sealed:
        return UtteranceHeard("", utterance.confidence, utterance.language, (), utterance.source)
    alternatives = tuple(guess.text for guess in utterance.guesses[1:])
    return UtteranceHeard(
        utterance.text, utterance.confidence, utterance.language, alternatives, utterance.source
    )


def decided(reply: Reply) -> ReplyDecided:
    """Report a reply; of a sealed one, only that there was one."""
    if reply.intent == SEALED:
        return ReplyDecided((), (), reply.engine, None, None)
    return ReplyDecided(
        reply.sentences,
        tuple(action.name for action in reply.actions),
        reply.engine,
        reply.intent,
        reply.intent_confidence,
    )
