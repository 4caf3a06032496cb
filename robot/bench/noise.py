"""Speech in noise: what a kitchen does to a recording, the same again for the same seed."""

import hashlib
from pathlib import Path

import numpy as np
import numpy.typing as npt

from voices.soundfile import read

Samples = npt.NDArray[np.float64]

LONGEST_SECONDS = 600
FRAME = 2048
"""Samples in a frame, as in Picovoice's speech-to-intent benchmark, whose measure this is."""


def noises(data: Path) -> list[bytes]:
    """Return the s16le recordings in the folder `noise`, by name. Raises AudioFileError."""
    files = sorted(path for path in (data / "noise").glob("*.*") if path.is_file())
    return [read(path, LONGEST_SECONDS) for path in files]


def mix(speech: bytes, noise: bytes, snr_db: float, draw: np.random.Generator) -> bytes:
    """Return s16le speech with a stretch of noise under it that begins at a drawn place.

    The signal-to-noise ratio is that of the loudest frame of the speech to the loudest frame of
    the stretch, so silence around the speech does not count. Over whole files it is lower:
    4.4 dB on the coffee orders in kitchen noise.
    """
    clean, endless = _samples(speech), _samples(noise)
    begin = int(draw.integers(len(endless)))
    stretch = np.resize(np.roll(endless, -begin), len(clean))
    gain = np.sqrt(_loudest(clean) / _loudest(stretch) / 10 ** (snr_db / 10))
    mixed = clean + gain * stretch
    mixed /= max(1.0, float(np.abs(mixed).max()))
    return bytes((mixed * 32767).astype("<i2").tobytes())


def generator(seed: int, *what: object) -> np.random.Generator:
    """Return chance that depends on the seed and on what it is for, not on the order of use."""
    text = ":".join(str(part) for part in (seed, *what))
    return np.random.default_rng(list(hashlib.sha256(text.encode()).digest()))


def _samples(sound: bytes) -> Samples:
    return np.frombuffer(sound, "<i2").astype(np.float64) / 32768


def _loudest(samples: Samples) -> float:
    """Return the energy of the loudest frame, never quite zero."""
    filled = np.pad(samples, (0, -len(samples) % FRAME)).reshape(-1, FRAME)
    return max(float((filled**2).sum(axis=1).max()), 1e-12)
