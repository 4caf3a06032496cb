"""What staff have written for somebody, or have in calendars, read again whenever it changes."""

import asyncio
import os
from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from config.files import ConfigError, Fault
from config.reminders import FOLDER, Reminder, read_reminders
from dialogue.reminders.calendars import read_calendar

Sign = tuple[int, int, int] | None
"""By which a changed file is known: time, size and number; None where there is none."""


class AgendaFiles:
    """The files of some residents in config/reminders; a faulty one leaves the last good state."""

    def __init__(self, folder: Path, residents: Collection[str]) -> None:
        self._paths = {resident: folder / FOLDER / f"{resident}.yaml" for resident in residents}
        self._seen: dict[str, Sign] = {}
        self.faults: dict[str, tuple[Fault, ...]] = {}
        """What is wrong with whose file just now."""
        self.written: dict[str, datetime] = {}
        """When whose file was written last."""

    def changed(self) -> dict[str, dict[str, Reminder]]:
        """Return the reminders in every file that has changed since the last call, by resident.

        Without a file there are none. A faulty one is not returned; see `faults`.
        """
        found: dict[str, dict[str, Reminder]] = {}
        for resident, path in self._paths.items():
            sign = _sign(path)
            if resident in self._seen and self._seen[resident] == sign:
                continue
            self._seen[resident] = sign
            self.faults.pop(resident, None)
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

    What cannot be read keeps its last good state; while there is a fault in a file, nothing of it
    is taken out.
    """

    def __init__(self, folder: Path, residents: Collection[str], home: ZoneInfo) -> None:
        self._folders = {resident: folder / FOLDER / resident for resident in residents}
        self._home = home
        self._signs: dict[str, dict[str, Sign]] = {}
        self._read: dict[str, dict[str, Mapping[str, Reminder]]] = {}
        self._new: set[str] = set()
        self.faults: dict[str, tuple[Fault, ...]] = {}
        """What is wrong with whose calendars just now."""
        self.written: dict[str, datetime] = {}
        """When whose calendars were written last."""

    async def refresh(self) -> None:
        """Read what has changed: in a thread, because a large calendar takes seconds."""
        for resident, folder in self._folders.items():
            signs = {path.name: _sign(path) for path in sorted(folder.glob("*.ics"))}
            before = self._signs.get(resident)
            if signs == before:
                continue
            old = self._read.get(resident, {})
            stale = [name for name in signs if (before or {}).get(name) != signs[name]]
            found = {name: old[name] for name in signs if name not in stale}
            faults = [
                fault for fault in self.faults.get(resident, ()) if Path(fault.file).name in found
            ]
            for name in stale:
                found[name], wrong = await asyncio.to_thread(
                    _reminders, folder / name, self._home, old.get(name, {})
                )
                at = f"{FOLDER}/{resident}"
                faults += [Fault(f"{at}/{each.file}", each.line, each.sentence) for each in wrong]
            self._read[resident], self._signs[resident] = found, signs
            if times := [sign[0] for sign in signs.values() if sign]:
                self.written[resident] = datetime.fromtimestamp(max(times) / 1e9, UTC)
            self.faults[resident] = tuple(faults)
            self._new.add(resident)

    def changed(self) -> dict[str, dict[str, Reminder]]:
        """Return the reminders of all calendars of whom something was read since the last call.

        Their names begin with that of the file, so that one file does not touch another's.
        """
        for resident, folder in self._folders.items():
            if resident not in self._signs and not any(folder.glob("*.ics")):
                self._signs[resident], self._read[resident] = {}, {}  # nothing to wait for
                self._new.add(resident)
        new, self._new = self._new, set()
        return {
            resident: {
                name: reminder
                for reminders in self._read[resident].values()
                for name, reminder in reminders.items()
            }
            for resident in new
        }


def read_calendars(
    folder: Path, home: ZoneInfo
) -> tuple[dict[str, dict[str, Reminder]], list[Fault]]:
    """Return what all calendars below a folder of reminders say, by resident, and every fault."""
    found: dict[str, dict[str, Reminder]] = {}
    faults: list[Fault] = []
    for path in sorted(folder.glob("*/*.ics")):
        reminders, wrong = _reminders(path, home, {})
        found[path.parent.name] = found.get(path.parent.name, {}) | dict(reminders)
        faults += [Fault(f"{path.parent.name}/{f.file}", f.line, f.sentence) for f in wrong]
    return found, faults


def _reminders(
    path: Path, home: ZoneInfo, before: Mapping[str, Reminder]
) -> tuple[Mapping[str, Reminder], tuple[Fault, ...]]:
    calendar = read_calendar(path, home)
    found = dict(before) if calendar.faults else {}
    for name, raw in calendar.reminders.items():
        found[f"{path.stem}.{name}"] = Reminder.model_validate(raw)
    return found, calendar.faults


def _sign(path: Path) -> Sign:
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino
