"""Time that passes only when it is told to: for tests, and for days that are over in a minute."""

import asyncio
import heapq
from datetime import UTC, datetime, timedelta


class VirtualClock:
    """Time that passes only when `advance` is called."""

    def __init__(self, start: datetime = datetime(2026, 11, 23, 15, 20, tzinfo=UTC)) -> None:
        self.start = start
        self._seconds = 0.0
        self._order = 0
        self._sleepers: list[tuple[float, int, asyncio.Event]] = []

    def now(self) -> datetime:
        """Return the present moment, aware, in UTC."""
        return self.start + timedelta(seconds=self._seconds)

    def monotonic(self) -> float:
        """Return seconds since the start."""
        return self._seconds

    async def sleep(self, seconds: float) -> None:
        """Wait until so much time was let pass."""
        wake = asyncio.Event()
        self._order += 1
        heapq.heappush(self._sleepers, (self._seconds + seconds, self._order, wake))
        await wake.wait()

    async def advance(self, seconds: float) -> None:
        """Let that much time pass, waking every sleeper at its moment."""
        until = self._seconds + seconds
        await settle()
        while self._sleepers and self._sleepers[0][0] <= until:
            self._seconds, _, wake = heapq.heappop(self._sleepers)
            wake.set()
            await settle()
        self._seconds = until


async def settle() -> None:
    """Let every task run until all of them wait for something outside."""
    for _ in range(50):
        await asyncio.sleep(0)
