"""A recorded voice becomes the page's microphone; the answer is heard from the page. All real."""

import asyncio
import os
import re
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import numpy as np
import pytest
import soxr
from playwright.async_api import async_playwright, expect

from config.paths import CHECKOUT
from dialogue.training import trained_model
from tests.test_end_to_end import HUMAN
from voices.models import ModelStore
from voices.saving import write_wav
from voices.soundfile import read
from voices.speaking import Speech, Style
from voices.synthesis import Synthesis

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--use-fake-ui-for-media-stream",
    "--use-fake-device-for-media-stream",
]

pytestmark = [
    pytest.mark.browser,
    pytest.mark.rasa,
    pytest.mark.models,
    pytest.mark.timeout(300),
    pytest.mark.skipif(not CHROMIUM.exists(), reason="Chromium is missing; run make test."),
    pytest.mark.skipif(trained_model() is None, reason="Rasa is not trained; run make setup."),
    pytest.mark.skipif(
        ModelStore().installed("whisper-tiny.en") is None,
        reason="whisper-tiny.en is not here; run make setup.",
    ),
]


async def question(path: Path) -> None:
    """Write somebody asking for the time, once every ten seconds or so."""
    if HUMAN.exists():
        pcm, rate = read(HUMAN), 16_000
    else:
        synthesis = Synthesis()
        speech = await synthesis.speech("What time is it?", Style())
        await synthesis.close()
        pcm, rate = speech.pcm, speech.rate
    samples = soxr.resample(np.frombuffer(pcm, np.int16), rate, 48_000)
    quiet = np.zeros(48_000 * 8, np.int16)
    sound = np.concatenate([quiet[:48_000], samples, quiet]).astype(np.int16).tobytes()
    write_wav(path, Speech("", sound, 48_000, "recording", "estimate"))


@asynccontextmanager
async def program(state: Path) -> AsyncIterator[str]:
    """Run `fireside simulate` with an empty list of alerts and yield its address."""
    for name in ("models", "rasa"):
        (state / name).symlink_to(CHECKOUT / ".fireside" / name)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "robot", "simulate", "--port", "0"),
        cwd=CHECKOUT,
        env={**os.environ, "FIRESIDE_STATE": str(state), "PYTHONUNBUFFERED": "1"},
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    shown = ""
    try:
        async with asyncio.timeout(60):
            while not (found := re.search(r"http://\S+", shown)):
                shown += (await process.stdout.readline()).decode()
        draining = asyncio.create_task(process.stdout.read())
        yield found[0]
    finally:
        process.send_signal(signal.SIGINT)
        assert await asyncio.wait_for(process.wait(), 30) == 0
        await draining


async def test_a_spoken_question_is_answered_by_the_page(tmp_path: Path) -> None:
    wav = tmp_path / "question.wav"
    await question(wav)
    (tmp_path / "state").mkdir()
    async with program(tmp_path / "state") as address, async_playwright() as playwright:
        flags = [*FLAGS, f"--use-file-for-fake-audio-capture={wav}"]
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=flags)
        page = await browser.new_page()
        await page.goto(address)
        await expect(page.get_by_text("Rasa is ready.")).to_be_visible(timeout=120_000)
        await expect(page.get_by_text(re.compile("It hears with"))).to_be_visible(timeout=60_000)
        await page.get_by_role("button", name="Turn on microphone").click()
        talk = page.get_by_text(re.compile(r"what time is it", re.IGNORECASE)).first
        await expect(talk).to_be_visible(timeout=60_000)
        await expect(page.get_by_text(re.compile(r"\d+:\d\d [AP]M|\d+ [AP]M")).first).to_be_visible(
            timeout=30_000
        )
        await expect(page.get_by_text(re.compile("ask_time")).first).to_be_visible()

        await page.get_by_role("button", name="Turn off microphone").click()
        await page.get_by_role("textbox").fill("help I have fallen")
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("alert")).to_contain_text("emergency", timeout=10_000)
        await page.get_by_label("Your name").fill("Amal")
        await page.get_by_role("button", name="I am coming").click()
        await expect(page.get_by_role("button", name="I am coming")).to_have_count(0)

        await page.keyboard.press("Escape")
        await expect(page.get_by_role("button", name="Start again")).to_be_visible()
        await browser.close()
