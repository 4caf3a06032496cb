"""Loudspeakers that are not a sound card: the robot's own, a folder of files, and both at once."""

import asyncio
from collections.abc import Callable
from pathlib import Path

from robot.body import Body
from robot.driver import Play
from voices.errors import DeviceError
from voices.saving import write_wav
from voices.speaking import Played, Speaker, Speech


def _command(speech: Speech, volume: float) -> Play:
    mouth = tuple((shape.start_ms, shape.shape) for shape in speech.mouth)
    return Play(speech.text, speech.pcm, speech.rate, volume, mouth)


class BodySpeaker:
    """Plays through the robot's own loudspeaker."""

    name = "robot"

    def __init__(self, body: Body) -> None:
        self._body = body

    async def play(self, speech: Speech, on_start: Callable[[], None]) -> Played:
        """Play and return when it ended. Raises DeviceError when the robot cannot."""
        handle = self._body.submit(_command(speech, 1.0))
        starting = asyncio.create_task(handle.started.wait())
        ending = asyncio.create_task(handle.outcome())
        await asyncio.wait({starting, ending}, return_when=asyncio.FIRST_COMPLETED)
        starting.cancel()
        if handle.started.is_set():
            on_start()
        outcome = await ending
        if outcome.status in ("failed", "timeout", "lost", "degraded"):
            raise DeviceError(f"The robot did not say it: {outcome.detail or outcome.status}.")
        return Played(outcome.status == "done", outcome.seconds)

    def stop(self) -> None:
        """Be silent at once."""
        self._body.hush()

    async def close(self) -> None:
        """Nothing to let go of: the body is closed by its owner."""


class SoundCardWithFace:
    """Plays through a sound card while the robot moves its mouth without sound."""

    def __init__(self, card: Speaker, body: Body) -> None:
        self.name = card.name
        self._card = card
        self._body = body

    async def play(self, speech: Speech, on_start: Callable[[], None]) -> Played:
        """Play and return when it ended. Raises DeviceError when there is no sound."""

        def started() -> None:
            self._body.submit(_command(speech, 0.0))
            on_start()

        return await self._card.play(speech, started)

    def stop(self) -> None:
        """Be silent at once."""
        self._card.stop()
        self._body.hush()

    async def close(self) -> None:
        """Let go of the sound card. Never raises; may be called twice."""
        await self._card.close()


class FileSpeaker:
    """Makes no sound and takes no time; keeps each sentence as a file if there is a folder."""

    name = "files"

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._count = 0

    async def play(self, speech: Speech, on_start: Callable[[], None]) -> Played:
        """Write the sentence. Raises OSError when the folder cannot be written."""
        on_start()
        if self._folder is not None:
            self._count += 1
            write_wav(self._folder / f"{self._count:04d}.wav", speech)
        return Played(True, speech.duration)

    def stop(self) -> None:
        """Nothing sounds."""

    async def close(self) -> None:
        """Nothing to let go of."""
