"""The one page that makes the robot's sound, and the sentences that sound in it."""

import asyncio
from weakref import WeakValueDictionary

from robot.driver import DriverLostError
from simulator.pages import Page


class Sounding:
    """One sentence in one page. Both waits raise DriverLostError when the page goes away."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self._started = asyncio.Event()
        self._ended = asyncio.Event()
        self._seconds = 0.0
        self._lost = False

    def start(self) -> None:
        """The page reports the first sample."""
        self._started.set()

    def end(self, seconds: float) -> None:
        """The page reports the last sample."""
        self._seconds = seconds
        self._started.set()
        self._ended.set()

    def lose(self) -> None:
        """The page has gone away."""
        self._lost = True
        self._started.set()
        self._ended.set()

    async def started(self) -> None:
        """Return when the first sample has left."""
        await self._started.wait()
        self._check()

    async def ended(self) -> float:
        """Return when the sound has ended, with the seconds that sounded."""
        await self._ended.wait()
        self._check()
        return self._seconds

    def _check(self) -> None:
        if self._lost:
            raise DriverLostError("The page that made the sound was closed or turned it off.")


class Loudspeaker:
    """Decides which page makes sound: the first that can, until another one takes over."""

    def __init__(self) -> None:
        self.page: Page | None = None
        # A sentence nobody waits for any more is forgotten by itself.
        self._soundings: WeakValueDictionary[int, Sounding] = WeakValueDictionary()

    def offer(self, page: Page, take: bool) -> None:
        """A page can make sound; with `take` it makes the sound from the next sentence on."""
        page.can_sound = True
        if take or self.page is None:
            self.page = page

    def withdraw(self, page: Page, others: list[Page]) -> None:
        """A page can no longer make sound; another one that can does so instead."""
        page.can_sound = False
        if self.page is page:
            self.page = next((other for other in others if other.can_sound), None)
        for sounding in list(self._soundings.values()):
            if sounding.page is page:
                sounding.lose()

    def begin(self, number: int) -> Sounding | None:
        """Begin a sentence of that number; None while no page makes sound."""
        if self.page is None:
            return None
        sounding = Sounding(self.page)
        self._soundings[number] = sounding
        return sounding

    def find(self, number: int, page: Page) -> Sounding | None:
        """Return the sentence if it sounds in this page."""
        sounding = self._soundings.get(number)
        return sounding if sounding is not None and sounding.page is page else None
