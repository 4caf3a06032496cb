"""A damaged ledger gives way to its last copy, and what is unsure goes to staff."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from config.reminders import Reminder
from config.settings import Home
from dialogue.alerts import Alerts
from dialogue.errors import StageError
from dialogue.reminders.ledger import Ledger
from dialogue.reminders.recovery import DAMAGED, open_ledger
from dialogue.reminders.scheduler import Scheduler
from tests.dialogue.reminders.test_scheduler import TurnedClock

MORNING = datetime(2026, 11, 26, 7, 0, tzinfo=UTC)  # 08:00 in Berlin
HOME = Home(name="Our home", time_zone="Europe/Berlin")
WATER: dict[str, Any] = {"say": "It is time for a glass of water.", "at": "09:00"}


class Life:
    """A ledger and its scheduler, opened as the robot opens them."""

    def __init__(self, folder: Path, clock: TurnedClock) -> None:
        self.told: list[StageError] = []
        self.ledger = open_ledger(folder / "reminders.db", clock, "anna", self.told.append)
        self.alerts = Alerts(folder / "alerts.db", clock)
        self.scheduler = Scheduler(self.ledger, self.alerts, HOME, clock, lambda event: None)
        self.scheduler.recover()
        self.scheduler.adopt({"anna": {"water": Reminder.model_validate(WATER)}})

    def end(self) -> None:
        self.ledger.close()
        self.alerts.close()


def damage(folder: Path) -> None:
    path = folder / "reminders.db"
    with path.open("r+b") as file:
        file.seek(path.stat().st_size - 4096)
        file.write(os.urandom(4096))


@pytest.fixture
def clock() -> TurnedClock:
    return TurnedClock(MORNING)


def test_what_was_open_goes_to_staff_and_later_ones_go_on(
    tmp_path: Path, clock: TurnedClock
) -> None:
    Life(tmp_path, clock).end()
    damage(tmp_path)
    clock.turn(hours=2)  # 10:00: at nine it may have been said
    life = Life(tmp_path, clock)
    life.scheduler.look()
    (told,) = life.told
    assert "on your list" in told.message
    (found,) = life.ledger.of_day(MORNING, MORNING + timedelta(days=1))
    assert (found.state, found.said) == ("missed", 1)
    assert life.ledger.history(found.id)[0].why == DAMAGED
    assert [alert.category for alert in life.alerts.open()] == ["reminder_missed"]
    clock.turn(hours=23)
    life.scheduler.look()
    assert life.scheduler.next_to_say() is not None
    life.end()


def test_without_a_copy_it_begins_anew_and_says_so(tmp_path: Path, clock: TurnedClock) -> None:
    Life(tmp_path, clock).end()
    damage(tmp_path)
    (tmp_path / "reminders.copy").unlink()
    life = Life(tmp_path, clock)
    assert "begins anew" in life.told[0].message
    assert life.ledger.next_at() is not None
    life.end()


def test_a_damaged_copy_is_none(tmp_path: Path, clock: TurnedClock) -> None:
    Life(tmp_path, clock).end()
    damage(tmp_path)
    (tmp_path / "reminders.copy").write_bytes(b"rubbish" * 1000)
    life = Life(tmp_path, clock)
    assert "begins anew" in life.told[0].message
    life.end()


@pytest.mark.parametrize("is_there", [True, False])
def test_a_death_in_the_middle_of_restoring_is_made_good(
    tmp_path: Path, clock: TurnedClock, is_there: bool
) -> None:
    Life(tmp_path, clock).end()
    (tmp_path / "reminders.copy").rename(tmp_path / "reminders.restored")
    damage(tmp_path)
    if not is_there:
        (tmp_path / "reminders.db").unlink()
    ledger = Ledger(tmp_path / "reminders.restored", clock)
    plans = ledger.plans()
    ledger.close()
    life = Life(tmp_path, clock)
    assert life.ledger.plans() == plans
    assert not (tmp_path / "reminders.restored").exists()
    life.end()
