"""From an utterance that is no danger to a reply: the engine decides, the phrasebook says it."""

from dataclasses import replace
from datetime import date

from config.clock import Clock
from dialogue.asking_back import AskingBack
from dialogue.decisions import Decision, Dialogue
from dialogue.flows import FALLBACK, IN_PASSING, Flows
from dialogue.memory.remembering import Remembering
from dialogue.person import Person
from dialogue.reminders.reminding import Reminding
from dialogue.reminders.spoken.asking import Asking
from dialogue.replies import Phrase, Reply, Utterance
from dialogue.words import Words

SESSION_SECONDS = 15 * 60.0
"""After so long without a word it is a new meeting: the robot says again what it is."""
INTRODUCTION = "introduce_session"
NOT_UNDERSTOOD = 2
"""After so many utterances in a row that were not understood, the robot leads with a question."""
START_AGAIN = "start_again"


class Deciding:
    """Decides for one person, one session after the other.

    Heard with less than `confidence` nothing is decided: the robot asks again.
    """

    def __init__(
        self,
        dialogue: Dialogue,
        flows: Flows,
        words: Words,
        person: Person,
        confidence: float,
        clock: Clock,
        remembering: Remembering | None = None,
        reminding: Reminding | None = None,
        asking: Asking | None = None,
    ) -> None:
        self._dialogue = dialogue
        self._flows = flows
        self._words = words
        self._person = person
        self._confidence = confidence
        self._clock = clock
        self._remembering = remembering
        self._reminding = reminding
        self._asking = asking
        self._asking_back = AskingBack(flows, words)
        self._session = 0
        self._last_heard = -SESSION_SECONDS
        self._brought_up: Reply | None = None
        self._brought_up_at = 0.0
        self._not_understood = 0
        self._rests_on: date | None = None

    @property
    def may_begin(self) -> bool:
        """Whether the robot may speak first: not on a day on which it was asked to let be."""
        return self._rests_on != self._words.today

    @property
    def new_session(self) -> bool:
        """Whether the robot has yet to say what it is."""
        return self._clock.monotonic() - self._last_heard >= SESSION_SECONDS

    def introduction(self) -> Reply:
        """Begin a session: what this is, and how to stop it."""
        self._session += 1
        self._not_understood = 0
        self._last_heard = self._clock.monotonic()
        spoken = self._words.step(INTRODUCTION, self._person)
        return Reply(spoken.phrases, engine="corridor", step=spoken.step)

    def brings_up(self, reply: Reply) -> None:
        """The robot speaks first, such as to remind: an answer is meant for that for a while."""
        self._brought_up = reply
        self._brought_up_at = self._clock.monotonic()

    async def reply(self, utterance: Utterance, last: Reply | None) -> Reply:
        """Return what to say and do; `last` is what was said before, to be repeated if asked."""
        fresh = self._clock.monotonic() - self._brought_up_at < SESSION_SECONDS
        asked = fresh and last is not None and last is self._brought_up
        begins = self.new_session
        introduction = self.introduction() if begins else Reply(())
        self._last_heard = self._clock.monotonic()
        # Before the first word the robot might as well have asked how things are, unless it has
        # just asked something else.
        reply = await self._decide(utterance, introduction if begins and not asked else last)
        # One question at a time: the introduction's own gives way to the reply's.
        statements = tuple(p for p in introduction.phrases if not p.text.endswith("?"))
        return replace(reply, phrases=statements + reply.phrases)

    async def _decide(self, utterance: Utterance, last: Reply | None) -> Reply:
        if utterance.confidence < self._confidence:
            step = last.step if last else None
            return Reply(self._words.of("ask_again", self._person), engine="corridor", step=step)
        if self._asking is not None and (answer := self._asking.hear(utterance, last)):
            return answer
        noted = self._remembering.heard(utterance) if self._remembering else ()
        reply = await self._understand(utterance, last)
        noted = noted or self._answered(utterance, last, reply)
        return replace(reply, phrases=noted + reply.phrases) if noted else reply

    def _answered(
        self, utterance: Utterance, last: Reply | None, reply: Reply
    ) -> tuple[Phrase, ...]:
        """Let an answer be remembered where the step before keeps it; return what to say."""
        asked = self._flows.steps.get(last.step) if last and last.step else None
        if self._remembering is None or asked is None or asked.keeps is None:
            return ()
        if reply.intent not in self._flows.any_answers(last.step if last else None):
            return ()
        return self._remembering.answered(utterance, asked.keeps)

    async def _understand(self, utterance: Utterance, last: Reply | None) -> Reply:
        after = last.step if last else None
        decision = self._asking_back.answer(utterance, after)
        if decision is None:
            talk = f"{self._person.key}-{self._session}"
            decision = await self._dialogue.decide(utterance, talk, after)
            question = self._asking_back.question(decision, after, self._person)
            if question is not None:
                return question
        return self._done(self._with_a_way_on(decision), last)

    def _with_a_way_on(self, decision: Decision) -> Decision:
        """Lead with a question where nothing was understood again and again."""
        lost = decision.intent == FALLBACK and not self._flows.steps[decision.step].leads_to
        self._not_understood = self._not_understood + 1 if lost else 0
        if self._not_understood < NOT_UNDERSTOOD:
            return decision
        self._not_understood = 0
        language = self._person.language
        return replace(decision, step=self._flows.speakable(START_AGAIN, "small_talk", language))

    def _done(self, decision: Decision, last: Reply | None) -> Reply:
        if self._reminding is not None and (answer := self._reminding.answer(decision)):
            return answer
        if self._asking is not None and (answer := self._asking.answer(decision)):
            return answer
        for action in decision.do:
            self._person.adjust(action.name)
        spoken = self._words.step(decision.step, self._person)
        does = {action.name for action in decision.do}
        if "rest" in does:
            self._rests_on = self._words.today
        step = last.step if last and does & IN_PASSING else spoken.step
        reply = Reply(
            spoken.phrases,
            decision.do,
            decision.intent,
            decision.confidence,
            decision.engine,
            step,
        )
        if "repeat" in does:
            return replace(reply, phrases=self._again(last))
        if "differently" in does and last is not None and last.step:
            other = self._words.step(last.step, self._person)
            return replace(reply, phrases=other.phrases, step=other.step)
        return reply

    def _again(self, last: Reply | None) -> tuple[Phrase, ...]:
        if last is None or not last.phrases:
            return self._words.of("repeat_nothing", self._person)
        return last.phrases
