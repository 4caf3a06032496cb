"""Reading recorded speech: any common format and rate becomes 16 kHz mono chunks."""

from collections.abc import AsyncIterator
from pathlib import Path

import av
import av.error

from config.clock import Clock
from voices.errors import AudioFileError
from voices.hearing import CHUNK_BYTES, CHUNK_MS, SAMPLE_RATE

LONGEST_SECONDS = 120
LARGEST_FILE = 64 * 1024 * 1024
LEAD_SECONDS = 0.3
"""Silence before a recording that is played as if it were spoken now."""


def read(path: Path, longest: int = LONGEST_SECONDS) -> bytes:
    """Return the file's sound, of so many seconds at most, as 16 kHz mono s16le.

    Raises AudioFileError.
    """
    try:
        size = path.stat().st_size
        if not path.is_file():
            raise AudioFileError(f"{path.name} is not a file; name a sound file.")
    except (OSError, ValueError) as error:
        raise AudioFileError(f"{path.name!r} cannot be opened; check its name.") from error
    if size == 0:
        raise AudioFileError(f"{path.name} is empty; record it again.")
    if size > LARGEST_FILE:
        limit = LARGEST_FILE // 1024 // 1024
        raise AudioFileError(f"{path.name} is larger than {limit} MB; cut it into single turns.")
    try:
        return _decode(path, longest)
    except (av.error.FFmpegError, OSError, ValueError, MemoryError) as error:
        raise AudioFileError(
            f"{path.name} is damaged or not a sound file; convert it to WAV or FLAC."
        ) from error


def _decode(path: Path, longest: int) -> bytes:
    sound = bytearray()
    resampler = av.AudioResampler(format="s16", layout="mono", rate=SAMPLE_RATE)
    with av.open(str(path), metadata_errors="ignore") as container:
        if not container.streams.audio:
            raise AudioFileError(f"{path.name} holds no sound; name a sound file.")
        for frame in container.decode(audio=0):
            for part in resampler.resample(frame):
                sound += bytes(part.planes[0])[: part.samples * 2]
            if len(sound) > longest * SAMPLE_RATE * 2:
                raise AudioFileError(
                    f"{path.name} is longer than {longest} s; cut it into shorter parts."
                )
        for part in resampler.resample(None):
            sound += bytes(part.planes[0])[: part.samples * 2]
    if not sound:
        raise AudioFileError(f"{path.name} holds no sound; record it again.")
    return bytes(sound)


def cut(sound: bytes) -> list[bytes]:
    """Return the sound in chunks of CHUNK_BYTES, the last one filled up with silence."""
    padded = sound + bytes(-len(sound) % CHUNK_BYTES)
    return [padded[at : at + CHUNK_BYTES] for at in range(0, len(padded), CHUNK_BYTES)]


class FileMicrophone:
    """A recording that sounds as if it were spoken now, at real speed, between silences."""

    name = "recording"

    def __init__(self, sound: bytes, clock: Clock, silence_after: float = 4.0) -> None:
        quiet = bytes(CHUNK_BYTES) * int(silence_after * 1000 / CHUNK_MS)
        lead = bytes(CHUNK_BYTES) * int(LEAD_SECONDS * 1000 / CHUNK_MS)
        self._chunks = cut(lead + sound) + cut(quiet)
        self._clock = clock
        self._closed = False

    async def chunks(self) -> AsyncIterator[bytes]:
        """Yield the recording in chunks of 20 ms at the speed it was spoken."""
        began = self._clock.monotonic()
        for count, chunk in enumerate(self._chunks, start=1):
            if self._closed:
                return
            ahead = began + count * CHUNK_MS / 1000 - self._clock.monotonic()
            if ahead > 0:
                await self._clock.sleep(ahead)
            yield chunk

    async def close(self) -> None:
        """End early."""
        self._closed = True
