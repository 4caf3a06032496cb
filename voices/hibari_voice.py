"""hibari: a natural English voice from a small neural network, and the English default."""

from pathlib import Path

import numpy as np
import soxr
from hibari import Hibari, dsp
from hibari.voices import voice_path

from voices.errors import VoiceError
from voices.mouth import mouth_of_phonemes
from voices.speaking import Speech, Style, Timing
from voices.timing import Span, pcm, silence, speakable, time_words, voiced_span

RATE = dsp.SR

_ENDS = b"/CumSum_output_0"
"""The node of the network that knows at which step each symbol ends. It is not among the graph's
outputs, so it is added to them when the model is loaded."""
_STEP_MS = 25
"""One step: two hops of the spectrum (measured: the sound has twice as many hops as steps)."""

_WORDS_A_MINUTE = [117, 145, 171, 198, 235, 243, 263]
_SPEEDS = [0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.2]
"""The voice's own pace, measured over everyday sentences without the silence around them."""

_GAIN = 1.8
"""Makes this voice as loud as the others: its speech lies at -24.6 dBFS, espeak's at -19.5."""

_PAUSE_MS = 250
"""Between two sentences of one text."""

_SEED = 0  # for the noise in consonants: the same text always sounds the same

_MISAKI = {
    **{"A": "eɪ", "I": "aɪ", "O": "oʊ", "Q": "əʊ", "W": "aʊ", "Y": "ɔɪ"},
    **{"T": "ɾ", "ᵊ": "ə", "ᵻ": "ɪ"},
}
"""Single letters this voice uses for what IPA writes with two, or otherwise."""
_STRESS = "ˈˌ"
_PUNCTUATION = ';:,.!?—…"()“”'

Symbol = tuple[Span, str]


class HibariVoice:
    """American English, female; phoneme times are the network's own."""

    name = "hibari"
    timing: Timing = "phoneme"
    languages = frozenset({"en"})

    def __init__(self) -> None:
        # Loading the graph from bytes is what lets us ask for one more output.
        model = Path(voice_path("heart", download_missing=False)).read_bytes()
        self._hibari = Hibari(model=_with_output(model, _ENDS))
        self.synthesise("Warm up.", Style())  # the lexicon is read at the first sentence

    def synthesise(self, text: str, style: Style) -> Speech:
        """Speak the sentence into memory, never to a device. Raises VoiceError."""
        clean = speakable(text)
        chunks = self._hibari.phonemize(clean)
        if not any(_sounds(chunk) for chunk in chunks):
            if any(letter.isalnum() for letter in clean):
                raise VoiceError("The voice hibari reads English only; use the voice espeak.")
            return silence(text, RATE, self.name, self.timing)
        sound: list[np.ndarray] = []
        symbols: list[Symbol] = []
        now = 0
        for chunk in chunks:
            if sound:
                sound.append(np.zeros(RATE * _PAUSE_MS // 1000, np.float32))
                symbols += [((now, now), "."), ((now, now + _PAUSE_MS), " ")]
                now += _PAUSE_MS
            samples, timed = self._say(chunk, style)
            sound.append(samples)
            symbols += [((now + start, now + end), symbol) for (start, end), symbol in timed]
            now += len(samples) * 1000 // RATE
        return Speech(
            text=text,
            pcm=pcm(np.concatenate(sound), _GAIN * style.volume),
            rate=RATE,
            voice=self.name,
            timing=self.timing,
            mouth=mouth_of_phonemes(_phonemes(symbols), now),
            words=time_words(clean, _groups(symbols), self._parts),
        )

    def _say(self, phonemes: str, style: Style) -> tuple[np.ndarray, list[Symbol]]:
        """Return the sound without the silence around it, and each symbol with its times in ms.

        For another pitch the network speaks slower or faster and the sound is resampled back.
        """
        speed = float(np.interp(style.rate, _WORDS_A_MINUTE, _SPEEDS)) / style.pitch
        ids = np.asarray([self._hibari.ids(phonemes)], np.int64)
        outputs = self._hibari.sess.run(None, {"ids": ids, "speed": np.asarray([speed], "f4")})
        *spectrum, ends = outputs
        samples = dsp.synth(*(part[0] for part in spectrum), np.random.default_rng(_SEED))
        if style.pitch != 1.0:
            samples = soxr.resample(samples, RATE * style.pitch, RATE)
        first, last = voiced_span(samples, RATE)
        edges = np.concatenate([[0], ends]) * _STEP_MS / style.pitch - first * 1000 / RATE
        edges = np.clip(edges, 0, (last - first) * 1000 / RATE).round().astype(int).tolist()
        known = [symbol for symbol in phonemes if symbol in self._hibari.vocab]
        # Heard in hisses and closures: a symbol sounds up to its own place in the list of ends,
        # where the pad before the first symbol takes no time.
        timed = [((edges[i], edges[i + 1]), symbol) for i, symbol in enumerate(known)]
        return samples[first:last], timed

    def _parts(self, word: str) -> int:
        return sum(len(_groups(_untimed(chunk))) for chunk in self._hibari.phonemize(word))


def _with_output(model: bytes, name: bytes) -> bytes:
    """Return an ONNX model that also puts out the named node.

    Protocol buffers of one type can be concatenated: a model that holds nothing but a graph with
    one more output (fields 7, 12 and 1: model.graph, graph.output, output.name) is appended.
    """
    for field in (1, 12, 7):
        name = bytes([field << 3 | 2, len(name)]) + name
    return model + name


def _sounds(symbols: str) -> bool:
    return any(symbol.isalpha() and symbol not in _STRESS for symbol in symbols)


def _untimed(phonemes: str) -> list[Symbol]:
    return [((0, 0), symbol) for symbol in phonemes]


def _groups(symbols: list[Symbol]) -> list[Span]:
    """Return the times of the spoken words: symbols between spaces, if there is a sound."""
    groups: list[Span] = []
    inside = False
    for (start, end), symbol in symbols:
        if _sounds(symbol):
            if inside:
                groups[-1] = (groups[-1][0], end)
            else:
                groups.append((start, end))
            inside = True
        elif symbol == " ":
            inside = False
    return groups


def _phonemes(symbols: list[Symbol]) -> list[tuple[int, str]]:
    """Return sounds as IPA: stress belongs to its vowel, punctuation is a pause."""
    sounds: list[tuple[int, str]] = []
    stressed: int | None = None
    for (start, _), symbol in symbols:
        if symbol in _STRESS:
            stressed = start
        elif symbol in _PUNCTUATION:
            sounds.append((start, ""))
        elif symbol != " ":
            sounds.append((start if stressed is None else stressed, _MISAKI.get(symbol, symbol)))
            stressed = None
    return sounds
