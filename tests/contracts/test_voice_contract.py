"""What every voice in the table promises, asked of its real worker process."""

import itertools
import json
import subprocess
import sys
from collections.abc import Iterator

import numpy as np
import pytest

from config.paths import CHECKOUT
from voices.errors import VoiceError
from voices.speaking import Speech, Style
from voices.table import VOICES
from voices.worker import request, speech_of

SENTENCES = {
    "en": "Good morning, would you like a cup of tea before we go for a walk?",
    "de": "Guten Morgen, möchten Sie eine Tasse Tee, bevor wir spazieren gehen?",
    "fr": "Bonjour, voulez-vous une tasse de thé avant notre promenade ?",
    "it": "Buongiorno, vuole una tazza di tè prima di fare una passeggiata?",
    "es": "Buenos días, ¿quiere una taza de té antes de salir a pasear?",
    "nl": "Goedemorgen, wilt u een kopje thee voordat we gaan wandelen?",
}
EVERY = [("hibari", "en")] + [(v, lang) for v in ("espeak", "pyttsx3") for lang in SENTENCES]
HOSTILE = [
    "",
    " ",
    "...",
    "?!",
    "🙂",
    "👩‍👩‍👧",
    "\x00",
    "a\x00b",
    "\x0150P louder \x01",
    "<speak><mark name='x'/>hello</speak>",
    "[[h@l'oU]] &amp; &#0; %s {}",
    "Привет 你好 مرحبا",
    "\ud83d",
    "\u202eolleh",
    "e" + "\u0301" * 200,
    "1" * 300,
    "word " * 100,
    "x" * 2000,
    "\r\n{}\n",
]


class Worker:
    """A worker process spoken to directly, so that its standard output is seen as it is."""

    def __init__(self, name: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "voices.worker", name],
            cwd=CHECKOUT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        assert self._line() == {"ready": True}

    def speech(self, text: str, style: Style) -> Speech:
        assert self.process.stdin and self.process.stdout
        self.process.stdin.write(request(text, style))
        self.process.stdin.flush()
        fields = self._line()
        if "error" in fields:
            raise VoiceError(fields["error"])
        return speech_of(fields, self.process.stdout.read(fields["bytes"]))

    def close(self) -> bytes:
        """End standard input, wait, and return what else was written."""
        rest, _ = self.process.communicate(timeout=10)
        return rest

    def _line(self) -> dict:
        assert self.process.stdout
        return json.loads(self.process.stdout.readline())


@pytest.fixture(scope="module")
def workers() -> Iterator[dict[str, Worker]]:
    running = {name: Worker(name) for name in VOICES}
    yield running
    rests = {name: worker.close() for name, worker in running.items()}
    assert set(rests.values()) == {b""}, f"more than answers: {rests}"
    assert {worker.process.returncode for worker in running.values()} == {0}


def loudness(speech: Speech) -> float:
    samples = np.frombuffer(speech.pcm, "<i2") / 32768
    return float(np.sqrt(np.mean(samples**2)))


def fundamental(speech: Speech) -> float:
    """Median pitch in Hz, by autocorrelation of the loud parts."""
    samples = np.frombuffer(speech.pcm, "<i2") / 32768
    size = speech.rate // 20
    found = []
    for block in samples[: len(samples) // size * size].reshape(-1, size):
        likeness = np.correlate(block, block, "full")[size - 1 :]
        if likeness[0] < size * 1e-3:
            continue
        lags = slice(speech.rate // 400, speech.rate // 60)
        lag = lags.start + int(np.argmax(likeness[lags]))
        if likeness[lag] > 0.5 * likeness[0]:
            found.append(speech.rate / lag)
    return float(np.median(found))


@pytest.mark.parametrize(("name", "language"), EVERY)
def test_a_sentence_is_spoken(workers: dict[str, Worker], name: str, language: str) -> None:
    text = SENTENCES[language]
    speech = workers[name].speech(text, Style(language))
    assert (speech.text, speech.voice) == (text, name)
    assert speech.timing in ("phoneme", "word", "estimate")
    assert 0.15 < speech.duration / len(text.split()) < 0.8
    assert 0.02 < loudness(speech) < 0.3
    start = np.frombuffer(speech.pcm, "<i2")[: speech.rate // 10]
    assert np.abs(start).max() > 300, "the sentence begins with silence"


@pytest.mark.parametrize(("name", "language"), EVERY)
def test_words_have_their_times(workers: dict[str, Worker], name: str, language: str) -> None:
    text = SENTENCES[language]
    speech = workers[name].speech(text, Style(language))
    assert [word.text for word in speech.words] == text.split()
    times = [time for word in speech.words for time in (word.start_ms, word.end_ms)]
    assert times == sorted(times)
    assert times[0] < 150
    assert speech.duration * 1000 - 250 < times[-1] <= round(speech.duration * 1000)


@pytest.mark.parametrize(("name", "language"), EVERY)
def test_the_mouth_moves_and_comes_to_rest(
    workers: dict[str, Worker], name: str, language: str
) -> None:
    speech = workers[name].speech(SENTENCES[language], Style(language))
    starts = [shape.start_ms for shape in speech.mouth]
    assert starts[0] == 0
    assert all(later - earlier >= 35 for earlier, later in itertools.pairwise(starts))
    assert starts[-1] <= speech.duration * 1000
    assert speech.mouth[-1].shape == "X"
    assert {shape.shape for shape in speech.mouth} <= set("ABCDEFGHX")
    assert len({shape.shape for shape in speech.mouth}) >= 4


@pytest.mark.parametrize("name", VOICES)
def test_volume_is_real(workers: dict[str, Worker], name: str) -> None:
    loud = workers[name].speech(SENTENCES["en"], Style(volume=0.8))
    soft = workers[name].speech(SENTENCES["en"], Style(volume=0.4))
    assert loudness(soft) / loudness(loud) == pytest.approx(0.5, rel=0.05)


def test_voices_are_equally_loud(workers: dict[str, Worker]) -> None:
    levels = [loudness(worker.speech(SENTENCES["en"], Style())) for worker in workers.values()]
    assert max(levels) / min(levels) < 1.5


@pytest.mark.parametrize("name", VOICES)
@pytest.mark.parametrize("rate", [130, 160, 200])
def test_rate_is_words_a_minute(workers: dict[str, Worker], name: str, rate: int) -> None:
    texts = [
        "Your tea will be served in the dining room in about ten minutes.",
        "I am a robot, and I live here to keep you company.",
        "Please take your coat, because it is raining outside.",
    ]
    speeches = [workers[name].speech(text, Style(rate=rate)) for text in texts]
    minutes = sum(speech.duration for speech in speeches) / 60
    assert len(" ".join(texts).split()) / minutes == pytest.approx(rate, rel=0.15)


@pytest.mark.parametrize("name", VOICES)
def test_pitch_is_real_and_keeps_the_pace(workers: dict[str, Worker], name: str) -> None:
    own = workers[name].speech(SENTENCES["en"], Style())
    high = workers[name].speech(SENTENCES["en"], Style(pitch=1.2))
    assert fundamental(high) / fundamental(own) == pytest.approx(1.2, rel=0.08)
    assert high.duration == pytest.approx(own.duration, rel=0.12)


@pytest.mark.parametrize("name", ["hibari", "espeak"])
def test_times_are_those_of_the_sound(workers: dict[str, Worker], name: str) -> None:
    """Each word begins with a hiss and ends with a vowel, and the sound agrees."""
    speech = workers[name].speech("Sue, Sue, Sue, Sue.", Style())
    assert speech.timing == "phoneme"
    samples = np.frombuffer(speech.pcm, "<i2").astype(float)

    def hiss(start_ms: int, end_ms: int) -> float:
        part = samples[start_ms * speech.rate // 1000 : end_ms * speech.rate // 1000]
        return float(np.mean(np.diff(np.sign(part)) != 0))

    for word in speech.words[1:]:
        begin = [m.start_ms for m in speech.mouth if m.shape == "F" and m.start_ms > word.start_ms]
        assert hiss(word.start_ms + 20, word.start_ms + 70) > 0.2
        assert hiss(begin[0] + 30, begin[0] + 80) < 0.15


@pytest.mark.parametrize("name", VOICES)
def test_hostile_text_does_no_harm(workers: dict[str, Worker], name: str) -> None:
    for text in HOSTILE:
        try:
            speech = workers[name].speech(text, Style())
        except VoiceError as refusal:
            assert str(refusal)
        else:
            assert speech.pcm
            assert speech.mouth[0].start_ms == 0
            assert speech.mouth[-1].shape == "X"
    assert workers[name].speech(SENTENCES["en"], Style()).duration > 2


@pytest.mark.parametrize("name", VOICES)
def test_text_without_a_sound_is_a_short_silence(workers: dict[str, Worker], name: str) -> None:
    for text in ("...", "", "\x00"):
        speech = workers[name].speech(text, Style())
        assert speech.duration < 0.2
        assert loudness(speech) == 0


@pytest.mark.parametrize("name", VOICES)
def test_an_unknown_language_is_refused_in_a_sentence(
    workers: dict[str, Worker], name: str
) -> None:
    if name == "hibari":
        with pytest.raises(VoiceError, match="English"):
            workers[name].speech("你好", Style())
    else:
        with pytest.raises(VoiceError, match="xx"):
            workers[name].speech("hello", Style("xx"))


@pytest.mark.parametrize("name", VOICES)
def test_styles_out_of_range_do_no_harm(workers: dict[str, Worker], name: str) -> None:
    for style in (
        Style(rate=1),
        Style(rate=10_000),
        Style(pitch=0.5),
        Style(pitch=2.0),
        Style(volume=9.0),
    ):
        assert workers[name].speech("Hello there.", style).duration > 0.2
    assert loudness(workers[name].speech("Hello there.", Style(volume=0.0))) == 0
