"""The composition root: the only file that names concrete parts.

Everything is opened on one exit stack, so shutting down mirrors starting up.
"""

import random
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from config.clock import Clock, SystemClock
from config.paths import STATE
from config.settings import Settings
from dialogue.alerts import Alerts
from dialogue.answers import Answers
from dialogue.care import Care
from dialogue.conversation import Conversation
from dialogue.decisions import Dialogue
from dialogue.events import EngineChanged, Publish
from dialogue.fallback import FallbackDialogue
from dialogue.keywords import KeywordDialogue, Keywords
from dialogue.loudspeakers import FileSpeaker
from dialogue.person import Person
from dialogue.phrasebook import Phrasebook
from dialogue.rasa_client import RasaDialogue
from dialogue.rasa_process import RasaProcess
from dialogue.replies import Utterance
from dialogue.safety import Safety
from dialogue.telling import Mouth, Telling, Unspoken
from dialogue.training import trained_model
from dialogue.turn import Turn
from dialogue.words import Words
from robot.body import Body
from robot.drivers import load_driver
from robot.hearing import pick_recogniser
from voices.ears import recognise
from voices.hearing import Guess, Recogniser
from voices.synthesis import Synthesis


@dataclass(frozen=True)
class House:
    """What every way of running shares."""

    settings: Settings
    clock: Clock
    publish: Publish
    rng: random.Random

    def person(self, resident: str, language: str | None = None) -> Person:
        """Return the person of that file, in the language asked for or their own."""
        profile = self.settings.residents[resident]
        return Person.of(resident, profile, language or self.settings.language_of(profile))

    async def conversation(
        self, stack: AsyncExitStack, person: Person, mouth: Mouth, body: Body, engine: Dialogue
    ) -> Conversation:
        """Put a conversation together."""
        alerts = Alerts(STATE / "alerts.db", self.clock)
        stack.callback(alerts.close)
        keywords = Keywords.load()
        words = Words(
            Phrasebook.load(self.rng), self.settings.home, self.settings.robot, self.clock
        )
        conversation = Conversation(
            person=person,
            words=words,
            answers=Answers(self.settings.robot.name),
            care=Care(Safety.load(), keywords, alerts, words, self.publish),
            dialogue=engine,
            mouth=mouth,
            body=body,
            confidence=self.settings.robot.confidence,
            clock=self.clock,
            publish=self.publish,
        )
        stack.push_async_callback(conversation.close)
        return conversation
