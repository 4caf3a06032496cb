"""Calendars in a resident's folder are reminders, read again whenever they change."""

from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from dialogue.events import StageFailed
from dialogue.reminders.agenda import CalendarFiles, read_calendars
from tests.dialogue.reminders.test_reminding import HALF_PAST_FOUR, passes, reminded, until

BERLIN = ZoneInfo("Europe/Berlin")
EVENT = """BEGIN:VEVENT
UID:{uid}
DTSTART;TZID=Europe/Berlin:20261123T{time}00
SUMMARY:{title}
END:VEVENT
"""


def calendar(folder: Path, file: str, *events: tuple[str, str, str]) -> Path:
    path = folder / "reminders" / "anna" / file
    path.parent.mkdir(parents=True, exist_ok=True)
    body = "".join(EVENT.format(uid=uid, time=at, title=title) for uid, at, title in events)
    path.write_text(f"BEGIN:VCALENDAR\nVERSION:2.0\n{body}END:VCALENDAR\n")
    return path


def files(folder: Path) -> CalendarFiles:
    return CalendarFiles(folder, ["anna"], BERLIN)


async def test_new_changed_and_removed_files_are_seen(tmp_path: Path) -> None:
    watched = files(tmp_path)
    await watched.refresh()
    assert watched.changed() == {"anna": {}}
    path = calendar(tmp_path, "choir.ics", ("a", "1700", "The choir meets."))
    await watched.refresh()
    (name,) = watched.changed()["anna"]
    assert name.startswith("choir.")
    await watched.refresh()
    assert watched.changed() == {}
    calendar(tmp_path, "choir.ics", ("a", "1700", "The choir meets."), ("b", "1800", "Tea."))
    await watched.refresh()
    both = watched.changed()["anna"]
    assert len(both) == 2
    assert name in both
    path.unlink()
    await watched.refresh()
    assert watched.changed() == {"anna": {}}


def test_without_calendars_nothing_is_waited_for(tmp_path: Path) -> None:
    watched = files(tmp_path)
    assert watched.changed() == {"anna": {}}
    assert watched.changed() == {}


async def test_one_file_does_not_touch_another(tmp_path: Path) -> None:
    watched = files(tmp_path)
    calendar(tmp_path, "one.ics", ("a", "1700", "The choir meets."))
    await watched.refresh()
    first = watched.changed()["anna"]
    calendar(tmp_path, "another.ics", ("a", "1800", "Tea is served."))
    await watched.refresh()
    both = watched.changed()["anna"]
    assert len(both) == 2
    assert first.items() <= both.items()


async def test_a_faulty_file_leaves_its_last_good_state_and_is_told(tmp_path: Path) -> None:
    watched = files(tmp_path)
    path = calendar(tmp_path, "choir.ics", ("a", "1700", "The choir meets."))
    await watched.refresh()
    good = watched.changed()
    path.write_text("half a cal")
    await watched.refresh()
    assert watched.changed() == good
    (fault,) = watched.faults["anna"]
    assert fault.file == "reminders/anna/choir.ics"
    calendar(tmp_path, "choir.ics", ("a", "1700", "The choir meets."))
    await watched.refresh()
    assert watched.faults["anna"] == ()


async def test_it_is_said_and_a_fault_is_told(tmp_path: Path) -> None:
    async with reminded(tmp_path, "reminders: {}\n") as room:
        calendar(tmp_path, "choir.ics", ("a", "1630", "The choir meets."))
        await passes(room, 3)
        while not room.ledger.plans():  # it is read by a thread, in real time
            await passes(room, 1)
        await until(room, HALF_PAST_FOUR + timedelta(seconds=20))
        assert "The choir meets." in room.speaker.said
        calendar(tmp_path, "bad.ics", ("a", "1900", "Take 2 tablets."))
        while not any(each.code == "faulty_file" for each in room.reports.of(StageFailed)):
            await passes(room, 1)


def test_the_command_line_sees_them(tmp_path: Path) -> None:
    calendar(tmp_path, "choir.ics", ("a", "1700", "The choir meets."))
    found, faults = read_calendars(tmp_path / "reminders", BERLIN)
    assert [each.say for each in found["anna"].values()] == ["The choir meets."]
    assert faults == []
