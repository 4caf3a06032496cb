"""A damaged ledger gives way to its last copy, and what is unsure goes to staff."""

import os
import shutil
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


def killed(folder: Path, garbled: bool) -> Path:
    """What lies on the disk when the program is killed, and the end of its log decays."""
    left = folder.with_name("killed")
    shutil.copytree(folder, left)
    if garbled:
        log = left / "reminders.db-wal"
        log.write_bytes(log.read_bytes()[:-100] + os.urandom(100))
    return left


@pytest.mark.parametrize("garbled", [True, False])
def test_an_answer_at_the_garbled_end_of_the_log_is_not_asked_for_again_silently(
    tmp_path: Path, clock: TurnedClock, garbled: bool
) -> None:
    life = Life(tmp_path / "live", clock)
    clock.turn(hours=1)
    life.scheduler.look()
    occurrence = life.scheduler.next_to_say()
    assert occurrence is not None
    asked = life.scheduler.said(life.scheduler.begin(occurrence), complete=True, asked=True)
    life.scheduler.confirmed(asked)
    folder = killed(tmp_path / "live", garbled)
    life.end()
    clock.turn(minutes=30)
    again = Life(folder, clock)
    again.scheduler.look()
    assert [error.code for error in again.told] == (["went_back"] if garbled else [])
    found = again.ledger.get(occurrence.id)
    assert found.state == ("missed" if garbled else "confirmed")
    assert [each.category for each in again.alerts.open()] == ["reminder_missed"] * garbled
    assert again.scheduler.next_to_say() is None
    again.end()
    later = Life(folder, clock)
    assert later.told == []
    later.end()


def test_after_a_fresh_start_it_is_told_once(tmp_path: Path, clock: TurnedClock) -> None:
    life = Life(tmp_path, clock)
    clock.turn(hours=2)
    life.scheduler.look()
    life.end()
    damage(tmp_path)
    (tmp_path / "reminders.copy").unlink()
    for codes in (["set_aside"], []):
        life = Life(tmp_path, clock)
        assert [error.code for error in life.told] == codes
        life.end()


def test_after_much_is_gone_what_comes_next_is_counted(tmp_path: Path, clock: TurnedClock) -> None:
    Life(tmp_path, clock).end()
    (tmp_path / "reminders.tally").write_text("99")
    life = Life(tmp_path, clock)
    assert [error.code for error in life.told] == ["went_back"]
    assert life.ledger.went_back is False
    life.end()
