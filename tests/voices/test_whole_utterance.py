import asyncio
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from tests.fakes import LOUD, QUIET
from voices.errors import RecogniserError
from voices.hearing import Guess, Recognition
from voices.level import audible, levels
from voices.whole_utterance import WholeUtterance

SPEECH = LOUD * 50
PAUSE = QUIET * 30


class Engine:
    """Recognises each sound as its length, and keeps the attempts."""

    def __init__(self) -> None:
        self.attempts: list[int] = []
        self.futures: list[Future[Recognition]] = []

    def submit(self, sound: bytes) -> Future[Recognition]:
        self.attempts.append(len(sound))
        future: Future[Recognition] = Future()
        self.futures.append(future)
        return future

    def answer(self) -> None:
        for length, future in zip(self.attempts, self.futures, strict=True):
            if future.set_running_or_notify_cancel():
                future.set_result(Recognition((Guess(str(length), 1.0),), "en", "engine"))


async def finished(utterance: WholeUtterance, engine: Engine) -> str:
    finish = asyncio.ensure_future(utterance.finish())
    await asyncio.sleep(0)
    engine.answer()
    return (await finish).text


async def test_silence_after_anticipation_changes_nothing() -> None:
    engine = Engine()
    utterance = WholeUtterance(engine.submit)
    utterance.push(SPEECH)
    utterance.anticipate()
    utterance.push(PAUSE)
    assert await finished(utterance, engine) == str(len(SPEECH))
    assert engine.attempts == [len(SPEECH)]


async def test_the_newest_anticipation_counts() -> None:
    engine = Engine()
    utterance = WholeUtterance(engine.submit)
    utterance.push(SPEECH)
    utterance.anticipate()
    utterance.push(PAUSE + SPEECH)
    utterance.anticipate()
    assert engine.futures[0].cancelled()
    assert await finished(utterance, engine) == str(len(SPEECH + PAUSE + SPEECH))


async def test_speech_that_goes_on_until_the_end_is_heard_too() -> None:
    engine = Engine()
    utterance = WholeUtterance(engine.submit)
    utterance.push(SPEECH)
    utterance.anticipate()
    utterance.push(SPEECH)
    assert await finished(utterance, engine) == str(len(SPEECH + SPEECH))


async def test_without_anticipation_it_is_recognised_at_the_end() -> None:
    engine = Engine()
    utterance = WholeUtterance(engine.submit)
    utterance.push(SPEECH)
    assert engine.attempts == []
    assert await finished(utterance, engine) == str(len(SPEECH))


async def test_an_engine_that_fails_or_is_closed_is_a_recogniser_error() -> None:
    def fail(sound: bytes) -> Recognition:
        raise MemoryError("no room")

    with ThreadPoolExecutor(1) as worker:
        utterance = WholeUtterance(lambda sound: worker.submit(fail, sound))
        with pytest.raises(RecogniserError, match="no room"):
            await utterance.finish()
    with pytest.raises(RecogniserError, match="shutdown"):
        await WholeUtterance(lambda sound: worker.submit(fail, sound)).finish()


def test_discard_may_come_at_any_time() -> None:
    engine = Engine()
    utterance = WholeUtterance(engine.submit)
    utterance.discard()
    utterance.push(SPEECH)
    utterance.anticipate()
    utterance.discard()
    utterance.discard()
    assert engine.futures[0].cancelled()


def test_only_what_is_long_and_loud_enough_can_be_speech() -> None:
    import numpy as np

    tone = np.sin(np.arange(16_000) / 5).astype(np.float32)
    assert audible(tone * 0.1)
    assert not audible(tone[:4000])
    assert not audible(tone * 0.0005)
    assert not audible(np.zeros(0, np.float32))
    assert levels(tone).max() == pytest.approx(0.707, abs=0.02)
