"""The whole way with nothing faked: sound in, real recogniser, real Rasa, real voice, sound out."""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import numpy as np
import pytest
import soxr

from config.clock import Clock, SystemClock
from config.paths import CHECKOUT
from config.settings import load as load_settings
from dialogue.events import EngineChanged, Event, PhraseStarted, UtteranceHeard
from dialogue.loudspeakers import BodySpeaker
from dialogue.person import Person
from dialogue.telling import Telling
from dialogue.training import trained_model
from robot.body import Body
from robot.drivers.null import NullDriver
from robot.mind import open_mind
from robot.recognisers import load
from voices.ears import Ears
from voices.endpointer import Endpointer, SileroVoiceActivity
from voices.hearing import SAMPLE_RATE
from voices.models import ModelStore
from voices.soundfile import FileMicrophone, read
from voices.synthesis import Synthesis

DATA = Path(os.environ.get("FIRESIDE_DATA", CHECKOUT.parent / "shared" / "data")) / "speech"
HUMAN = DATA / "s2p-en" / "83fec94654.flac"
"""Somebody asking "what time is it" in a real room."""

pytestmark = [pytest.mark.rasa, pytest.mark.models, pytest.mark.timeout(300)]


class Corridor:
    """The robot without a body, listening to recordings at the speed they were spoken."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.answered = asyncio.Event()

    def note(self, event: Event) -> None:
        self.events.append(event)
        if isinstance(event, PhraseStarted):
            self.answered.set()

    async def open(self, stack: AsyncExitStack, state: Path, clock: Clock | None = None) -> None:
        clock, settings = clock or SystemClock(), load_settings(CHECKOUT / "config")
        self.person = Person.of("guest", settings.residents["guest"], "en")
        self.synthesis = Synthesis()
        stack.push_async_callback(self.synthesis.close)
        await self.synthesis.start(self.person.style)
        body = Body(NullDriver(clock), clock)
        stack.push_async_callback(body.close)
        mouth = Telling(self.synthesis, BodySpeaker(body), body, clock, self.note)
        self.mind = open_mind(stack, settings, self.person, mouth, body, clock, self.note, state)
        assert self.mind.rasa is not None
        await self.mind.rasa.start()
        await self.mind.engine_settled.wait()
        self.recogniser = await asyncio.to_thread(load, "whisper-tiny.en", ModelStore())
        stack.push_async_callback(self.recogniser.close)

    async def hears(self, sound: bytes) -> list[Event]:
        """Play a recording and return everything until the answer begins."""
        self.events.clear()
        self.answered.clear()
        microphone = FileMicrophone(sound, SystemClock(), silence_after=8)
        endpointer = Endpointer(SileroVoiceActivity(), self.person.patience_ms)
        ears = Ears(microphone, endpointer, self.recogniser, None, SystemClock())
        listening = asyncio.create_task(self.mind.conversation.listen(ears))
        async with asyncio.timeout(30):
            await self.answered.wait()
        self.mind.conversation.hush()
        await microphone.close()
        await listening
        return list(self.events)


@pytest.fixture(scope="module")
def needs_models() -> None:
    if trained_model() is None:
        pytest.skip("Rasa is not trained; run make setup.")
    if ModelStore().installed("whisper-tiny.en") is None:
        pytest.skip("whisper-tiny.en is not here; run make setup.")


@pytest.fixture
async def corridor(needs_models: None, tmp_path: Path) -> AsyncIterator[Corridor]:
    async with AsyncExitStack() as stack:
        opened = Corridor()
        await opened.open(stack, tmp_path)
        yield opened


async def test_speech_is_heard_understood_and_answered_aloud(corridor: Corridor) -> None:
    ready = [event for event in corridor.events if isinstance(event, EngineChanged)]
    assert ready[-1].status == "ready"
    speech = await corridor.synthesis.speech("What time is it?", corridor.person.style)
    samples = soxr.resample(np.frombuffer(speech.pcm, np.int16), speech.rate, SAMPLE_RATE)
    sounds = [samples.tobytes()] + ([read(HUMAN)] if HUMAN.exists() else [])
    for sound in sounds:
        events = await corridor.hears(sound)
        heard = next(event for event in events if isinstance(event, UtteranceHeard))
        assert "what time is it" in heard.text.lower()
        decided = next(event for event in events if type(event).__name__ == "ReplyDecided")
        assert decided.engine == "rasa"
        assert decided.intent == "ask_time"


def talk(*options: str, lines: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "robot", "talk", "--json", "--no-rasa", *options]
    return subprocess.run(command, input=lines, capture_output=True, cwd=CHECKOUT, timeout=120)


def test_talk_prints_one_object_a_line_and_nothing_else() -> None:
    done = talk("--no-audio", lines=b"hello\n\ntell me a joke\nhelp i have fallen\n")
    turns = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 0
    assert [turn["source"] for turn in turns] == ["line 1", "line 3", "line 4"]
    assert [turn["safety"] for turn in turns] == [None, None, "emergency"]
    assert set(turns[0]["timings_ms"]) == {"recognise", "understand", "synthesise", "total"}


def test_talk_refuses_what_is_no_turn_in_one_sentence_each() -> None:
    lines = b"x" * 1_000_000 + b"\n\xff\xfe\nhello\n"
    done = talk("--no-audio", lines=lines)
    assert done.returncode == 1
    assert len(done.stdout.splitlines()) == 1
    said = [line for line in done.stderr.decode().splitlines() if line.strip()]
    assert said == [
        "Line 1 is longer than 1000 characters; say it in parts.",
        "Line 2 is not UTF-8 text; save it as UTF-8.",
    ]


def test_talk_saves_speech_that_is_marked_as_made_by_a_machine(tmp_path: Path) -> None:
    done = talk("--save", str(tmp_path / "replies"), lines=b"what time is it\n")
    assert done.returncode == 0
    saved = sorted((tmp_path / "replies").glob("*.wav"))
    assert len(saved) == len(json.loads(done.stdout)["reply"])
    assert b"AI-generated" in saved[0].read_bytes()


@pytest.mark.parametrize(
    ("options", "words"),
    [(("--lang", "xx"), "--lang is one of"), (("--resident", "nobody"), "--resident is one of")],
)
def test_wrong_options_are_explained(options: tuple[str, ...], words: str) -> None:
    done = talk(*options)
    assert done.returncode == 2
    assert words in done.stderr.decode()
