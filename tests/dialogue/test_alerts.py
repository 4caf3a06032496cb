"""Alerts are on disk before anybody hears of them, and stay there."""

import random
import resource
import shutil
import sqlite3
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from config.clock import SystemClock
from dialogue.alert_file import FORMS
from dialogue.alerts import DISTRESS_WITHIN, Alerts, open_alerts
from dialogue.errors import StageError
from tests.fakes import FakeClock

KILLS = 50

RAISING = """
import sys
from pathlib import Path
from config.clock import SystemClock
from dialogue.alerts import Alerts
alerts = Alerts(Path(sys.argv[1]), SystemClock())
while True:
    print(alerts.raise_("emergency").id, flush=True)
"""

FULL_DISK = """
import resource, sys
from pathlib import Path
from config.clock import SystemClock
from dialogue.alerts import Alerts
from dialogue.errors import StageError
alerts = Alerts(Path(sys.argv[1]), SystemClock())
first = alerts.raise_("emergency")
resource.setrlimit(resource.RLIMIT_FSIZE, (1024, resource.RLIM_INFINITY))
try:
    alerts.raise_("emergency")
except StageError as error:
    print(error.stage, error.code, error.message)
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
print([alert.id for alert in alerts.open()] == [first.id], alerts.raise_("emergency").category)
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "alerts.sqlite3"


def reopened(path: Path) -> Alerts:
    return Alerts(path, SystemClock())


def test_an_alert_is_stored_with_its_moment_and_without_words(path: Path) -> None:
    alert = reopened(path).raise_("emergency")
    assert alert.audience == "shift"
    assert alert.words is None
    raised = datetime.fromisoformat(alert.raised_at)
    assert abs((datetime.now(UTC) - raised).total_seconds()) < 5
    assert reopened(path).open() == (alert,)


def test_words_are_kept_only_when_given(path: Path) -> None:
    assert reopened(path).raise_("distress", words="I miss her").words == "I miss her"


def test_an_abuse_disclosure_is_never_on_the_shift_list(path: Path) -> None:
    alerts = reopened(path)
    sealed = alerts.raise_("abuse_disclosure")
    other = alerts.raise_("distress")
    assert alerts.open() == (other,)
    assert alerts.open("safeguarding") == (sealed,)


def test_acknowledged_by_a_named_person_and_the_first_name_stays(path: Path) -> None:
    alerts = reopened(path)
    alert = alerts.raise_("emergency")
    assert alerts.acknowledge(alert.id, " Amal ").acknowledged_by == "Amal"
    assert alerts.acknowledge(alert.id, "Bo").acknowledged_by == "Amal"
    assert reopened(path).open() == ()


@pytest.mark.parametrize(("number", "by", "code"), [(99, "Amal", "unknown"), (1, " ", "nameless")])
def test_an_acknowledgement_that_cannot_be_is_refused(
    path: Path, number: int, by: str, code: str
) -> None:
    alerts = reopened(path)
    alerts.raise_("emergency")
    with pytest.raises(StageError) as caught:
        alerts.acknowledge(number, by)
    assert (caught.value.stage, caught.value.code) == ("alert", code)


def test_numbers_are_never_used_again(path: Path) -> None:
    first = reopened(path).raise_("emergency")
    database = sqlite3.connect(path)
    database.execute("DELETE FROM alerts")
    database.commit()
    database.close()
    assert reopened(path).raise_("emergency").id > first.id


def test_a_locked_file_is_one_clear_sentence_and_nothing_is_half_stored(path: Path) -> None:
    alerts = reopened(path)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    with pytest.raises(StageError, match=r"Alerts cannot be stored in .*make room on the disk"):
        alerts.raise_("emergency")
    other.execute("ROLLBACK")
    other.close()
    assert alerts.open() == ()
    assert alerts.raise_("emergency").id == 1


def test_a_path_that_cannot_be_is_one_clear_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StageError, match="Alerts cannot be stored"):
        reopened(tmp_path / "file" / "alerts.sqlite3")


def test_a_file_that_is_no_database_is_one_clear_sentence(tmp_path: Path) -> None:
    (tmp_path / "alerts.sqlite3").write_bytes(b"not a database" * 100)
    with pytest.raises(StageError, match=r"are damaged .*start the robot anew"):
        reopened(tmp_path / "alerts.sqlite3")


def test_a_damaged_page_is_found_before_anything_is_promised(path: Path) -> None:
    alerts = reopened(path)
    for _ in range(200):
        alerts.raise_("emergency")
    alerts.close()
    whole = bytearray(path.read_bytes())
    whole[5000:9000] = bytes(4000)
    path.write_bytes(whole)
    with pytest.raises(StageError, match="damaged"):
        reopened(path)


def test_the_robot_starts_with_a_damaged_file_keeps_it_and_says_so(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b"not a database" * 100)
    told: list[StageError] = []
    alerts = open_alerts(path, SystemClock(), told.append)
    assert [alert.category for alert in alerts.open()] == ["alerts_lost"]
    assert alerts.raise_("emergency").id == 2
    assert [error.code for error in told] == ["set_aside"]
    (aside,) = path.parent.glob("*.damaged-*")
    assert aside.read_bytes().startswith(b"not a database")
    assert str(aside) in told[0].message


def test_an_alert_that_is_gone_with_the_end_of_the_log_calls_somebody(path: Path) -> None:
    alerts = reopened(path)
    alerts.raise_("distress")
    alerts.raise_("emergency")
    killed = path.parent.with_name("killed")  # what lies on the disk when the program is killed
    shutil.copytree(path.parent, killed)
    alerts.close()
    log = killed / f"{path.name}-wal"
    log.write_bytes(log.read_bytes()[:-100] + b"\x07" * 100)
    for codes in (["went_back"], []):
        told: list[StageError] = []
        alerts = open_alerts(killed / path.name, SystemClock(), told.append)
        assert [alert.category for alert in alerts.open()] == ["distress", "alerts_lost"]
        assert [error.code for error in told] == codes
        alerts.close()


def test_a_file_that_cannot_be_written_is_not_set_aside(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StageError, match="Alerts cannot be stored"):
        open_alerts(tmp_path / "file" / "alerts.sqlite3", SystemClock(), lambda error: None)


VERSION_1 = """
CREATE TABLE alerts (
    id INTEGER PRIMARY KEY AUTOINCREMENT, category TEXT NOT NULL, audience TEXT NOT NULL,
    raised_at TEXT NOT NULL, words TEXT, acknowledged_at TEXT, acknowledged_by TEXT
);
INSERT INTO alerts VALUES
    (3, 'emergency', 'shift', '2026-11-01T10:00:00+00:00', NULL, NULL, NULL),
    (4, 'distress', 'shift', '2026-11-01T11:00:00+00:00', 'words', '2026-11-01T12:00:00', 'Bo'),
    (9, 'abuse_disclosure', 'safeguarding', '2026-11-01T12:00:00+00:00', NULL, NULL, NULL);
PRAGMA user_version = 1;
"""


def test_a_file_of_the_first_release_keeps_what_is_in_it(path: Path) -> None:
    path.parent.mkdir()
    database = sqlite3.connect(path)
    database.executescript(VERSION_1)
    database.close()
    alerts = reopened(path)
    (emergency,) = alerts.open()
    (sealed,) = alerts.open("safeguarding")
    distress = alerts.get(4)
    assert (emergency.id, emergency.kind, emergency.step) == (3, "alert", -1)
    assert (sealed.id, sealed.kind, sealed.raised_at) == (9, "alert", "2026-11-01T12:00:00+00:00")
    assert (distress.kind, distress.words, distress.acknowledged_by) == ("note", "words", "Bo")
    assert len({emergency.uid, sealed.uid, distress.uid, ""}) == 4
    assert alerts.raise_("emergency").id == 10
    assert reopened(path).open()[0] == emergency


def test_distress_is_a_note_and_the_third_within_a_day_an_alert(path: Path) -> None:
    clock = FakeClock()
    alerts = Alerts(path, clock)

    def kinds(person: str, times: int) -> list[str]:
        return [alerts.raise_("distress", person).kind for _ in range(times)]

    assert kinds("anna", 2) == ["note", "note"]
    assert kinds("bert", 2) == ["note", "note"]  # two people are not one in great distress
    assert kinds("anna", 4) == ["alert", "note", "note", "alert"]
    clock.start += DISTRESS_WITHIN
    assert kinds("bert", 1) == ["note"]
    assert alerts.raise_("medical_question").kind == "note"
    assert alerts.raise_("emergency").kind == "alert"


def test_two_processes_at_once_lose_nothing(path: Path) -> None:
    both = [child(RAISING, path) for _ in range(2)]
    time.sleep(2.5)
    told: list[int] = []
    for each in both:
        each.kill()
        lines = each.communicate()[0].splitlines(keepends=True)
        told += [int(line) for line in lines if line.endswith("\n")]
    stored = {alert.id for alert in reopened(path).open()}
    assert len(set(told)) == len(told) > 20
    assert set(told) <= stored
    assert len(stored) <= len(told) + 2


def test_a_file_of_another_release_is_left_alone(path: Path) -> None:
    reopened(path).raise_("emergency")
    database = sqlite3.connect(path)
    database.execute(f"PRAGMA user_version = {len(FORMS) + 1}")
    database.close()
    with pytest.raises(StageError, match="newer release"):
        reopened(path)


@pytest.mark.skipif(not hasattr(resource, "RLIMIT_FSIZE"), reason="no file size limit here")
def test_a_full_disk_is_told_and_later_alerts_are_stored_again(path: Path) -> None:
    told, then = child(FULL_DISK, path).communicate(timeout=30)[0].splitlines()
    assert told.startswith("alert not_stored Alerts cannot be stored")
    assert then == "True emergency"


def test_no_alert_is_lost_when_the_program_is_killed(path: Path) -> None:
    chance = random.Random(2)
    told: set[int] = set()
    for kill in range(KILLS):
        raising = child(RAISING, path)
        assert raising.stdout is not None
        told.add(int(raising.stdout.readline()))
        time.sleep(chance.uniform(0, 0.02))
        raising.kill()
        told.update(
            int(line)
            for line in raising.communicate()[0].splitlines(keepends=True)
            if line.endswith("\n")
        )
        stored = {alert.id for alert in reopened(path).open()}
        assert told <= stored, f"lost after {kill + 1} kills"
        assert len(stored) <= len(told) + kill + 1, "an alert was stored twice"


def child(program: str, path: Path) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", program, str(path)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    )
