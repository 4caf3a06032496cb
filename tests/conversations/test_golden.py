"""Golden conversations: the same talks with the keyword dialogue and with the trained engine."""

import asyncio
import random
import re
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator, Mapping
from functools import cache
from pathlib import Path

import pytest
import pytest_asyncio
from pydantic import BaseModel, ConfigDict, RootModel

from config.clock import SystemClock
from config.files import read_model
from config.settings import Resident
from dialogue.decisions import Dialogue
from dialogue.flow_files import FULL, ITEMS
from dialogue.keywords import KeywordDialogue
from dialogue.rasa_client import RasaDialogue
from dialogue.rasa_process import RasaProcess
from dialogue.rotation import IN_MEMORY, Rotation
from dialogue.training import trained_model
from tests.fakes import FakeClock
from tests.room import FLOWS, KEYWORDS, Room, book

pytestmark = pytest.mark.asyncio(loop_scope="module")


class Expected(BaseModel):
    """A turn, or that nobody says anything for so many seconds."""

    model_config = ConfigDict(extra="forbid")
    hear: str | None = None
    silent: float = 0
    says: list[str] | None = None
    intent: str | None = None
    safety: str | None = None
    may_be: str | None = None
    """A class of danger that it may well be taken for; then that is answered."""
    actions: list[str] = []
    alerts: list[str] | None = None


class Talk(BaseModel):
    """One talk; with `keywords: false` only the trained engine understands it."""

    model_config = ConfigDict(extra="forbid")
    name: str
    language: str = "en"
    resident: Resident | None = None
    keywords: bool = True
    turns: list[Expected]


class Talks(RootModel[list[Talk]]):
    pass


TALKS = [
    talk
    for path in sorted(Path(__file__).parent.glob("*.yaml"))
    for talk in read_model(path, Talks).root
]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def rasa() -> AsyncIterator[Dialogue]:
    model = trained_model()
    if model is None:
        pytest.skip("Rasa is not trained; run make setup.")
    process = RasaProcess(model, SystemClock(), lambda *_: None)
    await process.start()
    await asyncio.wait_for(process.wait_ready(), 100)
    client = RasaDialogue(process, FLOWS, timeout=10)
    yield client
    await client.close()
    await process.close()


@cache
def patterns(language: str) -> Mapping[str, list[re.Pattern[str]]]:
    """Everything the phrasebook can say, by its key, whatever fills the placeholders."""
    found = defaultdict(list)
    rotation = Rotation(IN_MEMORY, FakeClock(), random.Random(1), days=1)
    for key, variant in book(rotation).every(language):
        for phrase in variant.phrases:
            text = re.sub(r"\\{\w+\\}", ".+", re.escape(phrase.text))
            found[key].append(re.compile(text))
    for name, flow in FLOWS.all.items() if language in FULL else ():  # a flow stands for its keys
        parts = [f"{name}.items.{part}" for part in (flow.items.parts if flow.items else ())]
        found[name] += [pattern for key in (*flow.words, *parts) for pattern in found[key]]
    return found


def meant(key: str) -> Iterator[str]:
    """The keys a key stands for: one that is a choice stands for all it chooses among."""
    step = FLOWS.steps.get(key)
    if step is None or step.choose is None:
        yield key
        return
    offers = [first for first, _ in FLOWS.offers(gentle=False)]
    for name in [key, *offers] if step.choose == "offers" else step.choose:
        flow = FLOWS.flow_of(name)
        for said in flow.keys(name):
            if said.startswith(ITEMS):
                yield f"{FLOWS.name_of(name)}.{said}"
            elif said == name == key:
                yield key
            else:
                yield from meant(said)


def check(said: list[str], turn: Expected, language: str) -> None:
    """Every sentence must be one of what may be said."""
    for sentence in said if turn.says is not None else ():
        assert any(
            pattern.fullmatch(sentence)
            for name in turn.says or ()
            for key in meant(name)
            for pattern in patterns(language)[key]
        ), f"{turn.hear!r} was answered with {sentence!r}, which is none of {turn.says}"


async def run(talk: Talk, room: Room) -> None:
    for turn in talk.turns:
        if turn.hear is None:
            room.speaker.said.clear()
            await room.clock.advance(turn.silent)
            assert room.speaker.said
            check(room.speaker.said, turn, talk.language)
            continue
        result = await room.hears(turn.hear)
        reply = result.reply
        assert reply.phrases, turn.hear
        if turn.may_be is not None and result.safety == turn.may_be:
            return  # from here on it is another talk
        assert result.safety == turn.safety, turn.hear
        if turn.intent is not None:
            assert reply.intent == turn.intent, turn.hear
        check(list(reply.sentences), turn, talk.language)
        assert [action.name for action in reply.actions] == turn.actions, turn.hear
        if turn.alerts is not None:
            assert [alert.category for alert in room.alerts.open()] == turn.alerts, turn.hear


@pytest.mark.parametrize(
    "talk", [talk for talk in TALKS if talk.keywords], ids=lambda talk: talk.name
)
async def test_with_keywords(talk: Talk, tmp_path: Path) -> None:
    await run(
        talk,
        Room(tmp_path, KeywordDialogue(KEYWORDS, FLOWS), talk.language, resident=talk.resident),
    )


@pytest.mark.rasa
@pytest.mark.parametrize("talk", TALKS, ids=lambda talk: talk.name)
async def test_with_rasa(talk: Talk, rasa: Dialogue, tmp_path: Path) -> None:
    room = Room(tmp_path, rasa, talk.language, resident=talk.resident)
    room.person.key = talk.name  # each talk has a tracker of its own
    await run(talk, room)
