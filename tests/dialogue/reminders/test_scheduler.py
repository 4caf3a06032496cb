"""The rules of reminders, on a clock that the test turns."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from config.reminders import Reminder
from config.settings import Home
from dialogue.alerts import Alerts
from dialogue.events import Event
from dialogue.reminders.ledger import Ledger, Occurrence
from dialogue.reminders.scheduler import AGAIN, ANSWER, SPACING, Scheduler

MORNING = datetime(2026, 11, 26, 7, 0, tzinfo=UTC)  # 08:00 in Berlin
WATER = {"say": "It is time for a glass of water.", "at": "09:00"}
HOME: dict[str, Any] = {"name": "Our home", "time_zone": "Europe/Berlin"}


class TurnedClock:
    """A clock that shows what it is set to."""

    def __init__(self, now: datetime) -> None:
        self._now = now

    def now(self) -> datetime:
        return self._now

    def monotonic(self) -> float:
        return self._now.timestamp()

    async def sleep(self, seconds: float) -> None:
        raise AssertionError("the scheduler waits for nothing")

    def turn(self, **span: float) -> None:
        self._now += timedelta(**span)


class Room:
    """A scheduler with what it needs, that can be killed and started again."""

    def __init__(self, folder: Path, **home: Any) -> None:
        self.clock = TurnedClock(MORNING)
        self.events: list[Event] = []
        self.home = Home.model_validate(HOME | home)
        self._folder = folder
        self.ledger_file = folder / "reminders.db"
        self.start()

    def start(self) -> None:
        self.ledger = Ledger(self.ledger_file, self.clock)
        self.alerts = Alerts(self._folder / "alerts.db", self.clock)
        self.scheduler = Scheduler(
            self.ledger, self.alerts, self.home, self.clock, self.events.append
        )

    def close(self) -> None:
        self.ledger.close()
        self.alerts.close()

    def restart(self) -> None:
        self.close()
        self.start()
        self.scheduler.recover()

    def adopt(self, **reminders: dict[str, Any]) -> None:
        parsed = {name: Reminder.model_validate(each) for name, each in reminders.items()}
        self.scheduler.adopt({"rosa": parsed} if parsed else {})

    def due(self) -> Occurrence | None:
        self.scheduler.look()
        return self.scheduler.next_to_say()

    def say(self) -> Occurrence:
        occurrence = self.due()
        assert occurrence is not None
        return self.scheduler.said(self.scheduler.begin(occurrence), complete=True, asked=True)

    def states(self) -> list[str]:
        everything = self.ledger.of_day(MORNING - timedelta(days=400), MORNING + timedelta(400))
        return [occurrence.state for occurrence in everything]

    def changes(self) -> list[str]:
        return [change.change for change in self.ledger.history()]


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    room = Room(tmp_path)
    yield room
    room.close()


def test_it_is_said_at_its_time_asked_about_and_confirmed(room: Room) -> None:
    room.adopt(water=WATER)
    assert room.due() is None
    assert room.scheduler.next_at() == MORNING + timedelta(hours=1)
    room.clock.turn(hours=1)
    asked = room.say()
    assert asked.state == "asked"
    room.scheduler.confirmed(asked)
    assert room.changes() == ["due", "saying", "asked", "confirmed"]
    assert room.due() is None
    assert room.scheduler.next_at() == MORNING + timedelta(hours=25)


def test_where_the_end_of_saying_cannot_be_noted_the_others_are_still_said(room: Room) -> None:
    room.adopt(water=WATER, walk={"say": "It is time for a walk.", "at": "10:00"})
    room.clock.turn(hours=1)
    found = room.due()
    assert found is not None
    room.scheduler.begin(found)  # and then the disk refuses
    names = set()
    for _ in range(180):
        room.clock.turn(minutes=1)
        if (waiting := room.due()) is not None:
            names.add(waiting.name)
            assert waiting.name != "water" or waiting.said == 1  # said again, not silently
            room.scheduler.begin(waiting)
    assert names == {"water", "walk"}
    assert {alert.category for alert in room.alerts.open()} == {"reminder_missed"}
    assert len(room.alerts.open()) == 2


def test_what_was_written_while_the_robot_was_off_is_said_late(room: Room) -> None:
    room.adopt(water=WATER)
    room.close()
    room.clock.turn(hours=1, minutes=30)  # 09:30
    room.start()
    tea = Reminder.model_validate({"say": "It is time for tea.", "at": "09:10"})
    written = {("anna", "tea"): MORNING + timedelta(minutes=50)}
    room.scheduler.adopt({"anna": {"tea": tea}}, written)
    room.scheduler.look()
    assert [each.name for each in room.ledger.open()] == ["water", "tea"]


@pytest.mark.parametrize("ago", [-5, 600])
def test_what_was_written_before_or_by_a_wrong_clock_counts_from_now(room: Room, ago: int) -> None:
    room.adopt(water=WATER)
    room.close()
    room.clock.turn(hours=1, minutes=30)
    room.start()
    tea = Reminder.model_validate({"say": "It is time for tea.", "at": "09:10"})
    written = {("anna", "tea"): room.clock.now() - timedelta(minutes=ago)}
    room.scheduler.adopt({"anna": {"tea": tea}}, written)
    room.scheduler.look()
    assert [each.name for each in room.ledger.open()] == ["water"]


def test_nobody_answers_twice_and_staff_are_told_once(room: Room) -> None:
    room.adopt(water=WATER)
    room.clock.turn(hours=1)
    room.say()
    room.clock.turn(minutes=3)
    assert room.due() is None
    room.clock.turn(seconds=AGAIN.total_seconds())
    room.say()
    room.clock.turn(seconds=ANSWER.total_seconds())
    room.scheduler.look()
    room.scheduler.look()
    (note,) = room.alerts.open()
    assert (note.category, note.kind, note.person) == ("reminder_missed", "note", "rosa")
    assert room.states() == ["missed"]


def test_an_urgent_one_that_is_refused_calls_somebody(room: Room) -> None:
    room.adopt(water=WATER | {"urgency": "high"})
    room.clock.turn(hours=1)
    room.scheduler.refused(room.say())
    (alert,) = room.alerts.open()
    assert (alert.category, alert.kind) == ("reminder_refused_urgent", "alert")


def test_later_comes_back_as_often_as_staff_allow(room: Room) -> None:
    room.adopt(water=WATER | {"snoozes": 1, "snooze": 20})
    room.clock.turn(hours=1)
    back = room.scheduler.later(room.say())
    assert back is not None
    assert back.next_at == room.clock.now() + timedelta(minutes=20)
    room.clock.turn(minutes=19)
    assert room.due() is None
    room.clock.turn(minutes=1)
    assert room.scheduler.later(room.say()) is None
    assert room.states() == ["refused"]
    assert len(room.alerts.open()) == 1


@pytest.mark.parametrize(
    "minutes, late, state",
    [
        (14, "say", "due"),
        (60, "say", "due"),
        (121, "say", "missed"),
        (60, "skip", "skipped"),
        (60, "tell_staff", "missed"),
    ],
)
def test_what_fell_due_while_the_robot_was_off(
    room: Room, minutes: int, late: str, state: str
) -> None:
    room.adopt(water=WATER | {"late": late})
    room.clock.turn(hours=1, minutes=minutes)
    room.restart()
    room.adopt(water=WATER | {"late": late})
    assert room.states() == [state]
    assert len(room.alerts.open()) == (state == "missed")


def test_of_many_that_were_missed_only_the_last_is_said(room: Room) -> None:
    room.adopt(water=WATER | {"at": ["09:00", "10:00", "11:00"]})
    room.clock.turn(hours=3, minutes=20)
    room.restart()
    assert room.due() is not None
    assert room.states() == ["missed", "missed", "due"]


def test_killed_while_it_speaks_it_is_said_again_and_says_so(room: Room) -> None:
    room.adopt(water=WATER)
    room.clock.turn(hours=1)
    occurrence = room.due()
    assert occurrence is not None
    room.scheduler.begin(occurrence)
    room.restart()
    again = room.due()
    assert again is not None
    assert again.said == 1
    assert room.changes() == ["due", "saying", "due"]


def test_one_at_a_time_and_spaced(room: Room) -> None:
    room.adopt(water=WATER, walk=WATER | {"say": "It is time for a walk."})
    room.clock.turn(hours=1)
    first = room.say()
    assert room.due() is None
    room.scheduler.confirmed(first)
    assert room.due() is None
    room.clock.turn(seconds=SPACING.total_seconds())
    second = room.say()
    assert {first.name, second.name} == {"water", "walk"}


def test_spaced_also_after_a_restart(room: Room) -> None:
    room.adopt(water=WATER, walk=WATER | {"say": "It is time for a walk."})
    room.clock.turn(hours=1)
    room.scheduler.confirmed(room.say())
    room.restart()
    assert room.due() is None
    room.clock.turn(seconds=SPACING.total_seconds())
    assert room.due() is not None


def test_quiet_hours_put_off_what_may_wait(tmp_path: Path) -> None:
    room = Room(tmp_path, quiet_hours={"start": "22:00", "end": "07:00"})
    room.adopt(lamp=WATER | {"at": "23:00"}, pills=WATER | {"at": "23:30", "quiet_hours": False})
    room.clock.turn(hours=15)
    assert room.due() is None
    room.clock.turn(minutes=30)
    pills = room.due()
    assert pills is not None
    assert pills.name == "pills"
    room.scheduler.confirmed(room.say())
    room.clock.turn(hours=7, minutes=29)
    assert room.due() is None
    room.clock.turn(minutes=1)
    lamp = room.due()
    assert lamp is not None
    assert lamp.name == "lamp"
    room.close()


def test_a_clock_set_forward_and_back_loses_and_doubles_nothing(room: Room) -> None:
    room.adopt(water=WATER)
    room.clock.turn(days=3)  # wrong
    room.scheduler.look()
    assert room.states() == ["missed", "missed", "missed"]
    room.clock.turn(days=-3)
    room.scheduler.look()
    assert room.states() == ["due", "due", "due"]
    assert room.due() is None
    room.clock.turn(hours=1)
    room.scheduler.confirmed(room.say())
    room.clock.turn(days=1)
    room.scheduler.confirmed(room.say())
    assert room.states() == ["confirmed", "confirmed", "due"]


def test_what_is_taken_out_is_cancelled_and_what_is_changed_keeps_what_was_due(room: Room) -> None:
    room.adopt(water=WATER, walk=WATER)
    room.clock.turn(hours=1, minutes=1)
    room.adopt(water=WATER | {"at": "10:00"})
    assert sorted(room.states()) == ["cancelled", "due"]
    assert room.scheduler.next_at() == MORNING + timedelta(hours=1)
    room.scheduler.confirmed(room.say())
    assert room.scheduler.next_at() == MORNING + timedelta(hours=2)


def test_broken_off_it_comes_back(room: Room) -> None:
    room.adopt(water=WATER)
    room.clock.turn(hours=1)
    occurrence = room.due()
    assert occurrence is not None
    room.scheduler.said(room.scheduler.begin(occurrence), complete=False, asked=True)
    room.clock.turn(seconds=AGAIN.total_seconds())
    assert room.due() is not None


def test_broken_off_twice_it_is_left_to_staff(room: Room) -> None:
    room.adopt(water=WATER)
    for _ in range(2):
        room.clock.turn(hours=1)
        occurrence = room.due()
        assert occurrence is not None
        room.scheduler.said(room.scheduler.begin(occurrence), complete=False, asked=True)
    assert room.states() == ["missed"]
    assert len(room.alerts.open()) == 1


def test_what_cannot_be_said_for_hours_goes_to_staff(room: Room) -> None:
    room.adopt(water=WATER)
    room.clock.turn(hours=1)
    assert room.due() is not None
    room.clock.turn(hours=2, minutes=1)
    assert room.due() is None
    assert [note.category for note in room.alerts.open()] == ["reminder_missed"]


def test_a_stored_rule_that_is_refused_today_stops_nothing(room: Room) -> None:
    room.adopt(water=WATER, tea=WATER | {"at": "10:00"})
    room.clock.turn(hours=1)
    assert room.due() is not None
    room.close()
    with closing(sqlite3.connect(room.ledger_file)) as file, file:
        for table in ("plans", "occurrences"):
            file.execute(
                f"UPDATE {table} SET reminder = json_set(reminder, '$.repeat', 'FREQ=SECONDLY')"
                " WHERE name = 'water'"
            )
    room.restart()
    (water,) = room.ledger.open()
    assert (water.name, water.reminder.say) == ("water", WATER["say"])
    assert [plan.name for plan in room.ledger.plans()] == ["tea"]
    room.adopt(water=WATER, tea=WATER | {"at": "10:00"})
    assert [plan.name for plan in room.ledger.plans()] == ["tea", "water"]


@pytest.mark.parametrize("restarts", [False, True])
def test_after_a_clock_that_was_ahead_two_still_keep_their_distance(
    room: Room, restarts: bool
) -> None:
    room.adopt(water=WATER, walk=WATER, tea={**WATER, "at": "20:00"})
    room.clock.turn(hours=12)
    room.scheduler.confirmed(room.say())  # tea, by a clock that is ahead
    room.clock.turn(hours=-11, minutes=-1)
    if restarts:
        room.restart()
    assert room.due() is None
    room.clock.turn(minutes=1)
    assert room.due() is None
    room.clock.turn(seconds=SPACING.total_seconds())
    assert room.due() is not None


def test_what_was_first_read_by_a_clock_that_was_ahead_is_said_today(room: Room) -> None:
    room.clock.turn(hours=24)
    room.adopt(water=WATER)
    room.clock.turn(hours=-24)
    assert room.due() is None
    room.clock.turn(hours=1)
    assert room.due() is not None


def test_what_was_taken_out_does_not_come_back_when_the_clock_is_set_back(room: Room) -> None:
    room.adopt(water={**WATER, "late": "tell_staff"})
    room.clock.turn(hours=3)
    room.scheduler.look()
    assert room.states() == ["missed"]
    room.scheduler.adopt({"rosa": {}})
    room.clock.turn(hours=-3)
    room.scheduler.look()
    room.clock.turn(hours=1)
    assert room.due() is None
    assert room.states() == ["missed"]
