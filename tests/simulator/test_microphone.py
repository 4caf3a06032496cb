"""Sound from a page, at any rate and in any portions, becomes 20 ms chunks at 16 kHz."""

import asyncio

import numpy as np
import pytest

from simulator.microphone import SILENCE, WAITING, BrowserMicrophone
from voices.hearing import CHUNK_BYTES, SAMPLE_RATE


def tone(hertz: float, rate: int, seconds: float) -> np.ndarray:
    times = np.arange(int(rate * seconds)) / rate
    return (np.sin(2 * np.pi * hertz * times) * 10_000).astype("<i2")


async def gathered(microphone: BrowserMicrophone, count: int) -> np.ndarray:
    chunks: list[bytes] = []
    async with asyncio.timeout(5):
        async for chunk in microphone.chunks():
            assert len(chunk) == CHUNK_BYTES
            chunks.append(chunk)
            if len(chunks) == count:
                break
    return np.frombuffer(b"".join(chunks), "<i2")


@pytest.mark.parametrize("rate", [8_000, 16_000, 22_050, 44_100, 48_000, 96_000])
async def test_tone_keeps_its_pitch_level_and_length(rate: int) -> None:
    microphone = BrowserMicrophone()
    microphone.open(rate)
    sound = tone(440, rate, 1.0)
    for start in range(0, len(sound), 777):
        microphone.push(sound[start : start + 777].tobytes())
    heard = await gathered(microphone, 45)
    spectrum = np.abs(np.fft.rfft(heard[1600:] * np.hanning(len(heard) - 1600)))
    loudest = np.argmax(spectrum) * SAMPLE_RATE / (len(heard) - 1600)
    assert loudest == pytest.approx(440, abs=2)
    assert np.abs(heard[1600:]).max() == pytest.approx(10_000, rel=0.03)


async def test_what_16_khz_cannot_hold_is_left_out() -> None:
    microphone = BrowserMicrophone()
    microphone.open(48_000)
    microphone.push(tone(12_000, 48_000, 1.0).tobytes())
    heard = await gathered(microphone, 40)
    assert np.abs(heard[1600:].astype(float)).max() < 100


async def test_nothing_comes_while_no_microphone_is_on() -> None:
    microphone = BrowserMicrophone()
    microphone.push(tone(440, 16_000, 1.0).tobytes())
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await anext(microphone.chunks())


async def test_words_cut_off_are_followed_by_silence_then_a_new_page_is_heard() -> None:
    microphone = BrowserMicrophone()
    microphone.open(16_000)
    microphone.push(tone(440, 16_000, 0.5).tobytes())
    microphone.pause()
    microphone.pause()
    microphone.open(48_000)
    microphone.push(tone(440, 48_000, 0.5).tobytes())
    heard = await gathered(microphone, SILENCE + 40)
    loud = np.abs(heard.reshape(-1, CHUNK_BYTES // 2)).max(axis=1) > 5000
    switches = np.flatnonzero(np.diff(loud.astype(int)))
    assert loud[1]
    assert loud[-1]
    assert switches[-1] - switches[-2] == pytest.approx(SILENCE, abs=3)


async def test_old_sound_is_dropped_when_the_ears_are_behind() -> None:
    microphone = BrowserMicrophone()
    microphone.open(16_000)
    for level in (1000, 2000):
        microphone.push(np.full(SAMPLE_RATE * 11, level, "<i2").tobytes())
    heard = await gathered(microphone, WAITING - 2)
    assert heard[:100].mean() == pytest.approx(2000, abs=20)


async def test_closing_ends_the_listening() -> None:
    microphone = BrowserMicrophone()
    listening = asyncio.create_task(gathered(microphone, 1))
    await asyncio.sleep(0)
    await microphone.close()
    await microphone.close()
    assert len(await asyncio.wait_for(listening, 1)) == 0


def test_half_a_sample_is_refused() -> None:
    with pytest.raises(ValueError, match="16-bit"):
        BrowserMicrophone().push(b"\0")
