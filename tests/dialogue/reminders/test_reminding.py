"""Reminders in a conversation: said in a pause, answered without a dialogue engine."""

import asyncio
import resource
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from config.settings import Resident
from dialogue.events import StageFailed
from tests.room import FLOWS, Room, one_of

WATER = """
reminders:
  water:
    say: "It is time for a glass of water."
    at: "16:30"
"""
ALONE = Resident(name="Anna", room="private")
HOURS = 6
"""Long enough for the note at a change of shift, which cannot be stored either."""
HALF_PAST_FOUR = datetime(2026, 11, 23, 15, 30, tzinfo=UTC)  # 16:30 in Berlin


@asynccontextmanager
async def reminded(
    folder: Path, text: str = WATER, resident: Resident = ALONE, language: str = "en"
) -> AsyncIterator[Room]:
    """A room in which reminders are at work, with what stands in the resident's file."""
    (folder / "reminders").mkdir()
    (folder / "reminders" / "anna.yaml").write_text(text)
    room = Room(folder, resident=resident, language=language)
    await room.meets()
    await room.hears("what time is it")
    room.speaker.said.clear()
    task = asyncio.create_task(room.reminding.run(room.talk))
    try:
        yield room
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await room.talk.close()


async def until(room: Room, moment: datetime) -> None:
    await room.clock.advance((moment - room.clock.now()).total_seconds())


async def passes(room: Room, seconds: float) -> None:
    await room.clock.advance(seconds)


def state(room: Room) -> str:
    return room.ledger.history()[-1].change


async def test_it_is_said_and_a_yes_is_noted(tmp_path: Path) -> None:
    async with reminded(tmp_path) as room:
        await until(room, HALF_PAST_FOUR - timedelta(seconds=5))
        assert room.speaker.said[-1:] != ["It is time for a glass of water."]
        room.speaker.said.clear()
        await passes(room, 30)
        knock, text, asked = room.speaker.said[:3]
        assert knock.startswith("Anna,") or knock in one_of("reminder_knock")
        assert text == "It is time for a glass of water."
        assert asked in one_of("reminder_ask")
        reply = (await room.hears("yes i have")).reply
        assert reply.step == "reminder_done"
        assert state(room) == "confirmed"


async def test_a_yes_after_hours_of_silence_is_an_answer_too(tmp_path: Path) -> None:
    async with reminded(tmp_path, WATER.replace("16:30", "21:30")) as room:
        await until(room, HALF_PAST_FOUR + timedelta(hours=5, seconds=20))
        assert (await room.hears("yes i have")).reply.step == "reminder_done"
        assert state(room) == "confirmed"


async def test_not_yet_comes_back_and_says_when(tmp_path: Path) -> None:
    async with reminded(tmp_path) as room:
        await until(room, HALF_PAST_FOUR + timedelta(seconds=10))
        asked = (await room.hears("no")).reply
        assert asked.step == "reminder_not_yet"
        assert "in 10 minutes" in asked.sentences[-1]
        assert (await room.hears("yes please")).reply.step == "reminder_later"
        room.speaker.said.clear()
        await passes(room, 595)
        assert room.speaker.said == []
        await passes(room, 20)
        assert "It is time for a glass of water." in room.speaker.said
        assert room.speaker.said[0] in one_of("reminder_back")


async def test_a_refusal_is_final_and_staff_hear_of_it(tmp_path: Path) -> None:
    async with reminded(tmp_path) as room:
        await until(room, HALF_PAST_FOUR + timedelta(seconds=10))
        await room.hears("no")
        assert (await room.hears("no")).reply.step == "reminder_refused"
        (note,) = room.alerts.open()
        assert (note.category, note.person) == ("reminder_refused", "anna")
        room.speaker.said.clear()
        await passes(room, 3600)
        assert "It is time for a glass of water." not in room.speaker.said


async def test_silence_is_asked_again_and_then_told_to_staff(tmp_path: Path) -> None:
    async with reminded(tmp_path) as room:
        await until(room, HALF_PAST_FOUR + timedelta(minutes=15))
        assert room.speaker.said.count("It is time for a glass of water.") == 2
        assert [note.category for note in room.alerts.open()] == ["reminder_missed"]


async def test_nobody_is_cut_off(tmp_path: Path) -> None:
    async with reminded(tmp_path) as room:
        await until(room, HALF_PAST_FOUR - timedelta(seconds=4))
        await room.hears("tell me a story")
        assert room.talk.free is False  # the robot asked something, and waits
        room.speaker.said.clear()
        await passes(room, 8)
        assert "It is time for a glass of water." not in room.speaker.said
        await passes(room, 70)
        assert "It is time for a glass of water." in room.speaker.said


async def test_who_may_not_be_alone_is_asked_before_it_is_said(tmp_path: Path) -> None:
    async with reminded(tmp_path, resident=Resident(name="Anna")) as room:
        room.speaker.said.clear()
        await until(room, HALF_PAST_FOUR + timedelta(seconds=10))
        assert "It is time for a glass of water." not in room.speaker.said
        reply = (await room.hears("yes")).reply
        assert "It is time for a glass of water." in reply.sentences
        assert (await room.hears("yes")).reply.step == "reminder_done"
        assert state(room) == "confirmed"


async def test_a_stopped_robot_reminds_nobody_and_staff_hear_of_it(tmp_path: Path) -> None:
    async with reminded(tmp_path, f"{WATER}    late_until: 20\n") as room:
        await room.talk.stop()
        room.speaker.said.clear()
        await until(room, HALF_PAST_FOUR + timedelta(minutes=30))
        assert room.speaker.said == []
        assert [note.category for note in room.alerts.open()] == ["reminder_missed"]


async def test_a_faulty_file_is_told_and_the_last_good_one_stays(tmp_path: Path) -> None:
    async with reminded(tmp_path) as room:
        await passes(room, 5)
        (tmp_path / "reminders" / "anna.yaml").write_text(WATER.replace('"16:30"', '"26:30"'))
        await until(room, HALF_PAST_FOUR + timedelta(seconds=5))
        assert "It is time for a glass of water." in room.speaker.said
        (told,) = [each for each in room.reports.events if isinstance(each, StageFailed)]
        assert told.message.startswith("reminders/anna.yaml, line 5: ")
        assert told.message.endswith("The reminders stay as they were.")


@pytest.mark.parametrize("language", ["de"])
async def test_it_speaks_german(tmp_path: Path, language: str) -> None:
    text = WATER.replace("It is time for a glass of water.", "Es ist Zeit für ein Glas Wasser.")
    async with reminded(tmp_path, text, language=language) as room:
        await until(room, HALF_PAST_FOUR + timedelta(seconds=10))
        asked = (await room.hears("nein noch nicht")).reply
        assert "in 10 Minuten" in asked.sentences[-1]
        assert (await room.hears("ja")).reply.step == "reminder_later"


async def test_on_a_full_disk_it_reminds_on_and_writes_it_down_when_there_is_room(
    tmp_path: Path,
) -> None:
    async with reminded(tmp_path) as room:
        await passes(room, 5)
        sizes = [path.stat().st_size for path in tmp_path.glob("*.db*")]
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (max(sizes), hard))
        try:
            await until(room, HALF_PAST_FOUR + timedelta(seconds=30))
            assert "It is time for a glass of water." in room.speaker.said
            (told,) = [each for each in room.reports.events if isinstance(each, StageFailed)]
            assert (told.stage, told.code) == ("remind", "not_stored")
            assert (await room.hears("yes")).reply.step == "reminder_done"
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
            signal.signal(signal.SIGXFSZ, before)
        await passes(room, 60)
        assert room.ledger.in_memory is False
        assert [change.change for change in room.ledger.history()] == [
            *("due", "saying", "asked", "confirmed")
        ]


@pytest.mark.timeout(180)
async def test_for_hours_on_a_full_disk_all_is_said_and_staff_know_within_a_minute(
    tmp_path: Path,
) -> None:
    times = ", ".join(f"'{hour:02}:00'" for hour in range(24))
    text = WATER.replace('"16:30"', f"[{times}]")
    async with reminded(tmp_path, text) as room:
        await passes(room, 5)
        sizes = [path.stat().st_size for path in tmp_path.glob("*.db*")]
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (max(sizes), hard))
        said = 0
        try:
            await passes(room, 60)  # with nothing due
            told = [each for each in room.reports.events if isinstance(each, StageFailed)]
            assert told[0].code == "not_stored"
            begin = room.clock.now()
            for hour in range(1, HOURS + 1):
                room.speaker.said.clear()
                await until(room, begin.replace(minute=1, second=0) + timedelta(hours=hour))
                if "It is time for a glass of water." in room.speaker.said:
                    said += 1
                    assert (await room.hears("yes")).reply.step == "reminder_done"
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
            signal.signal(signal.SIGXFSZ, before)
        assert said == HOURS
        await passes(room, 60)
        assert room.ledger.in_memory is False
        states = [change.change for change in room.ledger.history()]
        assert states == ["due", "saying", "asked", "confirmed"] * HOURS


async def test_asked_to_be_let_be_it_does_not_come_back_and_staff_hear_of_it(
    tmp_path: Path,
) -> None:
    async with reminded(tmp_path) as room:
        await until(room, HALF_PAST_FOUR + timedelta(seconds=20))
        await room.hears("i want to be by myself now")
        room.speaker.said.clear()
        await passes(room, 3600)
        assert room.speaker.said == []
        assert [note.category for note in room.alerts.open()] == ["reminder_missed"]


async def test_in_another_language_it_is_said_and_nothing_is_asked(tmp_path: Path) -> None:
    text = WATER.replace("It is time for a glass of water.", "C'est l'heure d'un verre d'eau.")
    async with reminded(tmp_path, text, language="fr") as room:
        room.speaker.said.clear()
        await until(room, HALF_PAST_FOUR + timedelta(minutes=1))
        assert room.speaker.said[-1] == "C'est l'heure d'un verre d'eau."
        assert state(room) == "said"


async def test_an_answer_that_interrupts_the_question_is_one(tmp_path: Path) -> None:
    async with reminded(tmp_path) as room:
        await until(room, HALF_PAST_FOUR + timedelta(seconds=4))
        assert room.mouth.speaking
        assert (await room.hears("yes i have")).reply.step == "reminder_done"
        assert state(room) == "confirmed"


async def test_an_answer_that_comes_too_late_is_told_so(tmp_path: Path) -> None:
    async with reminded(tmp_path) as room:
        await until(room, HALF_PAST_FOUR + timedelta(minutes=14))
        assert state(room) == "told_staff"
        reply = room.reminding.answer(FLOWS.decision("keywords", "reminder_ask", "affirm", "en"))
        assert reply is not None
        assert reply.step == "reminder_over"


async def test_what_is_personal_and_needs_no_answer_is_told_when_it_may_be(tmp_path: Path) -> None:
    text = f"{WATER}    confirm: false\n"
    async with reminded(tmp_path, text, resident=Resident(name="Anna")) as room:
        await until(room, HALF_PAST_FOUR + timedelta(seconds=20))
        reply = (await room.hears("yes")).reply
        assert reply.sentences[-1] == "It is time for a glass of water."
        assert state(room) == "said"
