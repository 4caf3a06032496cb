"""A page's microphone as the robot's ears."""

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator

import numpy as np
import soxr

from voices.hearing import CHUNK_BYTES, CHUNK_MS, SAMPLE_RATE

log = logging.getLogger(__name__)

WAITING = 10_000 // CHUNK_MS
"""Chunks that may wait while the ears are busy: ten seconds."""

SILENCE = 5_000 // CHUNK_MS
"""Chunks of silence after a microphone goes off, as long as the longest patience.

Ends of speech are found by counting samples, so words cut off in the middle would wait for ever.
"""


class BrowserMicrophone:
    """Yields what pages send, at 16 kHz; yields nothing while no page's microphone is on."""

    name = "browser"

    def __init__(self) -> None:
        self._resampler: soxr.ResampleStream | None = None
        self._rest = b""
        self._chunks: deque[bytes] = deque()
        self._more = asyncio.Event()
        self._closed = False

    def open(self, rate: int) -> None:
        """A page's microphone begins, with that many samples a second."""
        self._resampler = soxr.ResampleStream(rate, SAMPLE_RATE, 1, dtype="int16")
        self._rest = b""

    def push(self, samples: bytes) -> None:
        """Take mono s16le samples of the page. Raises ValueError for half a sample."""
        if len(samples) % 2:
            raise ValueError("A frame of sound holds whole 16-bit samples.")
        if self._resampler is None:
            return
        sound = self._resampler.resample_chunk(np.frombuffer(samples, "<i2"))
        self._rest += sound.tobytes()
        whole = len(self._rest) // CHUNK_BYTES * CHUNK_BYTES
        for start in range(0, whole, CHUNK_BYTES):
            self._append(self._rest[start : start + CHUNK_BYTES])
        self._rest = self._rest[whole:]

    def pause(self) -> None:
        """The page's microphone has gone off, or the page itself has."""
        if self._resampler is None:
            return
        self._resampler = None
        for _ in range(SILENCE):
            self._append(bytes(CHUNK_BYTES))

    async def chunks(self) -> AsyncIterator[bytes]:
        """Yield chunks of CHUNK_BYTES until it is closed."""
        while not self._closed:
            await self._more.wait()
            self._more.clear()
            while self._chunks and not self._closed:
                yield self._chunks.popleft()

    async def close(self) -> None:
        """Stop listening. Never raises; may be called twice."""
        self._closed = True
        self._more.set()

    def _append(self, chunk: bytes) -> None:
        if len(self._chunks) >= WAITING:
            self._chunks.popleft()
            log.debug("The ears are behind; 20 ms of sound are left out")
        self._chunks.append(chunk)
        self._more.set()
