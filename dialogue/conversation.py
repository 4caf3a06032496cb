"""The way of one utterance, from the microphone to the voice. Everything else looks on."""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import Any

from config.clock import Clock
from dialogue import events
from dialogue.answers import expected, snapped
from dialogue.care import Care
from dialogue.deciding import Deciding
from dialogue.person import Person
from dialogue.replies import Reply, Utterance
from dialogue.silence import Silence
from dialogue.telling import Mouth, Told
from dialogue.turn import Turn, timings_ms
from dialogue.words import Words
from robot.body import Body
from robot.driver import Light
from voices.ears import Ears, Reports
from voices.errors import RecogniserError
from voices.hearing import Context, Recognition

log = logging.getLogger(__name__)


class Conversation:
    """One robot in talk with one person."""

    def __init__(
        self,
        *,
        person: Person,
        words: Words,
        care: Care,
        deciding: Deciding,
        mouth: Mouth,
        body: Body,
        clock: Clock,
        publish: events.Publish,
    ) -> None:
        self.person = person
        self._words, self._care, self._deciding = words, care, deciding
        self._mouth, self._body = mouth, body
        self._clock, self._publish = clock, publish
        self._silence = Silence(care, words, person, clock, self._follow_up)
        self._ears: Ears | None = None
        self._last: Reply | None = None
        self._newest = 0
        self._called = False
        self._person_speaks = False
        self._one_at_a_time = asyncio.Lock()
        self._tasks: set[asyncio.Task[Any]] = set()

    async def meet(self) -> None:
        """Begin a session: say what this is, and how to stop it.

        Goes on with one under way, and keeps quiet on a day on which it was asked to let be.
        """
        if self._deciding.new_session and self.welcome:
            await self._answer(self._deciding.introduction)

    @property
    def busy(self) -> bool:
        """Whether it is thinking or speaking."""
        return self._one_at_a_time.locked()

    @property
    def pausing(self) -> bool:
        """Whether nobody speaks just now."""
        return not self.busy and not self._person_speaks

    @property
    def free(self) -> bool:
        """Whether nobody speaks, and the robot waits for no answer."""
        return self.pausing and not self._silence.waiting

    @property
    def welcome(self) -> bool:
        """Whether the robot may speak first: not on a day on which it was asked to let be."""
        return self._deciding.may_begin

    async def bring_up(self, reply: Reply) -> Told:
        """Say something that nobody has asked for, such as a reminder."""
        async with self._one_at_a_time:
            self._deciding.brings_up(reply)
            return await self._say(reply)

    @property
    def context(self) -> Context:
        """What may be said next."""
        return expected(self._last, self.person, self._words.robot_name)

    async def listen(self, ears: Ears) -> None:
        """Answer what the ears hear until the microphone ends. Raises DeviceError."""
        self._ears = ears
        ears.context = self.context
        async for heard in ears.utterances(self._reports()):
            called, self._called = self._called, False
            if heard.recognition.guesses or called:
                self._begin(self.take(heard.recognition, heard.recognise_seconds, called))
            else:
                self._nothing_heard()

    async def hear(self, utterance: Utterance, recognise_seconds: float = 0.0) -> Turn:
        """Take one utterance through the corridor and return when it has been answered."""
        self.hush()
        self._newest += 1
        number = self._newest
        began = self._clock.monotonic()
        verdict = self._care.verdict(utterance)
        sealed = verdict is not None and verdict.category == events.SEALED
        self._publish(events.heard(utterance, sealed))
        # Danger waits for nothing: a human is told before any earlier turn has ended.
        reply = self._care.answer(utterance, verdict, self.person, not self._body.stopped)
        async with self._one_at_a_time:
            self._state("thinking")
            reply = reply or await self._deciding.reply(utterance, self._last)
            understood = self._clock.monotonic() - began
            overtaken = number != self._newest and reply.engine != "safety"
            told = Told(complete=False) if overtaken else await self._say(reply)
        timings = timings_ms(recognise_seconds, understood, told)
        self._publish(events.TurnEnded(timings))
        return Turn(utterance, verdict.category if verdict else None, reply, timings)

    def spotted(self, word: str) -> None:
        """The spotter heard `stop`, `help` or `name`, perhaps while the robot speaks."""
        self._publish(events.WordSpotted(word))
        self._called = word == "help"
        own = self._ears.spotter.forms[word] if self._ears and self._ears.spotter else ()
        if not self._mouth.speaking or self._mouth.is_saying(own):
            return
        self._called = False
        self.hush()
        if word == "help":
            self._begin(self._answer(lambda: self._care.ask_for_help(self.person)))
        else:
            key = "name_called" if word == "name" else "stop_assent"
            self._begin(self._answer(lambda: Reply(self._words.of(key, self.person))))

    def hush(self) -> None:
        """Be silent at once and drop what was left to say."""
        self._silence.end()
        self._mouth.hush()

    async def stop(self) -> None:
        """Stop everything at once, and stay stopped until `resume`."""
        self.hush()
        await self._body.stop("freeze")
        self._state("stopped")

    async def resume(self) -> None:
        """Go on after a stop; only a person may ask for this."""
        self._body.reset()
        await self._answer(lambda: Reply(self._words.of("resumed", self.person)))

    def acknowledge(self, alert: int, by: str) -> None:
        """Somebody is coming: the robot says so once, and no longer repeats its call."""
        if self._care.acknowledge(alert):
            said = self._words.of("alert_acknowledged", self.person, {"name": by})
            self._begin(self._answer(lambda: Reply(said, engine="corridor")))

    async def close(self) -> None:
        """End the talk. Never raises; may be called twice."""
        self.hush()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def take(
        self, recognition: Recognition, recognise_seconds: float, called: bool = False
    ) -> Turn:
        """Take what a recogniser heard through the corridor; `called` if the spotter heard help."""
        guesses = snapped(recognition.guesses, self.context)
        utterance = Utterance(guesses, recognition.language, "voice", called)
        return await self.hear(utterance, recognise_seconds)

    async def _answer(self, make: Callable[[], Reply]) -> None:
        async with self._one_at_a_time:
            await self._say(make())

    async def _say(self, reply: Reply) -> Told:
        self._publish(events.decided(reply))
        if self._body.stopped:
            self._state("stopped")
            return Told(complete=False)
        self._last = reply
        self._silence.end()
        told = await self._speak(reply)
        if told.complete or told.failed:
            self._silence.begin(reply)
        return told

    async def _speak(self, reply: Reply) -> Told:
        if self._ears is not None:
            self._ears.robot_speaks(True)
        self._state("speaking")
        try:
            told = await self._mouth.say(reply.phrases, self.person.style)
            if told.failed:  # these sentences were spoken ahead, for this moment
                trouble = self._words.of("voice_trouble", self.person)
                await self._mouth.say(trouble, self.person.style)
            return told
        finally:
            if self._ears is not None:
                self._ears.robot_speaks(False)
                self._ears.context = self.context
            self._rest()

    async def _follow_up(self, make: Callable[[], Reply]) -> None:
        async with self._one_at_a_time:
            reply = make()
            if not reply.phrases:
                return
            self._publish(events.decided(reply))
            if reply.step is not None:
                self._last = reply
            await self._speak(reply)

    def _nothing_heard(self) -> None:
        self._rest()
        if self._last is not None:
            self._silence.go_on(self._last)

    def _state(self, state: events.State) -> None:
        self._publish(events.StateChanged(state))
        self._body.submit(Light(state))

    def _rest(self) -> None:
        self._state("stopped" if self._body.stopped else "idle")

    def _begin(self, work: Coroutine[Any, Any, Any]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()):
            log.error("A turn failed", exc_info=error)
            sentence = "The robot could not answer and listens on; the log says why."
            self._publish(events.StageFailed("understand", "unexpected", sentence))
            self._rest()

    def _reports(self) -> Reports:
        def started() -> None:
            self._person_speaks = True
            if not self._mouth.speaking:
                self._silence.end()
            self._publish(events.SpeechStarted())
            self._state("listening")

        def ended(seconds: float) -> None:
            self._person_speaks = False
            self._publish(events.SpeechEnded(seconds))

        def failed(error: RecogniserError) -> None:
            self._publish(events.StageFailed("hear", type(error).__name__, str(error)))
            self._nothing_heard()

        return Reports(
            on_start=started,
            on_partial=lambda text: self._publish(events.PartialHeard(text)),
            on_end=ended,
            on_error=failed,
        )
