"""Golden conversations: the same talks with the keyword dialogue and with the trained engine."""

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from pydantic import BaseModel, ConfigDict, RootModel

from config.clock import SystemClock
from config.files import read_model
from dialogue.decisions import Dialogue
from dialogue.keywords import KeywordDialogue
from dialogue.rasa_client import RasaDialogue
from dialogue.rasa_process import RasaProcess
from dialogue.training import trained_model
from tests.room import FLOWS, KEYWORDS, Room, one_of

pytestmark = pytest.mark.asyncio(loop_scope="module")


class Expected(BaseModel):
    model_config = ConfigDict(extra="forbid")
    hear: str
    says: list[str] | None = None
    intent: str | None = None
    safety: str | None = None
    actions: list[str] = []
    alerts: list[str] | None = None


class Talk(BaseModel):
    model_config = ConfigDict(extra="forbid")
    name: str
    language: str = "en"
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


def said_by(sentence: str, key: str, language: str) -> bool:
    """Whether the phrasebook has the sentence under that key, whatever fills its placeholders."""
    patterns = (re.sub(r"\\{\w+\\}", ".+", re.escape(text)) for text in one_of(key, language))
    return any(re.fullmatch(pattern, sentence) for pattern in patterns)


async def run(talk: Talk, room: Room) -> None:
    for turn in talk.turns:
        result = await room.hears(turn.hear)
        reply = result.reply
        assert reply.phrases, turn.hear
        for sentence in reply.sentences if turn.says is not None else ():
            keys = turn.says or []
            assert any(said_by(sentence, key, talk.language) for key in keys), (
                f"{turn.hear!r} was answered with {sentence!r}, which is none of {keys}"
            )
        assert result.safety == turn.safety, turn.hear
        assert [action.name for action in reply.actions] == turn.actions, turn.hear
        if turn.intent is not None:
            assert reply.intent == turn.intent, turn.hear
        if turn.alerts is not None:
            assert [alert.category for alert in room.alerts.open()] == turn.alerts, turn.hear


@pytest.mark.parametrize("talk", TALKS, ids=lambda talk: talk.name)
async def test_with_keywords(talk: Talk, tmp_path: Path) -> None:
    await run(talk, Room(tmp_path, KeywordDialogue(KEYWORDS, FLOWS), talk.language))


@pytest.mark.rasa
@pytest.mark.parametrize("talk", TALKS, ids=lambda talk: talk.name)
async def test_with_rasa(talk: Talk, rasa: Dialogue, tmp_path: Path) -> None:
    room = Room(tmp_path, rasa, talk.language)
    room.person.key = talk.name  # each talk has a tracker of its own
    await run(talk, room)
