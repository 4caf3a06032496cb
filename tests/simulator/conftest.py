"""A scripted program behind a real server, for pages and for bare websockets."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest

from config.clock import SystemClock
from dialogue.events import AlertAcknowledged, PhraseStarted, StateChanged
from robot.body import Body
from robot.drivers.simulator import SimulatorDriver
from robot.server import Server
from simulator.link import SimulatorLink
from simulator.routes import routes


@dataclass
class ScriptedProgram:
    """Does what a page asks, and keeps what was asked."""

    asked: list[tuple[str, object]] = field(default_factory=list, init=False)
    port: int = 0
    staff: tuple[str, ...] = ("Amal", "Bo")
    link: SimulatorLink = field(init=False)
    body: Body = field(init=False)
    server: Server = field(init=False)

    def __post_init__(self) -> None:
        self.link = SimulatorLink(self, "Juno", "en", staff=self.staff, place="Common room")
        self.body = Body(SimulatorDriver(self.link, SystemClock()), SystemClock())
        self.server = Server(routes(self.link), self.port)

    async def arrived(self) -> None:
        self.asked.append(("arrived", None))

    async def say(self, text: str) -> None:
        self.asked.append(("say", text))
        if text == "fail":
            raise RuntimeError("the program has a fault")
        if text == "wait":
            await asyncio.Event().wait()
        self.link.publish(PhraseStarted(f"You said {text}."))

    async def stop(self) -> None:
        self.asked.append(("stop", None))
        await self.body.stop("freeze")
        self.link.publish(StateChanged("stopped"))

    async def resume(self) -> None:
        self.asked.append(("resume", None))
        self.body.reset()
        self.link.publish(StateChanged("idle"))

    async def acknowledge(self, alert: int, by: str) -> None:
        self.asked.append(("acknowledge", (alert, by)))
        self.link.publish(AlertAcknowledged(alert, by))

    def others(self, others: str) -> None:
        self.asked.append(("others", others))

    async def open(self) -> None:
        await self.body.connect()
        await self.server.open()

    async def close(self) -> None:
        await self.server.close()
        await self.body.close()
        await self.link.close()


@pytest.fixture
async def program() -> AsyncIterator[ScriptedProgram]:
    program = ScriptedProgram()
    await program.open()
    yield program
    await program.close()
