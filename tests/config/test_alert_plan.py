"""config/alerts.yaml: who is told is read as it is written, and every fault has a sentence."""

from pathlib import Path

import pytest

from config.alerts import AlertPlan
from config.files import ConfigError, read_model
from config.paths import CHECKOUT
from config.settings import load

FULL = """
place: common room, ground floor
escalate_after_s: 90
people:
  - name: Amal
    email: amal@home.example
  - name: Jean-Luc O'Neil
    webhook: https://pager.home.example/jl?floor=2
    mqtt: fireside/alerts/jl
safeguarding: {name: Ms. Weber, email: weber@home.example}
email: {host: mail.home.example, sender: robot@home.example, user: robot, password_file: m.secret}
webhook: {secret_file: /run/secrets/webhook}
mqtt: {host: 10.0.0.7, port: 1883, security: none, client_id: juno-1}
"""


def plan(folder: Path, text: str) -> AlertPlan:
    (folder / "alerts.yaml").write_text(text)
    return read_model(folder / "alerts.yaml", AlertPlan)


def test_everything_a_home_can_say(tmp_path: Path) -> None:
    read = plan(tmp_path, FULL)
    assert read.names == ("Amal", "Jean-Luc O'Neil")
    assert read.people[1].address("webhook") == "https://pager.home.example/jl?floor=2"
    assert read.people[0].address("mqtt") is None
    assert read.email is not None and (read.email.port, read.email.security) == (587, "starttls")
    assert read.mqtt is not None and read.mqtt.client_id == "juno-1"


@pytest.mark.parametrize(
    ("text", "line", "sentence"),
    [
        ("people:\n  - name: Amal\n    email: amal\n", 3, "'people.0.email' is 'amal'"),
        ("people:\n  - {name: A}\n  - {name: A}\n", 1, "give each person a name of their own"),
        ("people: [{name: 'a<b'}]", 1, "'people.0.name' is 'a<b'"),
        ("people: [{name: A, webhook: 'ftp://x'}]", 1, "'people.0.webhook' is 'ftp://x'"),
        ("people: [{name: A, webhook: 'http://u:p@x/'}]", 1, "'people.0.webhook'"),
        ("people: [{name: A, mqtt: 'alerts/#'}]", 1, "'people.0.mqtt'"),
        ("people: [{name: A, email: a@b.example}]", 1, "A is told by email, but no server"),
        ("safeguarding: {name: W, mqtt: a/b}", 1, "W is told by mqtt, but no server"),
        ("escalate_after_s: 5", 1, "'escalate_after_s' is 5"),
        ("email: {host: mail}", 1, "'email.sender' is missing; add it."),
        ("mqtt: {host: b, password: hunter2}", 1, "'mqtt.password' is not a setting"),
    ],
)
def test_a_fault_is_a_sentence_with_its_line(
    tmp_path: Path, text: str, line: int, sentence: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        plan(tmp_path, text)
    fault = caught.value.faults[0]
    assert (fault.file, fault.line) == ("alerts.yaml", line)
    assert sentence in fault.sentence
    assert fault.sentence.endswith(".")


def test_without_the_file_there_are_page_and_robot(tmp_path: Path) -> None:
    (tmp_path / "home.yaml").write_text("name: A\ntime_zone: Europe/Berlin\n")
    (tmp_path / "robot.yaml").write_text("{}")
    assert load(tmp_path).alerts == AlertPlan()
    (tmp_path / "alerts.yaml").write_text(FULL)
    assert load(tmp_path).alerts.place == "common room, ground floor"
    (tmp_path / "alerts.yaml").write_text("peple: []")
    with pytest.raises(ConfigError, match=r"alerts\.yaml, line 1: .*did you mean 'people'"):
        load(tmp_path)


def test_the_example_in_the_release_is_valid_as_it_is_and_uncommented(tmp_path: Path) -> None:
    text = (CHECKOUT / "config" / "alerts.yaml").read_text()
    assert plan(tmp_path, text) == AlertPlan()
    _, example = text.split("#\n", 1)
    lines = [line.removeprefix("# ").removeprefix("#") for line in example.splitlines()]
    assert plan(tmp_path, "\n".join(lines)).names == ("Amal", "Bo")
