"""The phrasebook, asked for one person at this moment: name, robot, time and home filled in."""

import random
from collections import defaultdict, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date

from config.clock import Clock
from config.settings import Home, Robot
from dialogue.answers import answers_to
from dialogue.flow_files import FULL, ITEMS
from dialogue.flows import Flows
from dialogue.person import Person
from dialogue.phrasebook import SIMPLER, Phrasebook
from dialogue.replies import Phrase
from dialogue.rotation import Exhausted, Rotation
from dialogue.time_words import day_words, daytime, next_meal, season_words, time_words

RINGS = 16
"""So many sentences before still ring in the ear, and are not said again if it can be helped."""
ALL_TOLD = "all_told"
"""The step that owns up to having nothing else just now."""
SUITS_BEST = 2 / 3
"""How often somebody with dementia is offered what suits them particularly well."""


@dataclass(frozen=True)
class Spoken:
    """What a step says, and the step it was in the end: one was chosen, or another had to do."""

    phrases: tuple[Phrase, ...]
    step: str


class Words:
    """What the robot can say, ready to be said."""

    def __init__(
        self,
        phrasebook: Phrasebook,
        flows: Flows,
        rotation: Rotation,
        home: Home,
        robot: Robot,
        clock: Clock,
        chance: random.Random,
    ) -> None:
        self._phrasebook = phrasebook
        self._flows = flows
        self._rotation = rotation
        self._home = home
        self._meals = {str(meal): at for meal, at in home.meals.items()}
        self._robot = robot
        self._clock = clock
        self._chance = chance
        self._rings: dict[str, deque[str]] = defaultdict(lambda: deque(maxlen=RINGS))
        self.personal: Callable[[], Mapping[str, str]] = dict
        """What is remembered about the person and may be said now; nothing unless it is set."""

    @property
    def robot_name(self) -> str:
        """What people call the robot."""
        return self._robot.name

    @property
    def today(self) -> date:
        """The date where the home is."""
        return self._clock.now().astimezone(self._home.zone).date()

    def of(
        self, key: str, person: Person, values: Mapping[str, str] | None = None
    ) -> tuple[Phrase, ...]:
        """Return the sentences for a key, in the person's language. Raises Exhausted."""
        return self._say(key, person, self._values(person) | dict(values or {}))

    def _say(self, key: str, person: Person, known: Mapping[str, str]) -> tuple[Phrase, ...]:
        phrases = self._phrasebook.phrases(key, person, known, self._rings[person.key])
        self._rings[person.key].extend(phrase.text for phrase in phrases)
        return _with_answers(phrases, answers_to(key, person.language))

    def step(self, name: str, person: Person, values: Mapping[str, str] | None = None) -> Spoken:
        """Return what a step says; where everything of it was told lately, it says so."""
        return self._step(name, person, self._values(person) | dict(values or {}))

    def _step(self, name: str, person: Person, known: Mapping[str, str]) -> Spoken:
        return self._tried(name, person, known) or self._said(ALL_TOLD, person, known)

    def _tried(self, name: str, person: Person, known: Mapping[str, str]) -> Spoken | None:
        for candidate in self._candidates(name, person):
            if candidate != name and self._chooses(candidate, person):
                spoken = self._tried(candidate, person, known)
            else:
                spoken = self._fresh(candidate, person, known)
            if spoken is not None:
                return spoken
        return None

    def _fresh(self, name: str, person: Person, known: Mapping[str, str]) -> Spoken | None:
        keys = self._flows.flow_of(name).keys(name)
        if not all(self._phrasebook.sayable(key, person, known) for key in keys):
            return None
        try:
            return self._said(name, person, known)
        except Exhausted:
            return None

    def simpler(self, step: str | None, person: Person) -> tuple[Phrase, ...]:
        """Return an easier question in place of a step's own."""
        key = f"{SIMPLER}{step}"
        known = self._phrasebook.has(key, person.language)
        return self.of(key if known else "silence_simpler", person)

    def every(self, key: str, language: str) -> list[str]:
        """Return every sentence there is for a key without placeholders."""
        variants = self._phrasebook.variants(key, language)
        return [phrase.text for variant in variants for phrase in variant.phrases]

    def _said(self, name: str, person: Person, known: Mapping[str, str]) -> Spoken:
        step, said = name, list[Phrase]()
        for key in self._flows.flow_of(name).keys(name):
            if key.startswith(ITEMS):
                flow, part = self._flows.name_of(name), key.removeprefix(ITEMS)
                said += self._phrasebook.item(flow, part, person, known)
            elif key != name and self._chooses(key, person):
                chosen = self._step(key, person, known)
                said += chosen.phrases
                step = name if chosen.step == key else chosen.step
            else:
                said += self._say(key, person, known)
        # One question at a time, and it comes last: that of a key before gives way.
        phrases = tuple(p for p in said if p is said[-1] or not p.text.endswith("?"))
        answers = answers_to(name, person.language, self._flows.steps[name].answers)
        return Spoken(_with_answers(phrases, answers), step)

    def _chooses(self, step: str, person: Person) -> bool:
        known = step in self._flows.steps and person.language in FULL
        return known and self._flows.steps[step].choose is not None

    def _candidates(self, name: str, person: Person) -> list[str]:
        """Return the step, or those it chooses among, the one that is due first."""
        choose = self._flows.steps[name].choose
        if choose is None or not self._chooses(name, person):
            return [name]
        if choose == "offers":
            suits = person.gentle and self._chance.random() < SUITS_BEST
            offers = self._flows.offers(suits) or self._flows.offers(gentle=False)
            names = [name, *(step for step, topics in offers if not person.avoids(topics))]
        else:
            names = [
                step for step in choose if not person.avoids(self._flows.flow_of(step).topics)
            ] or [ALL_TOLD]
        due = self._rotation.next(person.key, f"choose.{name}", names)
        others = [step for step in names if step != due]
        self._chance.shuffle(others)
        return [due, *others]

    def _values(self, person: Person) -> dict[str, str]:
        now = self._clock.now().astimezone(self._home.zone)
        meal, meal_time = next_meal(now, self._meals, person.language)
        return {
            "name": person.name,
            "robot": self._robot.name,
            "time": time_words(now, person.language),
            "day": day_words(now, person.language),
            "daytime": daytime(now),
            "season": season_words(now, person.language),
            "home": self._home.name,
            "town": self._home.town,
            "meal": meal,
            "meal_time": meal_time,
            **self.personal(),
        }


def _with_answers(phrases: tuple[Phrase, ...], answers: tuple[str, ...]) -> tuple[Phrase, ...]:
    if not answers or not phrases:
        return phrases
    return (*phrases[:-1], replace(phrases[-1], answers=answers))
