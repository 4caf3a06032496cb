"""`fireside memory` shows, hands out and erases what is remembered about a resident."""

import json
import os
import random
import subprocess
import sys
from collections.abc import Callable
from datetime import date, time
from pathlib import Path

import pytest

from config.clock import SystemClock
from config.paths import CHECKOUT
from config.reminders import Reminder
from dialogue.memory.store import Memory
from dialogue.reminders.spoken.own import OwnReminders

Told = Callable[..., tuple[int, str, str]]

CONSENT = (
    "{purpose: people, given: true, by: Anna Berger, basis: consent, "
    "date: 2026-11-01, review: 2027-02-01}"
)


@pytest.fixture
def told(tmp_path: Path) -> Told:
    """The command line, in a home with one resident about whom two things are remembered."""
    (tmp_path / "residents").mkdir()
    (tmp_path / "home.yaml").write_text("name: A\ntime_zone: Europe/Berlin\n")
    (tmp_path / "robot.yaml").write_text("name: Juno\n")
    (tmp_path / "residents" / "anna.yaml").write_text(f"name: Anna\nconsent: [{CONSENT}]\n")
    kept = Memory(tmp_path / "memory", SystemClock())
    kept.note("anna", "people", "daughter Clara", "voice")
    kept.note("anna", "avoid", "my husband", "voice")
    kept.close()
    here = {"FIRESIDE_CONFIG": str(tmp_path), "FIRESIDE_STATE": str(tmp_path)}

    def run(*words: str, answer: str = "") -> tuple[int, str, str]:
        command = [sys.executable, "-m", "robot", "memory", *words]
        done = subprocess.run(
            command,
            input=answer,
            capture_output=True,
            text=True,
            cwd=CHECKOUT,
            env={**os.environ, **here},
            check=False,
        )
        return done.returncode, done.stdout, done.stderr

    return run


def test_everything_is_shown(told: Told) -> None:
    code, shown, _ = told("show", "anna")
    assert code == 0
    assert "daughter Clara" in shown
    items = json.loads(told("show", "anna", "--json")[1])
    assert [(item["kind"], item["value"]) for item in items] == [
        ("people", "daughter Clara"),
        ("avoid", "my husband"),
    ]


def test_everything_is_handed_out(told: Told) -> None:
    handed = json.loads(told("export", "anna")[1])
    assert handed["resident"] == "anna"
    assert handed["remembered"][0]["value"] == "daughter Clara"
    assert handed["settings"]["consent"][0]["by"] == "Anna Berger"


def test_what_they_asked_to_be_reminded_of_is_handed_out_and_erased(
    told: Told, tmp_path: Path
) -> None:
    own = OwnReminders(tmp_path, "anna", random.Random(1))
    wish = Reminder(say="You wanted to call Clara.", at=(time(9),), every=("tuesday",), own=True)
    own.add(wish, date(2026, 11, 27))
    handed = json.loads(told("export", "anna")[1])
    assert [each["say"] for each in handed["reminders"].values()] == ["You wanted to call Clara."]
    assert told("erase", "anna", "--yes")[0] == 0
    assert own.all() == {}


def test_nothing_is_erased_without_a_yes(told: Told) -> None:
    code, _, error = told("erase", "anna", answer="n\n")
    assert (code, "Nothing was erased" in error) == (1, True)
    assert "daughter Clara" in told("show", "anna")[1]


def test_what_somebody_does_not_want_is_respected_while_their_file_stands(
    told: Told, tmp_path: Path
) -> None:
    assert told("erase", "anna", answer="y\n")[0] == 0
    items = json.loads(told("show", "anna", "--json")[1])
    assert [item["kind"] for item in items] == ["avoid"]
    (tmp_path / "residents" / "anna.yaml").unlink()
    erased = json.loads(told("erase", "anna", "--yes", "--json")[1])
    assert erased == {"erased": "anna", "objections_kept": 0}
    assert list((tmp_path / "memory" / "keys").iterdir()) == []
    assert told("show", "anna")[0] == 2


@pytest.mark.parametrize("name", ["guest", "nobody", "../keys/anna"])
def test_somebody_unknown_is_a_wrong_command_line(told: Told, name: str) -> None:
    code, shown, error = told("show", name)
    assert (code, shown) == (2, "")
    assert "anna" in error


def test_a_damaged_key_is_one_sentence_and_can_be_erased(told: Told, tmp_path: Path) -> None:
    (tmp_path / "memory" / "keys" / "anna.key").write_bytes(b"short")
    code, _, error = told("show", "anna")
    assert code == 3
    assert "fireside memory erase anna" in " ".join(error.split())
    assert told("erase", "anna", "--yes")[0] == 0
