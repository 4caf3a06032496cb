"""Speech goes on whatever happens to a worker."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator

import psutil
import pytest

from config.paths import CHECKOUT
from voices.errors import VoiceError
from voices.speaking import Speech, Style
from voices.synthesis import LONGEST, SpeechCache, Synthesis
from voices.worker_process import WorkerLostError, WorkerProcess

PLAIN = Style(voice="espeak")
"""The voice that is quickest to start."""


@pytest.fixture
async def synthesis() -> AsyncIterator[Synthesis]:
    synthesis = Synthesis()
    yield synthesis
    pids = synthesis.pids().values()
    await synthesis.close()
    assert not any(psutil.pid_exists(pid) for pid in pids)


async def test_the_first_sentence_starts_the_worker(synthesis: Synthesis) -> None:
    assert synthesis.pids() == {}
    speech = await synthesis.speech("Hello there.", PLAIN)
    assert speech.text == "Hello there."
    assert speech.voice in synthesis.pids()


async def test_a_worker_that_is_stopped_is_replaced_within_three_seconds(
    synthesis: Synthesis,
) -> None:
    style = Style()
    await synthesis.start(style)
    assert (await synthesis.speech("Hello there.", style)).voice == "hibari"
    stopped = synthesis.pids()["hibari"]
    os.kill(stopped, signal.SIGSTOP)
    before = time.monotonic()
    speech = await synthesis.speech("And now I can speak again, whatever happened to me.", style)
    assert time.monotonic() - before < 3
    assert speech.duration > 1
    assert not psutil.pid_exists(stopped)
    await synthesis.start(style)
    assert (await synthesis.speech("As I did before.", style)).voice == "hibari"


async def test_a_worker_killed_in_the_middle_of_a_sentence(synthesis: Synthesis) -> None:
    await synthesis.start(PLAIN)
    long = "This sentence goes on and on. " * 60
    task = asyncio.create_task(synthesis.speech(long, PLAIN))
    await asyncio.sleep(0.01)
    os.kill(synthesis.pids()["espeak"], signal.SIGKILL)
    assert (await task).duration > 60


async def test_a_worker_that_died_unnoticed(synthesis: Synthesis) -> None:
    await synthesis.start(PLAIN)
    os.kill(synthesis.pids()["espeak"], signal.SIGKILL)
    await asyncio.sleep(0.2)
    assert (await synthesis.speech("Hello again.", PLAIN)).text == "Hello again."


async def test_a_lost_worker_is_reported_as_lost() -> None:
    worker = WorkerProcess("espeak")
    await worker.start()
    assert worker.pid
    os.kill(worker.pid, signal.SIGSTOP)
    with pytest.raises(WorkerLostError, match="hung"):
        await worker.speech("Hello.", PLAIN)
    assert worker.pid is None
    await worker.close()


async def test_many_at_once_are_answered_each_with_its_own(synthesis: Synthesis) -> None:
    await synthesis.start(PLAIN)
    texts = [f"Sentence number {number}." for number in range(12)]
    speeches = await asyncio.gather(*(synthesis.speech(text, PLAIN) for text in texts))
    assert [speech.text for speech in speeches] == texts
    assert {speech.voice for speech in speeches} == {"espeak"}


async def test_a_caller_that_leaves_does_not_disturb_the_next(synthesis: Synthesis) -> None:
    await synthesis.start(PLAIN)
    left = "Nobody waits for this sentence to be spoken to its very end."
    task = asyncio.create_task(synthesis.speech(left, PLAIN))
    await asyncio.sleep(0.001)
    task.cancel()
    assert (await synthesis.speech("This one counts.", PLAIN)).text == "This one counts."
    assert synthesis.cached(left, PLAIN)


async def test_what_was_said_before_is_at_hand(synthesis: Synthesis) -> None:
    first = await synthesis.speech("Once more.", PLAIN)
    await synthesis.close()
    assert await synthesis.speech("Once more.", PLAIN) is first
    assert synthesis.pids() == {}
    assert synthesis.cached("Once more.", Style("de")) is None


async def test_a_warm_sentence_is_there_in_any_style(synthesis: Synthesis) -> None:
    await synthesis.warm(["One moment, please."], PLAIN)
    kept = synthesis.cached("One moment, please.", Style(volume=1.0, voice="nobody"))
    assert kept
    assert kept.text == "One moment, please."
    assert synthesis.cached("One moment, please.", Style("de")) is None


async def test_an_unknown_voice_is_replaced_by_the_next(synthesis: Synthesis) -> None:
    style = Style("de", voice="nobody")
    await synthesis.start(style)
    assert (await synthesis.speech("Guten Tag.", style)).voice == "espeak"


async def test_a_voice_that_cannot_read_the_text_hands_it_on(synthesis: Synthesis) -> None:
    await synthesis.start(Style())
    assert (await synthesis.speech("你好", Style())).voice == "espeak"


async def test_when_no_voice_works_one_sentence_says_so(synthesis: Synthesis) -> None:
    with pytest.raises(VoiceError, match="No voice can speak this sentence"):
        await synthesis.speech("hello", Style("xx"))


async def test_a_text_without_end_is_refused_at_once(synthesis: Synthesis) -> None:
    with pytest.raises(VoiceError, match="too long"):
        await synthesis.speech("a" * (LONGEST + 1), PLAIN)
    assert synthesis.pids() == {}


async def test_a_worker_that_cannot_start_says_how_to_see_why() -> None:
    worker = WorkerProcess("nobody")
    with pytest.raises(VoiceError, match="no voice called nobody"):
        await worker.start()
    before = time.monotonic()
    with pytest.raises(VoiceError, match="no voice called nobody"):
        await worker.speech("hello", PLAIN)
    assert time.monotonic() - before < 0.05, "a voice that failed is not tried again at once"
    await worker.close()


async def test_closing_twice_and_at_any_time(synthesis: Synthesis) -> None:
    task = asyncio.create_task(synthesis.speech("This will not be heard.", PLAIN))
    await asyncio.sleep(0.05)
    await synthesis.close()
    await synthesis.close()
    with pytest.raises(asyncio.CancelledError):
        await task


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends a hanging child by itself")
def test_a_hanging_worker_dies_with_its_parent() -> None:
    program = (
        "import asyncio, os, signal\n"
        "from voices.worker_process import WorkerProcess\n"
        "async def main():\n"
        "    worker = WorkerProcess('espeak')\n"
        "    await worker.start()\n"
        "    os.kill(worker.pid, signal.SIGSTOP)\n"
        "    print(worker.pid, flush=True)\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
        "asyncio.run(main())\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=CHECKOUT, capture_output=True, check=False
    )
    pid = int(done.stdout)
    deadline = time.monotonic() + 3
    while time.monotonic() < deadline and _alive(pid):
        time.sleep(0.02)
    assert not _alive(pid)


def _alive(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_the_cache_forgets_what_was_not_used_for_longest() -> None:
    def speech(text: str) -> Speech:
        return Speech(text, bytes(400), 16_000, "espeak", "phoneme")

    cache = SpeechCache(limit=1000)
    cache.put("a", PLAIN, speech("a"))
    cache.put("b", PLAIN, speech("b"))
    assert cache.get("a", PLAIN)
    cache.put("c", PLAIN, speech("c"))
    assert [bool(cache.get(text, PLAIN)) for text in "abc"] == [True, False, True]
    cache.put("c", PLAIN, speech("c"))
    assert cache.get("a", PLAIN), "the same again takes no more room"
