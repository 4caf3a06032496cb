"""The rules and the domain Rasa is trained on, made from the flows.

A response holds no words: `say` is a step of the flows, `do` something the program does.
"""

from collections.abc import Iterator
from typing import Any

import yaml

from dialogue.flow_files import Step
from dialogue.flows import ANY, Flows

SESSION_MINUTES = 10
"""A "yes" after that answers nothing."""


NOTHING = "nothing_said"
"""Stands in a talk where nothing was said that an answer could belong to (channel.py)."""


def rasa_files(flows: Flows) -> dict[str, str]:
    """Return the files by name: domain.yml and rules.yml."""
    head = {"version": "3.1"}
    return {
        "domain.yml": _yaml(head | _domain(flows)),
        "rules.yml": _yaml(head | {"rules": list(_rules(flows))}),
    }


def action(step: str) -> str:
    """Return what Rasa calls a step."""
    return f"utter_{step}"


def _domain(flows: Flows) -> dict[str, Any]:
    intents = sorted({*flows.begins, *_meant_somewhere(flows), ANY})
    reached = _reached(flows)
    responses = {
        action(name): [{"custom": {"say": name} | ({"do": step.do} if step.do else {})}]
        for name, step in sorted(flows.steps.items())
        if name in reached
    }
    session = {"session_expiration_time": SESSION_MINUTES, "carry_over_slots_to_new_session": False}
    return {
        "session_config": session,
        "intents": intents,
        "actions": [NOTHING],
        "responses": responses,
    }


def _rules(flows: Flows) -> Iterator[dict[str, Any]]:
    for intent, step in sorted(flows.begins.items()):
        yield _rule(intent, [{"intent": intent}, {"action": action(step)}])
    for name in sorted(flows.steps):
        for intent, follows in sorted(_answers(flows.steps[name]).items()):
            told = [{"action": action(name)}, {"intent": intent}, {"action": action(follows)}]
            yield _rule(f"{intent} after {name}", told)


def _answers(step: Step) -> dict[str, str]:
    special = {"affirm": step.yes, "deny": step.no, ANY: step.any, **step.on}
    return {intent: follows for intent, follows in special.items() if follows}


def _meant_somewhere(flows: Flows) -> set[str]:
    return {intent for step in flows.steps.values() for intent in step.on}


def _reached(flows: Flows) -> set[str]:
    """Return the steps Rasa itself decides on, or looks back at."""
    return {*flows.begins.values()} | {
        name
        for name, step in flows.steps.items()
        for name in (*step.leads_to, *([name] if step.leads_to else []))
    }


def _rule(name: str, steps: list[dict[str, str]]) -> dict[str, Any]:
    return {"rule": name, "steps": steps}


def _yaml(content: dict[str, Any]) -> str:
    return yaml.safe_dump(content, sort_keys=False, allow_unicode=True)
