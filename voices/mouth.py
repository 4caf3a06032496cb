"""Mouth shapes: what a drawn or mechanical mouth shows while a sound is spoken.

The nine shapes are the common set of 2-D animation, lettered as Rhubarb Lip Sync letters them
(https://github.com/DanielSWolf/rhubarb-lip-sync#mouth-shapes), described here in our own words:

A lips closed (m, b, p) · B teeth together, lips a little open (most consonants, "ee") ·
C open ("bed") · D wide open ("father") · E a little rounded ("off", "bird") ·
F lips pushed forward ("moon", w) · G upper teeth on the lower lip (f, v) ·
H tongue up behind the teeth (l) · X at rest.
"""

import itertools
from collections.abc import Iterable

import numpy as np

from voices.speaking import MouthShape

_IPA = {
    "A": "pbmɓʘ",
    "B": "tdkgɡqcɟszʃʒʂʐɕʑçʝxɣχhɦħʔθðnɲŋɳɴjɹrɾɽʀʁɻʈɖɟʝʎʤʧʦʣʨʥiɪɨᵻɯʕ",
    "C": "eɛæəɘɐʌᵊɤ",
    "D": "aɑɶ",
    "E": "oɔɒɜɝɚɞøœɵ",
    "F": "uʊwʍyʏɥʉβɸ",
    "G": "fvʋɱⱱ",
    "H": "lɫɭʟɬɮɺ",
}
SHAPES = {symbol: shape for shape, symbols in _IPA.items() for symbol in symbols}
MARKS = frozenset("ˈˌːˑ.‿͡ʰʲʷˠˤⁿ̩̯̃̊̈̆̍̚-' |‖˞")
"""Stress, length, ties and diacritics: they change the sound, not the shape."""

_OTHER = "B"
"""A sound that is not in the table: most consonants look like this."""

SHORTEST_MS = 40
"""One frame of film: a shape shown for less is not seen."""


def shapes_of(ipa: str) -> str:
    """Return the shapes of one sound, a diphthong giving two: "aʊ" is "DF". A pause is "X"."""
    symbols = [symbol for symbol in ipa if symbol not in MARKS]
    return "".join(SHAPES.get(symbol, _OTHER) for symbol in symbols) or "X"


def mouth_of_phonemes(sounds: Iterable[tuple[int, str]], end_ms: int) -> tuple[MouthShape, ...]:
    """Turn sounds, each its start in ms and its IPA ("" is a pause), into what the mouth does.

    The first shape starts at 0 and the last, X, at `end_ms`.
    """
    timed = [(0, "X")]
    placed = [(min(max(start, 0), end_ms), ipa) for start, ipa in sounds]
    for (start, ipa), (end, _) in itertools.pairwise([*placed, (end_ms, "")]):
        shapes = shapes_of(ipa)
        step = (end - start) / len(shapes)
        timed += [(start + round(i * step), shape) for i, shape in enumerate(shapes)]
    return _calm(timed, end_ms)


def mouth_of_loudness(
    samples: np.ndarray, rate: int, step_ms: int = 2 * SHORTEST_MS
) -> tuple[MouthShape, ...]:
    """Open the mouth as wide as the sound is loud, for voices that tell nothing else.

    `samples` are floats, full scale 1.0.
    """
    step = rate * step_ms // 1000
    blocks = samples[: len(samples) // step * step].reshape(-1, step)
    loudness = np.sqrt(np.mean(blocks**2, axis=1)) if len(blocks) else np.zeros(0)
    reference = np.percentile(loudness, 90) if len(blocks) else 0.0
    if reference == 0:
        return (MouthShape(0, "X"),)
    opening = np.digitize(loudness / reference, [0.05, 0.15, 0.4, 0.8])
    timed = [(i * step_ms, "XABCD"[level]) for i, level in enumerate(opening)]
    return _calm(timed, len(samples) * 1000 // rate)


def _calm(timed: list[tuple[int, str]], end_ms: int) -> tuple[MouthShape, ...]:
    """Join equal neighbours and leave out what is too short to see."""
    calm: list[tuple[int, str]] = []
    for start, shape in [*timed, (end_ms, "X")]:
        if calm and start - calm[-1][0] < SHORTEST_MS:
            if calm[-1][1] in "AG" and shape != "X":
                start = calm[-1][0] + SHORTEST_MS  # lips that close must be seen to close
            else:
                start = calm.pop()[0]
        if not calm or calm[-1][1] != shape:
            calm.append((start, shape))
    return tuple(MouthShape(min(start, end_ms), shape) for start, shape in calm)
