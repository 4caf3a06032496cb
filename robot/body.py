"""One robot: commands in, handles out, and each handle ends exactly once.

Drivers stay thin; channels, time limits, fallbacks and the latched stop are decided here.
"""

import asyncio
import logging
from collections import defaultdict
from contextlib import suppress

from config.clock import Clock
from robot import limits
from robot.driver import Channel, Command, DriverLostError, Outcome, RobotDriver, Status, StopLevel

log = logging.getLogger(__name__)

ENDING_SECONDS = 1.0
"""What a driver may take to end a command that was cancelled, or to take a stop."""


class Handle:
    """A command under way. Awaiting `outcome()` never raises for what the robot did."""

    def __init__(self, command: Command) -> None:
        self.command = command
        self.started = asyncio.Event()
        self._outcome: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        self._task: asyncio.Task[None] | None = None

    @property
    def ended(self) -> bool:
        """Whether the terminal event has happened."""
        return self._outcome.done()

    async def outcome(self) -> Outcome:
        """Wait for the one terminal event."""
        return await asyncio.shield(self._outcome)

    def cancel(self) -> None:
        """Ask for the command to end now; does nothing once it has ended."""
        if self._task is not None and not self.ended:
            self._task.cancel()

    def _end(self, outcome: Outcome) -> None:
        if not self.ended:
            self._outcome.set_result(outcome)


class Body:
    """One robot: owns its channels, so that new work replaces old and nothing overlaps."""

    def __init__(
        self, driver: RobotDriver, clock: Clock, start_timeout: float = 2.0, margin: float = 3.0
    ) -> None:
        self.driver = driver
        self.descriptor = driver.descriptor
        self.stopped = False
        self._clock = clock
        self._start_timeout = start_timeout
        self._margin = margin
        self._channels: dict[Channel, Handle] = {}
        # A cancelled command keeps its channel until the driver has really ended it.
        self._busy: defaultdict[Channel, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._tasks: set[asyncio.Task[None]] = set()

    async def connect(self) -> None:
        """Reach the robot. Raises DriverLostError."""
        self.descriptor = await self.driver.connect()

    def submit(self, command: Command) -> Handle:
        """Begin a command; what was under way on the same channel is cancelled."""
        handle = Handle(command)
        # Light is neither sound nor motion: a stopped robot still shows that it calls for help.
        if self.stopped and command.channel != "light":
            handle._end(Outcome("cancelled", detail="the robot is stopped"))
            return handle
        if not self.descriptor.supports(command):
            handle.started.set()
            handle._end(Outcome("degraded", detail=f"{self.descriptor.model} cannot do {command}"))
            return handle
        if before := self._channels.get(command.channel):
            before.cancel()
        self._channels[command.channel] = handle
        clipped = limits.clip(command, self.descriptor)
        handle._task = asyncio.create_task(self._carry_out(clipped, handle))
        self._tasks.add(handle._task)
        handle._task.add_done_callback(self._tasks.discard)
        # A task cancelled before its first step never runs its body; its handle must end anyway.
        handle._task.add_done_callback(lambda _task: handle._end(Outcome("cancelled")))
        return handle

    def hush(self) -> None:
        """Silence at once; does not wait for the robot to answer."""
        if voice := self._channels.get("voice"):
            voice.cancel()

    async def stop(self, level: StopLevel) -> None:
        """Silence at once; with `freeze` stillness too, until `reset`. Never raises."""
        self.stopped = self.stopped or level == "freeze"
        for handle in list(self._channels.values()):
            if level == "freeze" or handle.command.channel == "voice":
                handle.cancel()
        try:
            async with asyncio.timeout(ENDING_SECONDS):
                await self.driver.stop(level)
        except Exception:
            log.exception("The driver did not take the stop")

    def reset(self) -> None:
        """Release a latched stop; only a person may ask for this."""
        self.stopped = False

    async def close(self) -> None:
        """End everything and let go of the robot. Never raises; may be called twice."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        try:
            async with asyncio.timeout(ENDING_SECONDS):
                await self.driver.close()
        except Exception:
            log.exception("The driver did not close")

    async def _carry_out(self, command: Command, handle: Handle) -> None:
        lock = self._busy[command.channel]
        try:
            async with asyncio.timeout(self._margin):
                await lock.acquire()
        except TimeoutError:
            handle._end(Outcome("timeout", detail="the robot does not end what it did before"))
            return
        began = self._clock.monotonic()
        try:
            status, detail = await self._perform(command, handle)
        finally:
            lock.release()
        handle._end(Outcome(status, self._clock.monotonic() - began, detail))

    async def _perform(self, command: Command, handle: Handle) -> tuple[Status, str]:
        try:
            async with asyncio.timeout(self._start_timeout) as limit:

                def on_start() -> None:
                    handle.started.set()
                    # A robot that reports after its time is up has already been given up.
                    with suppress(RuntimeError):
                        limit.reschedule(
                            asyncio.get_running_loop().time() + command.duration + self._margin
                        )

                await _bounded(asyncio.create_task(self.driver.perform(command, on_start)))
        except TimeoutError:
            return "timeout", "the robot did not finish in time"
        except asyncio.CancelledError:
            return "cancelled", ""
        except (DriverLostError, ConnectionError) as error:
            return "lost", str(error)
        except Exception as error:
            log.exception("The driver failed")
            return "failed", str(error)
        if not handle.started.is_set():
            return "failed", "the robot gave no sign that it began"
        return "done", ""


async def _bounded(work: asyncio.Task[None]) -> None:
    """Wait for the driver; when the wait is cancelled, it has a moment to end, and no longer."""
    try:
        await asyncio.shield(work)
    except asyncio.CancelledError:
        work.cancel()
        await asyncio.wait({work}, timeout=ENDING_SECONDS)
        raise
