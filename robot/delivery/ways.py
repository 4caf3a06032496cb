"""Every way out of this machine, tried: for `fireside check` and `fireside alerts test`."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from config.settings import Settings
from robot.delivery.channels import Channel, outgoing
from robot.delivery.common import DeliveryError
from robot.delivery.courier import SEND_SECONDS
from robot.delivery.messages import trial
from robot.delivery.plan import OUTGOING


@dataclass(frozen=True)
class Way:
    """One person by one channel, and why that did not work, if it did not."""

    person: str
    channel: str
    to: str
    fault: str | None


async def reach_all(settings: Settings) -> list[Way]:
    """See who could be reached; send nothing."""
    return await _each(settings, lambda channel, person, to: channel.reach(to))


async def try_all(settings: Settings) -> list[Way]:
    """Send everybody a message that is marked as a test."""
    return await _each(
        settings, lambda channel, person, to: channel.send(to, trial(person, settings))
    )


async def _each(
    settings: Settings, act: Callable[[Channel, str, str], Awaitable[None]]
) -> list[Way]:
    plan, channels = settings.alerts, outgoing(settings.alerts)
    lead = [plan.safeguarding] if plan.safeguarding is not None else []

    async def way(person: str, name: str, to: str) -> Way:
        try:
            async with asyncio.timeout(SEND_SECONDS):
                await act(channels[name], person, to)
        except TimeoutError:
            return Way(person, name, to, "no answer in time")
        except DeliveryError as error:
            return Way(person, name, to, str(error))
        return Way(person, name, to, None)

    return await asyncio.gather(
        *(
            way(contact.name, name, to)
            for contact in (*plan.people, *lead)
            for name in OUTGOING
            if (to := contact.address(name)) is not None
        )
    )
