"""A conversation with real safety, words and keywords, and fakes at its edges."""

import asyncio
import random
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from config.settings import Home, Resident, Robot
from dialogue import phrasebook
from dialogue.alerts import Alerts
from dialogue.care import Care
from dialogue.conversation import Conversation
from dialogue.deciding import Deciding
from dialogue.decisions import Dialogue
from dialogue.flows import Flows
from dialogue.keywords import KeywordDialogue, Keywords
from dialogue.memory.presence import Presence
from dialogue.memory.remembering import Remembering
from dialogue.memory.rights import Rights
from dialogue.memory.store import Memory
from dialogue.person import Person
from dialogue.phrasebook import Phrasebook, read_core
from dialogue.reminders.agenda import AgendaFiles, CalendarFiles
from dialogue.reminders.ledger import Ledger
from dialogue.reminders.reminding import Reminding
from dialogue.reminders.scheduler import Scheduler
from dialogue.reminders.spoken.asking import Asking
from dialogue.reminders.spoken.own import OWN, OwnReminders
from dialogue.reminders.summary import Summary
from dialogue.replies import Utterance
from dialogue.rotation import IN_MEMORY, Rotation
from dialogue.safety import Safety
from dialogue.telling import Telling
from dialogue.turn import Turn
from dialogue.variants import Variants
from dialogue.words import Words
from robot.body import Body
from tests.fakes import FakeClock, FakeDriver, FakeSpeaker, FakeSynthesis, Recorder
from voices.hearing import Guess

FLOWS = Flows.load(core_keys=phrasebook.KEYS)
KEYWORDS = Keywords.load(flows=FLOWS)
SAFETY = Safety.load()


def book(rotation: Rotation) -> Phrasebook:
    """The phrasebook with its flows, as it is read from the files."""
    return Phrasebook(_core(), rotation, FLOWS.all)


@cache
def _core() -> Mapping[str, Mapping[str, Variants]]:
    return read_core(phrasebook.PHRASES)


class Room:
    """A conversation with everything around it."""

    def __init__(
        self,
        folder: Path,
        dialogue: Dialogue | None = None,
        language: str = "en",
        seed: int = 1,
        resident: Resident | None = None,
    ) -> None:
        self.clock = FakeClock()
        self.reports = Recorder()
        self.speaker = FakeSpeaker(self.clock)
        self.synthesis = FakeSynthesis()
        self.driver = FakeDriver(self.clock)
        self.body = Body(self.driver, self.clock)
        self.alerts = Alerts(folder / "alerts.db", self.clock)
        self.dialogue = dialogue or KeywordDialogue(KEYWORDS, FLOWS)
        self.mouth = Telling(self.synthesis, self.speaker, self.body, self.clock, self.reports)
        home = Home(name="A", time_zone="Europe/Berlin")
        chance = random.Random(seed)
        self.rotation = Rotation(IN_MEMORY, self.clock, chance, home.repeat_after_days)
        self.words = Words(
            book(self.rotation), FLOWS, self.rotation, home, Robot(name="Juno"), self.clock, chance
        )
        words = self.words
        resident = resident or Resident(name="Anna")
        self.person = Person.of("anna", resident, language)
        self.memory = Memory(folder / "memory", self.clock)
        self.remembering = Remembering(
            self.memory,
            resident,
            self.person,
            Presence(resident.room, self.clock),
            words,
            self.clock,
            home.zone,
            self.reports,
            chance,
            self.forget,
        )
        self.ledger = Ledger(folder / "reminders.db", self.clock, self.person.key)
        self.own = OwnReminders(folder, self.person.key, chance)
        self.scheduler = Scheduler(self.ledger, self.alerts, home, self.clock, self.reports)
        self.reminding = Reminding(
            self.scheduler,
            Summary(self.ledger, self.alerts, home, self.person.key, self.clock, self.reports),
            self.ledger,
            [AgendaFiles(at, [self.person.key]) for at in (folder, folder / OWN)],
            CalendarFiles(folder, [self.person.key], home.zone, self.ledger.plans),
            words,
            self.person,
            self.remembering.presence,
            self.clock,
            self.reports,
        )
        words.personal = lambda: {**self.remembering.values(), **self.reminding.values()}
        rights = Rights(self.remembering, words, KEYWORDS, self.clock, self.reports)
        care = Care(SAFETY, KEYWORDS, self.alerts, words, self.reports, rights)
        self.asking = Asking(
            self.own,
            self.ledger,
            words,
            KEYWORDS,
            self.person,
            self.remembering.presence,
            home.zone,
            self.clock,
            self.reports,
            self.reminding.take_up,
            lambda category: care.tell_human(category, self.person),
        )
        self.talk = Conversation(
            person=self.person,
            words=words,
            care=care,
            deciding=Deciding(
                self.dialogue,
                FLOWS,
                words,
                self.person,
                0.4,
                self.clock,
                self.remembering,
                self.reminding,
                self.asking,
            ),
            mouth=self.mouth,
            body=self.body,
            clock=self.clock,
            publish=self.reports,
        )

    def forget(self, person: str) -> None:
        """Forget what is kept of somebody beside the memory."""
        self.rotation.forget(person)
        self.own.clear()
        self.ledger.forget_own()

    async def hears(self, *texts: str, confidence: float = 1.0) -> Turn:
        """Say something to the robot and let it finish its answer."""
        guesses = tuple(Guess(text, confidence) for text in texts)
        turn = asyncio.create_task(
            self.talk.hear(Utterance(guesses, self.person.language, "voice"))
        )
        while not turn.done():
            await asyncio.sleep(0.001)  # a real engine answers in real time
            await self.clock.advance(1 if self.mouth.speaking else 0)
        return await turn

    async def meets(self) -> None:
        """Get the introduction over with."""
        meeting = asyncio.create_task(self.talk.meet())
        while not meeting.done():
            await self.clock.advance(1)
        self.speaker.said.clear()


def one_of(key: str, language: str = "en") -> set[str]:
    """Return every sentence that the phrasebook has for a key."""
    rotation = Rotation(IN_MEMORY, FakeClock(), random.Random(1), days=1)
    variants = book(rotation).variants(key, language)
    return {phrase.text for variant in variants for phrase in variant.phrases}
