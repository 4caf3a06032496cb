"""The channels that need no network: page, light and chime."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from robot.body import Body
from robot.delivery.common import DeliveryError
from robot.delivery.messages import Message
from robot.delivery.near import CHIME_EVERY, LIGHT_SECONDS, PageChannel, RobotChannel, chime
from robot.driver import Light
from robot.drivers.null import NullDriver
from tests.fakes import FakeClock, FakeDriver, FakeSpeaker, settle

MESSAGE = Message("", "", "", False, {})


class Alarm:
    """A robot that calls, on a clock that stands still."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.driver = FakeDriver(self.clock)
        self.body = Body(self.driver, self.clock)
        self.speaker = FakeSpeaker(self.clock)
        self.calling = True
        self.busy = False
        self.channel = RobotChannel(
            self.body, self.speaker, self.clock, lambda: self.calling, lambda: self.busy
        )

    def lights(self) -> int:
        return self.driver.done.count(Light("alert"))

    async def send(self) -> None:
        sending = asyncio.create_task(self.channel.send("", MESSAGE))
        await self.clock.advance(2)
        await sending


@pytest.fixture
async def alarm() -> AsyncIterator[Alarm]:
    alarm = Alarm()
    yield alarm
    await alarm.body.close()


async def test_light_and_chime(alarm: Alarm) -> None:
    await alarm.send()
    assert (alarm.lights(), len(alarm.speaker.said)) == (1, 1)


async def test_again_and_again_until_somebody_comes(alarm: Alarm) -> None:
    running = asyncio.create_task(alarm.channel.run())
    await alarm.clock.advance(LIGHT_SECONDS * CHIME_EVERY * 4)
    assert alarm.lights() >= CHIME_EVERY * 3
    assert len(alarm.speaker.said) == 3
    alarm.calling = False
    await alarm.clock.advance(LIGHT_SECONDS * 2)
    lights = alarm.lights()
    await alarm.clock.advance(600)
    assert (alarm.lights(), len(alarm.speaker.said)) == (lights, 3)
    running.cancel()


async def test_it_does_not_talk_over_itself(alarm: Alarm) -> None:
    alarm.busy = True
    await alarm.send()
    assert (alarm.lights(), alarm.speaker.said) == (1, [])


async def test_a_stopped_robot_is_silent_and_keeps_its_light(alarm: Alarm) -> None:
    await alarm.body.stop("freeze")
    await alarm.send()
    assert (alarm.lights(), alarm.speaker.said) == (1, [])
    assert alarm.body.stopped


async def test_stop_ends_a_chime(alarm: Alarm) -> None:
    sending = asyncio.create_task(alarm.channel.send("", MESSAGE))
    await settle()
    alarm.speaker.stop()
    await settle()
    assert sending.done()
    assert alarm.speaker.cut_short == [""]


async def test_a_robot_that_is_gone_is_told(alarm: Alarm) -> None:
    alarm.driver.lost = True
    alarm.busy = True
    with pytest.raises(DeliveryError, match="no light and makes no sound"):
        await alarm.send()


async def test_a_robot_without_light_chimes() -> None:
    clock = FakeClock()
    body = Body(NullDriver(clock), clock)
    channel = RobotChannel(body, FakeSpeaker(clock), clock, lambda: True, lambda: False)
    await channel.reach("")
    sending = asyncio.create_task(channel.send("", MESSAGE))
    await clock.advance(2)
    await sending


async def test_a_page_counts_only_while_one_is_open() -> None:
    pages = 0
    channel = PageChannel(lambda: pages > 0)
    with pytest.raises(DeliveryError, match="no page is open"):
        await channel.send("", MESSAGE)
    pages = 1
    await channel.send("", MESSAGE)


def test_the_chime_is_short_and_fades_in_and_out() -> None:
    speech = chime()
    assert 0.5 < speech.duration < 1.0
    samples = memoryview(speech.pcm).cast("h")
    assert abs(samples[0]) < 50 and abs(samples[-1]) < 1500
    assert 10_000 < max(samples) < 20_000
