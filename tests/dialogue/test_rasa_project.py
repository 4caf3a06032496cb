"""The Rasa project as files: complete in every language, and without words to say."""

from collections import Counter
from typing import Any

import pytest
import yaml

from config.paths import RASA_PROJECT
from dialogue.flow_files import FULL
from dialogue.flows import ANY, FALLBACK, Flows
from dialogue.phrasebook import KEYS
from dialogue.rasa_rules import NOTHING, rasa_files
from tests.dialogue.held_out import held_out

LANGUAGES = {"en": 15, "de": 12, "fr": 7, "it": 7, "es": 7, "nl": 7}
"""Examples every intent has at least, for each language."""

FLOWS = Flows.load(core_keys=KEYS)
FILES = {name: yaml.safe_load(text) for name, text in rasa_files(FLOWS).items()}
DOMAIN, RULES = FILES["domain.yml"], FILES["rules.yml"]["rules"]
HELD_OUT = held_out()
UNDERSTOOD = set(DOMAIN["intents"]) - {FALLBACK, ANY}
CORE = UNDERSTOOD & FLOWS.intents("fr")
"""What is understood in every language."""


def examples(language: str) -> list[tuple[str, str]]:
    folder = RASA_PROJECT / "data" / "nlu"
    files = [folder / f"{language}.yml", *sorted(folder.glob(f"*.{language}.yml"))]
    groups = [group for file in files for group in yaml.safe_load(file.read_text("utf-8"))["nlu"]]
    return [
        (line.removeprefix("- "), group["intent"])
        for group in groups
        for line in group["examples"].splitlines()
    ]


def intents_of(rule: dict[str, Any]) -> list[str]:
    steps = rule["steps"]
    choices = [choice for step in steps for choice in step.get("or", [step])]
    return [choice["intent"] for choice in choices if "intent" in choice]


@pytest.mark.parametrize(("language", "least"), LANGUAGES.items())
def test_every_intent_has_examples_in_every_language(language: str, least: int) -> None:
    counted = Counter(intent for _, intent in examples(language))
    assert set(counted) == (UNDERSTOOD if language in FULL else CORE)
    assert min(counted.values()) >= least


def test_the_languages_are_the_files() -> None:
    found = {path.stem.split(".")[-1] for path in (RASA_PROJECT / "data" / "nlu").glob("*.yml")}
    assert found == set(LANGUAGES)


def test_examples_are_as_a_recogniser_writes_them() -> None:
    for language in LANGUAGES:
        for text, _ in examples(language):
            assert text == text.lower() == " ".join(text.split())
            assert not set(text) & set('.,;:!?"/@()[]{}')


def test_no_wording_means_two_things() -> None:
    meanings: dict[str, set[str]] = {}
    for language in LANGUAGES:
        texts = [text for text, _ in examples(language)]
        assert not [text for text, times in Counter(texts).items() if times > 1]
        for text, intent in examples(language):
            meanings.setdefault(text, set()).add(intent)
    assert not {text: found for text, found in meanings.items() if len(found) > 1}


def test_every_intent_has_an_answer_that_needs_nothing_before_it() -> None:
    simple = [rule for rule in RULES if "intent" in rule["steps"][0]]
    assert Counter(intent for rule in simple for intent in intents_of(rule)) == Counter(
        [intent for intent in DOMAIN["intents"] if intent != ANY]
    )


def test_responses_hold_keys_and_never_words() -> None:
    for name, variants in DOMAIN["responses"].items():
        assert len(variants) == 1 and set(variants[0]) == {"custom"}, name
        custom = variants[0]["custom"]
        assert custom and set(custom) <= {"say", "do", "value"}, name
        assert all(value.isidentifier() for value in custom.values()), name


def test_every_response_can_be_reached() -> None:
    used = {step["action"] for rule in RULES for step in rule["steps"] if "action" in step}
    assert used == set(DOMAIN["responses"])
    assert DOMAIN["actions"] == [NOTHING]


def test_the_wordings_held_out_are_held_out() -> None:
    for language, intents in HELD_OUT.items():
        trained = {text for text, _ in examples(language)}
        held = [text for texts in intents.values() for text in texts]
        assert not set(held) & trained and len(set(held)) == len(held), language
    for language, least in {"en": 3, "de": 2}.items():
        assert set(HELD_OUT[language]) == UNDERSTOOD
        assert min(len(texts) for texts in HELD_OUT[language].values()) >= least
