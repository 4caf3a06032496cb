"""What staff have written for somebody, read again whenever a file changes."""

import os
from collections.abc import Collection
from pathlib import Path

from config.files import ConfigError, Fault
from config.reminders import FOLDER, Reminder, read_reminders

Sign = tuple[int, int, int] | None
"""By which a changed file is known: time, size and number; None where there is none."""


class AgendaFiles:
    """The files of some residents in config/reminders; a faulty one leaves the last good state."""

    def __init__(self, folder: Path, residents: Collection[str]) -> None:
        self._paths = {resident: folder / FOLDER / f"{resident}.yaml" for resident in residents}
        self._seen: dict[str, Sign] = {}
        self.faults: dict[str, tuple[Fault, ...]] = {}
        """What is wrong with whose file just now."""

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
            try:
                found[resident] = {} if sign is None else read_reminders(path)
            except ConfigError as error:
                self.faults[resident] = tuple(
                    Fault(f"{FOLDER}/{fault.file}", fault.line, fault.sentence)
                    for fault in error.faults
                )
        return found


def _sign(path: Path) -> Sign:
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino
