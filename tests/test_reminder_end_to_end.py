"""A reminder falls due in a talk; its answer is heard with real ears, and a refusal reaches staff.

Nothing is faked but where the minute begins: real voice, real recogniser, real Rasa, real disk.
"""

import asyncio
from contextlib import AsyncExitStack
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
import soxr

from config.clock import SystemClock
from config.paths import CHECKOUT
from config.settings import load as load_settings
from dialogue.events import AlertRaised, PhraseStarted, ReminderChanged, UtteranceHeard
from dialogue.reminders.spoken.own import OWN
from tests.test_end_to_end import HUMAN, Corridor, needs_models
from voices.hearing import SAMPLE_RATE
from voices.soundfile import read

__all__ = ["needs_models"]

pytestmark = [pytest.mark.rasa, pytest.mark.models, pytest.mark.timeout(300)]

WATER = """
reminders:
  water:
    say: "It is time for a glass of water."
    at: "{at:%H:%M}"
    in_company: "It is time for a glass of water."
    urgency: high
"""


class ShortlyBefore(SystemClock):
    """A clock on which the next minute begins in so many seconds, counted from the first look."""

    def __init__(self, seconds: float) -> None:
        now = super().now()
        minute = (now + timedelta(minutes=1)).replace(second=0, microsecond=0)
        self._ahead = minute - timedelta(seconds=seconds) - now

    def now(self) -> datetime:
        return super().now() + self._ahead


async def spoken(corridor: Corridor, text: str) -> bytes:
    speech = await corridor.synthesis.speech(text, corridor.person.style)
    sound = soxr.resample(np.frombuffer(speech.pcm, np.int16), speech.rate, SAMPLE_RATE)
    return bytes(sound.tobytes())


async def becomes(corridor: Corridor, state: str) -> None:
    async with asyncio.timeout(60):
        while not any(
            isinstance(event, ReminderChanged) and event.state == state for event in corridor.events
        ):
            await asyncio.sleep(0.1)


async def test_a_refusal_by_voice_reaches_staff(needs_models: None, tmp_path: Path) -> None:
    clock = ShortlyBefore(seconds=30)
    home = load_settings(CHECKOUT / "config").home
    due = clock.now().astimezone(home.zone) + timedelta(minutes=1)
    file = tmp_path / OWN / "reminders" / "guest.yaml"
    file.parent.mkdir(parents=True)
    file.write_text(WATER.format(at=due))
    async with AsyncExitStack() as stack:
        corridor = Corridor()
        await corridor.open(stack, tmp_path, clock)
        conversation = corridor.mind.conversation
        reminding = asyncio.create_task(corridor.mind.reminding.run(conversation))
        stack.callback(reminding.cancel)
        question = read(HUMAN) if HUMAN.exists() else await spoken(corridor, "What time is it?")
        await corridor.hears(question)
        await becomes(corridor, "asked")
        said = [event.text for event in corridor.events if isinstance(event, PhraseStarted)]
        assert "It is time for a glass of water." in said
        for _ in range(2):  # not yet; and no, do not come back
            heard = await corridor.hears(await spoken(corridor, "No, thank you."))
            assert any(isinstance(event, UtteranceHeard) for event in heard)
        await becomes(corridor, "refused")
        (alert,) = [event for event in corridor.events if isinstance(event, AlertRaised)]
        assert (alert.category, alert.kind) == ("reminder_refused_urgent", "alert")
        assert alert.about == "It is time for a glass of water."
        stored = [each.category for each in corridor.mind.alerts.open()]
        assert stored == ["reminder_refused_urgent"]
