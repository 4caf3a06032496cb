"""Everybody may hear, correct and erase what the robot knows about them, by asking for it.

It answers before the dialogue engine and without it. Personal things are told only to somebody
who is alone; erasing everything is asked once, and anything but "yes" is a no.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Literal

from config.clock import Clock
from dialogue.errors import StageError
from dialogue.events import Publish, StageFailed
from dialogue.flows import IN_PASSING
from dialogue.keywords import Keywords
from dialogue.memory.asked import Asked, asked, objected, others, says_no
from dialogue.memory.items import Item, Source
from dialogue.memory.remembering import Remembering
from dialogue.memory.told_files import LANGUAGES
from dialogue.person import Person
from dialogue.replies import Action, Phrase, Reply, Utterance
from dialogue.words import Words

log = logging.getLogger(__name__)

About = Literal["alone", "more", "erase"]

AT_ONCE = 3
"""So many things are told before the robot asks whether to go on."""
SURE = 0.5
"""A "yes" heard with less confidence is none: the robot asks again."""
_STEPS: Mapping[About, str] = {
    "alone": "memory_alone_question",
    "more": "memory_go_on",
    "erase": "memory_erase_question",
}
"""What the robot asks with."""
FORGET_TURN = Action("forget_turn")
"""Whoever shows or keeps the last turn is to forget it."""

TellStaff = Callable[[str], bool]
"""Leaves a note of that category for the staff; returns whether it is stored."""


@dataclass
class _Question:
    """What the robot has asked, until when an answer counts, and what is left to tell."""

    about: About
    until: float
    left: tuple[Item, ...] = ()


class Rights:
    """Answers what somebody asks of the robot's memory, in the languages that have files."""

    def __init__(
        self,
        remembering: Remembering,
        words: Words,
        keywords: Keywords,
        clock: Clock,
        publish: Publish,
    ) -> None:
        self._remembering = remembering
        self._words = words
        self._keywords = keywords
        self._clock = clock
        self._publish = publish
        self._question: _Question | None = None
        self._promised = False
        """Whether the robot has said that it will tell later, to the person alone."""

    def answer(
        self, utterance: Utterance, category: str | None, person: Person, tell_staff: TellStaff
    ) -> Reply | None:
        """Return the answer, or None where this is for somebody else.

        `category` is what the safety layer found: nothing or `privacy`. Anything graver ends what
        was asked; an objection in it is respected all the same.
        """
        question, self._question = self._question, None
        language = utterance.language
        if (who := others(utterance.text, language)) is not None:
            self._remembering.presence.told(who)
        if language not in LANGUAGES:
            return None
        if category not in (None, "privacy"):
            if (objection := objected(utterance.text, language)) is not None:
                self._try(partial(self._remembering.avoid, objection, utterance.source))
            return None
        if question is not None and self._clock.monotonic() < question.until:
            if self._keywords.intent(utterance.text, language) in IN_PASSING:
                self._question = question
                return None
            if (reply := self._answered(question, utterance, person, tell_staff)) is not None:
                return reply
        if self._promised and who == "alone":
            return self._known(person)
        if (wish := asked(utterance.text, language)) is not None:
            return self._wish(wish, utterance.source, person)
        if category == "privacy":
            return self._state(person)
        return None

    def _wish(self, wish: Asked, source: Source, person: Person) -> Reply:
        remembering = self._remembering
        match wish.wish:
            case "known":
                return self._known(person)
            case "erase":
                return self._ask("erase", person)
            case "refuse":
                refuse = partial(remembering.refuse, source)
                return self._done(refuse, "memory_refused", person)
            case "avoid":
                avoid = partial(remembering.avoid, wish, source)
                return self._done(avoid, "memory_avoided", person)
            case "again":
                return self._done(partial(remembering.allow_again, wish), "memory_again", person)
            case "forget_topic":
                forget = partial(remembering.forget_about, wish)
                return self._done(forget, "memory_forgotten", person, FORGET_TURN)
            case "forget_last":
                forget = partial(remembering.forget_last)
                return self._done(forget, "memory_forgotten", person, FORGET_TURN)

    def _answered(
        self, question: _Question, utterance: Utterance, person: Person, tell_staff: TellStaff
    ) -> Reply | None:
        """Return what follows an answer to the robot's own question; None if it was none."""
        answer = self._keywords.yes_or_no(utterance.text, utterance.language)
        if answer == "affirm" and says_no(utterance.text, utterance.language):
            answer = "deny"  # "no, yes, I mean no": nothing is told or erased
        if answer == "affirm" and utterance.confidence < SURE:
            return self._ask(question.about, person, (), question.left)
        if question.about == "alone":
            who = others(utterance.text, utterance.language)
            if who == "alone" or (who is None and answer == "affirm"):
                self._remembering.presence.told("alone")
                return self._known(person)
            if who == "company" or answer == "deny":
                self._remembering.presence.told("company")
                return self._later(person)
        if answer is None:
            return None
        if question.about == "more":
            if answer == "deny":
                return self._say(["deny_answer"], person)
            private = self._remembering.presence.private  # somebody may have come in meanwhile
            return self._list(question.left, person) if private else self._later(person)
        if answer == "affirm":
            return self._erase(utterance.source, person, tell_staff)
        return self._say(["memory_not_erased"], person)

    def _known(self, person: Person) -> Reply:
        """Tell what is known, to the person alone."""
        presence = self._remembering.presence
        everything = self._remembering.recall.everything()
        if everything is None:
            return self._say(["memory_trouble"], person)
        if not any(item.kind != "refusal" for item in everything):
            return self._say(["memory_nothing"], person)
        if presence.private:
            return self._list(self._remembering.recall.known(), person)
        if presence.may_ask:
            return self._ask("alone", person)
        return self._later(person)

    def _later(self, person: Person) -> Reply:
        self._promised = True
        return self._say(["memory_later"], person)

    def _list(self, items: Sequence[Item], person: Person) -> Reply:
        self._promised = False
        now, left = items[:AT_ONCE], tuple(items[AT_ONCE:])
        phrases: list[Phrase] = []
        for item in now:
            values = {"remembered": self._remembering.recall.said(item)}
            phrases += self._words.of(f"memory_known_{item.kind}", person, values)
            self._remembering.spoken_of(item)
        if left:
            return self._ask("more", person, phrases, left)
        closing = "memory_withheld" if self._remembering.recall.withheld else "memory_end"
        return self._say([closing], person, phrases)

    def _erase(self, source: Source, person: Person, tell_staff: TellStaff) -> Reply:
        if not self._try(partial(self._remembering.erase, source)):
            return self._say(["memory_trouble"], person)
        told = tell_staff("privacy_request")
        return self._say(["memory_erased", *(["memory_staff_told"] if told else [])], person)

    def _state(self, person: Person) -> Reply:
        """Say what is recorded and kept: nothing is, unless there is a consent."""
        state = "memory_state_on" if self._remembering.recall.consented else "memory_state_off"
        return self._say(["privacy", state], person)

    def _done(
        self, work: Callable[[], object], key: str, person: Person, *actions: Action
    ) -> Reply:
        return self._say([key if self._try(work) else "memory_trouble"], person, (), *actions)

    def _try(self, work: Callable[[], object]) -> bool:
        try:
            work()
        except StageError as error:
            log.error("A wish about the memory could not be met: %s", error.message)
            self._publish(StageFailed(error.stage, error.code, error.message))
            return False
        return True

    def _ask(
        self,
        about: About,
        person: Person,
        before: Sequence[Phrase] = (),
        left: tuple[Item, ...] = (),
    ) -> Reply:
        """Ask, and count an answer until the question is let go (dialogue/silence.py)."""
        until = self._clock.monotonic() + 2 * person.silence_s
        self._question = _Question(about, until, left)
        spoken = self._words.step(_STEPS[about], person)
        return Reply((*before, *spoken.phrases), (), "privacy", engine="safety", step=spoken.step)

    def _say(
        self, keys: Sequence[str], person: Person, before: Sequence[Phrase] = (), *actions: Action
    ) -> Reply:
        phrases = [*before, *(p for key in keys for p in self._words.of(key, person))]
        return Reply(tuple(phrases), actions, "privacy", engine="safety")
