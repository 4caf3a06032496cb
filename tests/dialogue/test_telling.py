import asyncio

import pytest

from dialogue.events import PhraseEnded, PhraseStarted, StageFailed
from dialogue.replies import Cue, Phrase
from dialogue.telling import Telling
from robot.body import Body
from robot.driver import Express
from tests.fakes import FakeClock, FakeDriver, FakeSpeaker, FakeSynthesis, Recorder, settle
from voices.speaking import Style


class Stage:
    """A telling with fakes at its edges."""

    def __init__(self, *failing: str) -> None:
        self.clock = FakeClock()
        self.driver = FakeDriver(self.clock)
        self.speaker = FakeSpeaker(self.clock)
        self.reports = Recorder()
        self.telling = Telling(
            FakeSynthesis(*failing),
            self.speaker,
            Body(self.driver, self.clock),
            self.clock,
            self.reports,
        )

    def say(self, *sentences: str) -> asyncio.Task[object]:
        phrases = [Phrase(sentence) for sentence in sentences]
        return asyncio.create_task(self.telling.say(phrases, Style()))


@pytest.fixture
async def stage() -> Stage:
    return Stage()


async def test_sentences_are_said_in_order(stage: Stage) -> None:
    telling = stage.say("One.", "Two.", "Three.")
    await stage.clock.advance(10)
    assert (await telling).complete
    assert stage.speaker.said == ["One.", "Two.", "Three."]
    assert [event.text for event in stage.reports.of(PhraseStarted)] == stage.speaker.said


async def test_hush_cuts_the_sentence_and_drops_the_rest(stage: Stage) -> None:
    telling = stage.say("A long sentence.", "Never said.")
    await stage.clock.advance(0.5)
    stage.telling.hush()
    assert not (await telling).complete
    assert stage.speaker.said == ["A long sentence."]
    assert stage.reports.of(PhraseEnded) == [PhraseEnded("A long sentence.", False, 0.5)]


async def test_hush_before_the_first_sound_says_nothing(stage: Stage) -> None:
    telling = stage.say("Not said.")
    await asyncio.sleep(0)
    stage.telling.hush()
    assert not (await telling).complete
    assert stage.speaker.said == []


async def test_a_hush_is_over_with_the_next_reply(stage: Stage) -> None:
    stage.telling.hush()
    telling = stage.say("Said.")
    await stage.clock.advance(1)
    assert (await telling).complete


async def test_a_voice_that_fails_is_reported_and_ends_the_reply() -> None:
    stage = Stage("Two.")
    telling = stage.say("One.", "Two.", "Three.")
    await stage.clock.advance(10)
    assert not (await telling).complete
    assert stage.speaker.said == ["One."]
    assert [event.stage for event in stage.reports.of(StageFailed)] == ["speak"]


async def test_cues_reach_the_body_as_the_sentence_begins(stage: Stage) -> None:
    phrase = Phrase("Hello.", (Cue("express", "smile"),))
    telling = asyncio.create_task(stage.telling.say([phrase], Style()))
    await settle()
    assert stage.driver.done == [Express("smile")]
    await stage.clock.advance(1)
    await telling


async def test_it_knows_its_own_words_from_anothers(stage: Stage) -> None:
    telling = stage.say("Say stop when you like to end this.")
    await stage.clock.advance(0.5)
    assert stage.telling.is_saying({"stop"})
    await stage.clock.advance(2.0)
    assert not stage.telling.is_saying({"stop"})
    await stage.clock.advance(5)
    await telling
    assert not stage.telling.is_saying({"this"})
