"""What follows words of danger: a human is told first, then the robot answers.

It needs no dialogue engine. The robot never ranks, diagnoses or pretends that help was called.
"""

import logging
from collections.abc import Sequence

from dialogue.alerts import Alerts, raised
from dialogue.errors import StageError
from dialogue.events import SEALED, AlertNotStored, DangerHeard, Publish, StageFailed
from dialogue.keywords import Keywords
from dialogue.memory.rights import Rights
from dialogue.person import Person
from dialogue.replies import Phrase, Reply, Utterance
from dialogue.safety import Safety, Verdict
from dialogue.words import Words

log = logging.getLogger(__name__)

TELL_A_HUMAN = ("emergency", "abuse_disclosure", "distress", "medical_question")
HELP_ANSWER_SECONDS = 10.0
"""Silence after "Do you need help?" that counts as yes (rules of conversation)."""
SURE = 0.6
"""Heard with less than this, a call that only the spotter heard is asked about."""
REPEAT_SECONDS = 30.0
"""While nobody has acknowledged an emergency, the robot says again that it stays."""


class Care:
    """Answers dangerous, medical and private matters, stop, and "are you a machine?"."""

    def __init__(
        self,
        safety: Safety,
        keywords: Keywords,
        alerts: Alerts,
        words: Words,
        publish: Publish,
        rights: Rights | None = None,
    ) -> None:
        self.waiting_for_help_answer = False
        self._safety = safety
        self._keywords = keywords
        self._alerts = alerts
        self._words = words
        self._publish = publish
        self._rights = rights
        self._open: set[int] = set()

    @property
    def emergency(self) -> bool:
        """Whether an emergency has been raised that nobody has acknowledged."""
        return bool(self._open)

    def verdict(self, utterance: Utterance) -> Verdict | None:
        """Return what the words mean for safety, over all guesses."""
        return self._safety.classify(utterance.guesses, utterance.language)

    def answer(
        self, utterance: Utterance, verdict: Verdict | None, person: Person, can_ask: bool
    ) -> Reply | None:
        """Return the answer if this is not for the dialogue engine; a human is told before.

        A robot that is stopped cannot ask whether help is needed: then what is doubtful counts.
        """
        asked, self.waiting_for_help_answer = self.waiting_for_help_answer, False
        if verdict is None and asked:
            answer = self._help_answer(utterance, person)
            return answer or self._by_right(utterance, None, person)
        if verdict is None:
            doubtful = utterance.called and utterance.confidence < SURE
            if doubtful and can_ask:
                return self.ask_for_help(person)
            return self._by_right(utterance, None, person)
        if verdict.category != SEALED:
            self._publish(DangerHeard(verdict.category))
        answer = self._by_right(utterance, verdict.category, person)
        if verdict.ask_first and can_ask and not asked:
            return self.ask_for_help(person)
        return answer or self._tell(verdict.category, person)

    def ask_for_help(self, person: Person) -> Reply:
        """Ask whether help is needed; silence will count as yes."""
        self.waiting_for_help_answer = True
        return _reply(self._words.of("need_help_question", person), "emergency")

    def no_answer(self, person: Person) -> Reply:
        """Nobody answered "Do you need help?": that counts as yes."""
        self.waiting_for_help_answer = False
        return self._tell("emergency", person)

    def acknowledge(self, alert: int) -> bool:
        """Somebody is coming; stop repeating. Returns whether it was this talk's emergency."""
        known = alert in self._open
        self._open.discard(alert)
        return known

    def _by_right(self, utterance: Utterance, category: str | None, person: Person) -> Reply | None:
        """Return what somebody may ask of the robot's memory, if this is that."""
        if self._rights is None:
            return None
        return self._rights.answer(
            utterance, category, person, lambda note: self.tell_human(note, person)
        )

    def _help_answer(self, utterance: Utterance, person: Person) -> Reply | None:
        match self._keywords.yes_or_no(utterance.text, utterance.language):
            case "affirm":
                return self._tell("emergency", person)
            case "deny":
                return _reply(self._words.of("no_help_needed", person), None)
        return None

    def _tell(self, category: str, person: Person) -> Reply:
        key = "stop_assent" if category == "stop" else category
        if category in TELL_A_HUMAN and not self.tell_human(category, person):
            key = "emergency_no_alert"
        return _reply(self._words.of(key, person), category)

    def tell_human(self, category: str, person: Person) -> bool:
        """Leave an alert or a note of this category; return whether it is stored."""
        try:
            alert = self._alerts.raise_(category, person.key)
        except StageError as error:
            log.critical("An alert could not be stored: %s", error.message)
            self._publish(StageFailed(error.stage, error.code, error.message))
            if category == "emergency":
                self._publish(AlertNotStored(category))
            return False
        if category == "emergency":
            self._open.add(alert.id)
        if alert.audience == "shift":
            self._publish(raised(alert))
        return True


def _reply(phrases: Sequence[Phrase], category: str | None) -> Reply:
    return Reply(tuple(phrases), intent=category, engine="safety")
