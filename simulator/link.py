"""Where the open pages and the program meet: events and speech out, words and sound in."""

import asyncio
import logging
from collections.abc import Coroutine, Mapping, Sequence
from typing import Any, Literal, Protocol

from starlette.websockets import WebSocket

from dialogue.events import Event
from dialogue.memory.presence import Others
from simulator.loudspeaker import Loudspeaker, Sounding
from simulator.messages import (
    Acknowledge,
    Ended,
    FromPage,
    RefusedError,
    Resume,
    Say,
    Started,
    Stop,
    SwitchMicrophone,
    SwitchSound,
    TellOthers,
    event_message,
    read,
)
from simulator.microphone import BrowserMicrophone
from simulator.pages import Page, Present

log = logging.getLogger(__name__)

MOST_PAGES = 16
MOST_COMMANDS = 32
"""Commands that may be under way at once; a talk has one or two."""


class Commands(Protocol):
    """What a page may ask of the program."""

    async def arrived(self) -> None:
        """Somebody is in front of the robot, and can be talked to."""
        ...

    async def say(self, text: str) -> None:
        """Take typed words through the corridor."""
        ...

    async def stop(self) -> None:
        """Stop everything at once."""
        ...

    async def resume(self) -> None:
        """Go on after a stop."""
        ...

    async def acknowledge(self, alert: int, by: str) -> None:
        """Somebody is coming."""
        ...

    def others(self, others: Others) -> None:
        """Staff say whether others are with the person: until now, only they may know."""
        ...


class SimulatorLink:
    """All open pages. It is the `Screen` of the simulator's driver and holds its microphone.

    `audio` tells the pages whether sound is theirs to offer, or a sound card's; `staff` are who may
    be coming when there is an alert, `place` where the robot stands.
    """

    def __init__(
        self,
        commands: Commands,
        name: str,
        language: str,
        audio: Literal["browser", "device"] = "browser",
        staff: Sequence[str] = (),
        place: str = "",
    ) -> None:
        self.microphone = BrowserMicrophone()
        self._commands = commands
        # With a sound card the robot speaks to the room, whether or not a page is open.
        self._meets_on_page = audio == "browser"
        self._met = False
        self._others: Others = "unknown"
        self._robot = {
            **{"name": name, "language": language, "audio": audio},
            **{"staff": list(staff), "place": place},
        }
        self._pages: list[Page] = []
        self._present = Present()
        self._loudspeaker = Loudspeaker()
        self._listening: Page | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def watched(self) -> bool:
        """Whether a page is open."""
        return bool(self._pages)

    def publish(self, event: Event) -> None:
        """Tell every page; never waits."""
        self.show(event_message(event))
        self._present.note(event)

    def show(self, message: Mapping[str, object]) -> None:
        """Send to every page; never waits."""
        for page in self._pages:
            page.send(message)

    def sound(self, number: int, message: Mapping[str, object], pcm: bytes) -> Sounding | None:
        """Send to every page, and the samples to the one that makes sound; None if none does."""
        sounding = self._loudspeaker.begin(number)
        for page in self._pages:
            if sounding is not None and page is sounding.page:
                page.send({**message, "sound": True}, pcm)
            else:
                page.send({**message, "sound": False})
        return sounding

    async def serve(self, websocket: WebSocket) -> None:
        """Talk to one page until it goes away."""
        await websocket.accept()
        if len(self._pages) >= MOST_PAGES:
            await websocket.close(1013, "Too many pages are open; close one.")
            return
        page = Page(self._welcome)
        page.send(self._welcome())
        self._pages.append(page)
        self._tell_devices()
        sending = asyncio.create_task(page.send_to(websocket))
        try:
            await self._receive(page, websocket)
        finally:
            sending.cancel()
            self._leave(page)
            await asyncio.gather(sending, return_exceptions=True)

    async def close(self) -> None:
        """End what pages have asked for. Never raises; may be called twice."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.microphone.close()

    async def _receive(self, page: Page, websocket: WebSocket) -> None:
        while (frame := await websocket.receive())["type"] == "websocket.receive":
            try:
                if frame.get("text") is not None:
                    self._obey(page, read(frame["text"]))
                elif page is self._listening:
                    self.microphone.push(frame["bytes"])
            except ValueError as error:
                page.send({"type": "refused", "message": str(error)})

    def _obey(self, page: Page, message: FromPage) -> None:
        match message:
            case Stop():
                self._begin(self._commands.stop())
            case Say(text=text):
                if len(self._tasks) >= MOST_COMMANDS:
                    raise RefusedError("Too much at once; wait for an answer first.")
                self._meet()
                self._begin(self._commands.say(text))
            case Resume():
                self._begin(self._commands.resume())
            case Acknowledge(alert=alert, by=by):
                self._begin(self._commands.acknowledge(alert, by))
            case TellOthers(others=others):
                self._others = others
                self._commands.others(others)
                self.show({"type": "others", "others": others})
            case SwitchMicrophone(on=on, rate=rate):
                if on:
                    self._meet()
                self._switch_microphone(page, rate if on else None)
            case SwitchSound(on=True, take=take):
                self._loudspeaker.offer(page, take)
                self._tell_devices()
                self._meet()
            case SwitchSound(on=False):
                self._loudspeaker.withdraw(page, self._pages)
                self._tell_devices()
            case Started(id=number):
                if sounding := self._loudspeaker.find(number, page):
                    sounding.start()
            case Ended(id=number, seconds=seconds):
                if sounding := self._loudspeaker.find(number, page):
                    sounding.end(seconds)

    def _meet(self) -> None:
        if self._meets_on_page and not self._met:
            self._met = True
            self._begin(self._commands.arrived())

    def _switch_microphone(self, page: Page, rate: int | None) -> None:
        if rate is not None:
            self._listening = page
            self.microphone.open(rate)
        elif self._listening is page:
            self._listening = None
            self.microphone.pause()
        self._tell_devices()

    def _leave(self, page: Page) -> None:
        self._pages.remove(page)
        self._loudspeaker.withdraw(page, self._pages)
        self._switch_microphone(page, None)
        self._met = self._met and bool(self._pages)

    def _welcome(self) -> dict[str, object]:
        told = {**self._robot, "others": self._others}
        return {"type": "welcome", **told, "events": self._present.messages()}

    def _tell_devices(self) -> None:
        for page in self._pages:
            page.send(
                {
                    "type": "devices",
                    "sound": _place(self._loudspeaker.page, page),
                    "microphone": _place(self._listening, page),
                }
            )

    def _begin(self, command: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(command)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("What a page asked for has failed", exc_info=error)


def _place(holder: Page | None, page: Page) -> str:
    if holder is None:
        return "nowhere"
    return "here" if holder is page else "elsewhere"
