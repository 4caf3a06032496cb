"""`resilience`: Rasa killed in mid-turn, a hung voice, and the stop button, many times over."""

import asyncio
import os
import random
import signal
import time
from contextlib import AsyncExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from rich.table import Table

from config.clock import SystemClock
from config.paths import CONFIG
from config.settings import load as load_settings
from dialogue.events import Event, PhraseEnded, PhraseStarted
from dialogue.loudspeakers import BodySpeaker
from dialogue.person import Person
from dialogue.rasa_process import RasaProcess
from dialogue.replies import Utterance
from dialogue.telling import Telling
from robot.bench.common import BenchError, Options, spread, surroundings
from robot.body import Body
from robot.drivers.null import NullDriver
from robot.mind import Mind, open_mind
from voices.hearing import Guess
from voices.speaking import Style
from voices.synthesis import Synthesis

KILLS = 20
HANGS = 10
STOPS = 100
READY_WITHIN = 120.0
SILENT_WITHIN = 0.3

Figures = dict[str, Any]


def run(options: Options) -> dict[str, Any]:
    """Break one part after the other and time how the rest goes on."""
    return asyncio.run(_run(options))


async def _run(options: Options) -> dict[str, Any]:
    clock, settings = SystemClock(), load_settings(CONFIG)
    person = Person.of("guest", settings.residents["guest"], settings.home.language)
    sounds = _Sounds()
    async with AsyncExitStack() as stack:
        body = Body(NullDriver(clock), clock)
        stack.push_async_callback(body.close)
        synthesis = Synthesis()
        stack.push_async_callback(synthesis.close)
        await synthesis.start(person.style)
        mouth = Telling(synthesis, BodySpeaker(body), body, clock, sounds)
        state = Path(stack.enter_context(TemporaryDirectory()))
        mind = open_mind(stack, settings, person, mouth, body, clock, sounds, state)
        if mind.rasa is None:
            raise BenchError("Rasa is not trained; run `fireside train`.")
        await mind.rasa.start()
        await mind.engine_settled.wait()
        return {
            "rasa_killed": await _kill_rasa(mind, mind.rasa, sounds, options),
            "voice_hung": await _hang_voice(synthesis, person.style, options),
            "stop": await _press_stop(mind, sounds, options),
            **surroundings(options.seed),
        }


class _Sounds:
    """Notes when a sentence starts and ends."""

    def __init__(self) -> None:
        self.started = asyncio.Event()
        self.ended = asyncio.Event()

    def __call__(self, event: Event) -> None:
        if isinstance(event, PhraseStarted):
            self.started.set()
        elif isinstance(event, PhraseEnded):
            self.ended.set()


def _said(text: str) -> Utterance:
    return Utterance((Guess(text, 1.0),), "en", "text")


async def _kill_rasa(mind: Mind, rasa: RasaProcess, sounds: _Sounds, options: Options) -> Figures:
    """Kill Rasa with a question on its way; time the answer's first sound and Rasa's return."""
    answered: list[float] = []
    back: list[float] = []
    engines: list[str] = []
    for count in range(KILLS):
        options.progress("Rasa killed", count, KILLS)
        began = time.monotonic()
        sounds.started.clear()
        turn = asyncio.create_task(mind.conversation.hear(_said("tell me a joke")))
        await asyncio.sleep(0.005)  # the question is on its way to the engine
        killed = rasa.pid or 0
        os.kill(killed, signal.SIGKILL)
        await sounds.started.wait()
        answered.append(time.monotonic() - began)
        mind.conversation.hush()
        engines.append((await turn).reply.engine)
        while not (rasa.ready and rasa.pid != killed):
            if time.monotonic() - began > READY_WITHIN:
                raise BenchError(f"Rasa did not come back within {READY_WITHIN:.0f} s.")
            await asyncio.sleep(0.05)
        back.append(time.monotonic() - began)
    return {
        "kills": KILLS,
        "answered_by": {engine: engines.count(engine) for engine in sorted(set(engines))},
        "answer_seconds": spread(answered),
        "back_seconds": spread(back),
    }


async def _hang_voice(synthesis: Synthesis, style: Style, options: Options) -> Figures:
    """Stop the voice's worker with SIGSTOP; time until a new sentence is there."""
    seconds: list[float] = []
    voices: list[str] = []
    for count in range(HANGS):
        options.progress("voice hung", count, HANGS)
        for pid in synthesis.pids().values():
            os.kill(pid, signal.SIGSTOP)
        began = time.monotonic()
        speech = await synthesis.speech(f"This is sentence number {count}, it is new.", style)
        seconds.append(time.monotonic() - began)
        voices.append(speech.voice)
    return {
        "hangs": HANGS,
        "speech_seconds": spread(seconds),
        "voices": {voice: voices.count(voice) for voice in sorted(set(voices))},
    }


async def _press_stop(mind: Mind, sounds: _Sounds, options: Options) -> Figures:
    """Press stop at a random moment of a story; time until the loudspeaker is silent."""
    chance = random.Random(options.seed)
    seconds: list[float] = []
    for count in range(STOPS):
        options.progress("stop pressed", count, STOPS)
        sounds.started.clear()
        sounds.ended.clear()
        turn = asyncio.create_task(mind.conversation.hear(_said("tell me a story")))
        await sounds.started.wait()
        await asyncio.sleep(chance.uniform(0.0, 0.8))
        sounds.ended.clear()
        began = time.monotonic()
        await mind.conversation.stop()
        await sounds.ended.wait()
        seconds.append(time.monotonic() - began)
        await turn
        resuming = asyncio.create_task(mind.conversation.resume())
        await asyncio.sleep(0.05)
        mind.conversation.hush()
        await resuming
    within = sum(1 for each in seconds if each <= SILENT_WITHIN)
    return {"stops": STOPS, "silent_within_300_ms": within, "silence_seconds": spread(seconds)}


def table(result: dict[str, Any]) -> Table:
    """Show one row a way of breaking it."""
    shown = Table("what", "times", "figure", "p50 s", "p95 s", "max s")
    rows = (
        ("Rasa killed", "rasa_killed", "kills", "answer_seconds"),
        ("Rasa back", "rasa_killed", "kills", "back_seconds"),
        ("voice hung", "voice_hung", "hangs", "speech_seconds"),
        ("stop pressed", "stop", "stops", "silence_seconds"),
    )
    for label, part, times, figure in rows:
        row = result[part][figure]
        cells = (result[part][times], figure, row["p50"], row["p95"], row["max"])
        shown.add_row(label, *(str(cell) for cell in cells))
    return shown
