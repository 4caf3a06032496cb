"""The only way in: one route, one turn of a talk, and a token that lives as long as the process.

Loaded by `rasa run --connector channel.FiresideChannel`.
"""

import hmac
import os
from collections.abc import Awaitable, Callable
from typing import Any

from rasa.core.agent import Agent
from rasa.core.channels.channel import CollectingOutputChannel, InputChannel, UserMessage
from sanic import Blueprint, Sanic
from sanic.exceptions import Unauthorized
from sanic.request import Request
from sanic.response import HTTPResponse, json

TOKEN = "FIRESIDE_RASA_TOKEN"
LONGEST_TEXT = 1000
LONGEST_NAME = 100
LARGEST_BODY = 16 * 1024


class FiresideChannel(InputChannel):
    """POST /webhooks/fireside/turn with {"talk", "text"} answers what was meant and what follows.

    {"intent": {"name", "confidence"}, "ranking": [the best three], "messages": [custom, ...]}
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
        async def turn(request: Request) -> HTTPResponse:
            body = request.json
            talk = body.get("talk") if isinstance(body, dict) else None
            text = body.get("text") if isinstance(body, dict) else None
            if not _fits(talk, LONGEST_NAME) or not _fits(text, LONGEST_TEXT):
                return json({"error": "Send JSON with the short texts talk and text."}, 400)
            return json(await _take_turn(request.app.ctx.agent, talk, text))

        return blueprint


def _fits(value: object, longest: int) -> bool:
    return isinstance(value, str) and 0 < len(value.strip()) and len(value) <= longest


async def _take_turn(agent: Agent, talk: str, text: str) -> dict[str, Any]:
    # Rasa takes "/intent{...}" at its word instead of classifying it; nobody says a slash.
    parsed = await agent.parse_message(text.replace("/", " "))
    ranking = parsed["intent_ranking"][:3]
    # The words have done their work. What is kept of the turn is the intent alone.
    parsed = {"text": "", "intent": parsed["intent"], "intent_ranking": ranking, "entities": []}
    heard = CollectingOutputChannel()
    await agent.handle_message(
        UserMessage("", heard, talk, parse_data=parsed, input_channel=FiresideChannel.name())
    )
    return {
        "intent": _named(parsed["intent"]),
        "ranking": [_named(intent) for intent in ranking],
        "messages": [message["custom"] for message in heard.messages if "custom" in message],
    }


def _named(intent: dict[str, Any]) -> dict[str, Any]:
    return {"name": intent["name"], "confidence": round(float(intent["confidence"]), 4)}
