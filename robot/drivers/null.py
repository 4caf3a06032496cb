"""No robot at all: speech takes its time and nothing moves."""

from collections.abc import Callable
from typing import ClassVar

from config.clock import Clock
from robot.driver import Command, Descriptor, StopLevel


class NullDriver:
    """Takes as long over a sentence as a robot would, so that runs without one are true to time."""

    descriptor: ClassVar[Descriptor] = Descriptor("no robot", plays_sound=True)

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    async def connect(self) -> Descriptor:
        """Return the descriptor; there is nothing to reach."""
        return self.descriptor

    async def perform(self, command: Command, on_start: Callable[[], None]) -> None:
        """Wait as long as the command would take."""
        on_start()
        await self._clock.sleep(command.duration)

    async def stop(self, level: StopLevel) -> None:
        """Nothing sounds or moves."""

    async def close(self) -> None:
        """Nothing is held."""
