"""Reminders by voice: asked for, read back, kept; told, and taken back. With no dialogue engine."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from config.reminders import read_reminders
from config.settings import Resident
from dialogue.events import AlertRaised, StageFailed
from dialogue.reminders.spoken.asking import TRIES
from tests.dialogue.reminders.test_reminding import ALONE, passes, reminded, until
from tests.room import Room, one_of

NONE = "reminders: {}\n"
TEA = "reminders:\n  tea:\n    say: It is time for tea.\n    at: '17:00'\n"
FOUR = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)  # 16:00 in Berlin, a Monday


def kept(room: Room) -> list[str]:
    return [reminder.say for reminder in room.own.all().values()]


@pytest.mark.parametrize(
    ("language", "wish", "time", "yes", "say"),
    [
        ("en", "remind me to call my sister at five", "today at 5 PM", "yes", "call your sister"),
        ("de", "erinnern sie mich um fünf daran meine schwester anzurufen", "heute um 17 Uhr",
         "ja bitte", "Ihre schwester anrufen"),
    ],
)  # fmt: skip
async def test_it_is_read_back_kept_and_said_in_time(
    tmp_path: Path, language: str, wish: str, time: str, yes: str, say: str
) -> None:
    async with reminded(tmp_path, NONE, ALONE, language) as room:
        await until(room, FOUR)
        asked = (await room.hears(wish)).reply
        assert say in asked.sentences[0]
        assert time in asked.sentences[1]
        assert asked.step == "own_save"
        assert kept(room) == []
        assert (await room.hears(yes)).reply.step == "own_saved" or kept(room)
        (sentence,) = kept(room)
        assert say in sentence
        room.speaker.said.clear()
        await until(room, FOUR + timedelta(hours=1, seconds=20))
        assert sentence in room.speaker.said


async def test_what_is_missing_is_asked_for(tmp_path: Path) -> None:
    async with reminded(tmp_path, NONE) as room:
        assert (await room.hears("can you remind me please")).reply.step == "own_what"
        assert (await room.hears("to water the flowers")).reply.step == "own_when"
        read_back = (await room.hears("every tuesday at half past ten")).reply
        assert "every Tuesday at 10:30 AM" in read_back.sentences[1]
        await room.hears("yes")
        (reminder,) = room.own.all().values()
        assert reminder.every == ("tuesday",)


async def test_a_wrong_time_is_put_right_before_it_is_kept(tmp_path: Path) -> None:
    async with reminded(tmp_path, NONE) as room:
        await room.hears("remind me to call anna tomorrow at four")
        again = (await room.hears("no at five")).reply
        assert "tomorrow at 5 PM" in again.sentences[1]
        assert again.step == "own_save"


async def test_a_no_keeps_nothing(tmp_path: Path) -> None:
    async with reminded(tmp_path, NONE) as room:
        await room.hears("remind me to call anna tomorrow at four")
        reply = (await room.hears("no")).reply
        assert reply.sentences[0] in one_of("own_dropped")
        assert kept(room) == []


async def test_a_no_to_what_ends_it(tmp_path: Path) -> None:
    async with reminded(tmp_path, NONE) as room:
        await room.hears("remind me please")
        assert (await room.hears("no")).reply.step == "own_dropped" or not room.own.all()


@pytest.mark.parametrize("wish", ["remind me of my insulin", "remind me to take my pills at nine"])
async def test_medicines_are_for_staff_who_are_told(tmp_path: Path, wish: str) -> None:
    async with reminded(tmp_path, NONE) as room:
        await room.hears(wish)
        assert [each.category for each in room.reports.of(AlertRaised)] == ["medical_question"]
        assert kept(room) == []


async def test_a_time_that_is_over_is_asked_for_anew(tmp_path: Path) -> None:
    async with reminded(tmp_path, NONE) as room:
        await until(room, FOUR)
        reply = (await room.hears("remind me to phone this afternoon at three")).reply
        assert reply.sentences[0] in one_of("own_over")
        assert reply.step == "own_when"


@pytest.mark.parametrize(
    "what", ["to drink 500 ml of water", "to " + "x" * 300, "to <b>{name}</b>"]
)
async def test_what_cannot_be_a_reminder_does_no_harm(tmp_path: Path, what: str) -> None:
    async with reminded(tmp_path, NONE) as room:
        reply = (await room.hears(f"remind me tomorrow at four {what}")).reply
        assert reply.step in ("own_what", "own_save")
        await room.hears("yes")
        assert len(kept(room)) <= 1


async def test_it_gives_up_politely(tmp_path: Path) -> None:
    async with reminded(tmp_path, NONE) as room:
        await room.hears("remind me")
        for _ in range(TRIES - 1):
            reply = (await room.hears("the book with the blue cover on the big shelf")).reply
            assert reply.sentences[0] in one_of("own_shorter")
        reply = (await room.hears("the book with the blue cover on the big shelf")).reply
        assert reply.sentences[0] in one_of("own_given_up")


async def test_what_is_planned_is_told_to_the_person_alone(tmp_path: Path) -> None:
    async with reminded(tmp_path, TEA) as room:
        await passes(room, 2)
        reply = (await room.hears("what reminders do i have")).reply
        assert reply.sentences[0] in one_of("own_list")
        assert "It is time for tea." in reply.sentences
        room.remembering.presence.staff_say("company")
        reply = (await room.hears("what reminders do i have")).reply
        assert "It is time for tea." not in reply.sentences


@pytest.mark.parametrize("answer", ["yes", "yes we are alone"])
async def test_in_an_unknown_room_it_asks_whether_they_are_alone(
    tmp_path: Path, answer: str
) -> None:
    async with reminded(tmp_path, TEA, Resident(name="Anna")) as room:
        await passes(room, 2)
        assert (await room.hears("what is planned for today")).reply.step == "own_alone"
        assert "It is time for tea." in (await room.hears(answer)).reply.sentences


async def test_what_was_missed_is_told_and_left_to_staff(tmp_path: Path) -> None:
    async with reminded(tmp_path, TEA.replace("17:00", "16:30")) as room:
        await until(room, FOUR + timedelta(minutes=31))
        await passes(room, 60 * 30)
        reply = (await room.hears("did i miss anything")).reply
        assert "It is time for tea." in reply.sentences
        assert reply.sentences[-1] in one_of("own_missed_end")


async def test_one_is_taken_back_and_another_stays(tmp_path: Path) -> None:
    async with reminded(tmp_path, NONE) as room:
        for wish in ("remind me to call anna at five", "remind me of the choir at six"):
            await room.hears(wish)
            await room.hears("yes")
        asked = (await room.hears("cancel the reminder of the choir")).reply
        assert "the choir" in asked.sentences[0]
        await room.hears("yes")
        (left,) = kept(room)
        assert "call anna" in left
        assert [plan.reminder.say for plan in room.ledger.plans()] == [left]


async def test_a_reminder_of_the_staff_stays(tmp_path: Path) -> None:
    async with reminded(tmp_path, TEA) as room:
        await passes(room, 2)
        reply = (await room.hears("cancel the reminder")).reply
        assert reply.sentences[0] in one_of("own_for_staff")


async def test_an_answer_to_a_reminder_is_no_wish(tmp_path: Path) -> None:
    async with reminded(tmp_path, TEA.replace("17:00", "16:30")) as room:
        await until(room, FOUR + timedelta(minutes=30, seconds=10))
        await room.hears("remind me later")
        assert kept(room) == []
        reply = (await room.hears("remind me to call anna tomorrow at four")).reply
        assert reply.step == "own_save"


async def test_staff_do_not_read_what_it_was(tmp_path: Path) -> None:
    async with reminded(tmp_path, NONE) as room:
        await until(room, FOUR)
        await room.hears("remind me to call my lawyer at five")
        await room.hears("yes")
        await until(room, FOUR + timedelta(hours=3))
        (note,) = room.alerts.open()
        assert note.category == "reminder_missed"
        assert note.words is None


async def test_forgetting_everything_forgets_them(tmp_path: Path) -> None:
    async with reminded(tmp_path, NONE) as room:
        await until(room, FOUR)
        await room.hears("remind me to call my lawyer at five")
        await room.hears("yes")
        await until(room, FOUR + timedelta(hours=1, seconds=30))
        await room.hears("yes")
        await room.hears("forget everything about me")
        await room.hears("yes")
        assert kept(room) == []
        assert room.ledger.history() == ()
        assert b"lawyer" not in (tmp_path / "reminders.db").read_bytes()


async def test_where_the_disk_refuses_it_says_so(tmp_path: Path) -> None:
    async with reminded(tmp_path, NONE) as room:
        room.own.path.parent.mkdir(parents=True)
        room.own.path.with_suffix(".draft").mkdir()  # nothing can be written there
        await room.hears("remind me to call anna at five")
        reply = (await room.hears("yes")).reply
        assert reply.sentences[0] in one_of("own_not_kept")
        assert any(each.code == "not_stored" for each in room.reports.of(StageFailed))
        assert room.ledger.plans() == ()


async def test_its_file_is_one_that_staff_could_have_written(tmp_path: Path) -> None:
    async with reminded(tmp_path, NONE) as room:
        await room.hears("remind me of the choir every thursday at three")
        await room.hears("yes")
        (reminder,) = read_reminders(room.own.path).values()
        assert (reminder.own, reminder.every) == (True, ("thursday",))
