"""Asking Rasa what was meant and what happens next."""

import asyncio
from typing import Any, NoReturn, Protocol

import httpx
from pydantic import BaseModel, ConfigDict, ValidationError

from dialogue.decisions import Decision
from dialogue.errors import StageError
from dialogue.flows import Flows
from dialogue.rasa_process import Endpoint
from dialogue.replies import Action, Utterance

MOST_GUESSES = 5
LONGEST_TEXT = 1000
"""What the engine takes of an utterance, in characters; nobody says more in one breath."""


class Engine(Protocol):
    """The process that answers, as far as asking it is concerned."""

    @property
    def endpoint(self) -> Endpoint | None:
        """Where to ask, or None while it is not ready."""
        ...

    def suspect(self) -> None:
        """Take note that an answer did not come in time."""
        ...


class _Intent(BaseModel):
    name: str
    confidence: float


class _Message(BaseModel):
    model_config = ConfigDict(extra="forbid")

    say: str | None = None
    do: str | None = None
    value: str | None = None


class _Answer(BaseModel):
    intent: _Intent
    ranking: list[_Intent]
    messages: list[_Message]


class RasaDialogue:
    """The dialogue engine of the running Rasa; each question takes `timeout` seconds at most."""

    def __init__(self, process: Engine, flows: Flows, timeout: float = 3.0) -> None:
        self._process = process
        self._flows = flows
        self._timeout = timeout
        self._client = httpx.AsyncClient(trust_env=False, timeout=None)

    async def decide(self, utterance: Utterance, talk: str, after: str | None) -> Decision:
        """Decide on one utterance. Raises StageError when Rasa does not answer as it should."""
        endpoint = self._process.endpoint
        if endpoint is None:
            _fail("not_ready", "Rasa is not ready.")
        response = await self._ask(endpoint, self._turn(utterance, talk, after))
        if not response.is_success:
            _fail("refused", f"Rasa answered with status {response.status_code}.")
        try:
            answer = _Answer.model_validate_json(response.content)
        except ValidationError as error:
            message = "Rasa's answer is not of the agreed form."
            raise StageError("understand", "bad_answer", message) from error
        return self._decision(answer, utterance.language)

    async def close(self) -> None:
        """Close the connection; the process is closed by whoever started it."""
        await self._client.aclose()

    def _turn(self, utterance: Utterance, talk: str, after: str | None) -> dict[str, Any]:
        wish = self._flows.wishes(utterance.text, utterance.language)
        guesses = [
            {"text": _readable(guess.text), "confidence": guess.confidence}
            for guess in utterance.guesses[:MOST_GUESSES]
            if guess.text.strip()
        ]
        return {
            "talk": talk,
            "guesses": guesses or [{"text": "..."}],
            "after": after,
            "answers": sorted(self._flows.any_answers(after, wish)),
        }

    def _decision(self, answer: _Answer, language: str) -> Decision:
        say = [message.say for message in answer.messages if message.say]
        do = tuple(Action(m.do, m.value) for m in answer.messages if m.do)
        if not say:
            _fail("no_decision", "Rasa has decided nothing.")
        intent, confidence = answer.intent.name, answer.intent.confidence
        step = self._flows.speakable(say[-1], intent, language)
        ranking = tuple((other.name, other.confidence) for other in answer.ranking)
        return Decision("rasa", intent, confidence, step, do, ranking)

    async def _ask(self, endpoint: Endpoint, turn: dict[str, Any]) -> httpx.Response:
        try:
            async with asyncio.timeout(self._timeout):
                return await self._client.post(endpoint.url, json=turn, headers=endpoint.headers)
        except TimeoutError as error:
            self._process.suspect()
            message = f"Rasa did not answer within {self._timeout:g} s."
            raise StageError("understand", "timeout", message) from error
        except httpx.HTTPError as error:
            self._process.suspect()
            message = "Rasa cannot be reached."
            raise StageError("understand", "unreachable", message) from error


def _readable(text: str) -> str:
    """Half a character pair cannot be sent, and is nothing that was said."""
    return text[:LONGEST_TEXT].encode(errors="replace").decode()


def _fail(code: str, message: str) -> NoReturn:
    raise StageError("understand", code, message)
