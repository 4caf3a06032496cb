"""The machine's own loudspeaker."""

import asyncio
import logging
from collections.abc import Callable
from typing import Any

import numpy as np
import soxr

from voices import portaudio
from voices.errors import DeviceError
from voices.speaking import Played, Speech

log = logging.getLogger(__name__)

LATENCY = 0.04
"""Seconds of sound handed to the device ahead: what `stop` cannot take back gently."""
FADE_MS = 5
"""Short enough to be silent at once, long enough not to click."""
STOP_SECONDS = 0.08
"""After this a stopped device loses what it still holds."""
LOST_SECONDS = 1.5
"""A device that asks for no sound for so long is gone."""

_NOTHING = np.zeros((0, 1), np.int16)


class SoundDeviceSpeaker:
    """Plays through PortAudio, at the volume the voice gave."""

    def __init__(self, device: portaudio.Device = None) -> None:
        self.name = f"loudspeaker {device}" if device is not None else "loudspeaker"
        self._device = device
        self._playback: _Playback | None = None
        self._turn = asyncio.Lock()

    async def play(self, speech: Speech, on_start: Callable[[], None]) -> Played:
        """Play and return when it ended; `on_start` is called as the first sample leaves.

        Raises DeviceError when there is no way to make sound.
        """
        async with self._turn:
            playback = self._playback = _Playback(speech, on_start)
            try:
                await asyncio.to_thread(playback.open, self._device)
                await playback.ended()
            finally:
                self._playback = None
                await asyncio.shield(asyncio.to_thread(playback.close))
            return playback.played()

    def stop(self) -> None:
        """Be silent within 100 ms. `play` then returns with complete=False."""
        if self._playback:
            self._playback.stop()

    async def close(self) -> None:
        """Let go of the device. Never raises; may be called twice."""
        self.stop()
        async with self._turn:
            pass


class _Playback:
    """One speech on its way to the device; `_fill` runs on PortAudio's thread."""

    def __init__(self, speech: Speech, on_start: Callable[[], None]) -> None:
        self._speech = speech
        self._on_start = on_start
        self._loop = asyncio.get_running_loop()
        self._end: asyncio.Future[None] = self._loop.create_future()
        self._stream: Any = None
        self._samples = np.zeros((0, 1), np.int16)
        self._rate = speech.rate
        self._at = 0  # frames handed to the device
        self._blocks = 0
        self._stopping = False
        self._over = False

    def open(self, device: portaudio.Device) -> None:
        self._stream = portaudio.open_stream(
            "output",
            device,
            self._speech.rate,
            self._prepare,
            latency=LATENCY,
            finished_callback=self._finished,
        )

    def close(self) -> None:
        if self._stream:
            portaudio.close_stream(self._stream)

    def stop(self) -> None:
        self._stopping = True
        self._loop.call_later(STOP_SECONDS, self._finish)

    async def ended(self) -> None:
        """Wait for the last sample to leave, and see to it that the device takes any."""
        blocks = -1
        while not self._end.done():
            await asyncio.wait([self._end], timeout=LOST_SECONDS)
            if self._blocks == blocks:
                self._lose()
            blocks = self._blocks
        self._end.result()

    def played(self) -> Played:
        return Played(self._at == len(self._samples), self._at / self._rate)

    def _prepare(self, rate: int, channels: int) -> Callable[..., None]:
        samples = np.frombuffer(self._speech.pcm, "<i2")
        if rate != self._rate:
            samples = soxr.resample(samples, self._rate, rate)
        self._samples = np.repeat(samples[:, None], channels, axis=1)
        self._rate = rate
        return self._fill

    def _fill(self, out: Any, frames: int, time: Any, status: Any) -> None:
        block = self._samples[self._at : self._at + frames] if not self._over else _NOTHING
        if self._stopping and not self._over:
            block = _faded(block, self._rate * FADE_MS // 1000) if self._at else _NOTHING
        sound = block.tobytes()
        out[: len(sound)] = sound
        out[len(sound) :] = bytes(len(out) - len(sound))
        delay = min(max(time.outputBufferDacTime - time.currentTime, 0.0), LOST_SECONDS)
        if self._blocks == 0:
            self._loop.call_soon_threadsafe(self._loop.call_later, delay, self._on_start)
        self._blocks += 1
        self._at += len(block)
        if not self._over and (self._stopping or self._at == len(self._samples)):
            self._over = True
            delay += len(block) / self._rate
            self._loop.call_soon_threadsafe(self._loop.call_later, delay, self._finish)

    def _finished(self) -> None:
        """PortAudio has ended the stream; unless we did, the device is gone."""
        self._loop.call_soon_threadsafe(self._lose)

    def _finish(self) -> None:
        if not self._end.done():
            self._end.set_result(None)

    def _lose(self) -> None:
        if not self._end.done():
            self._end.set_exception(
                DeviceError("The loudspeaker takes no sound any more; plug it in again.")
            )


def _faded(block: np.ndarray, frames: int) -> np.ndarray:
    """Return the first frames of a block, growing softer to nothing."""
    block = block[:frames]
    fade: np.ndarray = block * np.linspace(1, 0, len(block))[:, None]
    return fade.astype(np.int16)
