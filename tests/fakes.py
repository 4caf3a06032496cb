"""Complete stand-ins for the parts at the edges: time, sound, engines and the robot.

Each fake fails the test when it is asked for more than it was given.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import ClassVar

from dialogue.decisions import Decision
from dialogue.errors import StageError
from dialogue.events import Event
from dialogue.replies import Utterance
from robot.driver import Command, Descriptor, DriverLostError, Play, StopLevel
from simulator.virtual_clock import VirtualClock as FakeClock
from simulator.virtual_clock import settle as settle
from voices.errors import DeviceError, RecogniserError, VoiceError
from voices.hearing import CHUNK_BYTES, Context, Guess, Recognition
from voices.speaking import Played, Speech, SpokenWord, Style

QUIET = bytes(CHUNK_BYTES)
LOUD = (b"\x00\x20" + b"\x00\xe0") * (CHUNK_BYTES // 4)


class LoudnessActivity:
    """Voice activity that takes every loud chunk for speech."""

    def push(self, chunk: bytes) -> float:
        return 1.0 if any(chunk) else 0.0

    def reset(self) -> None:
        pass


class FakeMicrophone:
    """Plays the chunks it is given, then waits until more are given or it is closed."""

    name = "fake"

    def __init__(self, *chunks: bytes) -> None:
        self._queue: asyncio.Queue[bytes | DeviceError | None] = asyncio.Queue()
        self.say(*chunks)

    def say(self, *chunks: bytes) -> None:
        for chunk in chunks:
            self._queue.put_nowait(chunk)

    def unplug(self) -> None:
        self._queue.put_nowait(DeviceError("The microphone was unplugged; plug it in again."))

    async def chunks(self) -> AsyncIterator[bytes]:
        while (item := await self._queue.get()) is not None:
            if isinstance(item, DeviceError):
                raise item
            yield item

    async def close(self) -> None:
        self._queue.put_nowait(None)


class FakeListening:
    def __init__(self, result: Recognition | RecogniserError) -> None:
        self.result = result
        self.pushed = 0
        self.anticipated = 0
        self.discarded = False

    def push(self, chunk: bytes) -> None:
        assert len(chunk) % CHUNK_BYTES == 0
        self.pushed += len(chunk)

    def anticipate(self) -> None:
        self.anticipated += 1

    async def finish(self) -> Recognition:
        if isinstance(self.result, RecogniserError):
            raise self.result
        return self.result

    def discard(self) -> None:
        self.discarded = True


class FakeRecogniser:
    """Hears the texts it is given, in order. An empty text is silence, None a failure."""

    name = "fake"
    languages = frozenset({"en", "de"})
    streaming = False

    def __init__(self, *texts: str | None, confidence: float = 0.9) -> None:
        self._texts = list(texts)
        self._confidence = confidence
        self.listenings: list[FakeListening] = []
        self.contexts: list[Context] = []

    def listen(self, context: Context, on_partial: Callable[[str], None]) -> FakeListening:
        assert self._texts, "the recogniser was asked for more than it was given"
        text = self._texts.pop(0)
        self.contexts.append(context)
        if text is None:
            listening = FakeListening(RecogniserError("The recogniser failed."))
        else:
            guesses = (Guess(text, self._confidence),) if text else ()
            listening = FakeListening(Recognition(guesses, context.language, self.name))
            on_partial(text)
        self.listenings.append(listening)
        return listening

    async def close(self) -> None:
        pass


class FakeSpotter:
    """Hears nothing by itself."""

    forms: ClassVar[Mapping[str, frozenset[str]]] = {
        "stop": frozenset({"stop"}),
        "help": frozenset({"help"}),
        "name": frozenset({"juno"}),
    }

    def __init__(self) -> None:
        self.pushed = 0
        self.told: list[bool] = []

    def robot_speaks(self, speaks: bool) -> None:
        self.told.append(speaks)

    def push(self, chunk: bytes) -> None:
        self.pushed += 1

    async def close(self) -> None:
        pass


class FakeSynthesis:
    """Speaks at ten characters a second; fails for the sentences named in `failing`."""

    def __init__(self, *failing: str) -> None:
        self.failing = failing
        self.styles: list[Style] = []

    async def speech(self, text: str, style: Style) -> Speech:
        self.styles.append(style)
        if text in self.failing:
            raise VoiceError("The voice does not answer; the words are on the page.")
        words, at = [], 0
        for word in text.split():
            words.append(SpokenWord(at, at + len(word) * 100, word))
            at += (len(word) + 1) * 100
        return Speech(text, bytes(1600 * len(text)), 8000, "fake", "word", (), tuple(words))


class FakeSpeaker:
    """Takes as long as the speech lasts on the given clock."""

    name = "fake"

    def __init__(self, clock: FakeClock) -> None:
        self._clock = clock
        self._stopped = asyncio.Event()
        self.said: list[str] = []
        self.cut_short: list[str] = []

    async def play(self, speech: Speech, on_start: Callable[[], None]) -> Played:
        self._stopped.clear()
        self.said.append(speech.text)
        began = self._clock.monotonic()
        on_start()
        waits = [
            asyncio.create_task(self._clock.sleep(speech.duration)),
            asyncio.create_task(self._stopped.wait()),
        ]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
        complete = not self._stopped.is_set()
        if not complete:
            self.cut_short.append(speech.text)
        return Played(complete, self._clock.monotonic() - began)

    def stop(self) -> None:
        self._stopped.set()

    async def close(self) -> None:
        pass


class FakeDialogue:
    """Gives the decisions it is given, in order; an error is raised instead."""

    def __init__(self, *decisions: Decision | StageError) -> None:
        self._decisions = list(decisions)
        self.asked: list[str] = []

    async def decide(self, utterance: Utterance, talk: str, after: str | None) -> Decision:
        assert self._decisions, "the dialogue was asked for more than it was given"
        self.asked.append(utterance.text)
        decision = self._decisions.pop(0)
        if isinstance(decision, StageError):
            raise decision
        return decision

    async def close(self) -> None:
        pass


class FakeDriver:
    """A robot that can do everything, in the time it is told."""

    descriptor: ClassVar[Descriptor] = Descriptor(
        "fake",
        plays_sound=True,
        expressions=frozenset({"neutral", "smile"}),
        gaze=frozenset({"person"}),
        gestures=frozenset({"wave"}),
        lights=frozenset({"idle", "listening", "thinking", "speaking", "stopped", "alert"}),
    )

    def __init__(self, clock: FakeClock) -> None:
        self._clock = clock
        self.lost = False
        self.done: list[Command] = []
        self.stops: list[StopLevel] = []

    async def connect(self) -> Descriptor:
        return self.descriptor

    async def perform(self, command: Command, on_start: Callable[[], None]) -> None:
        if self.lost:
            raise DriverLostError("The robot is gone.")
        on_start()
        if isinstance(command, Play):
            await self._clock.sleep(command.duration)
        self.done.append(command)

    async def stop(self, level: StopLevel) -> None:
        self.stops.append(level)

    async def close(self) -> None:
        pass


class Recorder:
    """Keeps every event."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    def __call__(self, event: Event) -> None:
        self.events.append(event)

    def names(self) -> list[str]:
        return [type(event).__name__ for event in self.events]

    def of(self, kind: type) -> Sequence[Event]:
        return [event for event in self.events if isinstance(event, kind)]
