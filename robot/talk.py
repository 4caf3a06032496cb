"""The corridor for programs: recordings or lines in, turns out."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from config.clock import Clock, SystemClock
from config.paths import STATE
from config.settings import Settings
from dialogue.events import Publish
from dialogue.loudspeakers import FileSpeaker
from dialogue.person import Person
from dialogue.replies import Utterance
from dialogue.telling import Mouth, Telling, Unspoken
from dialogue.turn import Turn
from robot.body import Body
from robot.drivers.null import NullDriver
from robot.mind import Mind, open_mind
from voices.ears import recognise
from voices.hearing import Guess, Recogniser
from voices.synthesis import Synthesis


@dataclass(frozen=True)
class Talk:
    """The corridor without microphone, loudspeaker and robot: one turn at a time."""

    mind: Mind
    person: Person
    recogniser: Recogniser | None
    clock: Clock

    async def engine_ready(self) -> None:
        """Wait until Rasa answers, or has given up."""
        await self.mind.engine_settled.wait()

    async def hear(self, sound: bytes) -> Turn:
        """Take a whole recording (16 kHz mono s16le) as one turn. Raises RecogniserError."""
        assert self.recogniser is not None, "this talk was opened without ears"
        began = self.clock.monotonic()
        heard = await recognise(self.recogniser, sound, self.mind.conversation.context)
        return await self.mind.conversation.take(heard, self.clock.monotonic() - began)

    async def read(self, line: str) -> Turn:
        """Take a line of text as one turn."""
        utterance = Utterance((Guess(line, 1.0),), self.person.language, "text")
        return await self.mind.conversation.hear(utterance)


@asynccontextmanager
async def open_talk(
    settings: Settings,
    person: Person,
    *,
    recogniser: Recogniser | None,
    speaks: bool,
    save: Path | None = None,
    with_rasa: bool = True,
    publish: Publish = lambda event: None,
    clock: Clock | None = None,
    remembers: bool = False,
) -> AsyncIterator[Talk]:
    """Open the corridor for a program: recordings or lines in, turns out.

    With a `clock` of its own the talk lives in that time; its engine lives in this one. With
    `remembers`, what a resident has consented to is remembered for good, as on the robot.
    """
    clock = clock or SystemClock()
    async with AsyncExitStack() as stack:
        body = Body(NullDriver(clock), clock)
        stack.push_async_callback(body.close)
        mouth: Mouth = Unspoken()
        if speaks:
            synthesis = Synthesis()
            stack.push_async_callback(synthesis.close)
            await synthesis.start(person.style)
            mouth = Telling(synthesis, FileSpeaker(save), body, clock, publish)
        # Nobody is called because a developer has typed something.
        state = Path(stack.enter_context(TemporaryDirectory()))
        memory = STATE / "memory" if remembers else None
        mind = open_mind(
            stack, settings, person, mouth, body, clock, publish, state, with_rasa, memory
        )
        if recogniser is not None:
            stack.push_async_callback(recogniser.close)
        if mind.rasa is not None:
            await mind.rasa.start()
        yield Talk(mind, person, recogniser, clock)
