"""How many changes a SQLite file has had, noted beside it.

SQLite takes a log whose end is garbled for one that ends there, and the file goes back in time
without a word. A file with fewer changes than are noted here has done so.
"""

import logging
import os
from pathlib import Path

log = logging.getLogger(__name__)

DIGITS = 20


class Tally:
    """The note beside one file. Without it, or where it cannot be written, less is noticed."""

    def __init__(self, path: Path) -> None:
        self._path = path.with_suffix(".tally")
        self.noted = self._read()
        """So many changes have been on disk, as far as is known here."""

    def note(self, changes: int) -> None:
        """Put a higher number on disk."""
        if changes > self.noted:
            self.settle(changes)

    def settle(self, changes: int) -> None:
        """Put this number on disk, whatever it was: what is missing is known by now."""
        self.noted = changes
        try:
            file = os.open(self._path, os.O_WRONLY | os.O_CREAT, 0o600)
            try:
                os.pwrite(file, f"{changes:0{DIGITS}}".encode(), 0)  # in place, so never half of it
                os.fdatasync(file)
            finally:
                os.close(file)
        except OSError as error:
            log.warning("%s cannot be written: %s", self._path, error.strerror)

    def _read(self) -> int:
        try:
            return int(self._path.read_bytes()[:DIGITS])
        except (OSError, ValueError):
            return 0
