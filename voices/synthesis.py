"""From a sentence to sound, whatever happens to a voice on the way."""

import asyncio
import contextlib
import logging
from collections import OrderedDict
from collections.abc import Iterable

from voices.errors import VoiceError
from voices.speaking import Speech, Style
from voices.table import VOICES, voices_for
from voices.worker_process import WorkerLostError, WorkerProcess

log = logging.getLogger(__name__)

LONGEST = 2_000
"""Characters in one sentence: about two minutes of speech."""
CACHE_BYTES = 32 * 2**20
"""About eleven minutes of speech."""


class SpeechCache:
    """Speech that was synthesised before; what was not used for longest goes first."""

    def __init__(self, limit: int = CACHE_BYTES) -> None:
        self._limit = limit
        self._size = 0
        self._speeches: OrderedDict[tuple[str, Style], Speech] = OrderedDict()

    def get(self, text: str, style: Style) -> Speech | None:
        """Return the speech of exactly this text in this style, if it is still here."""
        speech = self._speeches.get((text, style))
        if speech:
            self._speeches.move_to_end((text, style))
        return speech

    def put(self, text: str, style: Style, speech: Speech) -> None:
        """Keep a speech, and forget old ones until all fit."""
        replaced = self._speeches.pop((text, style), None)
        self._size += len(speech.pcm) - (len(replaced.pcm) if replaced else 0)
        self._speeches[text, style] = speech
        while self._size > self._limit:
            _, oldest = self._speeches.popitem(last=False)
            self._size -= len(oldest.pcm)


class Synthesis:
    """Speaks with the best voice that works; workers start on demand and stay warm."""

    def __init__(self, cache_bytes: int = CACHE_BYTES) -> None:
        self._workers = {name: WorkerProcess(name) for name in VOICES}
        self._cache = SpeechCache(cache_bytes)
        self._kept: dict[tuple[str, str], Speech] = {}
        self._running: set[asyncio.Task[Speech]] = set()

    async def start(self, style: Style) -> None:
        """Load a style's voice and the one that stands in for it. Raises VoiceError."""
        workers = [self._workers[name] for name in voices_for(style) if name in self._workers][:2]
        results = await asyncio.gather(*(w.start() for w in workers), return_exceptions=True)
        if isinstance(results[0], BaseException):
            raise results[0]

    async def speech(self, text: str, style: Style) -> Speech:
        """Return the sentence as sound: from the cache, the style's voice or the next best.

        A caller that is cancelled does not disturb the worker; the sound then goes to the cache.
        Raises VoiceError when no voice can speak it.
        """
        if len(text) > LONGEST:
            raise VoiceError(
                f"This text is too long for one sentence: {len(text)} characters, "
                f"at most {LONGEST}. Split it."
            )
        if cached := self._cache.get(text, style):
            return cached
        task = asyncio.create_task(self._speak(text, style))
        self._running.add(task)
        task.add_done_callback(self._finished)
        return await asyncio.shield(task)

    async def warm(self, sentences: Iterable[str], style: Style) -> None:
        """Have sentences spoken ahead and keep them, for when nothing else works.

        Waits for the style's voice to load. A sentence that fails is left out, with a warning.
        """
        with contextlib.suppress(VoiceError):  # the next best voice then speaks them
            await self.start(style)
        for sentence in sentences:
            try:
                self._kept[sentence, style.language] = await self.speech(sentence, style)
            except VoiceError as problem:
                log.warning("A sentence could not be spoken ahead: %s", problem)

    def cached(self, text: str, style: Style) -> Speech | None:
        """Return the sentence if it can be had at once, if need be in another style."""
        return self._cache.get(text, style) or self._kept.get((text, style.language))

    def pids(self) -> dict[str, int]:
        """Return the process id of each voice that has a worker now."""
        return {name: worker.pid for name, worker in self._workers.items() if worker.pid}

    async def close(self) -> None:
        """End all workers. Never raises; may be called twice."""
        for task in list(self._running):
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)
        for worker in self._workers.values():
            await worker.close()

    def _finished(self, task: asyncio.Task[Speech]) -> None:
        self._running.discard(task)
        if not task.cancelled():
            task.exception()  # seen, also if whoever asked was cancelled meanwhile

    async def _speak(self, text: str, style: Style) -> Speech:
        problems: list[str] = []
        for name in voices_for(style):
            try:
                speech = await self._try(name, text, style)
            except VoiceError as problem:
                problems.append(str(problem))
                log.warning("The voice %s did not speak: %s", name, problem)
            else:
                self._cache.put(text, style, speech)
                return speech
        if kept := self.cached(text, style):
            return kept
        raise VoiceError(f"No voice can speak this sentence. {' '.join(problems)}")

    async def _try(self, name: str, text: str, style: Style) -> Speech:
        """Ask a voice, and once more if its worker was lost."""
        if name not in self._workers:
            known = ", ".join(VOICES)
            raise VoiceError(f"There is no voice called {name}. The voices are: {known}.")
        try:
            return await self._workers[name].speech(text, style)
        except WorkerLostError as problem:
            log.warning("%s", problem)
            return await self._workers[name].speech(text, style)
