"""`latency`: from the last sample of speech to the first sample of the answer, at real speed."""

import asyncio
import random
from contextlib import AsyncExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from rich.table import Table

from config.clock import SystemClock
from config.paths import CONFIG
from config.settings import load as load_settings
from dialogue.events import Event, PhraseStarted, SpeechEnded, TurnEnded
from dialogue.loudspeakers import BodySpeaker
from dialogue.person import Person
from dialogue.telling import Telling
from robot.bench.common import Options, Recording, recordings, spread, surroundings
from robot.body import Body
from robot.drivers.null import NullDriver
from robot.mind import Mind, open_mind
from robot.recognisers import choose, load
from voices.ears import Ears
from voices.endpointer import Endpointer, SileroVoiceActivity
from voices.hearing import CHUNK_MS, SAMPLE_RATE, Recogniser
from voices.models import ModelStore
from voices.soundfile import LEAD_SECONDS, FileMicrophone, read
from voices.synthesis import Synthesis

MOST = 40
"""Recordings measured, drawn with the seed: each takes its own length and more."""
LONGEST_WAIT = 10.0
"""Seconds of silence after a recording in which an answer must begin."""
STAGES = ("patience", "recognise", "understand", "synthesise", "start", "gap", "beyond_patience")


def run(options: Options) -> dict[str, Any]:
    """Play recordings of one language into the corridor and time the answers."""
    settings = load_settings(CONFIG)
    person = Person.of("guest", settings.residents["guest"], settings.home.language)
    entries = [e for e in recordings(options.data) if e.text and e.language == person.language]
    random.Random(options.seed).shuffle(entries)
    return asyncio.run(_Run(options, person).measure(entries[:MOST]))


class _Run:
    def __init__(self, options: Options, person: Person) -> None:
        self._options = options
        self._person = person
        self._clock = SystemClock()
        self._moments: dict[type[Event], float] = {}
        self._stages: dict[str, float] = {}
        self._answered = asyncio.Event()
        self._over = asyncio.Event()

    async def measure(self, entries: list[Recording]) -> dict[str, Any]:
        settings, store = load_settings(CONFIG), ModelStore()
        turns: list[dict[str, float]] = []
        async with AsyncExitStack() as stack:
            body = Body(NullDriver(self._clock), self._clock)
            stack.push_async_callback(body.close)
            synthesis = Synthesis()
            stack.push_async_callback(synthesis.close)
            await synthesis.start(self._person.style)
            mouth = Telling(synthesis, BodySpeaker(body), body, self._clock, self._note)
            state = Path(stack.enter_context(TemporaryDirectory()))
            mind = open_mind(
                stack, settings, self._person, mouth, body, self._clock, self._note, state
            )
            if mind.rasa is not None:
                await mind.rasa.start()
            await mind.engine_settled.wait()
            choice = choose(self._person.language, settings.robot.recogniser, store)
            recogniser = await asyncio.to_thread(load, choice.model, store)
            stack.push_async_callback(recogniser.close)
            for done, entry in enumerate(entries):
                self._options.progress(entry.set, done, len(entries))
                turn = await self._turn(mind, recogniser, read(self._options.data / entry.file))
                if turn is not None:
                    turns.append(turn)
        return {
            "recogniser": choice.model,
            "patience_ms": self._person.patience_ms,
            "recordings": len(entries),
            "unanswered": len(entries) - len(turns),
            "ms": {stage: spread([turn[stage] for turn in turns]) for stage in STAGES},
            **surroundings(self._options.seed),
        }

    def _note(self, event: Event) -> None:
        self._moments.setdefault(type(event), self._clock.monotonic())
        match event:
            case PhraseStarted():
                self._answered.set()
            case TurnEnded(timings_ms=stages):
                self._stages = stages
                self._over.set()

    async def _turn(
        self, mind: Mind, recogniser: Recogniser, sound: bytes
    ) -> dict[str, float] | None:
        """Play one recording; None where no speech was found or nothing was answered."""
        self._moments = {}
        self._answered.clear()
        self._over.clear()
        microphone = FileMicrophone(sound, self._clock, silence_after=LONGEST_WAIT)
        endpointer = Endpointer(SileroVoiceActivity(), self._person.patience_ms)
        ears = Ears(microphone, endpointer, recogniser, None, self._clock)
        began = self._clock.monotonic()
        listening = asyncio.create_task(mind.conversation.listen(ears))
        answered = asyncio.create_task(self._answered.wait())
        await asyncio.wait({listening, answered}, return_when=asyncio.FIRST_COMPLETED)
        answered.cancel()
        mind.conversation.hush()
        await microphone.close()
        await listening
        if not self._answered.is_set():
            return None
        await self._over.wait()
        last_sample = began + LEAD_SECONDS + end_of_speech(sound)
        gap = (self._moments[PhraseStarted] - last_sample) * 1000
        return {
            **self._stages,
            "patience": (self._moments[SpeechEnded] - last_sample) * 1000,
            "gap": gap,
            "beyond_patience": gap - self._person.patience_ms,
        }


def end_of_speech(sound: bytes) -> float:
    """Return the second at which the last frame ends that is within 30 dB of the loudest.

    Voice activity detection is left out on purpose: it is part of what is measured.
    """
    frame = SAMPLE_RATE * CHUNK_MS // 1000
    samples = np.frombuffer(sound, np.int16).astype(float)
    frames = samples[: len(samples) // frame * frame].reshape(-1, frame)
    loudness = np.sqrt((frames**2).mean(axis=1))
    return float(np.flatnonzero(loudness >= loudness.max() / 10**1.5)[-1] + 1) * CHUNK_MS / 1000


def table(result: dict[str, Any]) -> Table:
    """Show one row a stage."""
    title = f"{result['recogniser']}, patience {result['patience_ms']} ms"
    shown = Table("stage", "p50 ms", "p95 ms", "max ms", title=title)
    for stage, row in result["ms"].items():
        shown.add_row(stage, *(str(row.get(figure)) for figure in ("p50", "p95", "max")))
    return shown
