"""The process that `bench reminders` kills: days of reminders in seconds, on a clock of its own.

What it prints is what the world hears: a line for each time something is said, and for each
promise. It is forked from one that has everything loaded.
"""

import asyncio
import json
import logging
import os
import random
import resource
import signal
import sys
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from config.reminders import Reminder
from config.settings import Home
from dialogue.alerts import Alerts
from dialogue.errors import StageError
from dialogue.reminders.agenda import AgendaFiles, CalendarFiles
from dialogue.reminders.ledger import Occurrence
from dialogue.reminders.recovery import open_ledger
from dialogue.reminders.scheduler import Scheduler

HOME = Home.model_validate(
    {
        "name": "Bench",
        "time_zone": "Europe/Berlin",
        "quiet_hours": {"start": "22:00", "end": "06:30"},
    }
)
RESIDENTS = ("rosa", "anna")
STEPS_S = (1, 5, 30, 60, 240)
"""By how much time goes on between two looks."""
JUMPS_S = (-7200, -30, 30, 5400)
"""By how much the clock is put wrong or right, in the middle of a life."""
JUMP, CANCEL, ROOM = 0.002, 0.003, 0.02
"""How often in a step: the clock jumps, staff cancel what is open, a full disk has room again."""


@dataclass
class SteppedClock:
    """A clock that goes on when it is told to."""

    moment: datetime

    def now(self) -> datetime:
        """Return the present moment, aware, in UTC."""
        return self.moment

    def monotonic(self) -> float:
        """Return seconds since 1970."""
        return self.moment.timestamp()

    async def sleep(self, seconds: float) -> None:
        """Go on at once."""
        self.moment += timedelta(seconds=seconds)


class Life:
    """One life of the program, from its start to its end or a kill."""

    def __init__(self, folder: Path, order: dict[str, Any]) -> None:
        self.folder = folder
        self.clock = SteppedClock(datetime.fromisoformat(order["start"]))
        self.chance = random.Random(order["seed"])
        self.full = bool(order["full"])
        self.began: float | None = time.monotonic()
        path = folder / "reminders.db"
        self.ledger = open_ledger(path, self.clock, None, lambda error: _tell("damaged"))
        alerts = Alerts(folder / "alerts.db", self.clock)
        self.scheduler = Scheduler(self.ledger, alerts, HOME, self.clock, lambda event: None)

    def live(self, until: datetime) -> None:
        """Let time go on, say what is due, and answer as residents do; as `Reminding.run` does."""
        while self.clock.moment < until:
            try:
                self._to_disk()
                if self.began is not None:
                    self._begin(self.began)
                self._step()
            except StageError as error:
                _tell("refused", error.code)
                if error.code == "not_stored" and not self.ledger.in_memory:
                    self.ledger.leave_disk()
                    _tell("memory")
            self._pass(self.chance.choice(STEPS_S))
            _tell("now", self.clock.moment.isoformat())

    def _to_disk(self) -> None:
        if not self.full or self.chance.random() > ROOM:
            return
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        self.ledger.return_to_disk()
        self.full = False
        _tell("disk")

    def _begin(self, began: float) -> None:
        self.scheduler.recover()
        self.scheduler.adopt(self._agenda())
        self.began = None
        _tell("ready", f"{time.monotonic() - began:.6f}")

    def _agenda(self) -> dict[str, dict[str, Reminder]]:
        files = AgendaFiles(self.folder, RESIDENTS)
        calendars = CalendarFiles(self.folder, RESIDENTS, HOME.zone, self.ledger.plans)
        asyncio.run(calendars.refresh())
        written, imported = files.changed(), calendars.changed()
        return {who: written[who] | imported[who] for who in written.keys() & imported.keys()}

    def _step(self) -> None:
        self.scheduler.look()
        open_ = self.ledger.open() if self.chance.random() < CANCEL else ()
        if open_:
            cancelled = self.scheduler.cancel(self.chance.choice(open_), "staff cancelled it")
            _tell("promised", "cancelled", _key(cancelled))
        occurrence = self.scheduler.next_to_say()
        at = self.clock.moment.isoformat()
        if occurrence is None:
            if not self.full:
                _tell("idle", at)
            return
        marked = bool(occurrence.snoozed) or occurrence.said > 0
        saying = self.scheduler.begin(occurrence)
        _tell("said", _key(saying), int(marked), at)
        self._pass(self.chance.uniform(2, 20))
        heard = self.chance.random() < 0.95
        said = self.scheduler.said(saying, heard, asked=saying.reminder.confirm)
        _tell("ended", self.clock.moment.isoformat())
        if said.state == "asked":
            self._answer(said)

    def _answer(self, asked: Occurrence) -> None:
        self._pass(self.chance.uniform(1, 60))
        match self.chance.choice(("yes", "yes", "yes", "later", "no", "nothing")):
            case "yes":
                self.scheduler.confirmed(asked)
                _tell("promised", "confirmed", _key(asked))
            case "later" if self.scheduler.later(asked) is not None:
                _tell("promised", "later", _key(asked))
            case "no":
                self.scheduler.refused(asked)
                _tell("promised", "refused", _key(asked))

    def _pass(self, seconds: float) -> None:
        self.clock.moment += timedelta(seconds=seconds)
        if self.chance.random() < JUMP:
            self.clock.moment += timedelta(seconds=self.chance.choice(JUMPS_S))


def nursery() -> None:
    """For each line on standard input, a folder and an order in JSON, one life."""
    logging.disable(logging.CRITICAL)  # what goes wrong here is done on purpose
    for line in sys.stdin:
        folder, _, order = line.partition(" ")
        pid = os.fork()
        if pid == 0:
            _live(Path(folder), json.loads(order))
            os._exit(0)
        os.waitpid(pid, 0)
        _tell("dead", pid)


def _live(folder: Path, order: dict[str, Any]) -> None:
    _tell("born", os.getpid())
    if order["full"]:  # no file may grow from here on: what a full disk does
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (order["full"], resource.RLIM_INFINITY))
    try:
        life = Life(folder, order)
    except StageError as error:
        _tell("refused", error.code)
        return
    life.live(datetime.fromisoformat(order["until"]))


def _key(occurrence: Occurrence) -> str:
    return f"{occurrence.person}/{occurrence.name}/{occurrence.local.isoformat()}"


def _tell(*words: object) -> None:
    # In one piece: it may be killed between two.
    os.write(1, (" ".join(map(str, words)) + "\n").encode())
