"""Asking back before giving up: "Did you mean a joke or a story?"."""

from dialogue.decisions import Decision
from dialogue.flows import FALLBACK, Flows
from dialogue.person import Person
from dialogue.replies import Phrase, Reply, Utterance
from dialogue.words import Words
from voices.snapping import snap

STEP = "did_you_mean"
LIKELY = 0.12
"""Both must be at least so probable, or the question would be a guess itself."""


class AskingBack:
    """Offers the two likeliest meanings of what was not understood, and takes the answer."""

    def __init__(self, flows: Flows, words: Words) -> None:
        self._flows = flows
        self._words = words
        self._offered: dict[str, str] = {}

    def question(self, decision: Decision, person: Person) -> Reply | None:
        """Return the question, if there are two meanings worth asking about."""
        if decision.intent != FALLBACK or self._flows.steps[decision.step].leads_to:
            return None  # an answer to an open question needs no further question
        named = self._named(decision, person.language)
        if len(named) < 2:
            return None
        self._offered = dict(named[:2])
        first, second = self._offered
        values = {"first": first, "second": second}
        spoken = self._words.step(STEP, person, values)
        phrases = (*spoken.phrases[:-1], Phrase(spoken.phrases[-1].text, answers=(first, second)))
        return Reply(phrases, (), FALLBACK, decision.confidence, decision.engine, STEP)

    def answer(self, utterance: Utterance, after: str | None) -> Decision | None:
        """Return what was chosen, if this answers the question."""
        offered, self._offered = self._offered, {}
        if after != STEP or not offered:
            return None
        near = snap(utterance.guesses, tuple(offered), utterance.language)
        if near is None:
            return None
        return self._flows.decision("corridor", None, offered[near.value], utterance.language)

    def _named(self, decision: Decision, language: str) -> list[tuple[str, str]]:
        found = []
        for intent, probability in decision.ranking:
            name = self._flows.named(intent, language)
            if name is not None and probability >= LIKELY:
                found.append((name, intent))
        return found
