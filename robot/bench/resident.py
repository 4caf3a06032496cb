"""`fireside bench resident`: simulated residents, a thousand turns each, over weeks of their time.

Every reply is held to the rules: something is said, one question at a time and last, short plain
sentences, nothing told twice within the home's days, no sentence again while it
still rings, refrains apart.
"""

import asyncio
import random
import re
import time
from collections import Counter, deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from rich.table import Table

from config.paths import CONFIG, RASA_PROJECT
from config.settings import Resident as Profile
from config.settings import Settings, load
from dialogue import wording
from dialogue.flows import Flows
from dialogue.person import Person
from dialogue.phrasebook import KEYS
from dialogue.replies import Reply
from robot.bench.common import Options, spread, surroundings
from robot.talk import open_talk
from simulator.resident import Behaviour, Resident, lines
from simulator.virtual_clock import VirtualClock

TURNS = 1000
RINGS = 3
"""A sentence is not said again while it is among those of so many replies before."""
A_SESSION = 20
"""Turns; then hours pass."""
HOURS = (3, 20)
SILENCE_S = 60.0
"""How long a silent resident is silent: long enough for the robot to leave kindly."""
EXEMPT = frozenset({"repeat", "ask_again"})
"""What says the same again because it was asked to."""
PROFILES = {
    "English": Profile(language="en", name="Rosa"),
    "English, dementia": Profile(language="en", name="Rosa", gentle=True),
    "German": Profile(language="de", name="Rosa"),
    "German, du, dementia": Profile(language="de", name="Rosa", form="du", gentle=True),
}


@dataclass
class Judge:
    """Holds every reply to the rules and counts what breaks them."""

    person: Person
    refrains: frozenset[str]
    faults: Counter[str] = field(default_factory=Counter)
    examples: list[str] = field(default_factory=list)
    engines: Counter[str] = field(default_factory=Counter)
    steps: Counter[str] = field(default_factory=Counter)
    recent: deque[frozenset[str]] = field(default_factory=lambda: deque(maxlen=RINGS))

    def hear(self, behaviour: Behaviour, reply: Reply) -> None:
        """Judge one reply."""
        self.engines[reply.engine] += 1
        self.steps[reply.step or str(reply.intent)] += 1
        for fault in self._faults(reply):
            self.faults[fault] += 1
            if len(self.examples) < 20:
                said = " ".join(reply.sentences)
                self.examples.append(f"{fault}: {behaviour.text!r} -> {said!r}")
        self.recent.append(frozenset(reply.sentences))

    def _faults(self, reply: Reply) -> Iterable[str]:
        if not reply.phrases:
            yield "nothing was said"
        asking = [number for number, text in enumerate(reply.sentences) if text.endswith("?")]
        if asking not in ([], [len(reply.sentences) - 1]):
            yield "a question that is not the last sentence"
        exempt = any(action.name in EXEMPT for action in reply.actions) or reply.engine == "safety"
        for text in reply.sentences:
            if wording.faults(_without_figures(text), self.person.language, self.person.familiar):
                yield "a sentence against the rules of wording"
            if self.person.gentle and not wording.is_gentle(text, self.person.language):
                yield "a sentence too hard for somebody with dementia"
            again = any(text in said for said in self.recent)
            if again and not exempt and text not in self.refrains:
                yield "a sentence said again while it still rings"


def refrains(flows: Flows, language: str) -> frozenset[str]:
    """Return the sentences that stand in two parts of one item: of a song, or of a rhyme."""
    found = set[str]()
    for flow in flows.all.values():
        for item in flow.items.of(language) if flow.items else ():
            parts = [{each.text for each in v.phrases + v.familiar} for v in item.values()]
            counts = Counter(text for part in parts for text in part)
            found |= {text for text, count in counts.items() if count > 1}
    return frozenset(found)


def _without_figures(text: str) -> str:
    """Times and dates are filled in with figures, which every voice can read."""
    return re.sub(r"\d+(:\d\d)?", "nine", text)


def run(options: Options) -> dict[str, Any]:
    """Let every profile talk. Raises BenchError."""
    settings = load(CONFIG)
    found = {}
    for number, (name, profile) in enumerate(PROFILES.items()):
        options.progress(name, number, len(PROFILES))
        found[name] = asyncio.run(_talk(settings, profile, options.seed))
    return {**surroundings(options.seed), "residents": found}


async def _talk(settings: Settings, profile: Profile, seed: int) -> dict[str, Any]:
    clock = VirtualClock()
    person = Person.of("simulated", profile, str(profile.language))
    chance = random.Random(seed)
    resident = Resident(
        lines(RASA_PROJECT / "data" / "nlu", person.language), person.language, chance
    )
    judge = Judge(person, refrains(Flows.load(core_keys=KEYS), person.language))
    took: list[float] = []
    async with open_talk(settings, person, recogniser=None, speaks=False, clock=clock) as talk:
        await talk.engine_ready()
        last: Reply | None = None
        for number in range(TURNS):
            if number % A_SESSION == 0:
                await clock.advance(3600 * chance.uniform(*HOURS))
            behaviour = resident.turn(last)
            if behaviour.text is None:
                await clock.advance(SILENCE_S)
                continue
            began = time.perf_counter()
            turn = await talk.read(behaviour.text)
            took.append((time.perf_counter() - began) * 1000)
            last = turn.reply
            judge.hear(behaviour, last)
            await clock.advance(chance.uniform(1, 20))
    return _result(judge, took)


def _result(judge: Judge, took: list[float]) -> dict[str, Any]:
    return {
        "turns": TURNS,
        "replies": sum(judge.engines.values()),
        "engines": dict(judge.engines),
        "different_steps": len(judge.steps),
        "faults": dict(judge.faults),
        "examples": judge.examples,
        "turn_ms": spread(took),
    }


def table(result: dict[str, Any]) -> Table:
    """Show a row a resident."""
    shown = Table("resident", "replies", "steps", "faults", "turn ms p50", "p95", "max")
    for name, row in result["residents"].items():
        faults = ", ".join(f"{count} {what}" for what, count in row["faults"].items()) or "none"
        spent = (str(row["turn_ms"][figure]) for figure in ("p50", "p95", "max"))
        shown.add_row(name, str(row["replies"]), str(row["different_steps"]), faults, *spent)
    return shown
