"""What staff have written for somebody, or have in calendars, read again whenever it changes."""

import asyncio
import os
from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from config.files import ConfigError, Fault
from config.reminders import FOLDER, Reminder, read_reminders
from dialogue.reminders.calendars import read_calendar
from dialogue.reminders.ledger import Plan

Agenda = Mapping[str, Reminder]
"""Reminders by name."""
ENDING = ".ics"
MOST_TOLD = 10
"""Faults of one file that a running robot tells."""
Sign = tuple[int, int, int] | None
"""By which a changed file is known: time, size and number; None where there is none.

The time is that of the last change on this disk: a copy may keep the older one of its contents."""


class AgendaFiles:
    """The files of some residents in config/reminders; a faulty one leaves the last good state."""

    def __init__(self, folder: Path, residents: Collection[str]) -> None:
        self._paths = {resident: folder / FOLDER / f"{resident}.yaml" for resident in residents}
        self._seen: dict[str, Sign] = {}
        self.faults: dict[str, tuple[Fault, ...]] = {}
        """What was wrong with whose file at the last call of `changed`, where it had changed."""
        self.written: dict[str, datetime] = {}
        """When whose file was written last."""

    def changed(self) -> dict[str, dict[str, Reminder]]:
        """Return the reminders in every file that has changed since the last call, by resident.

        Without a file there are none. A faulty one is not returned; see `faults`.
        """
        found: dict[str, dict[str, Reminder]] = {}
        self.faults = {}
        for resident, path in self._paths.items():
            sign = _sign(path)
            if resident in self._seen and self._seen[resident] == sign:
                continue
            self._seen[resident] = sign
            if sign is not None:
                self.written[resident] = datetime.fromtimestamp(sign[0] / 1e9, UTC)
            try:
                found[resident] = {} if sign is None else read_reminders(path)
            except ConfigError as error:
                self.faults[resident] = tuple(
                    Fault(f"{FOLDER}/{fault.file}", fault.line, fault.sentence)
                    for fault in error.faults
                )
        return found


class CalendarFiles:
    """The calendars in config/reminders/<resident>/, and what became of them since.

    An event that cannot be read keeps its last good state, and so does a file that is not whole;
    also the state that is planned from before the program was started.
    """

    def __init__(
        self,
        folder: Path,
        residents: Collection[str],
        home: ZoneInfo,
        plans: Callable[[], Iterable[Plan]],
    ) -> None:
        self._folders = {resident: folder / FOLDER / resident for resident in residents}
        self._home = home
        self._plans = plans
        self._signs: dict[str, dict[str, Sign]] = {}
        self._read: dict[str, dict[str, Agenda]] = {}
        self._wrong: dict[str, tuple[Fault, ...]] = {}
        self.faults: dict[str, tuple[Fault, ...]] = {}
        """What was wrong with whose calendars in what the last call of `changed` returned."""
        self.written: dict[str, datetime] = {}
        """When whose calendars were written last."""

    async def refresh(self) -> None:
        """Read what has changed: in a thread, because a large calendar takes seconds.

        Raises StageError where what is planned cannot be read.
        """
        for resident, folder in self._folders.items():
            signs = {path.name: _sign(path) for path in _calendars(folder)}
            before = self._signs.get(resident)
            if signs == before:
                continue
            old = self._planned(resident, signs) if before is None else self._read[resident]
            found: dict[str, Agenda] = {}
            wrong: list[Fault] = []
            for name, sign in signs.items():
                if before is not None and before.get(name) == sign:
                    found[name] = old[name]
                    continue
                found[name], faults = await asyncio.to_thread(
                    _reminders, folder / name, self._home, old.get(name, {})
                )
                wrong += _few(faults)
            self._read[resident], self._signs[resident] = found, signs
            if times := [sign[0] for sign in signs.values() if sign]:
                self.written[resident] = datetime.fromtimestamp(max(times) / 1e9, UTC)
            self._wrong[resident] = tuple(wrong)

    def changed(self) -> dict[str, dict[str, Reminder]]:
        """Return the reminders of all calendars of whom something was read since the last call.

        Their names begin with that of the file, so that one file does not touch another's.
        """
        for resident, folder in self._folders.items():
            if resident not in self._signs and not _calendars(folder):
                self._signs[resident], self._read[resident] = {}, {}  # nothing to wait for
                self._wrong[resident] = ()
        self.faults, self._wrong = self._wrong, {}
        return {
            resident: {
                name: reminder
                for reminders in self._read[resident].values()
                for name, reminder in reminders.items()
            }
            for resident in self.faults
        }

    def _planned(self, resident: str, files: Collection[str]) -> dict[str, Agenda]:
        plans = [plan for plan in self._plans() if plan.person == resident]
        return {
            file: {plan.name: plan.reminder for plan in plans if source_of(plan.name) == file}
            for file in files
        }


def read_calendars(
    folder: Path, home: ZoneInfo
) -> tuple[dict[str, dict[str, Reminder]], list[Fault]]:
    """Return what all calendars below a folder of reminders say, by resident, and every fault."""
    found: dict[str, dict[str, Reminder]] = {}
    faults: list[Fault] = []
    for below in sorted(path for path in folder.glob("*") if path.is_dir()):
        for path in _calendars(below):
            reminders, wrong = _reminders(path, home, {})
            found[below.name] = found.get(below.name, {}) | dict(reminders)
            faults += wrong
    return found, faults


def source_of(name: str) -> str | None:
    """Return the calendar that a reminder comes from; None for one that is written in YAML."""
    file, dot, _ = name.rpartition(".")
    if not dot:
        return None
    return file if file.lower().endswith(ENDING) else f"{file}{ENDING}"


def _calendars(folder: Path) -> list[Path]:
    return sorted(path for path in folder.glob("*") if path.name.lower().endswith(ENDING))


def _reminders(path: Path, home: ZoneInfo, before: Agenda) -> tuple[Agenda, list[Fault]]:
    """Return what is in a calendar, with the last good state of what cannot be read."""
    calendar = read_calendar(path, home)
    file = path.name.removesuffix(ENDING)
    kept = {name: each for name, each in before.items() if calendar.may_hold(name)}
    read = {
        f"{file}.{name}": Reminder.model_validate(raw) for name, raw in calendar.reminders.items()
    }
    at = f"{FOLDER}/{path.parent.name}"
    return kept | read, [Fault(f"{at}/{f.file}", f.line, f.sentence) for f in calendar.faults]


def _few(faults: list[Fault]) -> list[Fault]:
    if len(faults) <= MOST_TOLD:
        return faults
    last = faults[MOST_TOLD]
    more = f"From here on {len(faults) - MOST_TOLD} more; `fireside check` says which."
    return [*faults[:MOST_TOLD], Fault(last.file, last.line, more)]


def _sign(path: Path) -> Sign:
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_ctime_ns, status.st_size, status.st_ino
