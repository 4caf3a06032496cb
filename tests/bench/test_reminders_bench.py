"""The history checker: a short run finds nothing, and it does find what it is there to find."""

import random
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from config.reminders import Reminder
from dialogue.alerts import Alerts
from dialogue.reminders.ledger import Ledger, Occurrence
from dialogue.reminders.scheduler import Scheduler
from robot.bench.reminders import measure
from robot.bench.reminders_child import HOME, SteppedClock
from robot.bench.reminders_rules import RULES, History
from robot.bench.reminders_world import World, Written

NOON = datetime(2026, 4, 7, 10, 0, tzinfo=UTC)
WATER, TEA = "rosa/water/2026-04-07T12:00:00", "rosa/tea/2026-04-07T12:01:00"
MINUTE = timedelta(minutes=1)


@pytest.mark.timeout(240)
def test_nothing_is_lost_or_doubled_in_a_minute_of_kills() -> None:
    found = measure(300, random.Random(7), lambda *_: None)
    assert found["faults"] == []
    assert {name: found[name] for name in RULES} == dict.fromkeys(RULES, 0)
    assert found["due"] > 50
    assert found["promised"] > 10
    assert found["looks"] > 1000


class Day:
    """Two reminders at noon, said and answered, and what the world has heard of it."""

    def __init__(self, folder: Path) -> None:
        self.clock = SteppedClock(NOON - MINUTE)
        self.world = World(self.clock.moment)
        self.world.begins(self.clock.moment)
        self.ledger = Ledger(folder / "reminders.db", self.clock)
        self.alerts = Alerts(folder / "alerts.db", self.clock)
        self.scheduler = Scheduler(self.ledger, self.alerts, HOME, self.clock, lambda event: None)
        one = Reminder.model_validate({"say": "It is time.", "at": "12:00"})
        other = Reminder.model_validate({"say": "It is time.", "at": "12:01"})
        self.scheduler.adopt({"rosa": {"water": one, "tea": other}})

    def look(self, minutes: float) -> Occurrence | None:
        """Look so many minutes after noon."""
        self.clock.moment = NOON + minutes * MINUTE
        self.scheduler.look()
        found = self.scheduler.next_to_say()
        if found is None:
            self.world.hears("idle", [self.clock.moment.isoformat()])
        return found

    def say(self, occurrence: Occurrence | None) -> Occurrence:
        """Say it in six seconds, and ask."""
        assert occurrence is not None
        saying = self.scheduler.begin(occurrence)
        self.hear(f"rosa/{occurrence.name}/{occurrence.local.isoformat()}")
        return self.scheduler.said(saying, complete=True, asked=True)

    def hear(self, key: str, marked: bool = False) -> None:
        at = self.clock.moment.isoformat()
        self.world.hears("said", [key, str(int(marked)), at])
        self.clock.moment += MINUTE / 10
        self.world.hears("ended", [self.clock.moment.isoformat()])

    def history(self) -> History:
        """What there is of it at its end."""
        day = NOON - timedelta(days=1), NOON + timedelta(days=1)
        stored = {
            f"rosa/{each.name}/{each.local.isoformat()}": each for each in self.ledger.of_day(*day)
        }
        raised = {alert.id for alert in self.alerts.open()}
        history = History(self.world, stored, self.ledger.history(), raised)
        self.ledger.close()
        self.alerts.close()
        return history


def lived(folder: Path) -> Day:
    """A day on which all was well: one was confirmed, the other refused."""
    day = Day(folder)
    water = day.say(day.look(0))
    day.scheduler.confirmed(water)
    day.world.hears("promised", ["confirmed", WATER])
    assert day.look(1) is None  # too soon after the other
    tea = day.say(day.look(3))
    day.scheduler.refused(tea)
    day.world.hears("promised", ["refused", TEA])
    day.look(10)
    return day


def promised_otherwise(day: Day) -> None:
    day.world.promised[WATER] = "refused", 1


def said_after_it(day: Day) -> None:
    day.clock.moment = NOON + 20 * MINUTE
    day.hear(WATER, marked=True)


def said_twice(day: Day) -> None:
    day.world.promised.clear()
    day.clock.moment = NOON + 20 * MINUTE
    day.hear(WATER)


def said_and_unknown(day: Day) -> None:
    day.clock.moment = NOON + 20 * MINUTE
    day.hear(WATER.replace("water", "walk"))


def said_at_night(day: Day) -> None:
    day.world.promised.clear()
    day.clock.moment = NOON + timedelta(hours=11)
    day.hear(WATER, marked=True)


def never_due(day: Day) -> None:
    since, until = NOON - MINUTE, NOON + MINUTE
    day.world.written["rosa/walk"] = Written(("12:00",), ("day",), since, until)


def taken_out(day: Day) -> None:
    day.world.written["rosa/tea"] = Written(("12:01",), ("day",), out=1)


def looked_at(minutes: float) -> Callable[[Day], None]:
    def look(day: Day) -> None:
        day.world.looks.append((NOON + minutes * MINUTE, False))

    return look


def said_for_longer(day: Day) -> None:
    day.world.heard[0].ended = NOON + 2 * MINUTE


@pytest.mark.parametrize(
    ("harm", "rule"),
    [
        (lambda day: None, None),
        (promised_otherwise, "promise_broken"),
        (said_after_it, "promise_broken"),
        (said_twice, "silently_doubled"),
        (said_and_unknown, "lost"),
        (never_due, "lost"),
        (taken_out, "taken_out"),
        (said_at_night, "in_quiet_hours"),
        (said_for_longer, "too_close"),
        (looked_at(2.5), "not_said"),
    ],
)
def test_the_checker_finds_what_the_world_should_not_have_heard(
    tmp_path: Path, harm: Callable[[Day], None], rule: str | None
) -> None:
    day = lived(tmp_path)
    harm(day)
    assert {kind for kind, _ in day.history().faults()} == ({rule} if rule else set())


def test_the_checker_finds_the_wrong_order(tmp_path: Path) -> None:
    day = Day(tmp_path)
    day.look(5)
    tea = next(each for each in day.ledger.open() if each.name == "tea")
    day.scheduler.confirmed(day.say(tea))
    day.scheduler.confirmed(day.say(day.look(8)))
    assert [kind for kind, _ in day.history().faults()] == ["out_of_order"]


@pytest.mark.parametrize(
    ("change", "late", "looked", "rule"),
    [
        ("due", 0.5, 0.2, "fell_late"),
        ("confirmed", 4.5, 3.5, "left_waiting"),
        ("told_staff", 4, 3.5, "staff_not_told"),
    ],
)
def test_the_checker_finds_what_was_done_too_late(
    tmp_path: Path, change: str, late: float, looked: float, rule: str
) -> None:
    day = lived(tmp_path)
    looked_at(looked)(day)
    history = day.history()
    late_at = NOON + late * MINUTE
    changes = list(history.changes)
    index = next(n for n, each in enumerate(changes) if each.change == change)
    changes[index] = replace(changes[index], at=late_at)
    later = History(day.world, history.stored, changes, history.raised)
    assert rule in {kind for kind, _ in later.faults()}


def test_the_checker_finds_what_staff_never_heard_of_and_what_has_no_end(tmp_path: Path) -> None:
    day = lived(tmp_path)
    history = day.history()
    untold = History(day.world, history.stored, history.changes, set())
    assert [kind for kind, _ in untold.faults()] == ["staff_not_told"]
    day = Day(tmp_path / "other")
    day.look(0)
    day.world.now += timedelta(days=2)
    assert [kind for kind, _ in day.history().faults()] == ["lost"]


def test_times_that_came_twice_are_not_judged(tmp_path: Path) -> None:
    day = lived(tmp_path)
    day.world.turned.append((NOON - MINUTE, NOON + 20 * MINUTE))
    looked_at(2.5)(day)
    assert list(day.history().faults()) == []
