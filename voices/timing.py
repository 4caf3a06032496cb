"""What every voice does with its raw sound: trim the silence, set the loudness, time the words."""

import unicodedata
from collections.abc import Callable, Sequence

import numpy as np

from voices.speaking import MouthShape, Speech, SpokenWord, Timing

SILENCE = 0.003
"""Full scale 1.0; below this a block of sound is taken for silence (-50 dB)."""
_BLOCK_MS = 10
_LEAD_MS = 20
_TAIL_MS = 80

Span = tuple[int, int]
"""A start and an end in milliseconds."""


def speakable(text: str) -> str:
    """Return the text without characters that have no sound and may be commands to an engine."""
    kept = (
        " " if unicodedata.category(c) in ("Cc", "Zl", "Zp") else c
        for c in text
        if unicodedata.category(c) not in ("Cf", "Cs", "Co", "Cn")
    )
    return "".join(kept).strip()


def voiced_span(samples: np.ndarray, rate: int) -> Span:
    """Return where the sound starts and ends, in samples, with a short lead and tail."""
    block = rate * _BLOCK_MS // 1000
    blocks = samples[: len(samples) // block * block].reshape(-1, block)
    loud = np.flatnonzero(np.sqrt(np.mean(blocks**2, axis=1)) > SILENCE)
    if not len(loud):
        return 0, 0
    start = int(loud[0]) * block - rate * _LEAD_MS // 1000
    end = (int(loud[-1]) + 1) * block + rate * _TAIL_MS // 1000
    return max(start, 0), min(end, len(samples))


def pcm(samples: np.ndarray, gain: float) -> bytes:
    """Return floats of full scale 1.0 as signed 16-bit samples, louder by `gain`."""
    loud: np.ndarray = np.clip(samples * gain, -1.0, 1.0) * 32767
    return loud.astype("<i2").tobytes()


def silence(text: str, rate: int, voice: str, timing: Timing) -> Speech:
    """Return a tenth of a second of nothing: the speech of a text without a sound ("...")."""
    words = tuple(SpokenWord(0, 0, word) for word in speakable(text).split())
    return Speech(text, bytes(rate // 10 * 2), rate, voice, timing, (MouthShape(0, "X"),), words)


def share(words: Sequence[str], start_ms: int, end_ms: int) -> list[SpokenWord]:
    """Share a stretch of time among words by their length: an estimate."""
    edges = np.cumsum([0] + [len(word) + 1 for word in words])
    times = start_ms + (end_ms - start_ms) * edges / max(edges[-1], 1)
    return [SpokenWord(round(times[i]), round(times[i + 1]), word) for i, word in enumerate(words)]


def time_words(
    text: str, groups: Sequence[Span], parts: Callable[[str], int]
) -> tuple[SpokenWord, ...]:
    """Give the words of a text the times of the spoken groups they became.

    "7:30" is one word in the text and two when spoken: `parts` counts. Where the counts do not
    add up, time is shared by length.
    """
    words = text.split()
    counts = [parts(word) for word in words]
    if sum(counts) != len(groups):
        return tuple(share(words, groups[0][0], groups[-1][1]))
    timed, at, now = [], 0, 0
    for word, count in zip(words, counts, strict=True):
        start = groups[at][0] if count else now
        at += count
        now = groups[at - 1][1] if count else now
        timed.append(SpokenWord(start, now, word))
    return tuple(timed)
