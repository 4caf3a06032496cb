"""Deciding: asking back, leading on when lost, saying it differently, and letting be."""

from pathlib import Path

from dialogue.decisions import Decision
from dialogue.flows import FALLBACK
from tests.fakes import FakeDialogue
from tests.room import FLOWS, Room, one_of

UNSURE = (("tell_joke", 0.3), ("tell_riddle", 0.25), ("ask_time", 0.05))


def lost(ranking: tuple[tuple[str, float], ...] = ()) -> Decision:
    return Decision("rasa", FALLBACK, 0.2, "low_understanding", (), ranking)


async def test_two_likely_meanings_are_asked_about(tmp_path: Path) -> None:
    room = Room(tmp_path, FakeDialogue(lost(UNSURE)))
    await room.meets()
    asked = (await room.hears("jole please")).reply
    first = FLOWS.named("tell_joke", "en")
    second = FLOWS.named("tell_riddle", "en")
    assert first and second
    assert first in asked.sentences[-1] and second in asked.sentences[-1]
    assert asked.expects == (first, second)
    answered = (await room.hears(f"{second} please")).reply
    assert answered.step == FLOWS.begins["tell_riddle"]


async def test_neither_is_an_answer_too(tmp_path: Path) -> None:
    deny = FLOWS.decision("rasa", "did_you_mean", "deny", "en")
    room = Room(tmp_path, FakeDialogue(lost(UNSURE), deny))
    await room.meets()
    await room.hears("jole please")
    answered = (await room.hears("no not that")).reply
    assert answered.sentences[0] in one_of("meant_neither")
    assert answered.asks


async def test_one_likely_meaning_is_no_question(tmp_path: Path) -> None:
    room = Room(tmp_path, FakeDialogue(lost(UNSURE[:1])))
    await room.meets()
    assert (await room.hears("jole")).reply.sentences[0] in one_of("low_understanding")


async def test_lost_twice_the_robot_leads_with_a_question(tmp_path: Path) -> None:
    room = Room(tmp_path, FakeDialogue(lost(), lost(), lost()))
    await room.meets()
    assert (await room.hears("blarp")).reply.sentences[0] in one_of("low_understanding")
    second = (await room.hears("wumble")).reply
    assert second.sentences[0] in one_of("start_again")
    assert second.asks
    assert (await room.hears("frotz")).reply.sentences[0] in one_of("low_understanding")


async def test_said_differently_it_is_another_wording_of_the_same(tmp_path: Path) -> None:
    room = Room(tmp_path)
    await room.meets()
    asked = (await room.hears("how are you")).reply
    again = (await room.hears("say it another way")).reply
    assert again.step == asked.step
    assert again.sentences != asked.sentences


async def test_asked_to_let_be_it_does_not_begin_by_itself_that_day(tmp_path: Path) -> None:
    room = Room(tmp_path)
    await room.meets()
    reply = (await room.hears("i would like to be by myself")).reply
    assert "rest" in [action.name for action in reply.actions]
    await room.clock.advance(3600)
    room.speaker.said.clear()
    await room.talk.meet()
    assert room.speaker.said == []
    await room.clock.advance(24 * 3600)
    await room.meets()


async def test_later_is_offered_once(tmp_path: Path) -> None:
    room = Room(tmp_path)
    await room.meets()
    await room.hears("come back later")
    room.speaker.said.clear()
    await room.clock.advance(29 * 60)
    assert room.speaker.said == []
    await room.clock.advance(2 * 60)
    assert set(room.speaker.said) <= one_of("come_back") and room.speaker.said
    await room.hears("not now come back later")
    room.speaker.said.clear()
    await room.clock.advance(60 * 60)
    assert not set(room.speaker.said) & one_of("come_back")
