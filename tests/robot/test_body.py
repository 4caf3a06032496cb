"""Robots that fail, hang, overlap or vanish: each command still ends once, and truthfully."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import ClassVar

import pytest

from config.clock import SystemClock
from robot.body import Body
from robot.driver import Command, Descriptor, DriverLostError, Express, Light, Play, StopLevel

BRIEF = Play("Yes.", bytes(160), 8000)
"""A hundredth of a second of sound."""


class FaultyDriver:
    """A robot whose commands go the way they are told, and that counts what is under way."""

    descriptor: ClassVar[Descriptor] = Descriptor(
        "faulty", plays_sound=True, expressions=frozenset({"smile"}), max_volume=0.5
    )

    def __init__(self, fault: str = "") -> None:
        self.fault = fault
        self.gives_in = False
        self.under_way = 0
        self.most_under_way = 0
        self.performed: list[Command] = []

    async def connect(self) -> Descriptor:
        if self.fault == "unreachable":
            raise DriverLostError("The robot does not answer.")
        return self.descriptor

    async def perform(self, command: Command, on_start: Callable[[], None]) -> None:
        self.performed.append(command)
        self.under_way += 1
        self.most_under_way = max(self.most_under_way, self.under_way)
        try:
            await self._go_wrong(on_start)
        finally:
            if self.fault == "slow to end":
                await asyncio.sleep(0.03)
            self.under_way -= 1

    async def _go_wrong(self, on_start: Callable[[], None]) -> None:
        match self.fault:
            case "never starts":
                await asyncio.Event().wait()
            case "never finishes" | "slow to end":
                on_start()
                await asyncio.Event().wait()
            case "says nothing":
                return
            case "raises":
                raise RuntimeError("broken")
            case "lost":
                on_start()
                raise DriverLostError("The robot is gone.")
            case "connection lost":
                raise ConnectionResetError("reset")
            case "does not obey":
                on_start()
                while not self.gives_in:
                    with suppress(asyncio.CancelledError):
                        await asyncio.Event().wait()
            case _:
                on_start()
                on_start()

    async def stop(self, level: StopLevel) -> None:
        if self.fault == "does not stop":
            await asyncio.Event().wait()
        if self.fault == "raises":
            raise RuntimeError("broken")

    async def close(self) -> None:
        if self.fault == "raises":
            raise RuntimeError("broken")
        if self.fault == "does not stop":
            await asyncio.Event().wait()


def body_with(fault: str) -> Body:
    return Body(FaultyDriver(fault), SystemClock(), start_timeout=0.05, margin=0.05)


@pytest.mark.parametrize(
    ("fault", "status"),
    [
        ("", "done"),
        ("never starts", "timeout"),
        ("never finishes", "timeout"),
        ("says nothing", "failed"),
        ("raises", "failed"),
        ("lost", "lost"),
        ("connection lost", "lost"),
    ],
)
async def test_a_fault_is_told_as_it_is(fault: str, status: str) -> None:
    body = body_with(fault)
    async with asyncio.timeout(1):
        assert (await body.submit(BRIEF).outcome()).status == status
    await body.close()


async def test_commands_never_overlap_even_when_the_robot_is_slow_to_end() -> None:
    driver = FaultyDriver("slow to end")
    body = Body(driver, SystemClock())
    first = body.submit(BRIEF)
    await first.started.wait()
    second, third = body.submit(BRIEF), body.submit(BRIEF)
    await third.started.wait()
    assert (await first.outcome()).status == "cancelled"
    assert (await second.outcome()).status == "cancelled"
    assert driver.most_under_way == 1
    await body.close()


async def test_hush_reaches_the_sentence_that_sounds_while_another_waits() -> None:
    body = Body(FaultyDriver("never finishes"), SystemClock())
    sounding = body.submit(BRIEF)
    await sounding.started.wait()
    waiting = body.submit(BRIEF)
    body.hush()
    async with asyncio.timeout(1):
        assert (await sounding.outcome()).status == "cancelled"
        assert (await waiting.outcome()).status == "cancelled"
    await body.close()


async def test_a_robot_that_does_not_obey_is_given_up() -> None:
    driver = FaultyDriver("does not obey")
    body = Body(driver, SystemClock(), margin=0.05)
    deaf = body.submit(BRIEF)
    await deaf.started.wait()
    waiting = body.submit(BRIEF)
    async with asyncio.timeout(3):
        assert (await waiting.outcome()).status == "timeout"
        assert (await deaf.outcome()).status == "cancelled"
    driver.gives_in = True
    await body.close()
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


@pytest.mark.parametrize("fault", ["raises", "does not stop"])
async def test_stop_and_close_never_raise_and_do_not_wait_long(fault: str) -> None:
    body = body_with(fault)
    async with asyncio.timeout(3):
        await body.stop("freeze")
        await body.close()
    assert body.stopped


async def test_unreachable_robot_says_so_and_closes() -> None:
    body = body_with("unreachable")
    with pytest.raises(DriverLostError):
        await body.connect()
    await body.close()


async def test_volume_and_intensity_are_clipped() -> None:
    driver = FaultyDriver()
    body = Body(driver, SystemClock())
    await body.submit(Play("Yes.", bytes(160), 8000, volume=3.0)).outcome()
    await body.submit(Express("smile", intensity=-1.0)).outcome()
    play, express = driver.performed
    assert isinstance(play, Play)
    assert isinstance(express, Express)
    assert play.volume == 0.5
    assert express.intensity == 0.0
    await body.close()


async def test_unsupported_command_never_reaches_the_robot() -> None:
    driver = FaultyDriver()
    body = Body(driver, SystemClock())
    assert (await body.submit(Light("idle")).outcome()).status == "degraded"
    assert driver.performed == []
    await body.close()
