"""How loud a sound is: whether it can hold speech at all, and whether it goes on."""

import numpy as np
import numpy.typing as npt

from voices.hearing import SAMPLE_RATE

SHORTEST_SECONDS = 0.3
"""For anything shorter Whisper makes up a sentence ("Thank you.")."""
FAINTEST = 10 ** (-60 / 20)
"""Level of the loudest 20 ms below which nobody speaks, as a fraction of full scale."""
BLOCK = SAMPLE_RATE // 50
GOES_ON_BLOCKS = 10


def audible(samples: npt.NDArray[np.float32]) -> bool:
    """Tell whether samples from -1 to 1 are long and loud enough to be speech."""
    return len(samples) >= SHORTEST_SECONDS * SAMPLE_RATE and levels(samples).max() > FAINTEST


def speech_goes_on(sound: bytes | bytearray, at: int) -> bool:
    """Tell whether s16le sound is, after byte `at`, half as loud as before for 200 ms in all."""
    samples = np.frombuffer(bytes(sound), np.int16).astype(np.float32) / np.float32(32768)
    before, after = levels(samples[: at // 2]), levels(samples[at // 2 :])
    if not len(before):
        return len(after) > 0
    spoken = np.percentile(before, 90)  # its voiced part
    return int((after > max(float(spoken) / 2, FAINTEST)).sum()) >= GOES_ON_BLOCKS


def levels(samples: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Return the root mean square of each whole 20 ms."""
    blocks = samples[: len(samples) // BLOCK * BLOCK].reshape(-1, BLOCK)
    return np.sqrt(np.mean(blocks**2, axis=1, dtype=np.float32))
