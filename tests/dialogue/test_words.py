"""Words: personal ones only where something is known, and a way on where all was told."""

from pathlib import Path

import pytest

from dialogue.phrasebook import SAFE_KEY
from tests.room import Room, one_of


def text(room: Room, step: str) -> str:
    return " ".join(phrase.text for phrase in room.words.step(step, room.person).phrases)


async def test_nothing_personal_is_said_of_somebody_nothing_is_known_of(tmp_path: Path) -> None:
    room = Room(tmp_path)
    for _ in range(60):
        said = room.words.step("small_talk", room.person)
        assert not said.step.startswith("recollections")
        assert "{" not in str(said.phrases)
        assert said.phrases[0].text not in one_of(SAFE_KEY)


@pytest.mark.parametrize(("language", "value"), [("en", "old waltzes"), ("de", "alte Walzer")])
async def test_what_was_told_is_taken_up(tmp_path: Path, language: str, value: str) -> None:
    room = Room(tmp_path, language=language)
    room.words.personal = lambda: {"music": value}
    assert value in text(room, "recollections")
    steps = {room.words.step("small_talk", room.person).step for _ in range(80)}
    assert "recollections_music" in steps
    assert not steps & {"recollections_food", "recollections_person"}


async def test_yesterday_is_asked_about_when_something_was_said(tmp_path: Path) -> None:
    room = Room(tmp_path)
    room.words.personal = lambda: {"yesterday": "you had slept badly"}
    said = [text(room, "greetings_how") for _ in range(12)]
    assert any("Yesterday you told me you had slept badly." in one for one in said)


async def test_when_everything_was_told_it_is_owned_up_to_and_talk_goes_on(tmp_path: Path) -> None:
    room = Room(tmp_path)
    told = []
    for _ in range(200):
        spoken = room.words.step("riddles", room.person)
        if spoken.step == "all_told":
            break
        told.append(spoken.phrases[-1].text)
    assert spoken.step == "all_told"
    assert len(told) == len(set(told)) > 30
    assert room.words.step("surprise_me", room.person).step != "all_told"


async def test_what_somebody_does_not_want_is_not_brought_up(tmp_path: Path) -> None:
    room = Room(tmp_path)
    room.person.avoided.add("food")
    steps = {room.words.step("small_talk", room.person).step for _ in range(150)}
    assert "food" not in steps and len(steps) > 10
