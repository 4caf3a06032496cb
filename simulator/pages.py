"""One open page: what waits to be sent to it, and what a page that comes late must know."""

import asyncio
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import NamedTuple

from starlette.websockets import WebSocket

from dialogue.events import (
    AlertAcknowledged,
    AlertDelivered,
    AlertEscalated,
    AlertRaised,
    EngineChanged,
    Event,
    PartialHeard,
    ReplyDecided,
    SpeechEnded,
    SpeechStarted,
    StateChanged,
    UtteranceHeard,
)
from dialogue.memory.rights import FORGET_TURN
from simulator.messages import event_message, written

WAITING = 200
"""Messages that may wait for a slow page."""

REMEMBERED = 200
"""Events of the talk that a page which comes late is told."""

MOST_TOLD = 20
"""Messages about one open alert that such a page is told."""


class Waiting(NamedTuple):
    """A message on its way to a page, and the samples that follow it."""

    text: str
    samples: bytes | None = None


class Page:
    """One open page. `can_sound` once its loudspeaker is unlocked."""

    def __init__(self, present: Callable[[], Mapping[str, object]]) -> None:
        self.can_sound = False
        self._present = present
        self._waiting: deque[Waiting] = deque()
        self._more = asyncio.Event()

    def send(self, message: Mapping[str, object], samples: bytes | None = None) -> None:
        """Send soon; never waits. A page that is too far behind starts anew from the present."""
        if len(self._waiting) >= WAITING:
            self._waiting.clear()
            self._waiting.append(Waiting(written(self._present())))
        self._waiting.append(Waiting(written(message), samples))
        self._more.set()

    async def send_to(self, websocket: WebSocket) -> None:
        """Send what waits, and what comes, until cancelled."""
        while True:
            await self._more.wait()
            self._more.clear()
            while self._waiting:
                text, samples = self._waiting.popleft()
                await websocket.send_text(text)
                if samples is not None:
                    await websocket.send_bytes(samples)


class Present:
    """What is so now: the state, the parts, open alerts and the last of the talk. Memory only."""

    def __init__(self) -> None:
        self._state = StateChanged("idle")
        self._parts: dict[str, EngineChanged] = {}
        self._alerts: dict[int, list[Event]] = {}
        self._talk: deque[Event] = deque(maxlen=REMEMBERED)

    def note(self, event: Event) -> None:
        """Keep what a page that comes late must know."""
        match event:
            case StateChanged():
                self._state = event
            case EngineChanged(part=part):
                self._parts[part] = event
            case AlertRaised(alert=alert):
                self._alerts[alert] = [event]
            case AlertDelivered(alert=alert) | AlertEscalated(alert=alert):
                self._told(alert, event)
            case AlertAcknowledged(alert=alert):
                self._alerts.pop(alert, None)
            case SpeechStarted() | SpeechEnded() | PartialHeard():
                pass
            case ReplyDecided(actions=actions) if FORGET_TURN.name in actions:
                self._forget_turns(2)
                self._talk.append(replace(event, actions=()))
            case _:
                self._talk.append(event)

    def _forget_turns(self, count: int) -> None:
        """The person has asked to forget what was said: drop it, and the words that asked."""
        while count and self._talk:
            count -= isinstance(self._talk.pop(), UtteranceHeard)

    def messages(self) -> list[dict[str, object]]:
        """Return it as messages, in the order a page should take them."""
        alerts = [event for events in self._alerts.values() for event in events]
        events = [*self._parts.values(), *alerts, *self._talk, self._state]
        return [event_message(event) for event in events]

    def _told(self, alert: int, event: Event) -> None:
        """Keep the last of who was told; an alert may be open all night."""
        told = self._alerts.get(alert, [])
        if event not in told:
            told.append(event)
        del told[1:-MOST_TOLD]
