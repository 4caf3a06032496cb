"""What the robot remembers about the person it talks to, and the wishes they have about it.

Three doors for the corridor, one line each: `heard` once a turn, `answered` where a question was
answered that keeps something, and `values` for the phrasebook.
Where the memory fails, the talk goes on without it.
"""

import logging
import random
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import tzinfo
from itertools import chain

from config.clock import Clock
from config.settings import GUEST, Resident
from dialogue.errors import StageError
from dialogue.events import Publish, StageFailed
from dialogue.memory.asked import Asked, others, plain, terms
from dialogue.memory.items import OBJECTIONS, PURPOSES, Item, Kind, Source
from dialogue.memory.presence import Presence
from dialogue.memory.recall import Recall
from dialogue.memory.store import Memory
from dialogue.memory.told import Found, found, from_answer
from dialogue.person import Person
from dialogue.replies import Phrase, Utterance
from dialogue.words import Words

log = logging.getLogger(__name__)

EVERYTHING = "everything"
"""The value of a refusal."""
_SAID_WHEN_KEPT: Mapping[Kind, str] = {
    "name": "memory_address",
    "form": "memory_form",
    "mood": "memory_remembered_mood",
}
_REMEMBERED = "memory_remembered"


class Remembering:
    """One person's memory in one talk; a guest, who may be anybody, has none.

    `forgotten` is called with the person's key when everything is erased, for whoever else has
    kept something about them.
    """

    def __init__(
        self,
        memory: Memory | None,
        resident: Resident,
        person: Person,
        presence: Presence,
        words: Words,
        clock: Clock,
        zone: tzinfo,
        publish: Publish,
        chance: random.Random,
        forgotten: Callable[[str], None] = lambda person: None,
    ) -> None:
        self._memory = memory if person.key != GUEST else None
        self.presence = presence
        self.recall = Recall(self._memory, resident.consent, person, clock, zone, publish, chance)
        self._person = person
        self._words = words
        self._publish = publish
        self._forgotten = forgotten
        self._last: int | None = None
        self._objections: dict[str, frozenset[str]] = {}
        language = person.language
        self._staffs = {term for topic in resident.avoid for term in terms(topic, language)}
        self._staffs |= set(resident.avoid)
        refused = {consent.purpose for consent in resident.consent if not consent.given}
        with suppress(StageError):  # what cannot be erased now cannot be used either
            self._forget(lambda item: PURPOSES.get(item.kind) in refused)
        self._as_before()

    def heard(self, utterance: Utterance) -> tuple[Phrase, ...]:
        """Take what an utterance without danger tells; return what to say about it, mostly nothing.

        While others are there nothing is taken: the robot does not know who speaks.
        """
        text, language = utterance.text, utterance.language
        if (who := others(text, language)) is not None:
            self.presence.told(who)
        if self.presence.others == "company":
            return ()
        return self._take(found(text, language), utterance)

    def answered(self, utterance: Utterance, kind: Kind) -> tuple[Phrase, ...]:
        """Take an answer to a question whose step says that it `keeps` this kind."""
        if self.presence.others == "company":
            return ()
        value = from_answer(kind, utterance.text, utterance.language)
        return self._take([Found(kind, value)] if value else [], utterance)

    def values(self) -> Mapping[str, str]:
        """Return what phrases may hold about the person: nothing unless they are surely alone.

        Keys are placeholders: likes, music, food, place, work, person, person_said, yesterday.
        """
        return self.recall.values() if self.presence.private else {}

    def spoken_of(self, item: Item) -> None:
        """This item was just said: "forget that" means it."""
        self._last = item.id

    def forget_last(self) -> None:
        """Forget what was remembered or said last in this talk. Raises StageError."""
        last, self._last = self._last, None
        self._forget(lambda item: item.id == last)

    def forget_about(self, wish: Asked) -> None:
        """Forget whatever says what the wish says, or part of it. Raises StageError."""
        named = plain(wish.words, self._person.language)

        def about(item: Item) -> bool:
            says = plain(item.value, item.language)
            return item.kind not in OBJECTIONS and (named <= says or says <= named)

        self._forget(about)

    def avoid(self, wish: Asked, source: Source) -> None:
        """Leave this out from now on; stored without consent, because it is a no.

        Raises StageError when it holds for this talk only.
        """
        self._objections[wish.words] = wish.terms
        self._avoid()
        self._object("avoid", wish.words, source)

    def allow_again(self, wish: Asked) -> None:
        """Take objections back: this one, or all where none is named; not the staff's own.

        Raises StageError.
        """
        named = plain(wish.words, self._person.language)

        def taken_back(words: str, language: str) -> bool:
            return not wish.words or not named.isdisjoint(plain(words, language))

        language = self._person.language
        self._objections = {
            words: topic
            for words, topic in self._objections.items()
            if not taken_back(words, language)
        }
        self._avoid()
        self._forget(lambda i: i.kind == "avoid" and taken_back(i.value, i.language))

    def refuse(self, source: Source) -> None:
        """Remember nothing more until staff record a new consent. Raises StageError."""
        self._object("refusal", EVERYTHING, source)

    def erase(self, source: Source) -> None:
        """Erase everything but what the person does not want. Raises StageError."""
        self.refuse(source)
        self._last = None
        if (memory := self._there()) is not None:
            memory.erase(self._person.key, OBJECTIONS)
            self._forgotten(self._person.key)

    def _take(self, tells: Sequence[Found], utterance: Utterance) -> tuple[Phrase, ...]:
        wanted = [one for one in tells if not self.recall.avoids(one.value, utterance.language)]
        return tuple(phrase for one in wanted for phrase in self._keep(one, utterance))

    def _keep(self, one: Found, utterance: Utterance) -> tuple[Phrase, ...]:
        """Keep one thing where that is allowed, and say so once."""
        item, changed = self._note(one, utterance), self._address(one)
        if item is None and not changed:
            return ()
        if item is not None:
            self._last = item.id
        values = {"remembered": one.value if item is None else self.recall.said(item)}
        return self._words.of(_SAID_WHEN_KEPT.get(one.kind, _REMEMBERED), self._person, values)

    def _note(self, one: Found, utterance: Utterance) -> Item | None:
        """Store something new, with consent; None where it is known, or may not be stored."""
        if self._memory is None or not self.recall.may(PURPOSES[one.kind]):
            return None
        for item in self.recall.known():
            same = (item.kind, item.value.casefold()) == (one.kind, one.value.casefold())
            if same and (item.kind != "mood" or self.recall.day(item) == self.recall.today):
                return None
        try:
            if one.kind == "mourned":  # whoever has died is not asked about
                self._forget(lambda item: item.kind == "people" and item.value == one.value)
            return self._memory.note(
                self._person.key, one.kind, one.value, utterance.source, utterance.language
            )
        except StageError as error:
            log.error("Something could not be remembered: %s", error.message)
            self._publish(StageFailed(error.stage, error.code, error.message))
            return None

    def _address(self, one: Found) -> bool:
        """Speak to the person as they wish from now on; return whether that is a change."""
        before = (self._person.name, self._person.familiar)
        if one.kind == "name":
            self._person.name = one.value
        elif one.kind == "form":
            self._person.familiar = one.value == "du"
        return before != (self._person.name, self._person.familiar)

    def _as_before(self) -> None:
        """Take over from earlier talks how the person wants to be spoken to, and about what."""
        for item in self.recall.known():
            if item.kind == "avoid":
                self._objections[item.value] = terms(item.value, item.language)
            else:
                self._address(Found(item.kind, item.value))
        self._avoid()

    def _avoid(self) -> None:
        """Let the person's topics be those of the staff's file and of their own objections."""
        self._person.avoided = {*self._staffs, *chain.from_iterable(self._objections.values())}

    def _object(self, kind: Kind, value: str, source: Source) -> None:
        if (memory := self._there()) is not None:
            memory.note(self._person.key, kind, value, source, self._person.language)

    def _forget(self, which: Callable[[Item], bool]) -> tuple[Item, ...]:
        memory = self._there()
        return memory.forget(self._person.key, which) if memory else ()

    def _there(self) -> Memory | None:
        """Return the memory; None for a guest. Raises StageError where it could not be opened."""
        if self._memory is None and self._person.key != GUEST:
            raise StageError("remember", "closed", "The memory could not be opened; see above.")
        return self._memory
