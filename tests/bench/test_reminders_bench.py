"""The history checker: a short run finds nothing, and it does find what it is there to find."""

import random
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from config.reminders import Reminder
from dialogue.alerts import Alerts
from dialogue.reminders.ledger import Ledger
from dialogue.reminders.scheduler import Scheduler
from robot.bench.reminders import World, _check, measure
from robot.bench.reminders_child import HOME, SteppedClock

NOON = datetime(2026, 3, 27, 11, 0, tzinfo=UTC)
KEY = "rosa/water/2026-03-27T12:00:00"


@pytest.mark.timeout(240)
def test_nothing_is_lost_or_doubled_in_a_minute_of_kills() -> None:
    found = measure(300, random.Random(7), lambda *_: None)
    broken = ("lost", "promise_broken", "silently_doubled", "in_quiet_hours", "staff_not_told")
    assert found["faults"] == []
    assert [found[name] for name in broken] == [0] * len(broken)
    assert found["due"] > 50
    assert found["promised"] > 10


def history(folder: Path, *, confirm: bool) -> None:
    """One reminder that was said, and confirmed or left open."""
    clock = SteppedClock(NOON - timedelta(minutes=1))
    ledger, alerts = Ledger(folder / "reminders.db", clock), Alerts(folder / "alerts.db", clock)
    scheduler = Scheduler(ledger, alerts, HOME, clock, lambda event: None)
    water = Reminder.model_validate({"say": "It is time.", "at": "12:00"})
    scheduler.adopt({"rosa": {"water": water}})
    clock.moment = NOON
    scheduler.look()
    occurrence = scheduler.next_to_say()
    assert occurrence is not None
    asked = scheduler.said(scheduler.begin(occurrence), complete=True, asked=True)
    if confirm:
        scheduler.confirmed(asked)
    ledger.close()
    alerts.close()


def heard(*marked: bool, promised: str | None = None) -> World:
    world = World()
    world.said[KEY] = [(NOON, each) for each in marked]
    if promised:
        world.promised[KEY] = promised
    return world


@pytest.mark.parametrize(
    ("confirm", "world", "fault"),
    [
        (True, heard(False, promised="confirmed"), None),
        (True, heard(False, True, promised="confirmed"), None),
        (True, heard(False, False), "silently_doubled"),
        (True, heard(), "lost"),
        (True, heard(False, promised="refused"), "promise_broken"),
        (False, heard(False), "lost"),
    ],
)
def test_the_checker_finds_what_is_wrong(
    tmp_path: Path, confirm: bool, world: World, fault: str | None
) -> None:
    history(tmp_path, confirm=confirm)
    totals: Counter[str] = Counter()
    found: Any = [kind for kind, _ in _check(tmp_path, world, totals)]
    assert found == ([fault] if fault else [])
