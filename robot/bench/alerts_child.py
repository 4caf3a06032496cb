"""The process that `bench alerts` kills: raises alerts, delivers them, and acknowledges them.

It is forked from one that has everything loaded, so that a thousand lives do not take an hour.
"""

import asyncio
import os
import sys
import time
from pathlib import Path

from config.alerts import AlertPlan, Contact, Signing
from config.clock import SystemClock
from config.settings import Home, Robot, Settings
from dialogue.alerts import Alerts
from dialogue.events import AlertDelivered, Event
from robot.delivery.channels import Channel
from robot.delivery.courier import Courier
from robot.delivery.near import PageChannel
from robot.delivery.webhook import WebhookChannel

HOLD_SECONDS = 0.02
"""From a delivery to somebody pressing their name: fast hands, so that there are many chances."""


def nursery() -> None:
    """For each line on standard input one life, until it is killed or has recovered.

    A line is the file, the address, and `recover` or `live`.
    """
    for line in sys.stdin:
        path, address, how = line.split()
        pid = os.fork()
        if pid == 0:
            _tell("born", os.getpid())
            asyncio.run(_live(Path(path), address, how == "recover"))
            os._exit(0)
        os.waitpid(pid, 0)
        _tell("dead", pid)


async def _live(path: Path, address: str, only_recover: bool) -> None:
    began = time.monotonic()
    arrived: dict[int, asyncio.Event] = {}

    def publish(event: Event) -> None:
        if isinstance(event, AlertDelivered) and event.channel == "webhook":
            arrived.setdefault(event.alert, asyncio.Event()).set()

    clock = SystemClock()
    alerts = Alerts(path, clock)
    plan = AlertPlan(people=(Contact(name="Amal", webhook=address),))
    settings = Settings(Home(name="Bench", time_zone="Europe/Berlin"), Robot(), {}, plan)
    near = PageChannel(lambda: True)
    channels: dict[str, Channel] = {
        "webhook": WebhookChannel(Signing()),
        "page": near,
        "robot": near,
    }
    courier = Courier(alerts, settings, channels, clock, publish, lambda alert, by: None)
    left = alerts.open()
    delivered = {each.id for each in left if _has_arrived(courier, each.id)}
    running = asyncio.create_task(courier.run())
    for alert in left:
        if alert.id not in delivered:
            await arrived.setdefault(alert.id, asyncio.Event()).wait()
        alerts.acknowledge(alert.id, "Amal")
    _tell("recovered", len(left), f"{time.monotonic() - began:.6f}")
    while not running.done() and not only_recover:
        alert = alerts.raise_("emergency")
        _tell("raised", alert.uid)
        await arrived.setdefault(alert.id, asyncio.Event()).wait()
        await asyncio.sleep(HOLD_SECONDS)
        alerts.acknowledge(alert.id, "Amal")
        _tell("acknowledged", alert.uid)


def _has_arrived(courier: Courier, alert: int) -> bool:
    told = [each for each in courier.deliveries.of(alert) if each.channel == "webhook"]
    return bool(told) and all(each.delivered_at is not None for each in told)


def _tell(*words: object) -> None:
    print(*words, flush=True)
