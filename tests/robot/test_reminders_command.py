"""`fireside reminders` plans, adds, cancels and explains."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from config.clock import SystemClock
from config.paths import CHECKOUT
from config.reminders import Reminder, read_reminders
from config.settings import Home
from dialogue.alerts import Alerts
from dialogue.reminders.ledger import Ledger
from dialogue.reminders.scheduler import Scheduler

Told = Callable[..., tuple[int, str, str]]
WATER = """# Rosa's day
reminders:
  water:            # with a comment
    say: "It is time for a glass of water."
    at: ["10:00", "15:30"]
"""
CHOIR = """BEGIN:VCALENDAR
BEGIN:VEVENT
UID:1
SUMMARY:The choir meets
DTSTART;TZID=Europe/Berlin:20991201T160000
END:VEVENT
END:VCALENDAR
"""


@pytest.fixture
def told(tmp_path: Path) -> Told:
    """The command line, in a home with one resident who has one reminder."""
    (tmp_path / "residents").mkdir()
    (tmp_path / "reminders").mkdir()
    (tmp_path / "home.yaml").write_text("name: A\ntime_zone: Europe/Berlin\n")
    (tmp_path / "robot.yaml").write_text("name: Juno\n")
    (tmp_path / "residents" / "rosa.yaml").write_text("name: Rosa\n")
    (tmp_path / "reminders" / "rosa.yaml").write_text(WATER)
    here = {"FIRESIDE_CONFIG": str(tmp_path), "FIRESIDE_STATE": str(tmp_path)}

    def run(*words: str) -> tuple[int, str, str]:
        done = subprocess.run(
            [sys.executable, "-m", "robot", "reminders", *words],
            capture_output=True,
            text=True,
            cwd=CHECKOUT,
            env={**os.environ, **here},
            check=False,
        )
        return done.returncode, done.stdout, done.stderr

    return run


def test_a_day_is_planned_without_storing_anything(told: Told, tmp_path: Path) -> None:
    code, shown, _ = told("due", "--at", "2026-12-24T12:00", "--json")
    assert code == 0
    (planned,) = json.loads(shown)
    assert planned["local"] == "2026-12-24T15:30:00"
    assert planned["at"] == "2026-12-24T14:30:00+00:00"
    assert not (tmp_path / "reminders.db").exists()


def test_one_is_added_and_comments_stay(told: Told, tmp_path: Path) -> None:
    words = ("--say", "The choir meets.", "--at", "16:00", "--every", "tuesday")
    code, shown, _ = told("add", "rosa", "choir", *words, "--json")
    assert code == 0
    assert datetime.fromisoformat(json.loads(shown)["next"]).weekday() == 1
    file = tmp_path / "reminders" / "rosa.yaml"
    assert file.read_text().startswith(WATER)
    assert read_reminders(file)["choir"].say == "The choir meets."
    assert sorted(path.name for path in file.parent.iterdir()) == ["rosa.yaml"]


@pytest.mark.parametrize(
    ("words", "code", "why"),
    [
        (("rosa", "water", "--say", "Water.", "--at", "9:00"), 2, "has a reminder called water"),
        (("rosa", "pill", "--say", "Take 5 mg now.", "--at", "9:00"), 1, "is a dose"),
        (("rosa", "walk", "--say", "A walk.", "--at", "25:00"), 1, "not a time of day"),
        (("rosa", "a walk", "--say", "A walk.", "--at", "9:00"), 1, "rosa.yaml, line 6"),
        (("bo", "walk", "--say", "A walk.", "--at", "9:00"), 2, "RESIDENT is one of guest, rosa"),
    ],
)
def test_what_cannot_be_added_leaves_the_file_as_it_was(
    told: Told, tmp_path: Path, words: tuple[str, ...], code: int, why: str
) -> None:
    found, _, error = told("add", *words)
    assert (found, why in " ".join(error.split())) == (code, True), error
    assert (tmp_path / "reminders" / "rosa.yaml").read_text() == WATER


def test_a_faulty_file_is_named_and_the_others_are_listed(told: Told, tmp_path: Path) -> None:
    (tmp_path / "reminders" / "anna.yaml").write_text("reminders: {walk: {say: A walk.}}\n")
    code, shown, error = told("list")
    assert code == 0
    assert "water" in shown
    assert "reminders/anna.yaml, line 1: 'reminders.walk.at' is missing" in error


def test_why_something_was_or_was_not_said(told: Told, tmp_path: Path) -> None:
    class Earlier(SystemClock):
        def now(self) -> datetime:
            return datetime.now(UTC) - timedelta(minutes=30)

    home = Home(name="A", time_zone="UTC")
    clock = Earlier()
    ledger, alerts = Ledger(tmp_path / "reminders.db", clock), Alerts(tmp_path / "a.db", clock)
    soon = (clock.now() + timedelta(minutes=2)).strftime("%H:%M")
    water = Reminder.model_validate({"say": "It is time for water.", "at": soon})
    Scheduler(ledger, alerts, home, clock, lambda event: None).adopt({"rosa": {"water": water}})
    now = SystemClock()
    later = Ledger(tmp_path / "reminders.db", now)
    Scheduler(later, alerts, home, now, lambda event: None).look()
    for each in (ledger, later, alerts):
        each.close()
    (found,) = json.loads(told("history", "--json")[1])
    assert (found["name"], found["state"]) == ("water", "due")
    code, shown, _ = told("explain", str(found["id"]))
    assert code == 0
    assert "the robot was off when it was due" in " ".join(shown.split())
    assert told("cancel", str(found["id"]))[0] == 0
    code, _, error = told("cancel", str(found["id"]))
    assert (code, error) == (1, "water is over already: cancelled.\n")
    assert told("explain", "77")[0] == 1


def test_check_reads_reminders_and_measures_their_sentences(told: Told, tmp_path: Path) -> None:
    long = "It is time for a long walk through the garden and then around the whole house."
    (tmp_path / "reminders" / "rosa.yaml").write_text(
        WATER.replace("It is time for a glass of water.", long)
    )
    (tmp_path / "reminders" / "bo.yaml").write_text(WATER)
    (tmp_path / "reminders" / "eve").mkdir()
    (tmp_path / "reminders" / "eve" / "choir.ics").write_text(CHOIR)
    here = {"FIRESIDE_CONFIG": str(tmp_path), "FIRESIDE_STATE": str(tmp_path)}
    checked = subprocess.run(
        [sys.executable, "-m", "robot", "check"],
        capture_output=True,
        text=True,
        cwd=CHECKOUT,
        env={**os.environ, **here},
        check=False,
    )
    assert checked.returncode == 1
    told_of = " ".join(checked.stderr.split())
    assert "reminders/rosa.yaml, water: in" in told_of
    assert "12 are the most" in told_of
    assert "reminders/bo.yaml: there is no resident of that name" in told_of
    assert "reminders/eve/: there is no resident of that name" in told_of


def test_the_file_to_end_a_reminder_in_is_named(told: Told, tmp_path: Path) -> None:
    (tmp_path / "reminders" / "rosa").mkdir()
    (tmp_path / "reminders" / "rosa" / "choir.ics").write_text(CHOIR)
    own = tmp_path / "own" / "reminders" / "rosa.yaml"
    own.parent.mkdir(parents=True)
    own.write_text(WATER.replace("water:", "call:"))
    names = {each["name"] for each in json.loads(told("list", "--json")[1])}
    (choir,) = names - {"water", "call"}
    for name, where in (
        (choir, "reminders/rosa/choir.ics; to cancel it once, give its ID"),
        ("water", "reminders/rosa.yaml; to cancel it once, give its ID"),
        ("call", "take it back by voice"),
        ("walk", "There is no reminder walk"),
    ):
        code, _, error = told("cancel", name)
        assert code == 2
        assert where in " ".join(error.split())


def test_a_calendar_is_taken_over_once_and_its_slips_are_named(told: Told, tmp_path: Path) -> None:
    event = (
        "BEGIN:VEVENT\nUID:{uid}\nSUMMARY:{title}\nDTSTART;TZID=Europe/Berlin:20991201T160000\n"
        "END:VEVENT\n"
    )
    events = event.format(uid=1, title="Choir") + event.format(uid=2, title="Take 2 pills")
    calendar = tmp_path / "home.ics"
    calendar.write_text(f"BEGIN:VCALENDAR\nVERSION:2.0\n{events}END:VCALENDAR\n")
    code, shown, error = told("import", str(calendar), "rosa", "--json")
    assert (code, json.loads(shown)["refused"]) == (1, 1)
    assert "home.ics, line 8: It cannot be a reminder" in error
    (name,) = json.loads(shown)["added"]
    reminder = read_reminders(tmp_path / "reminders" / "rosa.yaml")[name]
    assert (reminder.say, reminder.on[0].isoformat()) == ("Choir.", "2099-12-01")
    assert json.loads(told("import", str(calendar), "rosa", "--json")[1])["added"] == []
    assert told("import", str(tmp_path / "none.ics"), "rosa")[0] == 1
