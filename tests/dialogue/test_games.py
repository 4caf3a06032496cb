"""Games wait for an answer: what people complete them with is never taken for a call for help."""

import pytest

from dialogue.flow_files import FULL
from dialogue.flows import Flows
from dialogue.phrasebook import PHRASES, read_core
from dialogue.safety import RULES
from dialogue.safety.rules import Rules

OPEN = "..."


@pytest.fixture(scope="module")
def flows() -> Flows:
    return Flows.load(core_keys=read_core(PHRASES)["en"].keys())


@pytest.mark.parametrize("language", FULL)
def test_an_answer_to_a_game_is_no_word_of_danger(flows: Flows, language: str) -> None:
    rules = Rules.load(RULES)
    answers = list(_answers(flows, language))
    alarms = {text: found for text in answers if (found := _found(rules, text, language))}
    assert len(answers) > 200
    assert alarms == {}


def _found(rules: Rules, text: str, language: str) -> set[str]:
    (evidence,) = rules.evidence([text], language)
    return {category for category, weight in evidence.items() if weight > 0}


def _answers(flows: Flows, language: str) -> list[str]:
    """The last part of every item: whole, and what was left open at the beginning."""
    answers = []
    for flow in flows.all.values():
        for item in flow.items.of(language) if flow.items else ():
            texts = [" ".join(p.text for p in v.phrases) for v in item.values()]
            first, last = texts[0], texts[-1]
            answers.append(last)
            if first.endswith(OPEN):
                answers += [last[len(first) - len(OPEN) :], last.split()[-1]]
    return answers
