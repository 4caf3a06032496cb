"""The only way in: one route, one turn of a talk, and a token that lives as long as the process.

The controller says with every turn what was said last and what counts as an answer to it, so that a
talk goes on rightly whoever spoke before: Rasa, the keywords, or the silence.

Loaded by `rasa run --connector channel.FiresideChannel`.
"""

import hmac
import os
from collections.abc import Awaitable, Callable
from typing import Any

from pydantic import BaseModel, ValidationError, conlist, constr
from rasa.core.agent import Agent
from rasa.core.channels.channel import CollectingOutputChannel, InputChannel, UserMessage
from rasa.shared.core.constants import ACTION_LISTEN_NAME
from rasa.shared.core.events import ActionExecuted
from sanic import Blueprint, Sanic
from sanic.exceptions import Unauthorized
from sanic.request import Request
from sanic.response import HTTPResponse, json

TOKEN = "FIRESIDE_RASA_TOKEN"
RANKED = 5
LARGEST_BODY = 16 * 1024


NOTHING = "nothing_said"
ANY = "any_answer"
FALLBACK = "nlu_fallback"


class Guess(BaseModel):
    """What the recogniser may have heard, with its confidence from 0 to 1."""

    text: constr(strip_whitespace=True, min_length=1, max_length=1000)
    confidence: float = 1.0


class Turn(BaseModel):
    """POST this to /webhooks/fireside/turn.

    `after` is the step said last. Where it asks openly, `answers` are the intents that simply
    answer it, and so is every other that is less sure than `sure`, unless `expected` there.
    """

    talk: constr(min_length=1, max_length=100)
    guesses: conlist(Guess, min_items=1, max_items=5)
    after: str | None = None
    answers: frozenset[str] = frozenset()
    expected: frozenset[str] = frozenset()
    sure: float = 0.0


class FiresideChannel(InputChannel):
    """Answers what was meant and what follows.

    {"intent": {"name", "confidence"}, "ranking": [the best five], "messages": [custom, ...]}
    """

    @classmethod
    def name(cls) -> str:
        return "fireside"

    def blueprint(self, on_new_message: Callable[[UserMessage], Awaitable[Any]]) -> Blueprint:
        blueprint = Blueprint("fireside")
        expected = f"Bearer {os.environ[TOKEN]}".encode()

        async def refuse_strangers(request: Request) -> None:
            given = request.headers.get("authorization", "").encode()
            if not hmac.compare_digest(given, expected):
                raise Unauthorized("This needs the controller's token.")

        # For the whole server, so that Rasa's own greeting at "/" is closed as well.
        @blueprint.listener("before_server_start")
        async def close(app: Sanic, _: object) -> None:
            app.config.REQUEST_MAX_SIZE = LARGEST_BODY
            app.register_middleware(refuse_strangers, "request")

        @blueprint.post("/turn")
        async def take(request: Request) -> HTTPResponse:
            try:
                turn = Turn.parse_obj(request.json)
            except ValidationError:
                return json({"error": "Send JSON with the short texts talk and guesses."}, 400)
            return json(await _take_turn(request.app.ctx.agent, turn))

        return blueprint


async def _take_turn(agent: Agent, turn: Turn) -> dict[str, Any]:
    ranking = await _understood(agent, turn)
    meant = ranking[0]
    # The words have done their work. What is kept of the turn is the intent alone.
    intent = {**meant, "name": ANY} if _answers(meant, turn) else meant
    parsed = {"text": "", "intent": intent, "intent_ranking": ranking, "entities": []}
    heard = CollectingOutputChannel()
    await _say_what_was_said(agent, turn)
    await agent.handle_message(
        UserMessage("", heard, turn.talk, parse_data=parsed, input_channel=FiresideChannel.name())
    )
    return {
        "intent": _named(meant),
        "ranking": [_named(intent) for intent in ranking[:RANKED]],
        "messages": [message["custom"] for message in heard.messages if "custom" in message],
    }


def _answers(meant: dict[str, Any], turn: Turn) -> bool:
    """Whether this is an answer to an open question, and not a wish of its own."""
    unsure = meant["confidence"] < turn.sure and meant["name"] not in turn.expected
    return meant["name"] in turn.answers or (bool(turn.answers) and unsure)


async def _understood(agent: Agent, turn: Turn) -> list[dict[str, Any]]:
    """Return the ranking of the first guess that is understood, or else of the best one."""
    rankings = []
    for guess in turn.guesses:
        # Rasa takes "/intent{...}" at its word instead of classifying it; nobody says a slash.
        text = guess.text.replace("/", " ")
        said = any(char.isalnum() for char in text)
        parsed = await agent.parse_message(text) if said else {"intent_ranking": []}
        rankings.append(parsed["intent_ranking"] or [{"name": FALLBACK, "confidence": 0.0}])
        if rankings[-1][0]["name"] != FALLBACK:
            return rankings[-1]
    return rankings[0]


async def _say_what_was_said(agent: Agent, turn: Turn) -> None:
    """Tell the tracker what the robot said last, which need not be what Rasa decided last."""
    tracker = await agent.processor.fetch_tracker_and_update_session(turn.talk)
    said = f"utter_{turn.after}" if turn.after else ""
    known = said in agent.domain.action_names_or_texts
    tracker.update(ActionExecuted(said if known else NOTHING))
    tracker.update(ActionExecuted(ACTION_LISTEN_NAME))
    await agent.tracker_store.save(tracker)


def _named(intent: dict[str, Any]) -> dict[str, Any]:
    return {"name": intent["name"], "confidence": round(float(intent["confidence"]), 4)}
