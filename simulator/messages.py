"""What pages and program say to each other over the websocket, as JSON."""

import json
import re
from collections.abc import Mapping
from dataclasses import asdict
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, TypeAdapter, ValidationError

from dialogue.events import Event
from dialogue.memory.presence import Others

LONGEST_TEXT = 1000

Number = Annotated[int, Field(ge=0, lt=2**53)]
Text = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=LONGEST_TEXT)
]


class _Message(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Say(_Message):
    """The person has typed something."""

    type: Literal["say"]
    text: Text


class Stop(_Message):
    """The stop button."""

    type: Literal["stop"]


class Resume(_Message):
    """The robot may start again."""

    type: Literal["resume"]


class Acknowledge(_Message):
    """Somebody is coming."""

    type: Literal["acknowledge"]
    alert: Number
    by: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=40)]


class TellOthers(_Message):
    """Staff say whether others are with the person."""

    type: Literal["others"]
    others: Others


class SwitchMicrophone(_Message):
    """The page's microphone goes on, at `rate` samples a second, or off."""

    type: Literal["microphone"]
    on: bool
    rate: Annotated[int, Field(ge=8_000, le=192_000)] = 48_000


class SwitchSound(_Message):
    """The page can make sound, or no longer; with `take` it makes the sound from now on."""

    type: Literal["sound"]
    on: bool
    take: bool = False


class Started(_Message):
    """The first sample of a sentence has left the page."""

    type: Literal["started"]
    id: Number


class Ended(_Message):
    """A sentence has ended; `seconds` of it sounded."""

    type: Literal["ended"]
    id: Number
    seconds: Annotated[float, Field(ge=0, lt=3600)]


FromPage = (
    Say
    | Stop
    | Resume
    | Acknowledge
    | TellOthers
    | SwitchMicrophone
    | SwitchSound
    | Started
    | Ended
)

_reader: TypeAdapter[FromPage] = TypeAdapter(Annotated[FromPage, Field(discriminator="type")])


class RefusedError(ValueError):
    """A message is not understood; the text is a sentence for whoever wrote it."""


def read(text: str) -> FromPage:
    """Return the message. Raises RefusedError."""
    try:
        return _reader.validate_json(text)
    except ValidationError as error:
        fault = error.errors(include_url=False, include_input=False)[0]
    match fault["type"]:
        case "json_invalid":
            raise RefusedError("The message is not JSON.")
        case "union_tag_invalid" | "union_tag_not_found":
            raise RefusedError("The message's type is missing or unknown.")
        case "string_too_long":
            raise RefusedError(f"Please say it in {LONGEST_TEXT} characters or fewer.")
    field = ".".join(str(part) for part in fault["loc"][1:]) or "the message"
    raise RefusedError(f"Not understood: {field}: {fault['msg'].lower()}.")


def event_message(event: Event) -> dict[str, object]:
    """Return the event as a page is told it: `UtteranceHeard` has the type `utterance_heard`."""
    name = re.sub(r"(?<!^)(?=[A-Z])", "_", type(event).__name__).lower()
    return {"type": name, **asdict(event)}


def written(message: Mapping[str, object]) -> str:
    """Return the message as JSON."""
    return json.dumps(message, ensure_ascii=False, separators=(",", ":"))
