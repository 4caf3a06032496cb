"""Hears "stop", "help" and the robot's name all the time, also while the robot speaks."""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor

from voices.word_search import WordSearch

log = logging.getLogger(__name__)


class PocketsphinxSpotter:
    """Calls `on_word` on the event loop with `stop`, `help` or `name`.

    Raises RecogniserError for a language without words, VoiceError without espeak-ng.
    """

    def __init__(self, language: str, robot_name: str, on_word: Callable[[str], None]) -> None:
        self._search = WordSearch(language, robot_name)
        self.forms: Mapping[str, frozenset[str]] = self._search.forms
        self._on_word = on_word
        self._worker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="spotter")
        self._failed = False

    def robot_speaks(self, speaks: bool) -> None:
        """Say whether the robot's own voice may reach the microphone from now on."""
        self._search.robot_speaks = speaks

    def push(self, chunk: bytes) -> None:
        """Take one chunk."""
        with contextlib.suppress(RuntimeError):  # closed meanwhile
            self._worker.submit(self._hear, chunk, asyncio.get_running_loop())

    async def close(self) -> None:
        """Free the model. Never raises; may be called twice."""
        await asyncio.to_thread(self._worker.shutdown, cancel_futures=True)

    def _hear(self, chunk: bytes, loop: asyncio.AbstractEventLoop) -> None:
        if self._failed:
            return
        try:
            words = self._search.push(chunk)
        except Exception:
            log.exception("The spotter failed and hears nothing any more; restart the program")
            self._failed = True
            return
        for word in words:
            with contextlib.suppress(RuntimeError):  # the loop has ended meanwhile
                loop.call_soon_threadsafe(self._on_word, word)
