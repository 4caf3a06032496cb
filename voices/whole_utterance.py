"""Listening for engines that hear an utterance as a whole, working ahead in its silences."""

import asyncio
from collections.abc import Callable
from concurrent.futures import Future

from voices.errors import RecogniserError
from voices.hearing import Recognition
from voices.level import speech_goes_on


class WholeUtterance:
    """What was heard so far, and at most one recognition of it that counts.

    `submit` has s16le sound recognised on another thread.
    """

    def __init__(self, submit: Callable[[bytes], "Future[Recognition]"]) -> None:
        self._submit = submit
        self._sound = bytearray()
        self._ahead: Future[Recognition] | None = None
        self._ahead_of = 0

    def push(self, chunk: bytes) -> None:
        """Take any whole number of chunks."""
        self._sound += chunk

    def anticipate(self) -> None:
        """Recognise what was heard so far; an earlier attempt no longer counts."""
        self._drop()
        self._ahead_of = len(self._sound)
        self._ahead = self._submit(bytes(self._sound))

    async def finish(self) -> Recognition:
        """Return what was said. Raises RecogniserError."""
        try:
            # An utterance can be cut off at its longest in the middle of a word.
            if self._ahead is None or speech_goes_on(self._sound, self._ahead_of):
                self.anticipate()
            assert self._ahead is not None
            return await asyncio.wrap_future(self._ahead)
        except RecogniserError:
            raise
        except Exception as error:  # an engine raises whatever its parts raise
            raise RecogniserError(f"The speech model failed ({error}); restart it.") from error

    def discard(self) -> None:
        """Forget everything; an attempt that has begun ends unheard."""
        self._drop()
        self._sound.clear()

    def _drop(self) -> None:
        if self._ahead is not None:
            self._ahead.cancel()
            self._ahead = None
