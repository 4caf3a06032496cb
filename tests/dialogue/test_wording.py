"""Every sentence the robot can say, measured against the rules of conversation."""

import random
import re
from collections.abc import Iterator
from functools import cache

import pytest

from config.settings import LANGUAGES
from dialogue.keywords import Keywords
from dialogue.phrasebook import Phrasebook
from dialogue.rotation import IN_MEMORY, Rotation
from dialogue.safety import RULES, Safety
from dialogue.safety.rules import Rules
from dialogue.variants import Variant
from dialogue.wording import MOST_WORDS, faults, word_count
from tests import room
from tests.fakes import FakeClock
from voices.hearing import Guess

RICH = {
    "greet", "introduce", "introduce_session", "how_are_you_answer", "glad_to_hear",
    "sorry_to_hear", "small_talk", "warm_response", "thanks_answer", "deny_answer", "goodbye",
    "out_of_scope", "low_understanding", "ask_again", "time", "louder", "quieter", "slower",
    "faster", "bored", "distress", "ai_identity",
}  # fmt: skip
"""Said often, so in three wordings at least where the book is rich."""

SAY_WHAT_IT_IS = {
    "en": ("robot", "computer"), "de": ("roboter", "computer"), "fr": ("robot", "ordinateur"),
    "it": ("robot", "computer"), "es": ("robot", "ordenador"), "nl": ("robot", "computer"),
}  # fmt: skip
FORBIDDEN = {
    "en": ("I am happy to see you.", "I love you.", "Do you remember Paris?", "Well done, dear.",
           "I am human.", "You already told me that.", "I am sorry.", "That is wrong."),
    "de": ("Ich freue mich.", "Ich liebe Sie.", "Wissen Sie noch, wie es war?", "Du bist nett.",
           "Es tut mir leid.", "Das stimmt nicht.", "Na, Oma."),
    "fr": ("Je suis heureux.", "Vous souvenez-vous de Paris ?", "Tu es gentil.",
           "J'espère que oui."),
    "it": ("Sono felice.", "Si ricorda di Roma?", "Mi dispiace.", "Il tuo nome."),
    "es": ("Estoy feliz.", "Me alegro.", "¿Se acuerda de Madrid?", "Lo siento."),
    "nl": ("Ik ben blij.", "Weet u nog hoe het was?", "Hoe gaat het met je?", "Het spijt me."),
}  # fmt: skip


@cache
def book() -> Phrasebook:
    return room.book(Rotation(IN_MEMORY, FakeClock(), random.Random(1), days=1))


def all_variants() -> Iterator[tuple[str, str, Variant]]:
    for language in LANGUAGES:
        yield from ((language, key, variant) for key, variant in book().every(language))


def sentences(language: str) -> list[str]:
    return [phrase.text for _, variant in book().every(language) for phrase in variant.phrases]


@pytest.mark.parametrize("language", LANGUAGES)
def test_sentences_are_short_and_speakable(language: str) -> None:
    assert len(sentences(language)) > 100
    for sentence in sentences(language):
        words = [word for word in sentence.split() if any(char.isalpha() for char in word)]
        assert len(words) <= MOST_WORDS, sentence
        assert word_count(sentence) <= MOST_WORDS, sentence
        assert not re.search(r"[()\[\]/&%\d]", sentence), sentence
        assert re.search(r"[.!?]$", sentence), sentence
        assert not faults(sentence, language), sentence


def test_one_question_at_most_and_it_comes_last() -> None:
    for language, key, variant in all_variants():
        questions = [number for number, phrase in enumerate(variant.phrases) if "?" in phrase.text]
        assert questions in ([], [len(variant.phrases) - 1]), (language, key, variant)


@pytest.mark.parametrize(
    ("language", "sentence"), [(lang, text) for lang, texts in FORBIDDEN.items() for text in texts]
)
def test_what_the_robot_must_never_say_is_refused(language: str, sentence: str) -> None:
    assert any("must not say" in fault for fault in faults(sentence, language))


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_session_begins_with_what_it_is_and_how_to_stop_it(language: str) -> None:
    safety = Safety.load()
    for variant in book().variants("introduce_session", language):
        first = " ".join(phrase.text for phrase in variant.phrases[:-1])
        assert "{robot}" in first
        for word in SAY_WHAT_IT_IS[language]:
            assert word in first.lower(), first
        stop_word = re.search(r"[“„«]\s*(\w+)\s*[”“»]", first)
        assert stop_word, first
        verdict = safety.classify([Guess(stop_word[1], 1.0)], language)
        assert verdict is not None
        assert verdict.stop, first


@pytest.mark.parametrize("language", LANGUAGES)
def test_stories_and_jokes_are_many_enough_and_end_with_an_offer(language: str) -> None:
    rich = language in ("en", "de")
    jokes, stories = (book().variants(key, language) for key in ("joke", "story"))
    assert len(jokes) >= (12 if rich else 3)
    assert len(stories) >= (5 if rich else 1)
    for story in stories:
        assert 6 <= len(story.phrases) <= 10, story.phrases[0]
    for variant in (*jokes, *stories):
        assert variant.asks, variant


@pytest.mark.parametrize("language", ["en", "de"])
@pytest.mark.parametrize("key", sorted(RICH))
def test_what_is_said_often_has_three_wordings(language: str, key: str) -> None:
    assert len(book().variants(key, language)) >= 3


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_followed_by_an_answer_asks(language: str) -> None:
    """A "yes" is understood as the answer to these, so they must ask, in every variant."""
    core = room.FLOWS.all["core"]
    for name, step in core.steps.items():
        if step.leads_to and step.choose is None:
            last = core.keys(name)[-1]
            for variant in book().variants(last, language):
                assert variant.asks, (name, variant)


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_alert_no_claim_and_one_word_of_assent(language: str) -> None:
    staff = {"en": "telling", "de": "Bescheid", "fr": "préviens", "it": "avvisando",
             "es": "avisando", "nl": "waarschuw"}[language]  # fmt: skip
    for variant in book().variants("emergency_no_alert", language):
        assert staff not in " ".join(phrase.text for phrase in variant.phrases)
    for variant in book().variants("emergency", language):
        assert staff in " ".join(phrase.text for phrase in variant.phrases)
    for variant in book().variants("stop_assent", language):
        assert sum(len(phrase.text.split()) for phrase in variant.phrases) == 1


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_robot_does_not_alarm_itself(language: str) -> None:
    """What its own microphone may pick up of it is no emergency."""
    safety, keywords = Safety((Rules.load(RULES),)), Keywords.load()
    for sentence in sentences(language):
        spoken = sentence.replace("{robot}", "Juno").replace("{name}", "Rosa")
        verdict = safety.classify([Guess(spoken, 1.0)], language)
        assert verdict is None or verdict.category != "emergency", sentence
    assert keywords.intent("", language) is None
