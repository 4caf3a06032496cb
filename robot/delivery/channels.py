"""The ways a message can take. Each is a small class, and fails with one sentence."""

from collections.abc import Mapping
from typing import Protocol

from config.alerts import AlertPlan
from robot.delivery.mail import MailChannel
from robot.delivery.messages import Message
from robot.delivery.mqtt import MqttChannel
from robot.delivery.webhook import WebhookChannel


class Channel(Protocol):
    """One way to reach people. Both raise DeliveryError, or what its library raises."""

    async def send(self, to: str, message: Message) -> None:
        """Hand the message over, and return when it was taken; `to` is an address."""
        ...

    async def reach(self, to: str) -> None:
        """See whether a message could be handed over; send nothing."""
        ...


def outgoing(plan: AlertPlan) -> Mapping[str, Channel]:
    """Return the channels that leave this machine, by name, as far as the home has set them up."""
    channels: dict[str, Channel] = {"webhook": WebhookChannel(plan.webhook)}
    if plan.email is not None:
        channels["email"] = MailChannel(plan.email)
    if plan.mqtt is not None:
        channels["mqtt"] = MqttChannel(plan.mqtt)
    return channels
