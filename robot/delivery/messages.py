"""What is told to people: a call, a confidential message, or a test. Never a resident's words."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from uuid import uuid4

from pydantic import BaseModel, ConfigDict, RootModel

from config.files import read_model
from config.settings import Settings
from dialogue.alerts import LOST, OF_REMINDERS, Alert
from dialogue.deliveries import Delivery

FILE = Path(__file__).parent / "texts.yaml"


class _Texts(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    emergency: str
    other: str
    reminder: str
    alerts_lost: str
    place: str
    come: str
    again: str
    repetition: str
    confidential: str
    test: str
    signed: str


class _Languages(RootModel[Mapping[str, _Texts]]):
    pass


@cache
def texts(language: str) -> _Texts:
    """Return the texts of one of the six languages."""
    return read_model(FILE, _Languages).root[language]


@dataclass(frozen=True)
class Message:
    """One message to one person. The id is the delivery's, and the same when it is repeated.

    `repetition` is True where the receiver may have it already. `facts` are for machines.
    """

    id: str
    subject: str
    text: str
    repetition: bool
    facts: Mapping[str, object]

    def payload(self) -> dict[str, object]:
        """Return what a webhook and an MQTT topic are sent."""
        facts = asdict(self)
        return {**facts.pop("facts"), **facts}


def compose(alert: Alert, delivery: Delivery, settings: Settings) -> Message:
    """Return what is told by this delivery; of a sealed alert, only that there is one."""
    words = texts(settings.home.language)
    repeated = delivery.attempts > 1
    again = [words.repetition] if repeated else []
    if alert.audience == "safeguarding":
        lines = (words.confidential, *again)
        facts: dict[str, object] = {"kind": "confidential"}
        return Message(delivery.id, words.confidential, "\n".join(lines), repeated, facts)
    raised = datetime.fromisoformat(alert.raised_at)
    time = f"{raised.astimezone(settings.home.zone):%H:%M}"
    values = {"robot": settings.robot.name, "time": time, "home": settings.home.name}
    subject = _first(words, alert.category).format(**values)
    place = settings.alerts.place
    lines = (
        subject,
        *([words.place.format(place=place)] if place else []),
        *([words.again.format(number=delivery.step + 1)] if delivery.step else []),
        *again,
        words.come,
        "",
        words.signed.format(**values),
    )
    facts = {
        "kind": "alert",
        "category": alert.category,
        "alert": alert.uid,
        "number": alert.id,
        "raised_at": alert.raised_at,
        "step": delivery.step,
        "to": delivery.recipient,
        "robot": settings.robot.name,
        "home": settings.home.name,
        "place": place,
    }
    return Message(delivery.id, subject, "\n".join(lines), repeated, facts)


def _first(words: _Texts, category: str) -> str:
    """What has happened. Which reminder it is, only the robot's page says: mail is read by many."""
    if category.startswith(OF_REMINDERS):
        return words.reminder
    return {"emergency": words.emergency, LOST: words.alerts_lost}.get(category, words.other)


def trial(to: str, settings: Settings) -> Message:
    """Return a message that is marked as a test in every form it takes."""
    words = texts(settings.home.language)
    values = {"robot": settings.robot.name, "home": settings.home.name, "to": to}
    subject = words.test.format(**values)
    facts = {"kind": "test", "to": to, "robot": settings.robot.name, "home": settings.home.name}
    text = f"{subject}\n\n{words.signed.format(**values)}"
    return Message(str(uuid4()), subject, text, False, facts)
