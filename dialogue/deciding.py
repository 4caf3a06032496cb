"""From an utterance that is no danger to a reply: the engine decides, the phrasebook says it."""

from dataclasses import replace

from config.clock import Clock
from dialogue.decisions import Dialogue
from dialogue.person import Person
from dialogue.replies import Phrase, Reply, Utterance
from dialogue.words import Words

SESSION_SECONDS = 15 * 60.0
"""After so long without a word it is a new meeting: the robot says again what it is."""


class Deciding:
    """Decides for one person, one session after the other.

    Heard with less than `confidence` nothing is decided: the robot asks again.
    """

    def __init__(
        self, dialogue: Dialogue, words: Words, person: Person, confidence: float, clock: Clock
    ) -> None:
        self._dialogue = dialogue
        self._words = words
        self._person = person
        self._confidence = confidence
        self._clock = clock
        self._session = 0
        self._last_heard = -SESSION_SECONDS

    @property
    def new_session(self) -> bool:
        """Whether the robot has yet to say what it is."""
        return self._clock.monotonic() - self._last_heard >= SESSION_SECONDS

    def introduction(self) -> tuple[Phrase, ...]:
        """Begin a session: what this is, and how to stop it."""
        self._session += 1
        self._last_heard = self._clock.monotonic()
        return self._words.of("introduce_session", self._person)

    async def reply(self, utterance: Utterance, last: Reply | None) -> Reply:
        """Return what to say and do; `last` is what was said before, to be repeated if asked."""
        introduction = self.introduction() if self.new_session else ()
        self._last_heard = self._clock.monotonic()
        reply = await self._decide(utterance, last)
        # One question at a time: the introduction's own gives way to the reply's.
        statements = tuple(phrase for phrase in introduction if not phrase.text.endswith("?"))
        return replace(reply, phrases=statements + reply.phrases)

    async def _decide(self, utterance: Utterance, last: Reply | None) -> Reply:
        if utterance.confidence < self._confidence:
            return Reply(self._words.of("ask_again", self._person), engine="corridor")
        talk = f"{self._person.key}-{self._session}"
        decision = await self._dialogue.decide(utterance, talk)
        for action in decision.do:
            self._person.adjust(action.name)
        phrases = self._words.all(decision, self._person)
        if any(action.name == "repeat" for action in decision.do):
            phrases = last.phrases if last else self._words.of("repeat_nothing", self._person)
        return Reply(phrases, decision.do, decision.intent, decision.confidence, decision.engine)
