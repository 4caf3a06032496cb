"""Puts together what lies between the ears and the voice."""

import asyncio
import random
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

from config.clock import Clock, SystemClock
from config.settings import Settings
from dialogue import phrasebook
from dialogue.alerts import Alerts, open_alerts
from dialogue.care import Care
from dialogue.conversation import Conversation
from dialogue.deciding import Deciding
from dialogue.decisions import Dialogue
from dialogue.errors import StageError
from dialogue.events import EngineChanged, Publish, StageFailed
from dialogue.fallback import FallbackDialogue
from dialogue.flows import Flows
from dialogue.keywords import KeywordDialogue, Keywords
from dialogue.person import Person
from dialogue.phrasebook import Phrasebook
from dialogue.rasa_client import RasaDialogue
from dialogue.rasa_process import RasaProcess, Status
from dialogue.rotation import Rotation
from dialogue.safety import Safety
from dialogue.telling import Mouth
from dialogue.training import trained_model
from dialogue.words import Words
from robot.body import Body


@dataclass(frozen=True)
class Mind:
    """Everything between what was heard and what will be said."""

    conversation: Conversation
    alerts: Alerts
    safety: Safety
    words: Words
    rasa: RasaProcess | None
    engine_settled: asyncio.Event
    """Set once the dialogue engine answers, or will not."""


def open_mind(
    stack: AsyncExitStack,
    settings: Settings,
    person: Person,
    mouth: Mouth,
    body: Body,
    clock: Clock,
    publish: Publish,
    alerts_file: Path,
    with_rasa: bool = True,
) -> Mind:
    """Put together what understands and decides; it is closed with the stack."""

    def tell(error: StageError) -> None:
        publish(StageFailed(error.stage, error.code, error.message))

    alerts = open_alerts(alerts_file, clock, tell)
    stack.callback(alerts.close)
    flows = Flows.load(core_keys=phrasebook.KEYS)
    keywords, safety = Keywords.load(flows=flows), Safety.load()
    chance = random.Random()
    rotation = Rotation(
        alerts_file.with_name("told.db"), clock, chance, settings.home.repeat_after_days
    )
    stack.callback(rotation.close)
    phrases = Phrasebook.load(phrasebook.PHRASES, rotation, flows.all)
    words = Words(phrases, flows, rotation, settings.home, settings.robot, clock, chance)
    engine: Dialogue = KeywordDialogue(keywords, flows)
    settled = asyncio.Event()
    # A child process lives in the time of this machine, whatever time the talk lives in.
    rasa = _rasa(stack, SystemClock(), publish, settled) if with_rasa else None
    if rasa is None:
        settled.set()
    else:
        client = RasaDialogue(rasa, flows)
        stack.push_async_callback(client.close)
        engine = FallbackDialogue(client, engine, publish)
    conversation = Conversation(
        person=person,
        words=words,
        care=Care(safety, keywords, alerts, words, publish),
        deciding=Deciding(engine, flows, words, person, settings.robot.confidence, clock),
        mouth=mouth,
        body=body,
        clock=clock,
        publish=publish,
    )
    stack.push_async_callback(conversation.close)
    return Mind(conversation, alerts, safety, words, rasa, settled)


def _rasa(
    stack: AsyncExitStack, clock: Clock, publish: Publish, settled: asyncio.Event
) -> RasaProcess | None:
    model = trained_model()
    if model is None:
        sentence = "Rasa is not trained; run `fireside train`. Answers are simple ones."
        publish(EngineChanged("rasa", "failed", sentence))
        return None

    def changed(status: Status, message: str) -> None:
        if status in ("ready", "failed"):
            settled.set()
        publish(EngineChanged("rasa", status, message))

    process = RasaProcess(model, clock, changed)
    stack.push_async_callback(process.close)
    return process
