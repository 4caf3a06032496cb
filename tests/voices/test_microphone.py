"""The microphone, with real PortAudio on a sound card made of software."""

import asyncio
import time

import numpy as np
import pytest

from tests.voices.conftest import DEVICE, SoundCard
from tests.voices.test_speaker import tone
from voices.errors import DeviceError
from voices.hearing import CHUNK_BYTES, CHUNK_MS, SAMPLE_RATE
from voices.sounddevice_microphone import SoundDeviceMicrophone
from voices.sounddevice_speaker import SoundDeviceSpeaker


async def test_what_the_loudspeaker_says_is_heard(sound_card: SoundCard) -> None:
    microphone, speaker = SoundDeviceMicrophone(DEVICE), SoundDeviceSpeaker(DEVICE)
    playing = asyncio.create_task(speaker.play(tone(1.0), lambda: None))
    chunks = []
    async for chunk in microphone.chunks():
        chunks.append(chunk)
        if len(chunks) == 50:
            await microphone.close()
    await playing
    assert {len(chunk) for chunk in chunks} == {CHUNK_BYTES}
    sound = np.frombuffer(b"".join(chunks), "<i2") / 32768
    assert np.abs(sound).max() > 0.3
    spectrum = np.abs(np.fft.rfft(sound))
    assert np.argmax(spectrum) * SAMPLE_RATE / len(sound) == pytest.approx(440, abs=5)


async def test_chunks_come_at_the_pace_of_the_clock(sound_card: SoundCard) -> None:
    microphone = SoundDeviceMicrophone(DEVICE)
    times = []
    async for _ in microphone.chunks():
        times.append(time.monotonic())
        if len(times) == 75:
            await microphone.close()
    assert (times[-1] - times[24]) / 50 * 1000 == pytest.approx(CHUNK_MS, rel=0.25)
    assert microphone.dropped == 0


async def test_a_program_that_is_too_busy_loses_the_oldest(
    sound_card: SoundCard, caplog: pytest.LogCaptureFixture
) -> None:
    microphone = SoundDeviceMicrophone(DEVICE, held=0.2)
    async for _ in microphone.chunks():
        await asyncio.sleep(0.8)
        await microphone.close()
    assert microphone.dropped > 10
    assert caplog.text.count("too busy to listen") >= 1


async def test_a_microphone_that_is_unplugged(sound_card: SoundCard) -> None:
    microphone = SoundDeviceMicrophone(DEVICE)
    heard = 0
    with pytest.raises(DeviceError, match="plug it in again"):
        async for _ in microphone.chunks():
            heard += 1
            if heard == 5:
                sound_card.unplug()
    assert heard >= 5


async def test_a_microphone_that_is_not_there() -> None:
    microphone = SoundDeviceMicrophone("no such microphone")
    with pytest.raises(DeviceError, match="microphone no such microphone cannot be opened"):
        async for _ in microphone.chunks():
            pass
    await microphone.close()
    await microphone.close()
