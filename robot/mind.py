"""Puts together what lies between the ears and the voice."""

import asyncio
import logging
import random
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

from config.clock import Clock, SystemClock
from config.files import Fault
from config.paths import CONFIG
from config.settings import GUEST, Resident, Settings
from dialogue import phrasebook
from dialogue.alerts import FILE, Alerts, open_alerts
from dialogue.care import Care
from dialogue.conversation import Conversation
from dialogue.deciding import Deciding
from dialogue.decisions import Dialogue
from dialogue.errors import StageError
from dialogue.events import EngineChanged, Publish, StageFailed
from dialogue.fallback import FallbackDialogue
from dialogue.flows import Flows
from dialogue.keywords import KeywordDialogue, Keywords
from dialogue.memory.presence import Presence
from dialogue.memory.remembering import Remembering
from dialogue.memory.rights import Rights
from dialogue.memory.store import Memory
from dialogue.person import Person
from dialogue.phrasebook import Phrasebook
from dialogue.rasa_client import RasaDialogue
from dialogue.rasa_process import RasaProcess, Status
from dialogue.reminders.agenda import AgendaFiles, CalendarFiles
from dialogue.reminders.ledger import FILE as REMINDERS
from dialogue.reminders.recovery import open_ledger
from dialogue.reminders.reminding import Reminding
from dialogue.reminders.scheduler import Scheduler
from dialogue.reminders.spoken.asking import Asking
from dialogue.reminders.spoken.own import OWN, OwnReminders
from dialogue.reminders.summary import Summary
from dialogue.rotation import Rotation
from dialogue.safety import Safety
from dialogue.telling import Mouth
from dialogue.training import trained_model
from dialogue.words import Words
from robot.body import Body

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Mind:
    """Everything between what was heard and what will be said."""

    conversation: Conversation
    alerts: Alerts
    safety: Safety
    words: Words
    remembering: Remembering
    reminding: Reminding
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
    state: Path,
    with_rasa: bool = True,
    memory: Path | None = None,
) -> Mind:
    """Put together what understands and decides; it is closed with the stack.

    What is kept of alerts, of what was told and of persons lies in the folder `state`; what is
    remembered about persons in `memory`, where that is another folder.
    """

    def tell(error: StageError) -> None:
        publish(StageFailed(error.stage, error.code, error.message))

    def leave_out(fault: Fault) -> None:
        sentence = f"{fault} The robot goes on without it."
        log.error("flows/%s", sentence)
        publish(StageFailed("understand", "flow_left_out", sentence))

    alerts = open_alerts(state / FILE, clock, tell)
    stack.callback(alerts.close)
    flows = Flows.load(core_keys=phrasebook.KEYS, skip=leave_out)
    keywords, safety = Keywords.load(flows=flows), Safety.load()
    chance = random.Random()
    rotation = Rotation(state / "told.db", clock, chance, settings.home.repeat_after_days)
    stack.callback(rotation.close)
    phrases = Phrasebook.load(phrasebook.PHRASES, rotation, flows.all)
    words = Words(phrases, flows, rotation, settings.home, settings.robot, clock, chance)
    resident = settings.residents.get(person.key, Resident())
    ledger = open_ledger(state / REMINDERS, clock, person.key, tell)
    stack.callback(ledger.close)
    own = OwnReminders(state, person.key, chance)

    def forgotten(key: str) -> None:
        rotation.forget(key)
        own.clear()
        ledger.forget_own()

    remembering = Remembering(
        _memory(stack, memory or state / "memory", person, clock, publish),
        resident,
        person,
        Presence(resident.room, clock),
        words,
        clock,
        settings.home.zone,
        publish,
        chance,
        forgotten,
    )
    scheduler = Scheduler(ledger, alerts, settings.home, clock, publish)
    reminding = Reminding(
        scheduler,
        Summary(ledger, alerts, settings.home, person.key, clock, publish),
        ledger,
        [AgendaFiles(CONFIG, [person.key]), AgendaFiles(state / OWN, [person.key])],
        CalendarFiles(CONFIG, [person.key], settings.home.zone, ledger.plans),
        words,
        person,
        remembering.presence,
        clock,
        publish,
    )
    words.personal = lambda: {**remembering.values(), **reminding.values()}
    rights = Rights(remembering, words, keywords, clock, publish)
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
    care = Care(safety, keywords, alerts, words, publish, rights)
    asking = Asking(
        own,
        ledger,
        words,
        keywords,
        person,
        remembering.presence,
        settings.home.zone,
        clock,
        publish,
        reminding.take_up,
        lambda category: care.tell_human(category, person),
    )
    conversation = Conversation(
        person=person,
        words=words,
        care=care,
        deciding=Deciding(
            engine,
            flows,
            words,
            person,
            settings.robot.confidence,
            clock,
            remembering,
            reminding,
            asking,
        ),
        mouth=mouth,
        body=body,
        clock=clock,
        publish=publish,
    )
    stack.push_async_callback(conversation.close)
    return Mind(conversation, alerts, safety, words, remembering, reminding, rasa, settled)


def _memory(
    stack: AsyncExitStack, folder: Path, person: Person, clock: Clock, publish: Publish
) -> Memory | None:
    """Open the memory; a guest has none, and a talk goes on without one that cannot be opened."""
    if person.key == GUEST:
        return None
    try:
        memory = Memory(folder, clock)
    except StageError as error:
        publish(StageFailed(error.stage, error.code, error.message))
        return None
    stack.callback(memory.close)
    if memory.restored is not None:
        publish(StageFailed("remember", "restored", memory.restored))
    return memory


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
