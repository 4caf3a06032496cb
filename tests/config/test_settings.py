from pathlib import Path

import pytest

from config.files import ConfigError
from config.paths import CHECKOUT
from config.settings import Resident, load


def house(folder: Path, **files: str) -> Path:
    texts = {"home": "name: A\ntime_zone: Europe/Berlin\n", "robot": "name: Juno\n"} | files
    (folder / "residents").mkdir()
    for name, text in texts.items():
        (folder / f"{name}.yaml").write_text(text)
    return folder


def test_the_shipped_settings_are_valid() -> None:
    settings = load(CHECKOUT / "config")
    assert settings.robot.driver == "simulator"
    assert settings.language_of(settings.residents["guest"]) == "en"


def test_faults_of_all_files_come_at_once(tmp_path: Path) -> None:
    folder = house(tmp_path, home="name: A\ntime_zone: Europe/Berln\n", robot="port: 99999\n")
    (folder / "residents" / "anna.yaml").write_text("patience_ms: 20\n")
    with pytest.raises(ConfigError) as caught:
        load(folder)
    assert [fault.file for fault in caught.value.faults] == [
        "home.yaml",
        "robot.yaml",
        "residents/anna.yaml",
    ]


def test_a_guest_is_always_known(tmp_path: Path) -> None:
    assert load(house(tmp_path)).residents == {"guest": Resident()}


def test_a_person_may_have_a_language_of_their_own(tmp_path: Path) -> None:
    settings = load(house(tmp_path))
    assert settings.language_of(Resident(language="de")) == "de"
