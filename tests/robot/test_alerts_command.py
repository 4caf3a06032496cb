"""`fireside alerts`, as typed."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from config.clock import SystemClock
from config.paths import CHECKOUT
from dialogue.alerts import Alerts
from dialogue.deliveries import Deliveries
from tests.robot.delivery.conftest import SECRET, Pager, serve_pager


@pytest.fixture
def home(tmp_path: Path) -> Path:
    config = tmp_path / "config"
    config.mkdir()
    (config / "home.yaml").write_text("name: Our home\ntime_zone: Europe/Berlin\n")
    (config / "robot.yaml").write_text("{}")
    return tmp_path


def fireside(home: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "robot", *words],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        timeout=60,
        env={
            **os.environ,
            "FIRESIDE_STATE": str(home / "state"),
            "FIRESIDE_CONFIG": str(home / "config"),
            "FIRESIDE_WEBHOOK_SECRET": SECRET,
        },
    )


def stored(home: Path) -> None:
    """An emergency, of which Amal was told, and a sealed alert."""
    alerts = Alerts(home / "state" / "alerts.db", SystemClock())
    emergency = alerts.raise_("emergency", words="help me")
    alerts.raise_("abuse_disclosure")
    deliveries = Deliveries(alerts.file, SystemClock())
    deliveries.plan(emergency, (("Amal", "email"),))
    counted = deliveries.attempt(deliveries.open()[0])
    assert counted is not None
    deliveries.failed(counted, "the mail server is down")
    alerts.close()


def test_list_history_and_acknowledgement(home: Path) -> None:
    stored(home)
    listed = fireside(home, "alerts", "list", "--json")
    (one,) = json.loads(listed.stdout)
    assert (one["id"], one["category"]) == (1, "emergency")
    assert "help me" not in listed.stdout
    story = fireside(home, "alerts", "history", "1")
    assert "Amal, email: not arrived, 1 attempt: the mail server is down" in story.stdout
    assert "Nobody is coming yet." in story.stdout
    done = fireside(home, "alerts", "ack", "1", "--by", "Bo")
    assert (done.returncode, done.stdout) == (0, "Alert 1: Bo is coming.\n")
    told = json.loads(fireside(home, "alerts", "history", "1", "--json").stdout)
    assert told["acknowledged_by"] == "Bo"
    assert [each["recipient"] for each in told["deliveries"]] == ["Amal"]
    assert fireside(home, "alerts", "list").stdout == "Nothing is open.\n"


def test_there_is_no_sign_of_a_sealed_alert_without_asking_for_it(home: Path) -> None:
    stored(home)
    for words in (["history", "2"], ["ack", "2", "--by", "Bo"], ["history", "99"]):
        refused = fireside(home, "alerts", *words)
        assert (refused.returncode, refused.stdout) == (1, "")
        assert refused.stderr == f"There is no alert {words[1]}.\n"
    (sealed,) = json.loads(fireside(home, "alerts", "list", "--safeguarding", "--json").stdout)
    assert sealed["id"] == 2


def test_a_test_message_is_marked_and_what_fails_is_said(home: Path) -> None:
    assert "reach the robot and its page only" in fireside(home, "alerts", "test").stdout
    pager = Pager()
    server = serve_pager(pager, None)
    people = f"[{{name: Amal, webhook: '{pager.address}'}}, {{name: Bo, webhook: 'http://127.0.0.1:1/'}}]"
    (home / "config" / "alerts.yaml").write_text(f"people: {people}\n")
    tried = fireside(home, "alerts", "test")
    checked = fireside(home, "check")
    server.shutdown()
    server.server_close()
    assert tried.returncode == 1
    assert "Amal, webhook http://localhost:" in tried.stdout and ": sent." in tried.stdout
    assert "Bo, webhook http://127.0.0.1:1/: NOT sent: it cannot be reached" in tried.stdout
    told = json.loads(pager.asked[0][3])
    assert told["kind"] == "test"
    assert told["subject"].startswith("TEST from Juno in Our home. Nobody needs help.")
    assert "can be reached now" in checked.stdout and "can NOT be reached now" in checked.stdout
    assert "Nobody hears of abuse" in checked.stdout
    assert [asked[0] for asked in pager.asked] == ["POST", "OPTIONS"]
