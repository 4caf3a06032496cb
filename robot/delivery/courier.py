"""Sees to it that alerts reach people, until somebody says that they are coming.

Everything it does follows from the file: what was open when the program ended is taken up again.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from functools import partial

from config.clock import Clock
from config.settings import Settings
from dialogue.alerts import Alert, Alerts
from dialogue.deliveries import Deliveries, Delivery
from dialogue.errors import StageError
from dialogue.events import AlertAcknowledged, AlertDelivered, AlertEscalated, Publish
from robot.delivery.channels import Channel
from robot.delivery.common import SECONDS, DeliveryError
from robot.delivery.messages import compose
from robot.delivery.plan import address, next_person, told

log = logging.getLogger(__name__)

LOOK_SECONDS = 1.0
"""How often it looks for what another process has written, such as `fireside alerts ack`."""
BACK_OFF = (1.0, 2.0, 4.0, 8.0, 15.0, 30.0)
"""Seconds from one attempt to the next; the last one again and again."""
SEND_SECONDS = SECONDS + 2.0


class Courier:
    """Delivers every alert on every channel, tries again, and tells the next person.

    `coming` is called with each alert of the shift and who comes for it.
    """

    def __init__(
        self,
        alerts: Alerts,
        settings: Settings,
        channels: Mapping[str, Channel],
        clock: Clock,
        publish: Publish,
        coming: Callable[[int, str], None],
    ) -> None:
        self._alerts = alerts
        self.deliveries = Deliveries(alerts.file, clock)
        self._settings = settings
        self._channels = channels
        self._clock = clock
        self._publish = publish
        self._coming = coming
        self._open: dict[int, Alert] = {}
        self._step_due: dict[tuple[int, int], float] = {}
        self._tried: dict[str, int] = {}
        self._retry_at: dict[str, float] = {}
        self._arrived: set[str] = set()
        self._under_way: dict[str, asyncio.Task[None]] = {}
        self._wake = asyncio.Event()
        alerts.watch(self._wake.set)

    @property
    def calling(self) -> bool:
        """Whether there is an emergency that nobody has said they come for."""
        return any(alert.category == "emergency" for alert in self._open.values())

    async def run(self) -> None:
        """Deliver until cancelled. Whatever goes wrong is logged, and it goes on."""
        try:
            while True:
                self._wake.clear()
                try:
                    self._look()
                except StageError as error:
                    log.error("Alerts are not delivered: %s", error.message)
                except Exception:
                    log.exception("Alerts are not delivered")
                await self._wait()
        finally:
            tasks = list(self._under_way.values())
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def _look(self) -> None:
        now = {a.id: a for who in ("shift", "safeguarding") for a in self._alerts.open(who)}
        gone, self._open = self._open.keys() - now.keys(), now
        for number in sorted(gone):
            self._acknowledged(self._alerts.get(number))
        for alert in now.values():
            if alert.kind == "alert":
                self._escalate(alert)
        self._send()

    def _acknowledged(self, alert: Alert) -> None:
        self._step_due = {key: due for key, due in self._step_due.items() if key[0] != alert.id}
        if alert.audience == "shift" and alert.acknowledged_by is not None:
            self._publish(AlertAcknowledged(alert.id, alert.acknowledged_by))
            self._coming(alert.id, alert.acknowledged_by)

    def _escalate(self, alert: Alert) -> None:
        """Tell the next person, if it is time: in this process by a stopwatch that never jumps."""
        monotonic = self._clock.monotonic()
        due = self._step_due.setdefault((alert.id, alert.step), monotonic + self._left(alert))
        if due > monotonic:
            return
        step, plan = alert.step + 1, self._settings.alerts
        messages = told(plan, alert, step)
        if not messages or not self.deliveries.plan(alert, messages):
            return
        del self._step_due[alert.id, alert.step]
        person = next_person(plan, step)
        if step and person is not None:
            self._publish(AlertEscalated(alert.id, step, person.name))
        self._wake.set()  # the step that now follows has a time of its own

    def _left(self, alert: Alert) -> float:
        """Seconds until the next step, as far as the time of day can tell."""
        if alert.step_at is None:
            return 0.0
        wait = float(self._settings.alerts.escalate_after_s)
        past = (self._clock.now() - datetime.fromisoformat(alert.step_at)).total_seconds()
        return min(max(wait - past, 0.0), wait)

    def _send(self) -> None:
        now = self._clock.monotonic()
        for delivery in self.deliveries.open():
            waits = self._retry_at.get(delivery.id, now) > now
            if waits or delivery.id in self._under_way or delivery.alert not in self._open:
                continue
            task = asyncio.create_task(self._attempt(self._open[delivery.alert], delivery))
            self._under_way[delivery.id] = task
            task.add_done_callback(partial(self._ended, delivery.id))

    def _ended(self, delivery: str, _task: asyncio.Task[None]) -> None:
        self._under_way.pop(delivery, None)
        self._wake.set()

    async def _attempt(self, alert: Alert, delivery: Delivery) -> None:
        tried = self._tried[delivery.id] = self._tried.get(delivery.id, -1) + 1
        wait = BACK_OFF[min(tried, len(BACK_OFF) - 1)]
        self._retry_at[delivery.id] = self._clock.monotonic() + wait
        counted = delivery if delivery.id in self._arrived else self._counted(delivery)
        if counted is None:
            return
        fault = None
        if delivery.id not in self._arrived:
            fault = await self._handed_over(alert, counted)
        try:
            if fault is not None:
                self.deliveries.failed(counted, fault)
                return
            self._arrived.add(delivery.id)
            self.deliveries.delivered(counted)
        except StageError as error:
            log.error("A delivery could not be noted: %s", error.message)
            return
        self._arrived.discard(delivery.id)
        self._retry_at.pop(delivery.id, None)
        if alert.audience == "shift":
            self._publish(AlertDelivered(alert.id, counted.recipient, counted.channel))

    def _counted(self, delivery: Delivery) -> Delivery | None:
        try:
            return self.deliveries.attempt(delivery)
        except StageError as error:
            # A full disk must not keep a call from going out. It may go out twice, and says so.
            log.error("An attempt could not be counted: %s", error.message)
            return replace(delivery, attempts=delivery.attempts + 2)

    async def _handed_over(self, alert: Alert, delivery: Delivery) -> str | None:
        """Return why it was not taken, or None."""
        channel = self._channels.get(delivery.channel)
        to = address(self._settings.alerts, alert, delivery.recipient, delivery.channel)
        if channel is None or to is None:
            return "the home's settings no longer name this way"
        try:
            async with asyncio.timeout(SEND_SECONDS):
                await channel.send(to, compose(alert, delivery, self._settings))
        except TimeoutError:
            fault = "no answer in time"
        except DeliveryError as error:
            fault = str(error)
        except Exception as error:
            fault = type(error).__name__
            log.error("The channel %s fails: %s", delivery.channel, fault)
        else:
            return None
        if alert.audience == "shift" and fault != delivery.fault:
            log.warning("Alert %d, %s: %s", alert.id, delivery.channel, fault)
        return fault

    async def _wait(self) -> None:
        now = self._clock.monotonic()
        moments = [*self._step_due.values(), *self._retry_at.values()]
        later = [moment - now for moment in moments if moment > now]
        waits = [
            asyncio.create_task(self._wake.wait()),
            asyncio.create_task(self._clock.sleep(min([*later, LOOK_SECONDS]))),
        ]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
