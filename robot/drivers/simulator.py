"""The robot on the screen: a drawn face, and a loudspeaker where one page has turned its sound on.

The pages are reached through `Screen`, so that this module needs no web server.
"""

import itertools
from collections.abc import Callable, Mapping
from typing import ClassVar, Protocol

from config.clock import Clock
from robot.driver import (
    Command,
    Descriptor,
    DriverLostError,
    Express,
    Gesture,
    Light,
    Look,
    Play,
    StopLevel,
)

Message = Mapping[str, object]

SHORT_BY = 0.25
"""Seconds by which a page may report less sound than it was given: clocks and roundings."""


class Sounding(Protocol):
    """A sentence in the page that makes sound. Both raise DriverLostError if the page goes away."""

    async def started(self) -> None:
        """Return when the first sample has left."""
        ...

    async def ended(self) -> float:
        """Return when the sound has ended, with the seconds that sounded."""
        ...


class Screen(Protocol):
    """The open pages."""

    def show(self, message: Message) -> None:
        """Send to every page; never waits."""
        ...

    def sound(self, number: int, message: Message, pcm: bytes) -> Sounding | None:
        """Send to every page, and the samples to the one that makes sound; None if none does.

        `number` is the message's `id`.
        """
        ...


class SimulatorDriver:
    """Shows commands on the open pages. Without a page that makes sound, speech is silent."""

    descriptor: ClassVar[Descriptor] = Descriptor(
        "simulator",
        plays_sound=True,
        expressions=frozenset({"neutral", "smile", "concern", "surprise"}),
        gaze=frozenset({"person", "forward", "away"}),
        gestures=frozenset({"nod", "shake"}),
        lights=frozenset({"idle", "listening", "thinking", "speaking", "stopped", "alert", "calm"}),
    )

    def __init__(self, screen: Screen, clock: Clock) -> None:
        self._screen = screen
        self._clock = clock
        self._numbers = itertools.count(1)

    async def connect(self) -> Descriptor:
        """Return the descriptor: pages may come and go at any time."""
        return self.descriptor

    async def perform(self, command: Command, on_start: Callable[[], None]) -> None:
        """Show the command for as long as it lasts. Raises DriverLostError if its page goes."""
        if isinstance(command, Play):
            await self._play(command, on_start)
        else:
            self._screen.show(_message(command))
            on_start()
            await self._clock.sleep(command.duration)

    async def stop(self, level: StopLevel) -> None:
        """Tell every page to be silent, and with `freeze` still."""
        self._screen.show({"type": "halt", "level": level})

    async def close(self) -> None:
        """Nothing is held: the pages belong to the server."""

    async def _play(self, command: Play, on_start: Callable[[], None]) -> None:
        number = next(self._numbers)
        message = {
            "type": "play",
            "id": number,
            "text": command.text,
            "rate": command.rate,
            "volume": command.volume,
            "seconds": command.duration,
            "mouth": command.mouth,
        }
        ended = False
        try:
            sounding = self._begin(number, message, command)
            if sounding is None:
                on_start()
                await self._clock.sleep(command.duration)
            else:
                await sounding.started()
                on_start()
                _check(await sounding.ended(), command.duration)
            ended = True
        finally:
            if not ended:
                self._screen.show({"type": "hush", "id": number})

    def _begin(self, number: int, message: Message, command: Play) -> Sounding | None:
        if command.volume > 0:
            return self._screen.sound(number, message, command.pcm)
        # A sound card speaks elsewhere; the pages only move the mouth.
        self._screen.show(message)
        return None


def _check(seconds: float, duration: float) -> None:
    if seconds < duration - SHORT_BY:
        raise DriverLostError(f"The page broke off after {seconds:.1f} of {duration:.1f} seconds.")


def _message(command: Express | Look | Gesture | Light) -> Message:
    match command:
        case Express(name=name, intensity=intensity):
            return {"type": "express", "name": name, "intensity": intensity}
        case Look(at=at):
            return {"type": "look", "at": at}
        case Gesture(name=name):
            return {"type": "gesture", "name": name}
        case Light(pattern=pattern):
            return {"type": "light", "pattern": pattern}
