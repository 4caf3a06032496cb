"""The phrasebook, asked for one person at this moment: name, robot and time filled in."""

from collections.abc import Mapping
from dataclasses import replace

from config.clock import Clock
from config.settings import Home, Robot
from dialogue.answers import answers_to
from dialogue.decisions import Decision
from dialogue.person import Person
from dialogue.phrasebook import Phrasebook
from dialogue.replies import Phrase
from dialogue.time_words import day_words, time_words


class Words:
    """What the robot can say, ready to be said."""

    def __init__(self, phrasebook: Phrasebook, home: Home, robot: Robot, clock: Clock) -> None:
        self._phrasebook = phrasebook
        self._home = home
        self._robot = robot
        self._clock = clock

    @property
    def robot_name(self) -> str:
        """What people call the robot."""
        return self._robot.name

    def of(
        self, key: str, person: Person, values: Mapping[str, str] | None = None
    ) -> tuple[Phrase, ...]:
        """Return the sentences for a key, in the person's language."""
        now = self._clock.now().astimezone(self._home.zone)
        filled = {
            "name": person.name,
            "robot": self._robot.name,
            "time": time_words(now, person.language),
            "day": day_words(now, person.language),
            **(values or {}),
        }
        phrases = self._phrasebook.phrases(key, person.language, person.key, filled)
        answers = answers_to(key, person.language)
        return (*phrases[:-1], replace(phrases[-1], answers=answers)) if answers else phrases

    def every(self, key: str, language: str) -> list[str]:
        """Return every sentence there is for a key without placeholders."""
        variants = self._phrasebook.variants(key, language)
        return [phrase.text for variant in variants for phrase in variant]

    def all(self, decision: Decision, person: Person) -> tuple[Phrase, ...]:
        """Return the sentences for everything an engine has decided to say."""
        keys = decision.say
        return tuple(p for key in keys for p in self.of(key, person, decision.values))
