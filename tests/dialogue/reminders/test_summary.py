"""At each change of shift a note says what became of the reminders."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from config.reminders import Reminder
from config.settings import LANGUAGES, Home
from dialogue.alerts import Alerts
from dialogue.events import AlertRaised, Event
from dialogue.reminders.ledger import Fall, Ledger, Plan
from dialogue.reminders.series import Moment
from dialogue.reminders.summary import CATEGORY, Summary, summary_words
from tests.dialogue.reminders.test_scheduler import TurnedClock

NOON = datetime(2026, 11, 26, 11, 0, tzinfo=UTC)  # 12:00 in Berlin
HOME = Home(name="Our home", time_zone="Europe/Berlin")


class Shift:
    """A ledger with something in it, and the summary of it, that can be started again."""

    def __init__(self, folder: Path, home: Home = HOME) -> None:
        self.clock = TurnedClock(NOON)
        self.ledger = Ledger(folder / "reminders.db", self.clock)
        self.alerts = Alerts(folder / "alerts.db", self.clock)
        self.events: list[Event] = []
        self._home = home
        self.start()

    def start(self) -> None:
        self.summary = Summary(
            self.ledger, self.alerts, self._home, "anna", self.clock, self.events.append
        )

    def falls(self, say: str, own: bool = False) -> None:
        reminder = Reminder(say=say, at="12:00", own=own)  # type: ignore[arg-type]
        local = self.clock.now().astimezone(HOME.zone).replace(tzinfo=None)
        fall = Fall(Moment(self.clock.now(), local), reminder, "missed", "a test")
        plan = Plan("anna", say.split()[0].lower(), local.date(), reminder, None, None)
        self.ledger.fall_due([fall], plan)

    @property
    def told(self) -> list[AlertRaised]:
        return [event for event in self.events if isinstance(event, AlertRaised)]


@pytest.fixture
def shift(tmp_path: Path) -> Iterator[Shift]:
    shift = Shift(tmp_path)
    yield shift
    shift.ledger.close()
    shift.alerts.close()


def test_the_note_comes_when_the_shift_changes(shift: Shift) -> None:
    shift.falls("Water is there.")
    shift.summary.look()
    assert shift.told == []
    shift.clock.turn(hours=2)
    shift.summary.look()
    shift.summary.look()
    (told,) = shift.told
    assert (told.category, told.kind) == (CATEGORY, "note")
    assert told.about == "12:00 “Water is there.” was not answered or not said."


def test_a_restart_makes_no_second_note(shift: Shift) -> None:
    shift.falls("Water is there.")
    shift.clock.turn(hours=2)
    shift.summary.look()
    shift.start()
    shift.clock.turn(minutes=1)
    shift.summary.look()
    assert len(shift.told) == 1
    assert len(shift.alerts.open()) == 1


def test_a_robot_that_was_off_tells_when_it_is_back(shift: Shift) -> None:
    shift.falls("Water is there.")
    shift.clock.turn(hours=5)
    shift.start()
    shift.summary.look()
    assert len(shift.told) == 1


def test_where_nothing_was_due_there_is_no_note(shift: Shift) -> None:
    shift.clock.turn(hours=12)
    shift.summary.look()
    assert shift.alerts.open() == ()


def test_what_the_person_wished_is_not_in_it(shift: Shift) -> None:
    shift.falls("You wanted to call your lawyer.", own=True)
    shift.clock.turn(hours=2)
    shift.summary.look()
    (told,) = shift.told
    assert "lawyer" not in str(told.about)


def test_a_home_may_do_without(tmp_path: Path) -> None:
    shift = Shift(tmp_path, HOME.model_copy(update={"shift_changes": ()}))
    shift.falls("Water is there.")
    shift.clock.turn(hours=30)
    shift.summary.look()
    assert shift.told == []
    shift.ledger.close()
    shift.alerts.close()


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_every_word(shift: Shift, language: str) -> None:
    shift.falls("Water is there.", own=True)
    day = shift.ledger.of_day(NOON, datetime(2026, 11, 27, tzinfo=UTC))
    words = summary_words(day, HOME.model_copy(update={"language": language}))
    assert words.startswith("12:00 ")
    assert "Water" not in words
