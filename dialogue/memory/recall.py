"""What may be used today of what is remembered about one person, and how it is said."""

import logging
import random
from collections.abc import Mapping
from datetime import date, timedelta, tzinfo

from config.clock import Clock
from config.consent import Consent, Purpose, allowed
from config.settings import GUEST
from dialogue.errors import StageError
from dialogue.events import Publish, StageFailed
from dialogue.memory.asked import terms
from dialogue.memory.items import PURPOSES, Item, Kind
from dialogue.memory.store import Memory
from dialogue.memory.told_files import LANGUAGES, told
from dialogue.memory.values import may_be_raised, said
from dialogue.patterns import fold, words_of
from dialogue.person import Person

log = logging.getLogger(__name__)

_PLACEHOLDERS: Mapping[str, Kind] = {
    "likes": "likes",
    "music": "music",
    "food": "food",
    "place": "places",
    "work": "work",
}


class Recall:
    """One person's memory as it may be used: with consent only, for each purpose.

    Where the memory cannot be read, nothing may be used or stored.
    """

    def __init__(
        self,
        memory: Memory | None,
        consents: tuple[Consent, ...],
        person: Person,
        clock: Clock,
        zone: tzinfo,
        publish: Publish,
        chance: random.Random,
    ) -> None:
        self.person = person
        self._memory = memory
        self._consents = consents
        self._clock = clock
        self._zone = zone
        self._publish = publish
        self._chance = chance
        self._read: tuple[tuple[int, int], tuple[Item, ...]] | None = None

    @property
    def today(self) -> date:
        """The day it is where the home stands."""
        return self._clock.now().astimezone(self._zone).date()

    @property
    def consented(self) -> bool:
        """Whether anything at all may be remembered."""
        return any(self.may(purpose) for purpose in set(PURPOSES.values()))

    def may(self, purpose: Purpose) -> bool:
        """Whether the person has consented to this, today, and said nothing against it."""
        return self._may(purpose, self._refused(self.everything()))

    def everything(self) -> tuple[Item, ...] | None:
        """Return all that is stored, oldest first; None where it cannot be read."""
        if self.person.key == GUEST:
            return ()
        if self._memory is None:
            return None
        try:
            version = self._memory.version()
            if self._read is None or self._read[0] != version:
                self._read = version, self._memory.of(self.person.key)
        except StageError as error:
            log.error("The memory failed: %s", error.message)
            self._publish(StageFailed(error.stage, error.code, error.message))
            return None
        now = self._clock.now()
        return tuple(item for item in self._read[1] if not item.expired(now))

    def known(self) -> tuple[Item, ...]:
        """Return what may be used, oldest first, and what the person does not want."""
        everything = self.everything()
        refused = self._refused(everything)
        usable = {purpose for purpose in PURPOSES.values() if self._may(purpose, refused)}
        return tuple(
            item
            for item in everything or ()
            if item.kind == "avoid" or PURPOSES.get(item.kind) in usable
        )

    @property
    def withheld(self) -> bool:
        """Whether more is stored than may be used today, because a consent has run out."""
        items = [item for item in self.everything() or () if item.kind != "refusal"]
        return len(items) > len(self.known())

    def values(self) -> Mapping[str, str]:
        """Return what phrases may hold; keys are placeholders, such as likes and person_said."""
        language = self.person.language
        if language not in LANGUAGES:
            return {}
        usable = [
            item
            for item in self.known()
            if item.language == language and not self.avoids(item.value, language)
        ]
        filled = {}
        for placeholder, kind in _PLACEHOLDERS.items():
            if of_kind := [item for item in usable if item.kind == kind]:
                filled[placeholder] = self.said(self._chance.choice(of_kind))
        file = told(language)
        people = [item for item in usable if item.kind == "people" and may_be_raised(item, file)]
        if people:
            someone = self._chance.choice(people)
            filled |= {"person_said": self.said(someone), "person": someone.value.split()[-1]}
        yesterday = self.today - timedelta(days=1)
        moods = [item for item in usable if item.kind == "mood" and self.day(item) == yesterday]
        return filled | ({"yesterday": self.said(moods[-1])} if moods else {})

    def said(self, item: Item) -> str:
        """Return an item as the robot says it."""
        language = item.language if item.language in LANGUAGES else "en"
        return said(item, told(language), self.person.familiar)

    def avoids(self, text: str, language: str) -> bool:
        """Whether a text holds a word the person does not want to hear."""
        if not self.person.avoided:
            return False
        avoided = {word for term in self.person.avoided for word in terms(term, language)}
        return not avoided.isdisjoint(words_of(fold(text, language)))

    def day(self, item: Item) -> date:
        """Return the day an item was told, where the home stands."""
        return item.told_at.astimezone(self._zone).date()

    def _may(self, purpose: Purpose, refused: date | None) -> bool:
        return allowed(self._consents, purpose, self.today, refused)

    def _refused(self, items: tuple[Item, ...] | None) -> date | None:
        """Return since when nothing may be remembered; for ever where nobody can tell."""
        if items is None:
            return date.max
        return next((self.day(item) for item in items if item.kind == "refusal"), None)
