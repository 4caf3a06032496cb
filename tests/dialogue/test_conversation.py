"""The corridor with real safety, words and keywords; fakes at its edges."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from dialogue.care import HELP_ANSWER_SECONDS, REPEAT_SECONDS
from dialogue.deciding import SESSION_SECONDS
from dialogue.decisions import Decision
from dialogue.errors import StageError
from dialogue.events import (
    AlertNotStored,
    AlertRaised,
    DangerHeard,
    PartialHeard,
    ReplyDecided,
    StageFailed,
    StateChanged,
    UtteranceHeard,
)
from dialogue.fallback import FallbackDialogue
from dialogue.keywords import KeywordDialogue
from dialogue.replies import Action, Utterance
from tests.fakes import (
    LOUD,
    QUIET,
    FakeDialogue,
    FakeMicrophone,
    FakeRecogniser,
    FakeSpotter,
    LoudnessActivity,
    Recorder,
    settle,
)
from tests.room import FLOWS, KEYWORDS, Room, one_of
from voices.ears import Ears
from voices.endpointer import Endpointer
from voices.hearing import Guess


@pytest.fixture
async def room(tmp_path: Path) -> Room:
    return Room(tmp_path)


async def test_the_first_words_say_that_it_is_a_machine(room: Room) -> None:
    turn = await room.hears("tell me a joke")
    first = turn.reply.sentences[0].lower()
    assert "juno" in first and "robot" in first and "computer" in first and "stop" in first
    assert sum(sentence.count("?") for sentence in turn.reply.sentences) <= 1
    again = await room.hears("tell me a joke")
    assert "computer" not in again.reply.sentences[0]


async def test_after_a_long_time_it_introduces_itself_anew(room: Room) -> None:
    await room.hears("hello")
    await room.clock.advance(SESSION_SECONDS)
    turn = await room.hears("what time is it")
    assert "robot" in turn.reply.sentences[0]


async def test_meeting_twice_introduces_once(room: Room) -> None:
    await room.meets()
    await room.talk.meet()
    assert room.speaker.said == []


async def test_a_turn_is_reported_from_hearing_to_the_end(room: Room) -> None:
    await room.meets()
    room.reports.events.clear()
    await room.hears("tell me a joke")
    kept = ("UtteranceHeard", "ReplyDecided", "PhraseStarted", "PhraseEnded", "TurnEnded")
    names = [name for name in room.reports.names() if name in kept]
    assert names[:3] == ["UtteranceHeard", "ReplyDecided", "PhraseStarted"]
    assert names[-1] == "TurnEnded"
    states = [event.state for event in room.reports.of(StateChanged)]
    assert states == ["thinking", "speaking", "idle"]


async def test_low_confidence_asks_again_and_decides_nothing(tmp_path: Path) -> None:
    room = Room(tmp_path, FakeDialogue())
    await room.meets()
    turn = await room.hears("tell me a joke", confidence=0.2)
    assert set(turn.reply.sentences) <= one_of("ask_again")
    assert turn.reply.actions == ()


async def test_repeat_says_the_same_again(room: Room) -> None:
    await room.meets()
    joke = await room.hears("tell me a joke")
    again = await room.hears("say that again")
    assert again.reply.sentences == joke.reply.sentences


@pytest.mark.parametrize(
    ("wish", "changed"),
    [
        ("louder", lambda before, after: after.volume > before.volume),
        ("quieter", lambda before, after: after.volume < before.volume),
        ("slower", lambda before, after: after.rate < before.rate),
        ("faster", lambda before, after: after.rate > before.rate),
    ],
)
async def test_a_wish_is_confirmed_in_the_new_manner(
    tmp_path: Path, wish: str, changed: Callable[[object, object], bool]
) -> None:
    decision = Decision("rasa", wish, 0.9, wish, (Action(wish),))
    room = Room(tmp_path, FakeDialogue(decision))
    await room.meets()
    before = room.person.style
    await room.hears(f"please speak {wish}")
    assert changed(before, room.person.style)
    assert room.synthesis.styles[-1] == room.person.style


async def test_when_rasa_fails_the_keywords_answer(tmp_path: Path) -> None:
    dead = FakeDialogue(StageError("understand", "timeout", "Rasa did not answer."))
    reports = Recorder()
    room = Room(tmp_path, FallbackDialogue(dead, KeywordDialogue(KEYWORDS, FLOWS), reports))
    await room.meets()
    turn = await room.hears("what time is it")
    assert turn.reply.engine == "keywords"
    assert "4:20" in turn.reply.sentences[0]
    assert reports.of(StageFailed) == [StageFailed("understand", "timeout", "Rasa did not answer.")]


async def test_a_voice_that_fails_is_owned_up_to(tmp_path: Path) -> None:
    room = Room(tmp_path)
    await room.meets()
    room.synthesis.failing = tuple(one_of("thanks_answer"))
    await room.hears("thank you")
    assert room.speaker.said and set(room.speaker.said) <= one_of("voice_trouble")


class TestStop:
    async def test_the_word_is_answered_with_one_word(self, room: Room) -> None:
        await room.meets()
        turn = await room.hears("stop")
        assert turn.safety == "stop"
        assert turn.reply.sentences in {(text,) for text in one_of("stop_assent")}
        assert not room.body.stopped

    async def test_it_does_not_wait_for_an_engine_that_hangs(self, tmp_path: Path) -> None:
        class Hanging(FakeDialogue):
            async def decide(self, utterance: Utterance, talk: str, after: str | None) -> Decision:
                await asyncio.Event().wait()
                raise AssertionError

        room = Room(tmp_path, Hanging())
        await room.meets()
        asking = asyncio.create_task(
            room.talk.hear(Utterance((Guess("a story", 1.0),), "en", "text"))
        )
        await settle()
        await room.talk.stop()
        assert room.driver.stops == ["freeze"]
        assert room.body.stopped
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)

    async def test_the_button_cuts_speech_and_latches(self, room: Room) -> None:
        await room.meets()
        turn = asyncio.create_task(
            room.talk.hear(Utterance((Guess("tell me a story", 1.0),), "en", "text"))
        )
        await room.clock.advance(0.5)
        await room.talk.stop()
        await settle()
        assert turn.done()
        assert len(room.speaker.cut_short) == 1
        room.speaker.said.clear()
        await room.hears("tell me a joke")
        assert room.speaker.said == []
        assert room.reports.of(StateChanged)[-1] == StateChanged("stopped")

    async def test_a_reply_decided_meanwhile_is_not_said(self, room: Room) -> None:
        await room.meets()
        story = asyncio.create_task(
            room.talk.hear(Utterance((Guess("tell me a story", 1.0),), "en", "text"))
        )
        stop = asyncio.create_task(room.talk.hear(Utterance((Guess("stop", 1.0),), "en", "text")))
        while not (story.done() and stop.done()):
            await room.clock.advance(1)
        assert set(room.speaker.said) <= one_of("stop_assent")

    async def test_a_question_that_was_stopped_is_not_asked_again(self, room: Room) -> None:
        await room.meets()
        joke = asyncio.create_task(
            room.talk.hear(Utterance((Guess("tell me a joke", 1.0),), "en", "text"))
        )
        await room.clock.advance(0.5)
        await room.hears("stop")
        await joke
        room.speaker.said.clear()
        await room.clock.advance(120)
        assert room.speaker.said == []

    async def test_a_person_starts_it_again(self, room: Room) -> None:
        await room.meets()
        await room.talk.stop()
        resuming = asyncio.create_task(room.talk.resume())
        await room.clock.advance(10)
        await resuming
        assert set(room.speaker.said) <= one_of("resumed")
        assert room.speaker.said


class TestDanger:
    async def test_a_human_is_told_before_the_robot_speaks(self, room: Room) -> None:
        await room.meets()
        room.reports.events.clear()
        turn = await room.hears("help I have fallen")
        assert turn.safety == "emergency"
        assert turn.reply.sentences and set(turn.reply.sentences) <= one_of("emergency")
        names = room.reports.names()
        assert names.index("AlertRaised") < names.index("PhraseStarted")
        assert [alert.category for alert in room.alerts.open()] == ["emergency"]

    async def test_it_says_so_again_until_somebody_comes(self, room: Room) -> None:
        await room.meets()
        await room.hears("help I have fallen")
        room.speaker.said.clear()
        await room.clock.advance(REPEAT_SECONDS * 3 + 30)
        assert len([s for s in room.speaker.said if s in one_of("emergency_repeat")]) >= 3
        room.speaker.said.clear()
        room.talk.acknowledge(room.alerts.open()[0].id, "Amal")
        await room.clock.advance(REPEAT_SECONDS)
        assert any(s.endswith("Amal has said they are coming.") for s in room.speaker.said)
        room.speaker.said.clear()
        await room.clock.advance(REPEAT_SECONDS * 3)
        assert room.speaker.said == []

    async def test_while_stopped_a_human_is_still_told(self, room: Room) -> None:
        await room.talk.stop()
        await room.hears("help I have fallen")
        assert len(room.reports.of(AlertRaised)) == 1
        assert room.speaker.said == []

    async def test_when_nobody_can_be_told_it_does_not_pretend(self, room: Room) -> None:
        await room.meets()
        room.alerts.close()
        turn = await room.hears("help I have fallen")
        assert set(turn.reply.sentences) <= one_of("emergency_no_alert")
        assert [event.stage for event in room.reports.of(StageFailed)] == ["alert"]
        assert room.reports.of(AlertNotStored) == [AlertNotStored("emergency")]
        await room.hears("the night nurse hit me")
        assert len(room.reports.of(AlertNotStored)) == 1

    async def test_unsure_words_are_asked_about_and_silence_is_yes(self, room: Room) -> None:
        await room.meets()
        turn = await room.hears("hello i have fallen down", confidence=0.3)
        assert set(turn.reply.sentences) <= one_of("need_help_question")
        assert not room.alerts.open()
        await room.clock.advance(HELP_ANSWER_SECONDS + 1)
        assert [alert.category for alert in room.alerts.open()] == ["emergency"]

    @pytest.mark.parametrize(("answer", "raised"), [("yes please", 1), ("no thank you", 0)])
    async def test_the_answer_to_the_question_counts(
        self, room: Room, answer: str, raised: int
    ) -> None:
        await room.meets()
        await room.hears("have you seen the news", "help i have fallen", confidence=0.9)
        await room.hears(answer)
        await room.clock.advance(HELP_ANSWER_SECONDS * 2)
        assert len(room.alerts.open()) == raised

    @pytest.mark.parametrize("recognised", ["", None])
    async def test_a_noise_is_no_answer_to_the_question(
        self, room: Room, recognised: str | None
    ) -> None:
        await room.meets()
        await room.hears("hello i have fallen down", confidence=0.3)
        microphone = FakeMicrophone(*[LOUD] * 30, *[QUIET] * 60)
        recogniser = FakeRecogniser(recognised)
        listening = asyncio.create_task(
            room.talk.listen(TestEars.ears(room, microphone, recogniser))
        )
        await room.clock.advance(HELP_ANSWER_SECONDS + 1)
        assert [alert.category for alert in room.alerts.open()] == ["emergency"]
        await microphone.close()
        await listening

    async def test_while_stopped_what_is_doubtful_counts(self, room: Room) -> None:
        await room.talk.stop()
        await room.hears("hello i have fallen down", confidence=0.3)
        assert [alert.category for alert in room.alerts.open()] == ["emergency"]

    async def test_an_abuse_disclosure_is_not_shown_to_the_shift(self, room: Room) -> None:
        await room.meets()
        turn = await room.hears("the night nurse hit me")
        assert turn.safety == "abuse_disclosure"
        assert room.reports.of(AlertRaised) == room.reports.of(DangerHeard) == []
        told = str([*room.reports.of(UtteranceHeard), *room.reports.of(ReplyDecided)])
        assert not any(word in told for word in ("nurse", "abuse", "protects"))
        assert room.alerts.open("safeguarding")[0].person == "anna"

    async def test_the_class_is_reported(self, room: Room) -> None:
        await room.meets()
        await room.hears("are you a real person")
        assert room.reports.of(DangerHeard) == [DangerHeard("ai_identity")]


class TestSilence:
    async def test_a_question_is_repeated_then_made_simpler_then_left(self, room: Room) -> None:
        await room.meets()
        turn = await room.hears("i am bored")
        question = turn.reply.sentences[-1]
        room.speaker.said.clear()
        await room.clock.advance(room.person.silence_s * 3 + 30)
        assert room.speaker.said[0] == question
        rest = set(room.speaker.said[1:])
        step = turn.reply.step
        assert rest <= one_of(f"simpler.{step}") | one_of("silence_leave")
        assert rest & one_of("silence_leave")
        room.speaker.said.clear()
        await room.clock.advance(600)
        assert room.speaker.said == []

    async def test_an_answer_ends_the_waiting(self, room: Room) -> None:
        await room.meets()
        await room.hears("i am bored")
        await room.hears("what time is it")
        room.speaker.said.clear()
        await room.clock.advance(120)
        assert room.speaker.said == []


class TestEars:
    """From the microphone on."""

    @staticmethod
    def ears(room: Room, microphone: FakeMicrophone, recogniser: FakeRecogniser) -> Ears:
        endpointer = Endpointer(LoudnessActivity(), room.person.patience_ms)
        return Ears(microphone, endpointer, recogniser, None, room.clock)

    async def test_speech_becomes_an_answer(self, room: Room) -> None:
        await room.meets()
        microphone = FakeMicrophone(*[QUIET] * 20, *[LOUD] * 30, *[QUIET] * 60)
        recogniser = FakeRecogniser("what time is it")
        listening = asyncio.create_task(room.talk.listen(self.ears(room, microphone, recogniser)))
        await room.clock.advance(30)
        assert "4:20" in room.speaker.said[0]
        assert recogniser.listenings[0].anticipated == 1
        assert recogniser.contexts[0].words == ()
        assert room.reports.of(PartialHeard) == [PartialHeard("what time is it")]
        await microphone.close()
        await listening

    async def test_names_are_expected_first(self, room: Room) -> None:
        assert room.talk.context.words == ("Juno", "Anna")

    async def test_the_next_answer_is_expected(self, room: Room) -> None:
        await room.meets()
        await room.hears("tell me a joke")
        microphone = FakeMicrophone(*[LOUD] * 30, *[QUIET] * 60)
        recogniser = FakeRecogniser("yes please")
        listening = asyncio.create_task(room.talk.listen(self.ears(room, microphone, recogniser)))
        await room.clock.advance(30)
        assert "yes please" in recogniser.contexts[0].expected
        await microphone.close()
        await listening

    async def test_it_is_deaf_while_it_speaks(self, room: Room) -> None:
        await room.meets()
        microphone = FakeMicrophone()
        recogniser = FakeRecogniser()
        listening = asyncio.create_task(room.talk.listen(self.ears(room, microphone, recogniser)))
        await settle()
        turn = asyncio.create_task(
            room.talk.hear(Utterance((Guess("tell me a story", 1.0),), "en", "text"))
        )
        await room.clock.advance(0.2)
        microphone.say(*[LOUD] * 30, *[QUIET] * 60)
        await settle()
        assert recogniser.listenings == []
        await room.talk.stop()
        await microphone.close()
        await asyncio.gather(listening, turn)

    async def test_noise_without_words_is_no_turn(self, room: Room) -> None:
        await room.meets()
        microphone = FakeMicrophone(*[LOUD] * 30, *[QUIET] * 60)
        listening = asyncio.create_task(
            room.talk.listen(self.ears(room, microphone, FakeRecogniser("")))
        )
        await room.clock.advance(5)
        assert room.speaker.said == []
        await microphone.close()
        await listening

    async def test_a_turn_that_fails_is_reported_and_the_next_one_answered(
        self, tmp_path: Path
    ) -> None:
        class Broken(KeywordDialogue):
            async def decide(self, utterance: Utterance, talk: str, after: str | None) -> Decision:
                if "joke" in utterance.text:
                    raise RuntimeError("a fault")
                return await super().decide(utterance, talk, after)

        room = Room(tmp_path, Broken(KEYWORDS, FLOWS))
        await room.meets()
        speech = (*[LOUD] * 30, *[QUIET] * 60)
        microphone = FakeMicrophone(*speech)
        recogniser = FakeRecogniser("a joke please", "what time is it")
        listening = asyncio.create_task(room.talk.listen(self.ears(room, microphone, recogniser)))
        await room.clock.advance(5)
        assert [event.code for event in room.reports.of(StageFailed)] == ["unexpected"]
        assert room.reports.of(StateChanged)[-1] == StateChanged("idle")
        microphone.say(*speech)
        await room.clock.advance(5)
        assert "4:20" in room.speaker.said[0]
        await microphone.close()
        await listening

    async def test_a_recogniser_that_fails_is_reported_and_the_next_one_heard(
        self, room: Room
    ) -> None:
        await room.meets()
        speech = (*[LOUD] * 30, *[QUIET] * 60)
        microphone = FakeMicrophone(*speech, *speech)
        recogniser = FakeRecogniser(None, "what time is it")
        listening = asyncio.create_task(room.talk.listen(self.ears(room, microphone, recogniser)))
        await room.clock.advance(30)
        assert [event.stage for event in room.reports.of(StageFailed)] == ["hear"]
        assert "4:20" in room.speaker.said[0]
        await microphone.close()
        await listening


class TestSpotter:
    async def test_its_name_interrupts_it(self, room: Room) -> None:
        await room.meets()
        turn = asyncio.create_task(
            room.talk.hear(Utterance((Guess("tell me a story", 1.0),), "en", "text"))
        )
        await room.clock.advance(0.5)
        room.talk.spotted("name")
        await room.clock.advance(5)
        assert turn.done()
        assert room.speaker.said[-1] in one_of("name_called")

    async def test_help_is_asked_about(self, room: Room) -> None:
        await room.meets()
        turn = asyncio.create_task(
            room.talk.hear(Utterance((Guess("tell me a story", 1.0),), "en", "text"))
        )
        await room.clock.advance(0.5)
        room.talk.spotted("help")
        await room.clock.advance(HELP_ANSWER_SECONDS + 15)
        assert turn.done()
        assert [alert.category for alert in room.alerts.open()] == ["emergency"]

    async def test_while_silent_the_recogniser_decides(self, room: Room) -> None:
        await room.meets()
        room.talk.spotted("stop")
        await room.clock.advance(5)
        assert room.speaker.said == []

    @pytest.mark.parametrize(
        ("recognised", "confidence", "asked"),
        [("", 0.9, True), ("yelp me", 0.5, True), ("what time is it", 0.9, False)],
    )
    async def test_a_call_that_the_recogniser_missed_is_asked_about(
        self, room: Room, recognised: str, confidence: float, asked: bool
    ) -> None:
        await room.meets()
        microphone = FakeMicrophone(*[LOUD] * 30)
        recogniser = FakeRecogniser(recognised, confidence=confidence)
        listening = asyncio.create_task(
            room.talk.listen(TestEars.ears(room, microphone, recogniser))
        )
        await settle()
        room.talk.spotted("help")
        microphone.say(*[QUIET] * 60)
        await room.clock.advance(5)
        assert bool(set(room.speaker.said) & one_of("need_help_question")) == asked
        await microphone.close()
        await listening

    async def test_it_listens_on_while_the_robot_speaks_but_not_to_the_robot(
        self, room: Room
    ) -> None:
        spotter, microphone = FakeSpotter(), FakeMicrophone()
        endpointer = Endpointer(LoudnessActivity(), room.person.patience_ms)
        ears = Ears(microphone, endpointer, FakeRecogniser(), spotter, room.clock)
        listening = asyncio.create_task(room.talk.listen(ears))
        meeting = asyncio.create_task(room.talk.meet())
        await room.clock.advance(0.2)
        microphone.say(*[LOUD] * 10)
        while "stop" not in " ".join(room.speaker.said) or not room.mouth.is_saying({"stop"}):
            await room.clock.advance(0.1)
        room.talk.spotted("stop")
        assert not room.speaker.cut_short
        await room.clock.advance(1.5)
        assert spotter.pushed == 10
        assert spotter.told == [True] or spotter.told == [True, False]
        await room.clock.advance(30)
        await microphone.close()
        await asyncio.gather(listening, meeting)
