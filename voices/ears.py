"""From the microphone to the words: chunks in, one `Heard` for each utterance out."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

from config.clock import Clock
from voices.endpointer import Endpointer, Signal
from voices.errors import RecogniserError
from voices.hearing import Context, Listening, Microphone, Recogniser, Recognition, Spotter
from voices.soundfile import cut


@dataclass(frozen=True)
class Heard:
    """One utterance: its words, its length, and how long after its end the words were there."""

    recognition: Recognition
    speech_seconds: float
    recognise_seconds: float


@dataclass(frozen=True)
class Reports:
    """Who is told while an utterance is still under way."""

    on_start: Callable[[], None]
    on_partial: Callable[[str], None]
    on_end: Callable[[float], None]
    on_error: Callable[[RecogniserError], None]


async def recognise(recogniser: Recogniser, sound: bytes, context: Context) -> Recognition:
    """Return what is said in a whole recording. Raises RecogniserError."""
    listening = recogniser.listen(context, lambda _partial: None)
    for chunk in cut(sound):
        listening.push(chunk)
    listening.anticipate()
    return await listening.finish()


class Ears:
    """A microphone, an endpointer, a recogniser and a spotter, working together.

    `context` is what may be said next.
    """

    def __init__(
        self,
        microphone: Microphone,
        endpointer: Endpointer,
        recogniser: Recogniser,
        spotter: Spotter | None,
        clock: Clock,
    ) -> None:
        self.context = Context()
        self._robot_speaks = False
        self.microphone = microphone
        self.endpointer = endpointer
        self.recogniser = recogniser
        self.spotter = spotter
        self._clock = clock

    def robot_speaks(self, speaks: bool) -> None:
        """Say whether the robot speaks: then only the spotter listens."""
        self._robot_speaks = speaks
        if self.spotter is not None:
            self.spotter.robot_speaks(speaks)

    async def utterances(self, reports: Reports) -> AsyncIterator[Heard]:
        """Yield utterances until the microphone ends. Raises DeviceError."""
        listening: Listening | None = None
        try:
            async for chunk in self.microphone.chunks():
                if self.spotter is not None:
                    self.spotter.push(chunk)
                if self._robot_speaks:
                    self._forget(listening)
                    listening = None
                    continue
                signal = self.endpointer.push(chunk)
                if signal is Signal.STARTED:
                    reports.on_start()
                    listening = self.recogniser.listen(self.context, reports.on_partial)
                    listening.push(self.endpointer.preroll)
                elif listening is not None:
                    listening.push(chunk)
                if signal is Signal.PAUSED and listening is not None:
                    listening.anticipate()
                if signal is Signal.ENDED and listening is not None:
                    heard = await self._finish(listening, reports)
                    listening = None
                    if heard is not None:
                        yield heard
        finally:
            self._forget(listening)

    def _forget(self, listening: Listening | None) -> None:
        if listening is not None:
            listening.discard()
        self.endpointer.reset()

    async def _finish(self, listening: Listening, reports: Reports) -> Heard | None:
        seconds = self.endpointer.speech_ms / 1000
        reports.on_end(seconds)
        began = self._clock.monotonic()
        try:
            recognition = await listening.finish()
        except RecogniserError as error:
            reports.on_error(error)
            return None
        return Heard(recognition, seconds, self._clock.monotonic() - began)

    async def close(self) -> None:
        """Close everything. Never raises; may be called twice."""
        await self.microphone.close()
        if self.spotter is not None:
            await self.spotter.close()
        await self.recogniser.close()
