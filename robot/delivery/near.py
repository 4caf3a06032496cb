"""The channels that need no network: the open pages, and the robot's own light and sound."""

import logging
from collections.abc import Callable

import numpy as np

from config.clock import Clock
from robot.body import Body
from robot.delivery.common import DeliveryError
from robot.delivery.messages import Message
from robot.driver import Light
from voices.errors import VoicesError
from voices.speaking import Speaker, Speech

log = logging.getLogger(__name__)

LIGHT_SECONDS = 2.0
"""Everything the robot does changes its light; that often the alarm takes it back."""
CHIME_EVERY = 5
"""Lights from one chime to the next: audible in the corridor, and room to speak in between."""
RATE = 22_050
TONES = ((784.0, 0.22), (988.0, 0.22), (784.0, 0.32))
"""Hz and seconds. Three tones below 1 kHz: high frequencies are the first that old ears lose."""
LOUDNESS = 0.5


class PageChannel:
    """The open pages. Each shows every open alert by itself, also one that is opened later."""

    def __init__(self, watched: Callable[[], bool]) -> None:
        self._watched = watched

    async def send(self, to: str, message: Message) -> None:
        """Return if a page is open. Raises DeliveryError."""
        if not self._watched():
            raise DeliveryError("no page is open")

    async def reach(self, to: str) -> None:
        """See whether a page is open. Raises DeliveryError."""
        await self.send(to, Message("", "", "", False, {}))


class RobotChannel:
    """The robot's light and a chime, again and again until somebody has said they are coming.

    A stopped robot is silent and keeps its light. `busy` says whether it speaks or thinks.
    """

    def __init__(
        self,
        body: Body,
        speaker: Speaker,
        clock: Clock,
        calling: Callable[[], bool],
        busy: Callable[[], bool],
    ) -> None:
        self._body = body
        self._speaker = speaker
        self._clock = clock
        self._calling = calling
        self._busy = busy

    async def send(self, to: str, message: Message) -> None:
        """Show the light and sound the chime. Raises DeliveryError if neither was possible."""
        lit = await self._light()
        sounded = await self._chime()
        if not lit and not sounded:
            raise DeliveryError("the robot shows no light and makes no sound now")

    async def reach(self, to: str) -> None:
        """See whether the robot has an alarm light or a voice. Raises DeliveryError."""
        able = self._body.descriptor
        if not able.plays_sound and not able.supports(Light("alert")):
            raise DeliveryError("this robot has neither light nor sound")

    async def run(self) -> None:
        """Light and chime for as long as there is an emergency that nobody comes for."""
        rounds = 0
        while True:
            await self._clock.sleep(LIGHT_SECONDS)
            if not self._calling():
                rounds = 0
                continue
            rounds += 1
            await self._light()
            if rounds % CHIME_EVERY == 0:
                await self._chime()

    async def _light(self) -> bool:
        handle = self._body.submit(Light("alert"))
        status = (await handle.outcome()).status
        # What the robot does next may take the light over at once; it was seen all the same.
        return handle.started.is_set() and status in ("done", "cancelled")

    async def _chime(self) -> bool:
        if self._body.stopped or self._busy():
            return False
        try:
            played = await self._speaker.play(chime(), lambda: None)
        except (VoicesError, OSError) as error:
            log.warning("The chime could not be played: %s", error)
            return False
        return played.complete


def chime() -> Speech:
    """Return three soft tones, fading in and out so that they do not startle."""
    parts = []
    for hertz, seconds in TONES:
        times = np.arange(int(RATE * seconds)) / RATE
        swell = np.sin(np.pi * times / seconds) ** 0.5
        parts.append(np.sin(2 * np.pi * hertz * times) * swell)
    samples = (np.concatenate(parts) * LOUDNESS * 32767).astype("<i2")
    return Speech("", samples.tobytes(), RATE, "chime", "estimate")
