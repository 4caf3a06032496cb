"""The client, against a small real server with Rasa's route."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from dialogue.errors import StageError
from dialogue.flows import Flows
from dialogue.phrasebook import KEYS
from dialogue.rasa_client import RasaDialogue
from dialogue.rasa_process import Endpoint
from dialogue.replies import Action, Utterance
from voices.hearing import Guess

TOKEN = "token for tests"
FLOWS = Flows.load(core_keys=KEYS)


class Running:
    """An engine that is simply there, and remembers having been suspected."""

    def __init__(self, endpoint: Endpoint | None) -> None:
        self.endpoint = endpoint
        self.suspected = 0

    def suspect(self) -> None:
        self.suspected += 1


@pytest.fixture
def child() -> Iterator[tuple[subprocess.Popen[bytes], Endpoint]]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    fake = str(Path(__file__).with_name("fake_engine.py"))
    with subprocess.Popen(
        [sys.executable, "-I", "-S", fake, str(port)], env={"FIRESIDE_RASA_TOKEN": TOKEN}
    ) as process:
        for _ in range(500):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.02)
        yield process, Endpoint(f"http://127.0.0.1:{port}/webhooks/fireside/turn", TOKEN)
        process.kill()


@pytest.fixture
def running(child: tuple[subprocess.Popen[bytes], Endpoint]) -> Running:
    return Running(child[1])


@asynccontextmanager
async def asking(engine: Running, timeout: float = 3.0) -> AsyncIterator[RasaDialogue]:
    dialogue = RasaDialogue(engine, FLOWS, timeout)
    try:
        yield dialogue
    finally:
        await dialogue.close()
        await dialogue.close()


def said(text: str) -> Utterance:
    return Utterance((Guess(text, 1.0),), "en", "text")


async def fault(engine: Running, text: str, timeout: float = 3.0) -> StageError:
    async with asking(engine, timeout) as dialogue:
        with pytest.raises(StageError) as caught:
            await dialogue.decide(said(text), "talk", None)
    assert caught.value.stage == "understand"
    assert text not in caught.value.message
    return caught.value


async def test_an_answer_becomes_a_decision(running: Running) -> None:
    async with asking(running) as dialogue:
        decision = await dialogue.decide(said("hello"), "talk", None)
    assert (decision.engine, decision.intent, decision.confidence) == ("rasa", "greet", 0.9)
    assert decision.step == FLOWS.begins["greet"] and decision.do == ()
    assert decision.ranking == (("greet", 0.9),)


@pytest.mark.parametrize(
    ("text", "step", "do"),
    [
        ("louder", FLOWS.begins["louder"], (Action("louder"),)),
        ("twice", FLOWS.begins["introduce"], ()),
        ("bingo", FLOWS.begins["greet"], (Action("start_activity", "bingo"),)),
        ("unknown step", FLOWS.begins["tell_joke"], ()),
    ],
)
async def test_saying_and_doing(
    running: Running, text: str, step: str, do: tuple[Action, ...]
) -> None:
    async with asking(running) as dialogue:
        decision = await dialogue.decide(said(text), "talk", None)
    assert decision.step == step and decision.do == do


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("fail", "refused"),
        ("babble", "bad_answer"),
        ("strange", "bad_answer"),
        ("say nothing", "no_decision"),
        ("crash", "unreachable"),
    ],
)
async def test_every_failure_is_a_stage_error(running: Running, text: str, code: str) -> None:
    assert (await fault(running, text)).code == code


async def test_no_engine_no_waiting() -> None:
    assert (await fault(Running(None), "hello")).code == "not_ready"


async def test_a_wrong_token_is_refused(running: Running) -> None:
    assert running.endpoint is not None
    assert (
        await fault(Running(Endpoint(running.endpoint.url, "wrong")), "hello")
    ).code == "refused"


async def test_a_hanging_engine_costs_the_timeout_and_is_suspected(running: Running) -> None:
    began = time.monotonic()
    assert (await fault(running, "hang", timeout=0.3)).code == "timeout"
    assert time.monotonic() - began < 2
    assert running.suspected == 1


async def test_a_stopped_engine_is_suspected(
    child: tuple[subprocess.Popen[bytes], Endpoint],
) -> None:
    process, endpoint = child
    engine = Running(endpoint)
    os.kill(process.pid, signal.SIGSTOP)
    assert (await fault(engine, "hello", timeout=0.3)).code == "timeout"
    assert engine.suspected == 1


@pytest.mark.parametrize("text", ["\ud800", "a" * 100_000, "\x00", "", "👵 « grüß »"])
async def test_any_text_can_be_asked(running: Running, text: str) -> None:
    async with asking(running) as dialogue:
        assert (await dialogue.decide(said(text), "talk", None)).step == FLOWS.begins["greet"]
