"""The engine of keywords answers at once, in every language, and knows what it has offered."""

from pathlib import Path

import pytest

from config.files import ConfigError
from config.settings import LANGUAGES
from dialogue.decisions import Decision
from dialogue.flows import FALLBACK, Flows
from dialogue.keywords import INTENTS, KEYWORDS, KeywordDialogue, Keywords
from dialogue.phrasebook import KEYS
from dialogue.replies import Action, Utterance
from voices.hearing import Guess

FLOWS = Flows.load(core_keys=KEYS)


@pytest.fixture(scope="module")
def keywords() -> Keywords:
    return Keywords.load(flows=FLOWS)


@pytest.fixture(scope="module")
def core() -> Keywords:
    return Keywords.load()


async def say(
    engine: KeywordDialogue, text: str, after: str | None = None, language: str = "en"
) -> Decision:
    utterance = Utterance((Guess(text, 0.9),), language, "voice")
    return await engine.decide(utterance, "a talk", after)


async def talked(engine: KeywordDialogue, *texts: str, after: str | None = None) -> list[str]:
    """Say one after the other; return the steps that came of it."""
    steps = []
    for text in texts:
        after = (await say(engine, text, after)).step
        steps.append(after)
    return steps


UNDERSTOOD = {
    "en": {
        "greet": "Hello there!",
        "introduce": "who are you",
        "how_are_you": "how are you",
        "feeling_good": "I'm fine, thank you",
        "feeling_bad": "i dont feel so good",
        "feeling_neutral": "not too bad",
        "tell_joke": "tell me a joke",
        "tell_story": "Do you know a story?",
        "ask_time": "what time is it",
        "ask_day": "what day is it today",
        "repeat": "say that again",
        "louder": "i cant hear you",
        "quieter": "not so loud",
        "slower": "you speak too fast",
        "faster": "a bit faster please",
        "affirm": "oh yes please",
        "deny": "no thank you",
        "thanks": "thank you very much",
        "goodbye": "good bye",
        "bored": "I'm so bored",
        "compliment": "you are very kind",
        "insult": "you stupid machine",
    },
    "de": {
        "greet": "Guten Morgen",
        "introduce": "wer sind sie",
        "how_are_you": "wie geht es ihnen",
        "feeling_good": "Danke, mir geht es gut",
        "feeling_bad": "mir geht es nicht gut",
        "feeling_neutral": "so lala",
        "tell_joke": "erzählen sie einen witz",
        "tell_story": "Kennen Sie eine Geschichte?",
        "ask_time": "wie spät ist es",
        "ask_day": "welcher tag ist heute",
        "repeat": "wie bitte",
        "louder": "sprechen sie lauter",
        "quieter": "nicht so laut",
        "slower": "sie sprechen zu schnell",
        "faster": "etwas schneller bitte",
        "affirm": "ja gern",
        "deny": "nein danke",
        "thanks": "vielen dank",
        "goodbye": "auf wiedersehen",
        "bored": "mir ist langweilig",
        "compliment": "sie sind sehr nett",
        "insult": "du blöde maschine",
    },
    "fr": {
        "greet": "bonjour",
        "tell_joke": "une blague",
        "affirm": "oui",
        "deny": "non merci",
        "ask_time": "quelle heure est-il",
        "louder": "plus fort",
        "repeat": "répétez",
        "goodbye": "au revoir",
        "thanks": "merci",
        "bored": "je m'ennuie",
    },
    "it": {
        "greet": "buongiorno",
        "tell_joke": "una barzelletta",
        "affirm": "sì",
        "deny": "no",
        "ask_time": "che ore sono",
        "louder": "più forte",
        "repeat": "può ripetere",
        "goodbye": "arrivederci",
        "thanks": "grazie",
        "bored": "mi annoio",
    },
    "es": {
        "greet": "buenos días",
        "tell_joke": "un chiste",
        "affirm": "sí",
        "deny": "no gracias",
        "ask_time": "qué hora es",
        "louder": "más alto",
        "repeat": "repita por favor",
        "goodbye": "adiós",
        "thanks": "gracias",
        "bored": "me aburro",
    },
    "nl": {
        "greet": "goedemorgen",
        "tell_joke": "een grapje",
        "affirm": "ja graag",
        "deny": "nee",
        "ask_time": "hoe laat is het",
        "louder": "harder",
        "repeat": "kunt u dat herhalen",
        "goodbye": "tot ziens",
        "thanks": "dank u wel",
        "bored": "ik verveel me",
    },
}


@pytest.mark.parametrize(
    ("language", "text", "want"),
    [(lang, text, want) for lang, cases in UNDERSTOOD.items() for want, text in cases.items()],
)
def test_understood(keywords: Keywords, language: str, text: str, want: str) -> None:
    assert keywords.intent(text, language) == want


def test_what_the_flows_add_is_understood(keywords: Keywords) -> None:
    flows = [flow for flow in FLOWS.all.values() if flow.keywords]
    for flow in flows:
        for intent in flow.keywords:
            assert intent in FLOWS.begins or any(intent in s.on for s in FLOWS.steps.values())


@pytest.mark.parametrize(
    "text", ["the roses are in bloom", "my daughter bakes bread", "turn on the lamp", ""]
)
def test_what_it_does_not_know_it_leaves(core: Keywords, text: str) -> None:
    assert core.intent(text, "en") is None


@pytest.mark.parametrize(
    ("text", "language", "want"),
    [
        ("Yes, I feel terrible", "en", "affirm"),
        ("no I'm fine", "en", "deny"),
        ("nein mir geht es gut", "de", "deny"),
        ("ja bitte", "de", "affirm"),
        ("the weather is nice", "en", None),
    ],
)
def test_yes_or_no(keywords: Keywords, text: str, language: str, want: str | None) -> None:
    assert keywords.yes_or_no(text, language) == want


async def test_everything_it_decides_is_a_step(keywords: Keywords) -> None:
    engine = KeywordDialogue(keywords, FLOWS)
    for text in [*UNDERSTOOD["en"].values(), "roses", ""]:
        decision = await say(engine, text)
        assert decision.engine == "keywords"
        assert decision.step in FLOWS.steps


async def test_a_joke_then_yes_is_another_joke_and_no_ends_it(core: Keywords) -> None:
    engine = KeywordDialogue(core, FLOWS)
    joke = FLOWS.begins["tell_joke"]
    steps = await talked(engine, "tell me a joke", "yes", "no", "yes")
    assert steps[:2] == [joke, FLOWS.steps[joke].yes]
    assert steps[3] == FLOWS.begins["affirm"]


async def test_a_wish_for_loudness_is_done(core: Keywords) -> None:
    engine = KeywordDialogue(core, FLOWS)
    louder = await say(engine, "louder", "story")
    assert (louder.step, louder.do) == (FLOWS.begins["louder"], (Action("louder"),))
    assert (await say(engine, "say that again", "story")).do == (Action("repeat"),)


async def test_any_answer_to_a_question_is_welcome(core: Keywords) -> None:
    engine = KeywordDialogue(core, FLOWS)
    assert (await say(engine, "the geese are back", "how_are_you_answer")).step == "accept"
    assert (await say(engine, "the geese are back", "small_talk")).step == "warm_response"


async def test_not_understood_where_nothing_was_asked(core: Keywords) -> None:
    decision = await say(KeywordDialogue(core, FLOWS), "buy me a boat", "time")
    assert (decision.intent, decision.confidence) == (FALLBACK, 0.0)
    assert decision.step == FLOWS.begins[FALLBACK]


async def test_a_language_without_the_flows_has_the_core(core: Keywords) -> None:
    decision = await say(KeywordDialogue(core, FLOWS), "bonjour", language="fr")
    assert decision.step == "greet"


def test_every_language_has_every_intent(keywords: Keywords) -> None:
    assert {path.stem for path in KEYWORDS.glob("*.yaml")} == set(LANGUAGES)


def test_faults_are_told_with_file_and_line(tmp_path: Path) -> None:
    (tmp_path / "en.yaml").write_text("greet:\n  - hello\n  - (hi\n", encoding="utf-8")
    (tmp_path / "de.yaml").write_text("greet:\n  - hallo\n", encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        Keywords.load(tmp_path)
    told = str(caught.value)
    assert "en.yaml, line 3:" in told
    assert "de.yaml, line 1: 'tell_joke' is missing" in told
    assert len(INTENTS) == 22
