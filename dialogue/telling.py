"""Saying a reply aloud: synthesise, move, play; the next sentence is made while one sounds."""

import asyncio
import logging
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Protocol

from config.clock import Clock
from dialogue.events import PhraseEnded, PhraseStarted, Publish, StageFailed
from dialogue.replies import Cue, Phrase
from robot.body import Body
from robot.driver import Command, Express, Gesture, Light, Look
from voices.errors import VoicesError
from voices.speaking import Played, Speaker, Speech, Style

log = logging.getLogger(__name__)

ECHO_MS = 700
"""How long after the robot has said a word its own spotter may still report it."""


class Synthesis(Protocol):
    """Turns sentences into speech, in a worker that is replaced when it hangs."""

    async def speech(self, text: str, style: Style) -> Speech:
        """Return the spoken sentence. Raises VoiceError when every voice has failed."""
        ...


@dataclass(frozen=True)
class Told:
    """How a reply was told: time to the first sentence's sound, and whether it was all said."""

    synthesise_seconds: float = 0.0
    start_seconds: float = 0.0
    complete: bool = True
    failed: bool = False
    """True where the voice or the loudspeaker did not work."""


class Mouth(Protocol):
    """Says replies."""

    @property
    def speaking(self) -> bool:
        """Whether a sentence is sounding."""
        ...

    def hush(self) -> None:
        """Be silent now; what was left of the reply is not said."""
        ...

    async def say(self, phrases: Sequence[Phrase], style: Style) -> Told:
        """Say the phrases in order; return when the last one has ended or was hushed."""
        ...

    def is_saying(self, forms: Collection[str]) -> bool:
        """Whether the robot itself has just said one of these words: then it heard itself."""
        ...


class Telling:
    """The robot's mouth: one reply at a time, silent within 100 ms of `hush`."""

    def __init__(
        self, voice: Synthesis, speaker: Speaker, body: Body, clock: Clock, publish: Publish
    ) -> None:
        self._voice = voice
        self._speaker = speaker
        self._body = body
        self._clock = clock
        self._publish = publish
        self._hushed = False
        self._sounding: tuple[Speech, float] | None = None

    def hush(self) -> None:
        """Be silent now; what was left of the reply is not said."""
        self._hushed = True
        self._speaker.stop()

    async def say(self, phrases: Sequence[Phrase], style: Style) -> Told:
        """Say the phrases in order; return when the last one has ended or was hushed."""
        self._hushed = False
        began = self._clock.monotonic()
        made: asyncio.Task[Speech] | None = None
        told = Told()
        try:
            for index, phrase in enumerate(phrases):
                speech = await (made or self._make(phrase, style))
                if index + 1 < len(phrases):
                    made = self._make(phrases[index + 1], style)
                if index == 0:
                    told = Told(synthesise_seconds=self._clock.monotonic() - began)
                if self._hushed:
                    return Told(told.synthesise_seconds, complete=False)
                asked = self._clock.monotonic()
                played, started = await self._play(speech, phrase)
                if index == 0:
                    told = Told(told.synthesise_seconds, max(0.0, started - asked))
                if not played.complete:
                    return Told(told.synthesise_seconds, told.start_seconds, complete=False)
        except VoicesError as error:
            log.error("The reply could not be spoken: %s", error)
            self._publish(StageFailed("speak", type(error).__name__, str(error)))
            return Told(told.synthesise_seconds, complete=False, failed=True)
        finally:
            if made is not None:
                made.cancel()
        return told

    @property
    def speaking(self) -> bool:
        """Whether a sentence is sounding."""
        return self._sounding is not None

    def is_saying(self, forms: Collection[str]) -> bool:
        """Whether the robot itself has just said one of these words: then it heard itself."""
        if self._sounding is None:
            return False
        speech, started = self._sounding
        at = (self._clock.monotonic() - started) * 1000
        near = (w for w in speech.words if w.start_ms <= at <= w.end_ms + ECHO_MS)
        return any(re.sub(r"\W", "", word.text).lower() in forms for word in near)

    def _make(self, phrase: Phrase, style: Style) -> asyncio.Task[Speech]:
        return asyncio.create_task(self._voice.speech(phrase.text, style))

    async def _play(self, speech: Speech, phrase: Phrase) -> tuple[Played, float]:
        started = self._clock.monotonic()

        def on_start() -> None:
            nonlocal started
            started = self._clock.monotonic()
            self._sounding = (speech, started)
            self._publish(PhraseStarted(phrase.text))

        for cue in phrase.cues:
            self._body.submit(_command(cue))
        try:
            played = await self._speaker.play(speech, on_start)
        finally:
            self._sounding = None
        self._publish(PhraseEnded(phrase.text, played.complete, played.seconds))
        return played, started


class Unspoken:
    """A mouth for talks that are only read: says nothing, in no time."""

    speaking = False

    def hush(self) -> None:
        """Nothing sounds."""

    async def say(self, phrases: Sequence[Phrase], style: Style) -> Told:
        """Return at once."""
        return Told()

    def is_saying(self, forms: Collection[str]) -> bool:
        """Never."""
        return False


def _command(cue: Cue) -> Command:
    match cue.verb:
        case "express":
            return Express(cue.value)
        case "look":
            return Look(cue.value)
        case "gesture":
            return Gesture(cue.value)
        case "light":
            return Light(cue.value)
