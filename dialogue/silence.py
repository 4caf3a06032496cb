"""What the robot says when nobody answers: no response at all is the most common answer."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from datetime import date

from config.clock import Clock
from dialogue.care import HELP_ANSWER_SECONDS, REPEAT_SECONDS, Care
from dialogue.person import Person
from dialogue.replies import Reply
from dialogue.words import Words

LATER_SECONDS = 30 * 60.0
"""After "come back later", in silence."""
COME_BACK = "come_back"

FollowUp = tuple[float, Callable[[], Reply]]
"""Seconds of silence to wait for, and what makes the reply to say then."""


class Silence:
    """Waits for an answer, and follows up step by step while there is none."""

    def __init__(
        self,
        care: Care,
        words: Words,
        person: Person,
        clock: Clock,
        say: Callable[[Callable[[], Reply]], Awaitable[None]],
    ) -> None:
        self._care = care
        self._words = words
        self._person = person
        self._clock = clock
        self._say = say
        self._waiting: asyncio.Task[None] | None = None
        self._came_back: date | None = None

    @property
    def waiting(self) -> bool:
        """Whether an answer is waited for, or something is to be said later in silence."""
        return self._waiting is not None and not self._waiting.done()

    def begin(self, reply: Reply) -> None:
        """Wait for an answer to this reply."""
        self.end()
        self._waiting = asyncio.create_task(self._wait(reply))

    def go_on(self, reply: Reply) -> None:
        """A noise was no answer: where help is at stake, wait on; a question is let go."""
        if self._care.waiting_for_help_answer or self._care.emergency:
            self.begin(reply)

    def end(self) -> None:
        """Somebody speaks, or the robot does."""
        if self._waiting is not None:
            self._waiting.cancel()

    async def _wait(self, reply: Reply) -> None:
        for seconds, make in self._follow_ups(reply):
            await self._clock.sleep(seconds)
            await self._say(make)

    def _follow_ups(self, reply: Reply) -> Iterator[FollowUp]:
        """Help is never given up. A question is repeated unchanged, made simpler, then let go."""
        care, words, person = self._care, self._words, self._person
        if care.waiting_for_help_answer:
            yield HELP_ANSWER_SECONDS, lambda: care.no_answer(person)
        while care.emergency:
            yield REPEAT_SECONDS, lambda: _corridor(words, "emergency_repeat", person)
        if any(action.name == "later" for action in reply.actions):
            yield LATER_SECONDS, self._come_back
        if not reply.asks:
            return
        yield person.silence_s, lambda: Reply(reply.phrases[-1:], engine="corridor")
        yield (
            person.silence_s,
            lambda: Reply(words.simpler(reply.step, person), engine="corridor"),
        )
        yield person.silence_s, lambda: _corridor(words, "silence_leave", person)

    def _come_back(self) -> Reply:
        """Offer a talk once more, as was asked for: once a day, and only if nobody spoke since."""
        today = self._clock.now().date()
        if self._came_back == today:
            return Reply(())
        self._came_back = today
        spoken = self._words.step(COME_BACK, self._person)
        return Reply(spoken.phrases, engine="corridor", step=spoken.step)


def _corridor(words: Words, key: str, person: Person) -> Reply:
    return Reply(words.of(key, person), engine="corridor")
