"""What set-up was told in advance fits the project: locks, licences, names of models."""

import re
import tomllib

import pytest

from config.paths import CHECKOUT
from robot.bootstrap.licences import PAGE, pins
from robot.bootstrap.steps import EMBEDDED, VOSK
from voices.registry import registry


@pytest.mark.parametrize("lock", ["robot", "tests", "dialogue/rasa"])
def test_locks_pin_by_hash_and_name_no_address(lock: str) -> None:
    text = (CHECKOUT / lock / "requirements.lock").read_text()
    assert not re.search(r"https?:|file:|--index|--find-links|@ ", text)
    blocks = re.split(r"^(?=[A-Za-z0-9])", text, flags=re.MULTILINE)
    assert all("--hash=sha256:" in block for block in blocks if re.match(r"[A-Za-z0-9]", block))


def test_locks_hold_all_that_the_project_asks_for() -> None:
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["project"]

    def names(wanted: list[str]) -> set[str]:
        return {re.split(r"[<>=!~ ;\[]", line)[0].lower() for line in wanted}

    runtime, tests = pins("robot/requirements.lock"), pins("tests/requirements.lock")
    assert names(project["dependencies"]) <= runtime.keys()
    assert names(project["optional-dependencies"]["test"]) <= tests.keys()
    assert runtime.items() <= tests.items()


def test_the_licence_page_lists_what_the_locks_list() -> None:
    listed = set(re.findall(r"^\| (\S+) \| (\d\S*) \|", PAGE.read_text(), re.MULTILINE))
    locked = {
        pin
        for folder in ("robot", "tests", "dialogue/rasa")
        for pin in pins(f"{folder}/requirements.lock").items()
    }
    assert listed == locked, "type: make licences"


def test_set_up_asks_for_models_that_the_registry_has() -> None:
    models = registry()
    assert set(EMBEDDED) <= models.keys()
    assert {models[name].languages: name for name in VOSK.values()} == {
        (language,): name for language, name in VOSK.items()
    }
