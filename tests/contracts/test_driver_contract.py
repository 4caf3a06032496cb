"""What every robot's driver must do. A new driver joins by one line in DRIVERS."""

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Mapping

import pytest

from robot.body import Body, Handle
from robot.driver import Command, Descriptor, Express, Gesture, Light, Look, Play, RobotDriver
from robot.drivers import DRIVERS as TABLE
from robot.drivers import load_driver
from robot.drivers.simulator import SimulatorDriver
from tests.fakes import FakeClock, FakeDriver, settle

RATE = 8000
SENTENCE = Play("Good morning.", bytes(2 * RATE), RATE, 0.8, ((0, "B"), (500, "D"), (1000, "X")))
"""One second of sound."""


class PlayingPage:
    """A page that makes sound: it starts at once and takes as long as the samples last."""

    def __init__(self, clock: FakeClock, seconds: float) -> None:
        self._clock = clock
        self._seconds = seconds

    async def started(self) -> None:
        pass

    async def ended(self) -> float:
        await self._clock.sleep(self._seconds)
        return self._seconds


class PlayingScreen:
    def __init__(self, clock: FakeClock) -> None:
        self._clock = clock

    def show(self, message: Mapping[str, object]) -> None:
        pass

    def sound(self, number: int, message: Mapping[str, object], pcm: bytes) -> PlayingPage:
        return PlayingPage(self._clock, len(pcm) / 2 / RATE)


class SilentScreen(PlayingScreen):
    def sound(self, number: int, message: Mapping[str, object], pcm: bytes) -> None:  # type: ignore[override]
        pass


DRIVERS: dict[str, Callable[[FakeClock], RobotDriver]] = {
    "null": lambda clock: load_driver("null")(clock),
    "simulator": lambda clock: SimulatorDriver(PlayingScreen(clock), clock),
    "simulator without sound": lambda clock: SimulatorDriver(SilentScreen(clock), clock),
    "the tests' own": FakeDriver,
}


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture(params=DRIVERS)
async def body(request: pytest.FixtureRequest, clock: FakeClock) -> AsyncIterator[Body]:
    body = Body(DRIVERS[request.param](clock), clock)
    await body.connect()
    yield body
    await body.close()


def test_every_driver_in_the_table_is_under_contract() -> None:
    assert {name.split()[0] for name in DRIVERS} >= set(TABLE)


@pytest.mark.parametrize("name", TABLE)
def test_descriptor_is_readable_before_connecting(name: str) -> None:
    assert isinstance(load_driver(name).descriptor, Descriptor)


async def test_sentence_takes_its_time_and_is_done(body: Body, clock: FakeClock) -> None:
    handle = body.submit(SENTENCE)
    await clock.advance(0.9)
    assert handle.started.is_set()
    assert not handle.ended
    await clock.advance(0.2)
    outcome = await handle.outcome()
    assert outcome.status == "done"
    assert outcome.seconds == pytest.approx(1.0, abs=0.01)


async def test_cancelled_before_it_starts(body: Body) -> None:
    handle = body.submit(SENTENCE)
    handle.cancel()
    assert (await handle.outcome()).status == "cancelled"


async def test_cancelled_midway_then_speaks_again(body: Body, clock: FakeClock) -> None:
    first = body.submit(SENTENCE)
    await clock.advance(0.5)
    first.cancel()
    outcome = await first.outcome()
    assert outcome.status == "cancelled"
    assert outcome.seconds == pytest.approx(0.5, abs=0.01)
    second = body.submit(SENTENCE)
    await clock.advance(1.1)
    assert (await second.outcome()).status == "done"


async def test_cancel_after_the_end_changes_nothing(body: Body, clock: FakeClock) -> None:
    handle = body.submit(SENTENCE)
    await clock.advance(1.1)
    handle.cancel()
    await settle()
    assert (await handle.outcome()).status == "done"


async def test_new_sentence_replaces_the_old(body: Body, clock: FakeClock) -> None:
    first, second, third = (body.submit(SENTENCE) for _ in range(3))
    await clock.advance(1.1)
    statuses = [(await handle.outcome()).status for handle in (first, second, third)]
    assert statuses == ["cancelled", "cancelled", "done"]


async def test_hush_ends_speech_and_nothing_else(body: Body, clock: FakeClock) -> None:
    speech = body.submit(SENTENCE)
    light = body.submit(Light("idle"))
    await clock.advance(0.1)
    await body.stop("hush")
    assert (await speech.outcome()).status == "cancelled"
    await clock.advance(1.0)
    assert (await light.outcome()).status in ("done", "degraded")
    again = body.submit(SENTENCE)
    await clock.advance(1.1)
    assert (await again.outcome()).status == "done"


async def test_freeze_holds_until_a_person_resets_it(body: Body, clock: FakeClock) -> None:
    speech = body.submit(SENTENCE)
    await clock.advance(0.1)
    await body.stop("freeze")
    await body.stop("freeze")
    assert (await speech.outcome()).status == "cancelled"
    assert (await body.submit(SENTENCE).outcome()).status == "cancelled"
    body.reset()
    again = body.submit(SENTENCE)
    await clock.advance(1.1)
    assert (await again.outcome()).status == "done"


async def test_stop_takes_less_than_100_ms(body: Body, clock: FakeClock) -> None:
    speech = body.submit(SENTENCE)
    await clock.advance(0.1)
    loop = asyncio.get_running_loop()
    began = loop.time()
    await body.stop("freeze")
    await speech.outcome()
    assert loop.time() - began < 0.1


async def test_what_it_cannot_do_is_degraded(body: Body) -> None:
    for command in (Express("no such face"), Gesture("no such gesture"), Light("no such light")):
        assert (await body.submit(command).outcome()).status == "degraded"


async def test_it_can_do_what_its_descriptor_says(body: Body, clock: FakeClock) -> None:
    descriptor = body.descriptor
    commands: list[Command] = [Express(name) for name in descriptor.expressions]
    commands += [Gesture(name) for name in descriptor.gestures]
    commands += [Look(at) for at in descriptor.gaze]
    commands += [Light(pattern) for pattern in descriptor.lights]
    for command in commands:
        handle = body.submit(command)
        await clock.advance(command.duration + 0.1)
        assert (await handle.outcome()).status == "done", command


@pytest.mark.parametrize("state", ["new", "connected", "speaking", "stopped", "closed"])
@pytest.mark.parametrize("name", DRIVERS)
async def test_closes_from_every_state(name: str, state: str) -> None:
    clock = FakeClock()
    body = Body(DRIVERS[name](clock), clock)
    if state != "new":
        await body.connect()
    handle: Handle | None = None
    if state == "speaking":
        handle = body.submit(SENTENCE)
        await clock.advance(0.2)
    if state == "stopped":
        await body.stop("freeze")
    if state == "closed":
        await body.close()
    await body.close()
    await body.close()
    assert handle is None or (await handle.outcome()).status == "cancelled"


async def test_every_command_ends_whatever_is_asked(body: Body, clock: FakeClock) -> None:
    rng = random.Random(7)
    handles: list[Handle] = []
    for _ in range(300):
        match rng.randrange(8):
            case 0 | 1 | 2:
                handles.append(body.submit(SENTENCE))
            case 3:
                handles.append(body.submit(Light("idle")))
            case 4:
                if handles:
                    rng.choice(handles).cancel()
            case 5:
                body.hush()
            case 6:
                await body.stop(rng.choice(["hush", "freeze"]))
                body.reset()
            case 7:
                await clock.advance(rng.choice([0.0, 0.4, 1.2]))
    await body.close()
    async with asyncio.timeout(1):
        statuses = {(await handle.outcome()).status for handle in handles}
    assert statuses <= {"done", "cancelled", "degraded"}
    assert {"done", "cancelled"} <= statuses
