"""The spotter for real, on sentences that the English voice of the product speaks."""

import asyncio
import time

import numpy as np
import pytest
import soxr
from hibari import SAMPLE_RATE as VOICE_RATE
from hibari import Hibari

from voices.errors import RecogniserError
from voices.hearing import CHUNK_BYTES, CHUNK_MS, SAMPLE_RATE
from voices.pronunciation import arpabet, pronounce
from voices.soundfile import cut
from voices.spotter import PocketsphinxSpotter
from voices.word_search import WordSearch

LATEST_MS = 400
"""Well inside the 700 ms within which a spoken stop must bring silence."""


@pytest.fixture(scope="module")
def voice() -> Hibari:
    return Hibari()


@pytest.fixture(scope="module")
def search() -> WordSearch:
    return WordSearch("en", "Juno")


def said(voice: Hibari, text: str) -> tuple[list[bytes], float]:
    """Return half a second of silence, the sentence and a second of silence; and its end in ms."""
    sound = soxr.resample(voice(text, seed=1), VOICE_RATE, SAMPLE_RATE)
    end = np.flatnonzero(np.abs(sound) > 0.03 * np.abs(sound).max())[-1]
    pcm = (np.clip(sound, -1, 1) * 23_000).astype(np.int16).tobytes()
    silence = bytes(SAMPLE_RATE)  # half a second
    return [*cut(silence + pcm + 2 * silence)], 500 + end / SAMPLE_RATE * 1000


def spotted(search: WordSearch, chunks: list[bytes]) -> list[tuple[str, int]]:
    """Return each word and the ms of sound after which it was reported."""
    found = []
    for number, chunk in enumerate(chunks, 1):
        found += [(word, number * CHUNK_MS) for word in search.push(chunk)]
    return found


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("stop!", ["stop"]),
        ("please stop.", ["stop"]),
        ("help!", ["help"]),
        ("I need help.", ["help"]),
        ("hey Juno.", ["name"]),
        ("Juno, stop.", ["name", "stop"]),
    ],
)
def test_the_words_are_heard_soon_after_they_end(
    search: WordSearch, voice: Hibari, text: str, words: list[str]
) -> None:
    chunks, end_ms = said(voice, text)
    found = spotted(search, chunks)
    assert [word for word, _ in found] == words
    assert found[-1][1] - end_ms < LATEST_MS


@pytest.mark.parametrize(
    "text",
    [
        "would you like a cup of tea this afternoon?",
        "I would like to listen to some music.",
        "my daughter is coming on Sunday.",
    ],
)
def test_other_sentences_are_no_alarm(search: WordSearch, voice: Hibari, text: str) -> None:
    assert spotted(search, said(voice, text)[0]) == []


def test_silence_and_noise_are_no_alarm(search: WordSearch) -> None:
    noise = np.random.default_rng(7).normal(0, 1000, 3 * SAMPLE_RATE).astype(np.int16).tobytes()
    assert spotted(search, [*cut(noise + bytes(SAMPLE_RATE))]) == []


def test_deep_in_a_sentence_a_word_counts_only_while_the_robot_speaks(
    search: WordSearch, voice: Hibari
) -> None:
    chunks, _ = said(voice, "my old friend from next door said that we should stop.")
    assert spotted(search, chunks) == []
    search.robot_speaks = True
    found = spotted(search, chunks)
    search.robot_speaks = False
    assert [word for word, _ in found] == ["stop"]


def test_two_stretches_of_speech_report_twice(search: WordSearch, voice: Hibari) -> None:
    chunks, _ = said(voice, "stop!")
    assert [word for word, _ in spotted(search, chunks * 2)] == ["stop", "stop"]


def test_the_robots_name_is_free(voice: Hibari) -> None:
    search = WordSearch("en", "Rosalinde")
    assert [word for word, _ in spotted(search, said(voice, "hello Rosalinde.")[0])] == ["name"]
    assert spotted(search, said(voice, "hello Juno.")[0]) == []


@pytest.mark.parametrize("language", ["de", "fr", "it", "es", "nl"])
def test_every_language_loads_and_is_quiet_in_silence(language: str) -> None:
    assert spotted(WordSearch(language, "Juno"), [bytes(CHUNK_BYTES)] * 50) == []


def test_a_name_with_signs_loads_and_one_without_sound_is_one_sentence() -> None:
    WordSearch("en", "R2 (D2) <Fritz>")
    with pytest.raises(RecogniserError, match="cannot be spoken; write it as it sounds"):
        WordSearch("en", "...")


def test_a_language_without_words_is_one_sentence() -> None:
    with pytest.raises(RecogniserError, match="no words for the language xx; choose one"):
        WordSearch("xx", "Juno")


async def test_push_returns_at_once_and_words_come_on_the_loop(voice: Hibari) -> None:
    heard: list[tuple[str, bool]] = []
    loop = asyncio.get_running_loop()
    spotter = PocketsphinxSpotter(
        "en", "Juno", lambda word: heard.append((word, asyncio.get_running_loop() is loop))
    )
    began = time.monotonic()
    for chunk in said(voice, "stop!")[0]:
        spotter.push(chunk)
    assert time.monotonic() - began < 0.2
    async with asyncio.timeout(20):
        while not heard:
            await asyncio.sleep(0.01)
    assert heard == [("stop", True)]
    await spotter.close()
    await spotter.close()
    spotter.push(bytes(CHUNK_BYTES))


def test_ipa_becomes_the_phones_of_the_acoustic_model() -> None:
    assert arpabet("stˈɑːp") == "S T AA P"
    assert arpabet("dʒˈuːnoʊ") == "JH UW N OW"
    assert arpabet("o səkˈuʁ") == "OW S AH K UW R"
    assert pronounce(["help", "Hilfe"], "de")["Hilfe"] == "HH IH L F AH"
