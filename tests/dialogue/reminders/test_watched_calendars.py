"""Calendars in a resident's folder are reminders, read again whenever they change."""

import asyncio
import os
from datetime import date, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from dialogue.events import StageFailed
from dialogue.reminders.agenda import MOST_TOLD, CalendarFiles, read_calendars, source_of
from dialogue.reminders.ledger import Plan
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


def files(folder: Path, *plans: Plan) -> CalendarFiles:
    return CalendarFiles(folder, ["anna"], BERLIN, lambda: plans)


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
    watched.changed()
    assert watched.faults["anna"] == ()


async def test_a_faulty_event_keeps_its_last_state_and_others_come_and_go(tmp_path: Path) -> None:
    watched = files(tmp_path)
    choir, tea = ("a", "1700", "The choir meets."), ("b", "1800", "Tea is served.")
    calendar(tmp_path, "week.ics", choir, tea)
    await watched.refresh()
    (kept,) = [name for name in watched.changed()["anna"] if "choir" in name]
    calendar(tmp_path, "week.ics", ("a", "soon", "The choir sings."), ("c", "1900", "A concert."))
    await watched.refresh()
    said = {name: each.say for name, each in watched.changed()["anna"].items()}
    assert said.pop(kept) == "The choir meets."
    assert list(said.values()) == ["A concert."]
    assert [fault.line for fault in watched.faults["anna"]] == [3]


async def test_the_last_state_of_a_faulty_file_outlives_a_restart(tmp_path: Path) -> None:
    watched = files(tmp_path)
    path = calendar(tmp_path, "week.ics", ("a", "1700", "The choir meets."))
    await watched.refresh()
    ((name, reminder),) = watched.changed()["anna"].items()
    path.write_text("half a cal")
    plans = [
        Plan("anna", each, date(2026, 11, 26), reminder, None, None)
        for each in (name, "of-yaml", "another.choir-00000000")
    ]
    again = files(tmp_path, *plans)
    await again.refresh()
    assert again.changed() == {"anna": {name: reminder}}


async def test_a_fault_is_told_once_and_of_many_only_some(tmp_path: Path) -> None:
    watched = files(tmp_path)
    calendar(tmp_path, "bad.ics", *((str(n), "soon", "Tea.") for n in range(MOST_TOLD + 5)))
    calendar(tmp_path, "worse.ics", ("a", "soon", "Tea."))
    await watched.refresh()
    watched.changed()
    told = watched.faults["anna"]
    assert len(told) == MOST_TOLD + 2
    assert told[MOST_TOLD].sentence == "From here on 5 more; `fireside check` says which."
    watched.changed()
    assert watched.faults == {}


async def test_names_tell_the_file_they_come_from(tmp_path: Path) -> None:
    watched = files(tmp_path)
    for file in ("a.b.ics", "choir.ICS", "choir.ics"):
        calendar(tmp_path, file, ("a", "1700", "The choir meets."))
    await watched.refresh()
    assert [source_of(name) for name in watched.changed()["anna"]] == [
        "a.b.ics",
        "choir.ICS",
        "choir.ics",
    ]
    assert source_of("of-yaml") is None


async def test_what_is_no_file_holds_nothing_up(tmp_path: Path) -> None:
    watched = files(tmp_path)
    path = calendar(tmp_path, "choir.ics", ("a", "1700", "The choir meets."))
    os.mkfifo(path.with_name("pipe.ics"))
    path.with_name("folder.ics").mkdir()
    path.with_name("nowhere.ics").symlink_to("none")
    await asyncio.wait_for(watched.refresh(), 5)
    assert len(watched.changed()["anna"]) == 1
    assert [fault.file.rpartition("/")[2] for fault in watched.faults["anna"]] == [
        "folder.ics",
        "nowhere.ics",
        "pipe.ics",
    ]


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
