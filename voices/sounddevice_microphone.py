"""The machine's own microphone."""

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator, Callable
from typing import Any

import numpy as np
import soxr

from voices import portaudio
from voices.errors import DeviceError
from voices.hearing import CHUNK_BYTES, CHUNK_MS, SAMPLE_RATE

log = logging.getLogger(__name__)

HELD_SECONDS = 5.0
"""Sound kept for a program that is busy; after that the oldest is dropped."""
LOST_SECONDS = 2.0
"""A device that gives no sound for so long is gone."""


class SoundDeviceMicrophone:
    """Listens through PortAudio; resampled where the device cannot do 16 kHz."""

    def __init__(self, device: portaudio.Device = None, held: float = HELD_SECONDS) -> None:
        self.name = f"microphone {device}" if device is not None else "microphone"
        self.dropped = 0
        """Chunks lost because nobody took them in time."""
        self._device = device
        self._chunks: deque[bytes] = deque(maxlen=round(held * 1000) // CHUNK_MS)
        self._rest = b""
        self._arrived = asyncio.Event()
        self._closed = False
        self._lost = False

    async def chunks(self) -> AsyncIterator[bytes]:
        """Yield chunks of CHUNK_BYTES until the source is closed.

        Raises DeviceError when the device is missing or is unplugged.
        """
        loop = asyncio.get_running_loop()

        def finished() -> None:  # PortAudio has ended the stream: the device is gone
            loop.call_soon_threadsafe(self._lose)

        stream = await asyncio.to_thread(
            portaudio.open_stream,
            "input",
            self._device,
            SAMPLE_RATE,
            lambda rate, channels: _callback(rate, channels, loop, self._push),
            finished_callback=finished,
        )
        try:
            while not self._closed:
                if self._chunks:
                    yield self._chunks.popleft()
                else:
                    await self._more()
        finally:
            await asyncio.to_thread(portaudio.close_stream, stream)

    async def close(self) -> None:
        """Stop listening. Never raises; may be called twice."""
        self._closed = True
        self._arrived.set()

    async def _more(self) -> None:
        self._arrived.clear()
        try:
            async with asyncio.timeout(LOST_SECONDS):
                await self._arrived.wait()
        except TimeoutError:
            self._lost = True
        if self._lost and not self._closed:
            raise DeviceError(f"The {self.name} gives no sound any more; plug it in again.")

    def _push(self, sound: bytes) -> None:
        self._rest += sound
        while len(self._rest) >= CHUNK_BYTES:
            if len(self._chunks) == self._chunks.maxlen:
                if self.dropped % len(self._chunks) == 0:
                    log.warning("The program is too busy to listen; the oldest sound is dropped.")
                self.dropped += 1
            self._chunks.append(self._rest[:CHUNK_BYTES])
            self._rest = self._rest[CHUNK_BYTES:]
        self._arrived.set()

    def _lose(self) -> None:
        self._lost = True
        self._arrived.set()


def _callback(
    rate: int, channels: int, loop: asyncio.AbstractEventLoop, push: Callable[[bytes], None]
) -> Callable[..., None]:
    """Return PortAudio's callback: one channel, at our rate, to the event loop."""
    resampler = soxr.ResampleStream(rate, SAMPLE_RATE, 1, dtype="int16")

    def receive(sound: Any, frames: int, time: Any, status: Any) -> None:
        samples = np.frombuffer(sound, "<i2")[::channels]
        if rate != SAMPLE_RATE:
            samples = resampler.resample_chunk(np.ascontiguousarray(samples))
        loop.call_soon_threadsafe(push, samples.tobytes())

    return receive
