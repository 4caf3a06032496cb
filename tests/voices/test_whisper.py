"""Whisper for real, on sentences spoken by our own English voice."""

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soxr

from config.paths import MODELS
from voices.ears import recognise
from voices.errors import RecogniserError
from voices.hearing import SAMPLE_RATE, Context, Recognition
from voices.hibari_voice import HibariVoice
from voices.speaking import Style
from voices.whisper import WhisperRecogniser, covering, loops

NAME = "whisper-tiny.en"


@pytest.fixture(scope="module")
def recogniser() -> Iterator[WhisperRecogniser]:
    if not (MODELS / NAME / "model.bin").is_file():
        pytest.skip(f"the model {NAME} is not here: fireside models get {NAME}")
    recogniser = WhisperRecogniser(MODELS / NAME, NAME, frozenset({"en"}))
    yield recogniser
    asyncio.run(recogniser.close())


@pytest.fixture(scope="module")
def voice() -> HibariVoice:
    return HibariVoice()


def spoken(voice: HibariVoice, text: str) -> bytes:
    speech = voice.synthesise(text, Style())
    samples = np.frombuffer(speech.pcm, np.int16)
    return soxr.resample(samples, speech.rate, SAMPLE_RATE).astype("<i2").tobytes()


def noise(seconds: float, level: float) -> bytes:
    samples = np.random.default_rng(1).normal(0, level * 32768, int(seconds * SAMPLE_RATE))
    return samples.clip(-32768, 32767).astype("<i2").tobytes()


def hear(recogniser: WhisperRecogniser, sound: bytes, context: Context) -> Recognition:
    return asyncio.run(recognise(recogniser, sound, context))


@pytest.mark.models
def test_it_hears_a_sentence_and_says_how_sure_it_is(
    recogniser: WhisperRecogniser, voice: HibariVoice
) -> None:
    heard = hear(recogniser, spoken(voice, "Please call Mister Smythe."), Context())
    assert heard.text.startswith("Please call")
    assert 0.4 < heard.confidence <= 1
    confidences = [guess.confidence for guess in heard.guesses]
    assert len(confidences) > 1 and confidences == sorted(confidences, reverse=True)
    assert (heard.language, heard.engine) == ("en", NAME)


@pytest.mark.models
def test_context_makes_a_rare_name_likely(
    recogniser: WhisperRecogniser, voice: HibariVoice
) -> None:
    sound = spoken(voice, "Please call Boccia.")
    assert "Boccia" not in hear(recogniser, sound, Context()).text
    assert "Boccia" in hear(recogniser, sound, Context(words=("Boccia", "Skittles"))).text


@pytest.mark.models
@pytest.mark.parametrize("expected", [(), ("yes", "no")])
@pytest.mark.parametrize(
    "sound",
    [b"", bytes(640), bytes(SAMPLE_RATE * 4), noise(0.2, 0.1), noise(1, 0.0005), noise(2, 0.1)],
    ids=["nothing", "a chunk", "silence", "too short", "hiss", "loud noise"],
)
def test_no_words_are_invented_with_confidence_where_nobody_spoke(
    recogniser: WhisperRecogniser, sound: bytes, expected: tuple[str, ...]
) -> None:
    assert hear(recogniser, sound, Context(expected=expected)).confidence < 0.4


@pytest.mark.models
def test_it_works_ahead_in_the_silence(recogniser: WhisperRecogniser, voice: HibariVoice) -> None:
    async def wait_after_silence() -> tuple[float, str]:
        listening = recogniser.listen(Context(), lambda partial: None)
        listening.push(spoken(voice, "Tell me a story."))
        listening.anticipate()
        first = asyncio.ensure_future(listening.finish())
        await asyncio.wait([first])
        listening.push(bytes(640) * 20)
        began = time.perf_counter()
        heard = await listening.finish()
        return time.perf_counter() - began, heard.text

    waited, text = asyncio.run(wait_after_silence())
    assert waited < 0.05
    assert "story" in text.lower()


@pytest.mark.models
def test_more_context_than_fits_and_the_longest_utterance_are_bounded(
    recogniser: WhisperRecogniser, voice: HibariVoice
) -> None:
    many = tuple(f"resident number {count}" for count in range(300))
    heard = hear(recogniser, spoken(voice, "Good morning."), Context(words=many))
    assert "morning" in heard.text.lower()
    hear(recogniser, spoken(voice, "It rains. " * 3) + noise(40, 0.001), Context())


@pytest.mark.models
def test_an_unknown_language_is_refused(recogniser: WhisperRecogniser) -> None:
    with pytest.raises(RecogniserError, match="does not know the language de; it knows en"):
        recogniser.listen(Context("de"), lambda partial: None)


@pytest.mark.models
def test_closed_it_answers_with_one_sentence() -> None:
    if not (MODELS / NAME / "model.bin").is_file():
        pytest.skip(f"the model {NAME} is not here: fireside models get {NAME}")
    recogniser = WhisperRecogniser(MODELS / NAME, NAME, frozenset({"en"}))
    listening = recogniser.listen(Context(), lambda partial: None)
    asyncio.run(recogniser.close())
    asyncio.run(recogniser.close())
    with pytest.raises(RecogniserError):
        asyncio.run(listening.finish())


def test_a_folder_without_a_model_is_named_with_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(RecogniserError, match="fireside models get whisper-x"):
        WhisperRecogniser(tmp_path, "whisper-x", frozenset({"en"}))


def test_the_prompt_holds_every_word_once_where_possible() -> None:
    values = ["milk", "a lot of milk", "oat milk", "a lot", "tea", "tea"]
    assert covering(values) == ["a lot of milk", "oat milk", "tea"]
    assert covering([]) == []


@pytest.mark.parametrize(
    ("text", "is_loop"),
    [
        ("How hot is it? How hot is it?", True),
        ("run party run party run party", True),
        ("No, no.", False),
        ("What is what", False),
        ("", False),
    ],
)
def test_a_runaway_decode_is_noticed(text: str, is_loop: bool) -> None:
    assert loops(text) is is_loop
