"""A sound card made of software: a private PulseAudio with one loudspeaker and its monitor."""

import asyncio
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from voices import portaudio

DEVICE = "pulse"
"""ALSA's name for it, from the package libasound2-plugins."""
SINK_RATE = 48_000


class SoundCard:
    """The loudspeaker, what comes out of it, and a way to pull its plug."""

    def __init__(self, folder: Path) -> None:
        self.socket = folder / "native"
        self._environment = os.environ | {"HOME": str(folder), "PULSE_RUNTIME_PATH": str(folder)}
        self._server = subprocess.Popen(
            [
                *("pulseaudio", "-n", "--daemonize=no", "--exit-idle-time=-1"),
                "--use-pid-file=no",
                f"--load=module-native-protocol-unix socket={self.socket} auth-anonymous=1",
                # Without rewinds it asks for sound steadily, as a real card does.
                f"--load=module-null-sink sink_name=speaker rate={SINK_RATE} norewinds=1",
            ],
            env=self._environment,
            stderr=subprocess.DEVNULL,
        )
        deadline = time.monotonic() + 10
        while not self.socket.exists():
            assert time.monotonic() < deadline, "PulseAudio did not start"
            time.sleep(0.02)

    def unplug(self) -> None:
        self._server.kill()
        self._server.wait()

    async def record(self) -> asyncio.subprocess.Process:
        """Start recording what comes out of the loudspeaker; wait until it records."""
        recorder = await asyncio.create_subprocess_exec(
            *("parec", f"--server=unix:{self.socket}", "--device=speaker.monitor", "--raw"),
            *("--format=s16le", "--channels=1", f"--rate={SINK_RATE}", "--latency-msec=10"),
            env=self._environment,
            stdout=subprocess.PIPE,
        )
        assert recorder.stdout
        await recorder.stdout.readexactly(SINK_RATE // 10)
        return recorder


async def recorded(recorder: asyncio.subprocess.Process) -> np.ndarray:
    """Stop recording a moment from now and return the sound, full scale 1.0."""
    await asyncio.sleep(0.3)
    recorder.terminate()
    sound, _ = await recorder.communicate()
    return np.frombuffer(sound[: len(sound) // 2 * 2], "<i2") / 32768


@pytest.fixture
def sound_card(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SoundCard]:
    for program in ("pulseaudio", "parec"):
        if not shutil.which(program):
            pytest.skip(
                "There is no software sound card here: "
                "apt-get install pulseaudio pulseaudio-utils libasound2-plugins libportaudio2"
            )
    folder = tmp_path / "pulse"
    folder.mkdir(mode=0o700)
    card = SoundCard(folder)
    monkeypatch.setenv("PULSE_SERVER", f"unix:{card.socket}")
    assert portaudio.devices() == (True, True)
    yield card
    card.unplug()
    monkeypatch.undo()
    portaudio.devices()
