"""What a person can set, type or subscribe to is documented."""

from typing import get_args

import pytest
from pydantic import BaseModel

from config.alerts import AlertPlan, Broker, Contact, MailServer, Signing
from config.paths import CHECKOUT
from config.reminders import Reminder
from config.settings import Home, QuietHours, Resident, Robot
from dialogue import events
from robot.__main__ import app
from robot.commands.bench import NAMES


def text(name: str) -> str:
    return (CHECKOUT / name).read_text()


SETTINGS = (
    Home,
    QuietHours,
    Reminder,
    Robot,
    Resident,
    AlertPlan,
    Contact,
    MailServer,
    Signing,
    Broker,
)


@pytest.mark.parametrize("model", SETTINGS)
def test_every_setting_is_documented(model: type[BaseModel]) -> None:
    guide = text("docs/for-homes.md")
    assert [name for name in model.model_fields if f"`{name}`" not in guide] == []


def test_every_command_is_documented() -> None:
    names = [command.callback.__name__ for command in app.registered_commands if command.callback]
    names += [group.name for group in app.registered_groups if group.name]
    readme = text("README.md")
    assert len(names) == 11
    assert [name for name in names if f"`fireside {name}" not in readme] == []


def test_every_benchmark_is_documented() -> None:
    guide = text("docs/benchmarks.md")
    assert [name for name in NAMES if f"| `{name}` |" not in guide] == []


def test_every_event_is_documented() -> None:
    guide = text("docs/for-developers.md")
    names = [event.__name__ for event in get_args(events.Event)]
    assert len(names) == 19
    assert [name for name in names if f"`{name}`" not in guide] == []


def test_every_decision_record_says_what_and_why() -> None:
    records = sorted((CHECKOUT / "docs" / "adr").glob("*.md"))
    assert len(records) >= 11
    for record in records:
        assert record.read_text().startswith("# "), record.name
