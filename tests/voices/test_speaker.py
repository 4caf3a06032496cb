"""The loudspeaker, with real PortAudio on a sound card made of software."""

import asyncio
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from config.paths import CHECKOUT
from tests.voices.conftest import DEVICE, SINK_RATE, SoundCard, recorded
from voices.errors import DeviceError
from voices.sounddevice_speaker import SoundDeviceSpeaker
from voices.speaking import Speech


def tone(seconds: float, rate: int = 24_000) -> Speech:
    samples = 0.5 * np.sin(2 * np.pi * 440 * np.arange(int(seconds * rate)) / rate)
    return Speech("", (samples * 32767).astype("<i2").tobytes(), rate, "espeak", "phoneme")


def loud_seconds(sound: np.ndarray) -> float:
    """From the first to the last loud sample."""
    loud = np.flatnonzero(np.abs(sound) > 0.1)
    return (loud[-1] - loud[0]) / SINK_RATE if len(loud) else 0.0


@pytest.mark.parametrize("rate", [22_050, 24_000])
async def test_all_of_it_is_heard(sound_card: SoundCard, rate: int) -> None:
    speaker = SoundDeviceSpeaker(DEVICE)
    recorder = await sound_card.record()
    before, started = time.monotonic(), []
    played = await speaker.play(tone(0.6, rate), lambda: started.append(time.monotonic()))
    ended = time.monotonic()
    sound = await recorded(recorder)
    assert (played.complete, round(played.seconds, 2)) == (True, 0.6)
    assert len(started) == 1
    assert started[0] - before < 0.3
    assert 0.5 < ended - started[0] < 1.2
    assert loud_seconds(sound) == pytest.approx(0.6, abs=0.05)
    assert np.abs(sound).max() == pytest.approx(0.5, abs=0.05), "the volume is the voice's"
    await speaker.close()


async def test_stop_is_silence_within_100_ms(sound_card: SoundCard) -> None:
    speaker = SoundDeviceSpeaker(DEVICE)
    for _ in range(3):
        recorder = await sound_card.record()
        started: asyncio.Future[float] = asyncio.get_running_loop().create_future()
        playing = asyncio.create_task(
            speaker.play(tone(20), lambda s=started: s.set_result(time.monotonic()))
        )
        at = await started
        await asyncio.sleep(0.4)
        speaker.stop()
        stopped = time.monotonic() - at
        played = await playing
        returned = time.monotonic() - at
        audible = loud_seconds(await recorded(recorder))
        assert audible - stopped < 0.1
        assert returned - stopped < 0.2
        assert not played.complete
        assert played.seconds == pytest.approx(audible, abs=0.1)


async def test_a_stop_before_the_first_sample_is_silence(sound_card: SoundCard) -> None:
    speaker = SoundDeviceSpeaker(DEVICE)
    recorder = await sound_card.record()
    playing = asyncio.create_task(speaker.play(tone(5), lambda: None))
    await asyncio.sleep(0)
    speaker.stop()
    assert not (await playing).complete
    assert loud_seconds(await recorded(recorder)) < 0.01


async def test_one_after_the_other(sound_card: SoundCard) -> None:
    speaker = SoundDeviceSpeaker(DEVICE)
    plays = [speaker.play(tone(0.1), lambda: None) for _ in range(3)]
    assert [played.complete for played in await asyncio.gather(*plays)] == [True] * 3


async def test_a_cancelled_play_lets_go_of_the_device(sound_card: SoundCard) -> None:
    speaker = SoundDeviceSpeaker(DEVICE)
    playing = asyncio.create_task(speaker.play(tone(20), lambda: None))
    await asyncio.sleep(0.3)
    playing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await playing
    assert (await speaker.play(tone(0.1), lambda: None)).complete


async def test_closing_ends_the_sentence(sound_card: SoundCard) -> None:
    speaker = SoundDeviceSpeaker(DEVICE)
    playing = asyncio.create_task(speaker.play(tone(20), lambda: None))
    await asyncio.sleep(0.3)
    await speaker.close()
    await speaker.close()
    assert playing.done()
    assert not (await playing).complete


async def test_a_loudspeaker_that_is_unplugged(sound_card: SoundCard) -> None:
    speaker = SoundDeviceSpeaker(DEVICE)
    playing = asyncio.create_task(speaker.play(tone(20), lambda: None))
    await asyncio.sleep(0.4)
    sound_card.unplug()
    before = time.monotonic()
    with pytest.raises(DeviceError, match="plug it in"):
        await playing
    assert time.monotonic() - before < 5
    with pytest.raises(DeviceError, match="cannot be opened"):
        await speaker.play(tone(0.1), lambda: None)


async def test_a_loudspeaker_that_is_not_there() -> None:
    speaker = SoundDeviceSpeaker("no such loudspeaker")
    with pytest.raises(DeviceError, match="loudspeaker no such loudspeaker cannot be opened"):
        await speaker.play(tone(0.1), lambda: None)
    speaker.stop()
    await speaker.close()


def test_without_portaudio_a_sentence_says_what_to_install(tmp_path: Path) -> None:
    """As sounddevice itself does when the library is missing, which cannot be hidden here."""
    (tmp_path / "sounddevice.py").write_text("raise OSError('PortAudio library not found')\n")
    program = "from voices.portaudio import *; print(devices()); load()"
    done = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(tmp_path)!r}); {program}"],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout == "(False, False)\n"
    assert "apt-get install libportaudio2" in done.stderr
