"""Nothing is remembered, used or said without consent, presence and the person's own yes."""

from datetime import date, timedelta
from pathlib import Path

import pytest

from config.consent import Consent, Purpose
from config.settings import Resident
from dialogue import wording
from dialogue.memory.items import PURPOSES
from dialogue.memory.rights import AT_ONCE
from dialogue.replies import Utterance
from tests.room import Room
from voices.hearing import Guess

TODAY = date(2026, 11, 23)


def consent(purpose: Purpose, given: bool = True, days_ago: int = 10) -> Consent:
    on = TODAY - timedelta(days=days_ago)
    review = on + timedelta(days=80) if given else None
    return Consent(purpose=purpose, given=given, by="Anna", basis="consent", date=on, review=review)


ALL = tuple(consent(purpose) for purpose in sorted(set(PURPOSES.values())))


def resident(*consents: Consent, **settings: str) -> Resident:
    return Resident.model_validate(
        {"name": "Anna", "room": "private", **settings, "consent": consents}
    )


def room(folder: Path, *consents: Consent, language: str = "en", **settings: str) -> Room:
    return Room(folder, language=language, resident=resident(*consents, **settings))


def tells(room: Room, text: str) -> list[str]:
    utterance = Utterance((Guess(text, 1.0),), room.person.language, "voice")
    return [phrase.text for phrase in room.remembering.heard(utterance)]


def stored(room: Room) -> list[tuple[str, str]]:
    return [(item.kind, item.value) for item in room.memory.of("anna")]


def test_what_is_noted_is_said_once_in_one_short_sentence(tmp_path: Path) -> None:
    here = room(tmp_path, *ALL)
    said = tells(here, "i like roses")
    assert "roses" in said[0]
    assert tells(here, "i like roses") == []
    assert tells(here, "it is a fine day") == []
    assert stored(here) == [("likes", "roses")]
    assert here.memory.of("anna")[0].source == "voice"


@pytest.mark.parametrize("purpose", sorted(set(PURPOSES.values())))
def test_each_purpose_needs_its_own_consent(tmp_path: Path, purpose: Purpose) -> None:
    here = room(tmp_path, consent(purpose))
    for text in ("i like roses", "my son is called peter", "i come from york", "i feel very well"):
        tells(here, text)
    assert [PURPOSES[kind] for kind, _ in stored(here)] == [purpose]  # type: ignore[index]


def test_an_answer_to_a_question_is_kept_as_what_was_asked(tmp_path: Path) -> None:
    here = room(tmp_path, *ALL)
    utterance = Utterance((Guess("oh plum cake", 1.0),), "en", "text")
    assert here.remembering.answered(utterance, "food")
    assert stored(here) == [("food", "plum cake")]
    tells(here, "my daughter is here")
    assert here.remembering.answered(utterance, "music") == ()


def test_values_are_given_to_somebody_alone_only(tmp_path: Path) -> None:
    here = room(tmp_path, *ALL, room="unknown")
    tells(here, "i like roses and my daughter is called clara")
    tells(here, "my husband is called karl")
    assert here.remembering.values() == {}
    here.remembering.presence.told("alone")
    expected = {"likes": "roses", "person_said": "your daughter Clara", "person": "Clara"}
    assert here.remembering.values() == expected
    tells(here, "my brother is here")
    assert here.remembering.values() == {}


async def test_the_mood_of_yesterday_is_spoken_of_today_alone(tmp_path: Path) -> None:
    here = room(tmp_path, *ALL)
    tells(here, "i slept very badly")
    assert "yesterday" not in here.remembering.values()
    await here.clock.advance(20 * 3600)
    assert here.remembering.values()["yesterday"] == "you had slept badly"
    await here.clock.advance(24 * 3600)
    assert "yesterday" not in here.remembering.values()


def test_while_others_are_there_nobody_knows_who_speaks(tmp_path: Path) -> None:
    here = room(tmp_path, *ALL)
    tells(here, "my daughter is here")
    assert tells(here, "my name is peter and i like beer") == []
    assert stored(here) == []
    assert here.person.name == "Anna"


def test_how_somebody_wants_to_be_addressed_holds_also_without_consent(tmp_path: Path) -> None:
    here = room(tmp_path, language="de")
    assert tells(here, "sagen sie ruhig du zu mir") != []
    assert here.person.familiar
    assert tells(here, "nennen sie mich frau berger") != []
    assert here.person.name == "Frau Berger"
    assert stored(here) == []


def test_the_form_of_address_is_there_in_the_next_talk(tmp_path: Path) -> None:
    here = room(tmp_path, *ALL, language="de")
    tells(here, "sagen sie ruhig du zu mir")
    tells(here, "nennen sie mich anni")
    here.memory.close()
    again = room(tmp_path, *ALL, language="de")
    assert (again.person.name, again.person.familiar) == ("Anni", True)
    again.memory.close()
    without = room(tmp_path, language="de")
    assert (without.person.name, without.person.familiar) == ("Anna", False)


def test_a_no_of_the_staffs_file_erases_what_was_kept_for_it(tmp_path: Path) -> None:
    here = room(tmp_path, *ALL)
    tells(here, "i like roses and my daughter is called clara")
    here.memory.close()
    again = room(tmp_path, *ALL, consent("people", given=False))
    assert stored(again) == [("likes", "roses")]


async def test_what_a_run_out_consent_covered_is_not_used(tmp_path: Path) -> None:
    here = room(tmp_path, *ALL)
    tells(here, "i like roses")
    await here.clock.advance(75 * 24 * 3600)
    assert here.remembering.values() == {}
    assert tells(here, "i like tulips") == []
    said = (await here.hears("what do you know about me")).reply.sentences
    assert not any("roses" in sentence for sentence in said)
    assert any("staff" in sentence for sentence in said)


def test_whoever_has_died_is_not_brought_up(tmp_path: Path) -> None:
    here = room(tmp_path, *ALL)
    tells(here, "my daughter is called clara")
    assert here.remembering.values()["person"] == "Clara"
    tells(here, "my late daughter clara loved roses")
    assert stored(here) == [("mourned", "daughter Clara")]
    assert "person" not in here.remembering.values()


async def test_what_somebody_avoids_is_neither_kept_nor_said(tmp_path: Path) -> None:
    here = room(tmp_path, *ALL)
    tells(here, "my daughter is called clara")
    await here.hears("please never mention my daughter")
    assert here.person.avoids(["family"])
    assert "person" not in here.remembering.values()
    assert tells(here, "my daughter is called lena") == []
    here.memory.close()
    again = room(tmp_path)
    assert again.person.avoids(["family"])
    await again.hears("you can talk about my daughter again")
    assert not again.person.avoids(["family"])


async def test_one_objection_is_taken_back_and_the_other_stays(tmp_path: Path) -> None:
    here = room(tmp_path)
    await here.hears("please never mention my husband")
    await here.hears("i do not want to talk about my son")
    await here.hears("you can talk about my husband again")
    assert stored(here) == [("avoid", "my son")]
    assert here.person.avoids(["son"])
    assert not here.person.avoids(["husband"])
    assert here.person.avoids(["family"])


async def test_forgetting_a_topic_takes_nothing_else(tmp_path: Path) -> None:
    here = room(tmp_path, *ALL)
    tells(here, "please remember that i take sugar")
    tells(here, "i like my roses")
    await here.hears("forget what i told you to do")
    assert len(stored(here)) == 2
    await here.hears("please forget the roses in my garden")
    assert stored(here) == [("things", "i take sugar")]


async def test_an_objection_is_respected_whatever_else_was_heard(tmp_path: Path) -> None:
    here = room(tmp_path)
    turn = await here.hears("stop talking about my husband")
    assert turn.safety == "stop"
    assert here.person.avoids(["family"])
    assert stored(here) == [("avoid", "my husband")]


def test_the_staffs_own_words_are_avoided(tmp_path: Path) -> None:
    here = Room(tmp_path, resident=Resident(name="Anna", avoid=("family", "Karl")))
    assert here.person.avoids(["family"])
    war = Room(tmp_path, resident=Resident(name="Anna", avoid=("the war",)))
    assert war.person.avoids(["old days"])
    assert here.remembering.recall.avoids("my husband Karl", "en")


async def test_more_than_a_few_things_are_told_in_parts(tmp_path: Path) -> None:
    here = room(tmp_path, *ALL)
    for thing in ("roses", "tea", "chess", "cats"):
        tells(here, f"i like {thing}")
    reply = (await here.hears("what do you know about me")).reply
    assert len(reply.phrases) == AT_ONCE + 1
    assert reply.expects
    assert reply.sentences[-1].endswith("?")
    reply = (await here.hears("yes")).reply
    assert "cats" in reply.sentences[0]
    await here.hears("forget that")
    assert stored(here)[-1] == ("likes", "chess")


async def test_a_topic_is_forgotten_by_name(tmp_path: Path) -> None:
    here = room(tmp_path, *ALL)
    tells(here, "i like roses")
    tells(here, "my daughter is called clara")
    await here.hears("forget that i like roses")
    assert stored(here) == [("people", "daughter Clara")]


@pytest.mark.parametrize("answer", ["no", "yes no i mean no", "tell me a joke", "maybe"])
async def test_anything_but_a_yes_erases_nothing(tmp_path: Path, answer: str) -> None:
    here = room(tmp_path, *ALL)
    tells(here, "i like roses")
    await here.hears("forget everything")
    await here.hears(answer)
    await here.hears("yes")
    assert stored(here) == [("likes", "roses")]
    assert here.alerts.open() == ()


async def test_silence_erases_nothing(tmp_path: Path) -> None:
    here = room(tmp_path, *ALL)
    tells(here, "i like roses")
    await here.hears("forget everything")
    await here.clock.advance(2 * here.person.silence_s)
    await here.hears("yes")
    assert stored(here) == [("likes", "roses")]


async def test_a_yes_that_was_hardly_heard_is_asked_again(tmp_path: Path) -> None:
    here = room(tmp_path, *ALL)
    tells(here, "i like roses")
    await here.hears("forget everything")
    await here.hears("yes", confidence=0.45)
    assert stored(here) == [("likes", "roses")]
    await here.hears("yes")
    assert stored(here) == [("refusal", "everything")]


async def test_a_question_may_be_asked_for_again(tmp_path: Path) -> None:
    here = room(tmp_path, *ALL)
    tells(here, "i like roses")
    await here.hears("hello")
    asked = (await here.hears("forget everything")).reply.sentences
    assert (await here.hears("please say that again")).reply.sentences[-1:] == asked[-1:]
    await here.hears("yes")
    assert stored(here) == [("refusal", "everything")]


async def test_after_a_no_only_a_later_consent_lets_it_remember(tmp_path: Path) -> None:
    here = room(tmp_path, *ALL)
    await here.hears("don't remember anything i say")
    assert tells(here, "i like roses") == []
    here.memory.close()
    same_day = room(tmp_path, *ALL, consent("preferences", days_ago=0))
    assert tells(same_day, "i like roses") == []
    same_day.memory.close()
    renewed = room(tmp_path, consent("preferences", days_ago=-1))
    await renewed.clock.advance(24 * 3600)
    assert tells(renewed, "i like roses") != []


async def test_everybody_else_who_kept_something_forgets_it_too(tmp_path: Path) -> None:
    here = room(tmp_path, *ALL)
    here.rotation.next("anna", "en.joke", ["a joke"], once=True)
    assert here.rotation.latest("anna", "en.joke") is not None
    await here.hears("forget everything")
    await here.hears("yes")
    assert here.rotation.latest("anna", "en.joke") is None


async def test_without_its_memory_the_talk_goes_on_and_nothing_is_claimed(tmp_path: Path) -> None:
    here = room(tmp_path, *ALL)
    tells(here, "i like tea")
    here.memory.close()
    assert (await here.hears("i like roses")).reply.phrases
    assert here.remembering.values() == {}
    said = (await here.hears("forget that")).reply.sentences
    assert any("staff" in sentence for sentence in said)
    said = (await here.hears("what do you know about me")).reply.sentences
    assert any("staff" in sentence for sentence in said)
    assert "StageFailed" in here.reports.names()


def test_a_guest_has_no_memory(tmp_path: Path) -> None:
    here = room(tmp_path, *ALL)
    here.person.key = "guest"
    assert not here.remembering.recall.known()


@pytest.mark.parametrize("language", ["en", "de"])
async def test_whatever_is_kept_can_be_said_within_the_rules(tmp_path: Path, language: str) -> None:
    here = room(tmp_path, *ALL, language=language)
    values = {"mood": "slept_badly", "form": "du", "people": "Tochter Anna Maria"}
    for kind in (*PURPOSES, "avoid"):
        value = values.get(kind, "eins zwei drei vier fünf")
        here.memory.note("anna", kind, value, "voice", language)  # type: ignore[arg-type]
    question = {"en": "what do you know about me", "de": "was wissen sie über mich"}[language]
    more = {"en": "yes", "de": "ja"}[language]
    said = list((await here.hears(question)).reply.sentences)
    while said[-1].endswith("?"):
        said += (await here.hears(more)).reply.sentences
    assert len(said) >= len(PURPOSES) + 1
    for sentence in said:
        assert wording.word_count(sentence) <= wording.MOST_WORDS, sentence


async def test_only_an_answer_is_kept_as_one(tmp_path: Path) -> None:
    here = room(tmp_path, *ALL)
    assert (await here.hears("let us talk about cooking")).reply.step == "food"
    await here.hears("tell me a joke please")
    assert stored(here) == []
    assert (await here.hears("let us talk about cooking")).reply.step == "food"
    said = (await here.hears("oh plum cake with cream")).reply.sentences
    assert stored(here) == [("food", "plum cake with cream")]
    assert "plum cake with cream" in said[0]


async def test_nothing_more_is_told_when_somebody_has_come_in(tmp_path: Path) -> None:
    here = room(tmp_path, *ALL)
    for thing in ("roses", "tea", "chess", "cats"):
        tells(here, f"i like {thing}")
    await here.hears("what do you know about me")
    said = (await here.hears("yes but my daughter is here now")).reply.sentences
    assert not any("cats" in sentence for sentence in said)
    said = (await here.hears("we are alone again now just the two of us")).reply.sentences
    assert any("roses" in sentence for sentence in said)
