"""espeak-ng spoken to directly: every language, and exact times for words and phonemes."""

import bisect
import itertools
import math
import re

import numpy as np

from voices.espeak_library import Espeak, Heard, languages
from voices.mouth import mouth_of_phonemes
from voices.speaking import Speech, SpokenWord, Style, Timing
from voices.timing import pcm, share, silence, speakable, voiced_span

VARIANTS = {"en": "en-us", "de": "de", "fr": "fr", "it": "it", "es": "es", "nl": "nl"}
"""The voice for each language; any other language is spoken by the library's voice of that name."""

_PACE = 0.72
"""The library's rate for one word a minute: at its own 160 it speaks 222 everyday English words
a minute (measured without the silence around sentences, straight from 100 to 240)."""

_GAIN = 1.0


def rate_of(words_a_minute: int) -> int:
    """Return the library's rate, between its slowest and what can still be understood."""
    return min(max(round(words_a_minute * _PACE), 80), 300)


def pitch_of(factor: float) -> int:
    """Return the library's pitch, 0 to 99: 50 is the voice's own, 50 more an octave."""
    return min(max(round(50 + 50 * math.log2(factor)), 0), 99)


class EspeakVoice:
    """A formant voice: plain but clear, tiny and quick."""

    name = "espeak"
    timing: Timing = "phoneme"
    languages = languages()

    def __init__(self) -> None:
        self._espeak = Espeak()

    def synthesise(self, text: str, style: Style) -> Speech:
        """Speak the sentence into memory, never to a device. Raises VoiceError."""
        clean = speakable(text)
        heard = self._espeak.speak(
            clean,
            VARIANTS.get(style.language, style.language),
            rate_of(style.rate),
            pitch_of(style.pitch),
        )
        rate = self._espeak.rate
        samples = np.frombuffer(heard.pcm, "<i2").astype(np.float32) / 32768
        first, last = voiced_span(samples, rate)
        if not last or not any(ipa for _, ipa in heard.phonemes):
            return silence(text, rate, self.name, self.timing)
        lead, end = first * 1000 // rate, (last - first) * 1000 // rate
        sounds = [(start - lead, ipa) for start, ipa in heard.phonemes]
        return Speech(
            text=text,
            pcm=pcm(samples[first:last], _GAIN * style.volume),
            rate=rate,
            voice=self.name,
            timing=self.timing,
            mouth=mouth_of_phonemes(sounds, end),
            words=_words(clean, heard, lead, end),
        )


def _words(text: str, heard: Heard, lead: int, end: int) -> tuple[SpokenWord, ...]:
    """Time the words by the library's events.

    Words it speaks as one ("in the") have one event and share its time by their length; a word
    with several ("7:30") lasts until the next word's first.
    """
    words = text.split()
    beginnings = [match.start() for match in re.finditer(r"\S+", text)]
    starts = {0: 0}
    latest = 0
    for start, character in heard.words:  # in other scripts the positions may step back
        latest = max(latest, bisect.bisect_right(beginnings, character) - 1)
        starts.setdefault(latest, min(max(start - lead, 0), end))
    edges = [*starts.items(), (len(words), end)]
    return tuple(
        word
        for (first, start), (last, stop) in itertools.pairwise(edges)
        for word in share(words[first:last], start, stop)
    )
