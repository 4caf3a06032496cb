"""What somebody has asked to be reminded of, in a file of the robot's own.

It has the form of config/reminders/<resident>.yaml, so that one way leads from any file to the
voice; staff can read it, and the robot alone writes it.
"""

import os
import random
from datetime import date, timedelta
from pathlib import Path

import yaml

from config.files import ConfigError
from config.reminders import FOLDER, Reminder, read_reminders
from dialogue.durable import sync_folder
from dialogue.errors import StageError

OWN = "own"
"""The name of the folder among what this machine makes itself; config/ is for staff alone."""
MOST = 20
"""So many one person may have."""
_OVER = timedelta(days=2)
"""After this a single day is over, whatever became of it."""


class OwnReminders:
    """The file of one person. Every change is on disk when the method returns.

    All methods raise StageError("remind", ...) where the file cannot be read or written.
    """

    def __init__(self, state: Path, person: str, chance: random.Random) -> None:
        self.path = state / OWN / FOLDER / f"{person}.yaml"
        self._chance = chance

    def all(self) -> dict[str, Reminder]:
        """Return them by name."""
        if not self.path.exists():
            return {}
        try:
            return read_reminders(self.path)
        except ConfigError as error:
            sentence = f"{error.faults[0]} Correct the file {self.path}, or move it away."
            raise StageError("remind", "damaged", sentence) from error

    def add(self, reminder: Reminder, today: date) -> str:
        """Keep one more and return its name; single days that are long over go."""
        kept = {
            name: known
            for name, known in self.all().items()
            if not known.on or max(known.on) + _OVER >= today
        }
        # A name is never used twice: the ledger tells occurrences apart by it.
        name = f"wish-{self._chance.getrandbits(40):010x}"
        self._write({**kept, name: reminder})
        return name

    def remove(self, name: str) -> None:
        """Drop one."""
        self._write({key: known for key, known in self.all().items() if key != name})

    def clear(self) -> None:
        """Drop them all, be the file damaged."""
        try:
            self.path.unlink(missing_ok=True)
        except OSError as error:
            raise self._refused(error) from error

    def _write(self, reminders: dict[str, Reminder]) -> None:
        plain = {
            name: each.model_dump(mode="json", exclude_defaults=True)
            for name, each in reminders.items()
        }
        text = yaml.safe_dump({"reminders": plain}, allow_unicode=True, sort_keys=False)
        draft = self.path.with_suffix(".draft")
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            opened = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
            with os.fdopen(opened, "w", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            os.replace(draft, self.path)
            sync_folder(self.path.parent)
        except OSError as error:
            raise self._refused(error) from error

    def _refused(self, error: OSError) -> StageError:
        sentence = (
            f"A reminder that somebody asked for cannot be kept in {self.path} "
            f"({error.strerror}); make room on the disk and check that the program may write there."
        )
        return StageError("remind", "not_stored", sentence)
