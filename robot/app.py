"""The composition root of the living robot: ears, mind, mouth, body and page.

Everything is opened on one exit stack, so shutting down mirrors starting up.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, Literal

from config.clock import Clock, SystemClock
from config.paths import STATE
from config.settings import Settings
from dialogue.alerts import raised
from dialogue.conversation import Conversation
from dialogue.events import EngineChanged, Event, Publish
from dialogue.loudspeakers import BodySpeaker, SoundCardWithFace
from dialogue.memory.presence import Others
from dialogue.person import Person
from dialogue.replies import Utterance
from dialogue.telling import Telling
from dialogue.words import Words
from robot.body import Body
from robot.delivery.channels import outgoing
from robot.delivery.courier import Courier
from robot.delivery.near import PageChannel, RobotChannel
from robot.drivers import load_driver
from robot.mind import Mind, open_mind
from robot.recognisers import choose, load
from robot.server import Server
from simulator.link import SimulatorLink
from simulator.routes import routes
from voices import portaudio
from voices.ears import Ears
from voices.endpointer import Endpointer, SileroVoiceActivity
from voices.errors import DeviceError, VoiceError, VoicesError
from voices.hearing import Guess, Microphone
from voices.models import ModelStore
from voices.sounddevice_microphone import SoundDeviceMicrophone
from voices.sounddevice_speaker import SoundDeviceSpeaker
from voices.speaking import Speaker
from voices.spotter import PocketsphinxSpotter
from voices.synthesis import Synthesis

log = logging.getLogger(__name__)

SOUND_CARD = "It listens and speaks through this machine's sound card."
BROWSER = "The page's microphone and loudspeaker are used: open it and press the sound button."
RETRY_SECONDS = 3.0
"""Between two attempts to open a microphone that is missing."""
KEPT_READY = ("stop_assent", "voice_trouble", "need_help_question", "emergency", "emergency_repeat")
"""Sentences spoken ahead, for when no voice works."""


class Robot:
    """A robot that is awake, and what a page may ask of it."""

    mind: Mind
    address: str
    sound: str
    """One sentence on where it listens and speaks."""

    async def arrived(self) -> None:
        """Somebody is in front of the robot."""
        await self.mind.conversation.meet()

    async def say(self, text: str) -> None:
        """Take typed words through the corridor."""
        conversation = self.mind.conversation
        utterance = Utterance((Guess(text, 1.0),), conversation.person.language, "text")
        await conversation.hear(utterance)

    async def stop(self) -> None:
        """Stop everything at once."""
        await self.mind.conversation.stop()

    async def resume(self) -> None:
        """Go on after a stop."""
        await self.mind.conversation.resume()

    async def acknowledge(self, alert: int, by: str) -> None:
        """Somebody is coming; the courier tells everybody. Raises StageError if not stored."""
        self.mind.alerts.acknowledge(alert, by)

    def others(self, others: Others) -> None:
        """Staff say whether others are with the person."""
        self.mind.remembering.presence.staff_say(others)


@asynccontextmanager
async def open_robot(
    settings: Settings, person: Person, driver_name: str, publish: Publish
) -> AsyncIterator[Robot]:
    """Wake the robot and let it live until the context is left.

    Raises ServerError, ModelError, DriverLostError or StageError, each with a sentence.
    """
    clock = SystemClock()
    async with AsyncExitStack() as stack:
        synthesis = Synthesis()
        stack.push_async_callback(synthesis.close)
        # The voice loads in its own process meanwhile: the first word shall come soon.
        _begin(stack, _load(synthesis, person))
        has_card = settings.robot.audio == "device" or (
            settings.robot.audio == "auto" and all(await asyncio.to_thread(portaudio.devices))
        )

        def report(event: Event) -> None:
            link.publish(event)
            publish(event)

        robot = Robot()
        audio: Literal["device", "browser"] = "device" if has_card else "browser"
        link = SimulatorLink(
            robot,
            settings.robot.name,
            person.language,
            audio,
            settings.alerts.names,
            settings.alerts.place,
        )
        stack.push_async_callback(link.close)
        driver = load_driver(driver_name)
        body = Body(driver(link, clock) if driver_name == "simulator" else driver(clock), clock)
        stack.push_async_callback(body.close)
        await body.connect()
        speaker: Speaker = BodySpeaker(body)
        microphone: Microphone = link.microphone
        if has_card:
            speaker = SoundCardWithFace(SoundDeviceSpeaker(), body)
            microphone = SoundDeviceMicrophone()
        stack.push_async_callback(speaker.close)
        mouth = Telling(synthesis, speaker, body, clock, report)
        robot.mind = open_mind(stack, settings, person, mouth, body, clock, report, STATE)
        for alert in robot.mind.alerts.open():
            report(raised(alert))
        server = Server(routes(link), settings.robot.port)
        stack.push_async_callback(server.close)
        await server.open()
        robot.address = server.address
        courier = _courier(stack, settings, robot.mind, link, body, speaker, clock, report)
        _begin(stack, courier.run())
        _begin(stack, robot.mind.reminding.run(robot.mind.conversation))
        robot.sound = SOUND_CARD if has_card else BROWSER
        _begin(stack, _keep_ready(synthesis, robot.mind.words, person))
        _begin(stack, _listen(settings, robot.mind.conversation, microphone, clock, report))
        if robot.mind.rasa is not None:
            await robot.mind.rasa.start()
        if has_card:
            _begin(stack, robot.arrived())
        yield robot


def _begin(stack: AsyncExitStack, work: Coroutine[Any, Any, None]) -> None:
    task = asyncio.create_task(work)

    async def end() -> None:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    stack.push_async_callback(end)


def _courier(
    stack: AsyncExitStack,
    settings: Settings,
    mind: Mind,
    link: SimulatorLink,
    body: Body,
    speaker: Speaker,
    clock: Clock,
    report: Publish,
) -> Courier:
    """Return what sees to it that alerts reach people; the robot's own alarm has begun."""
    conversation = mind.conversation
    sign = RobotChannel(body, speaker, clock, lambda: courier.calling, lambda: conversation.busy)
    channels = {
        **outgoing(settings.alerts),
        "page": PageChannel(lambda: link.watched),
        "robot": sign,
    }
    courier = Courier(mind.alerts, settings, channels, clock, report, mind.conversation.acknowledge)
    _begin(stack, sign.run())
    return courier


async def _load(synthesis: Synthesis, person: Person) -> None:
    try:
        await synthesis.start(person.style)
    except VoiceError as error:
        log.warning("Another voice will speak: %s", error)


async def _keep_ready(synthesis: Synthesis, words: Words, person: Person) -> None:
    """Speak ahead what must be said even when no voice works."""
    sentences = [text for key in KEPT_READY for text in words.every(key, person.language)]
    await synthesis.warm(sentences, person.style)


async def _listen(
    settings: Settings,
    conversation: Conversation,
    microphone: Microphone,
    clock: Clock,
    report: Publish,
) -> None:
    """Load the ears, then listen for as long as the robot lives."""
    person, store = conversation.person, ModelStore()
    try:
        choice = choose(person.language, settings.robot.recogniser, store)
        recogniser = await asyncio.to_thread(load, choice.model, store)
        spotter = await asyncio.to_thread(
            PocketsphinxSpotter, person.language, settings.robot.name, conversation.spotted
        )
    except VoicesError as error:
        report(EngineChanged("ears", "failed", f"The robot cannot hear. {error}"))
        return
    endpointer = Endpointer(SileroVoiceActivity(), person.patience_ms)
    ears = Ears(microphone, endpointer, recogniser, spotter, clock)
    report(EngineChanged("ears", "ready", choice.sentence))
    try:
        while True:
            try:
                await conversation.listen(ears)
            except DeviceError as error:
                report(EngineChanged("microphone", "failed", str(error)))
            except Exception:
                # Whatever it was, a robot that has become deaf must not stay so.
                log.exception("The ears failed")
                sentence = "Listening failed and starts again; the log says why."
                report(EngineChanged("ears", "restarting", sentence))
            await clock.sleep(RETRY_SECONDS)
    finally:
        await ears.close()
