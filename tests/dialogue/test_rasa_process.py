"""The supervisor, with a small real child in Rasa's place."""

import asyncio
import contextlib
import hashlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path

import psutil
import pytest

from config.clock import SystemClock
from config.paths import CHECKOUT
from dialogue.rasa_process import RasaProcess
from dialogue.training import TrainedModel

FAKE = str(Path(__file__).with_name("fake_engine.py"))


def fake(port: int) -> list[str]:
    return [sys.executable, "-I", "-S", FAKE, str(port)]


def crashes(port: int) -> list[str]:
    return [sys.executable, "-I", "-S", "-c", "raise SystemExit(3)"]


class HurriedClock(SystemClock):
    """Waits of a second or more take no time at all, and are counted."""

    def __init__(self) -> None:
        self.waited: list[float] = []
        self.skipped = 0.0

    def monotonic(self) -> float:
        return time.monotonic() + self.skipped

    async def sleep(self, seconds: float) -> None:
        if seconds < 1:
            await asyncio.sleep(seconds)
        elif seconds > 100:  # the next look at an engine that is well
            await asyncio.Event().wait()
        else:
            self.waited.append(seconds)
            self.skipped += seconds


class Told:
    """What the supervisor reported, and a way to wait for it."""

    def __init__(self) -> None:
        self.all: list[tuple[str, str]] = []
        self.on_ready: Callable[[], None] = lambda: None

    def __call__(self, status: str, message: str) -> None:
        self.all.append((status, message))
        if status == "ready":
            self.on_ready()

    @property
    def statuses(self) -> list[str]:
        return [status for status, _ in self.all]

    async def until(self, status: str, times: int = 1) -> str:
        async with asyncio.timeout(30):
            while self.statuses.count(status) < times:
                await asyncio.sleep(0.01)
        return next(message for known, message in reversed(self.all) if known == status)


@pytest.fixture
def model(tmp_path: Path) -> TrainedModel:
    archive = tmp_path / "model.tar.gz"
    archive.write_bytes(b"weights")
    return TrainedModel(archive, hashlib.sha256(b"weights").hexdigest())


@contextlib.asynccontextmanager
async def running(
    model: TrainedModel,
    told: Told,
    command: Callable[[int], Sequence[str]] = fake,
    clock: SystemClock | None = None,
    health_every: float = 3600.0,
    patience: float = 3.0,
) -> AsyncIterator[RasaProcess]:
    clock = clock or SystemClock()
    process = RasaProcess(model, clock, told, command, health_every, patience)
    await process.start()
    try:
        yield process
    finally:
        await process.close()


def pid_of(process: RasaProcess) -> int:
    assert process.pid is not None
    return process.pid


async def test_starting_returns_at_once_and_ready_comes_later(model: TrainedModel) -> None:
    told = Told()
    async with running(model, told) as process:
        assert not process.ready and process.endpoint is None
        assert told.statuses == ["starting"]
        await asyncio.wait_for(process.wait_ready(), 30)
        assert process.ready and process.endpoint is not None
        assert process.endpoint.url.startswith("http://127.0.0.1:")
        assert told.statuses == ["starting", "ready"]


async def test_the_token_is_new_each_time_and_not_shown(model: TrainedModel) -> None:
    tokens = set()
    for _ in range(2):
        async with running(model, Told()) as process:
            await asyncio.wait_for(process.wait_ready(), 30)
            assert process.endpoint is not None
            assert process.endpoint.token not in repr(process.endpoint)
            assert process.endpoint.token not in " ".join(psutil.Process(process.pid).cmdline())
            tokens.add(process.endpoint.token)
    assert len(tokens) == 2 and min(map(len, tokens)) >= 32


async def test_a_killed_engine_comes_back(model: TrainedModel) -> None:
    told = Told()
    async with running(model, told) as process:
        await told.until("ready")
        first = pid_of(process)
        os.kill(first, signal.SIGKILL)
        assert "code -9" in await told.until("restarting")
        assert not process.ready
        await told.until("ready", times=2)
        assert pid_of(process) != first


async def test_it_waits_longer_each_time_and_gives_up_with_a_sentence(model: TrainedModel) -> None:
    told, clock = Told(), HurriedClock()
    async with running(model, told, crashes, clock) as process:
        message = await told.until("failed")
        assert clock.waited == [1, 3, 9, 27]
        assert told.statuses == ["starting"] + ["restarting"] * 4 + ["failed"]
        assert "5 times within a minute" in message and "code 3" in message
        assert not process.ready


async def test_after_giving_up_it_can_be_started_again(model: TrainedModel) -> None:
    told = Told()
    broken = True
    async with running(
        model, told, lambda port: crashes(port) if broken else fake(port), HurriedClock()
    ) as process:
        await told.until("failed")
        broken = False
        await process.start()
        await told.until("ready")


async def test_crashes_far_apart_are_forgiven(model: TrainedModel) -> None:
    told, clock = Told(), HurriedClock()

    def fifteen_seconds_pass() -> None:
        clock.skipped += 15

    told.on_ready = fifteen_seconds_pass
    async with running(model, told, clock=clock) as process:
        for times in range(1, 9):
            await told.until("ready", times)
            os.kill(pid_of(process), signal.SIGKILL)
        await told.until("ready", times=9)
    assert "failed" not in told.statuses


async def test_a_stopped_engine_is_found_by_looking(model: TrainedModel) -> None:
    told = Told()
    async with running(model, told, health_every=0.2, patience=1) as process:
        await told.until("ready")
        first = pid_of(process)
        os.kill(first, signal.SIGSTOP)
        assert "no answer" in await told.until("restarting")
        assert not psutil.pid_exists(first)
        await told.until("ready", times=2)


async def test_a_suspected_engine_is_tried_at_once_and_a_sound_one_left_alone(
    model: TrainedModel,
) -> None:
    told = Told()
    async with running(model, told, patience=1) as process:
        await told.until("ready")
        process.suspect()
        await asyncio.sleep(0.5)
        assert told.statuses == ["starting", "ready"]
        os.kill(pid_of(process), signal.SIGSTOP)
        process.suspect()
        await told.until("restarting")


async def test_an_engine_with_another_model_is_never_started(model: TrainedModel) -> None:
    model.path.write_bytes(b"Weights")
    told = Told()
    async with running(model, told) as process:
        message = await told.until("failed")
        assert "not the one that was trained here" in message
        assert told.statuses == ["starting", "failed"] and process.pid is None


async def test_a_model_changed_while_it_runs_is_found_before_the_restart(
    model: TrainedModel,
) -> None:
    told = Told()
    async with running(model, told) as process:
        await told.until("ready")
        model.path.unlink()
        os.kill(pid_of(process), signal.SIGKILL)
        assert "run fireside train" in await told.until("failed")


async def test_closing_leaves_nothing_and_may_be_done_twice(
    model: TrainedModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    told = Told()
    async with running(model, told) as process:
        await told.until("ready")
        pid = pid_of(process)
        assert list(tmp_path.glob("fireside-rasa-*"))
        os.kill(pid, signal.SIGSTOP)
        await process.close()
        assert not psutil.pid_exists(pid) and not process.ready
        assert not list(tmp_path.glob("fireside-rasa-*"))
    assert told.statuses == ["starting", "ready"]


async def test_closing_what_never_started_is_fine(model: TrainedModel) -> None:
    await RasaProcess(model, SystemClock(), Told()).close()


CONTROLLER = """
import asyncio, sys
from pathlib import Path
from config.clock import SystemClock
from dialogue.rasa_process import RasaProcess
from dialogue.training import TrainedModel

async def main(path, sha256, engine):
    process = RasaProcess(
        TrainedModel(Path(path), sha256),
        SystemClock(),
        lambda *_: None,
        lambda port: [sys.executable, engine, str(port)],
    )
    await process.start()
    await process.wait_ready()
    print(process.pid, flush=True)
    await asyncio.sleep(3600)

asyncio.run(main(*sys.argv[1:]))
"""


@pytest.mark.parametrize("stopped", [False, True])
def test_killing_the_controller_leaves_no_orphan(model: TrainedModel, stopped: bool) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", CONTROLLER, str(model.path), model.sha256, FAKE],
        stdout=subprocess.PIPE,
        cwd=CHECKOUT,
        env=os.environ | {"TMPDIR": str(model.path.parent)},
    ) as controller:
        assert controller.stdout is not None
        engine = psutil.Process(int(controller.stdout.readline()))
        if stopped:
            engine.suspend()
        controller.kill()
    engine.wait(timeout=5)
