"""Opening a SQLite file that is whole, or else the last whole copy of it."""

import fcntl
import logging
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dialogue.durable import copied, whole

log = logging.getLogger(__name__)

BUSY_SECONDS = 0.5
"""How long a call may wait for another process that is writing."""


def opened_whole(path: Path) -> tuple[sqlite3.Connection, str | None]:
    """Return the database, and a sentence where it was damaged and its last copy was taken.

    A copy is made whenever a whole file is opened. Raises sqlite3.Error or OSError.
    """
    with _alone(path.with_suffix(".lock")):
        copy = path.with_suffix(".copy")
        sentence = None
        if path.exists() and not whole(path):
            sentence = _replaced(path, copy)
        database = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None)
        path.chmod(0o600)
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA synchronous = FULL")
        database.execute("PRAGMA secure_delete = ON")
        copied(database, path)
        return database, sentence


def _replaced(path: Path, copy: Path) -> str:
    broken = path.with_suffix(".broken")
    os.replace(path, broken)
    for leftover in ("-wal", "-shm"):
        path.with_name(path.name + leftover).unlink(missing_ok=True)
    if copy.exists() and whole(copy):
        path.write_bytes(copy.read_bytes())
        rest = "the robot goes on with what it remembered when it was last started."
    else:
        rest = "there is no copy, so it begins anew."
    sentence = f"{path} was damaged and is now called {broken.name}; {rest}"
    log.error(sentence)
    return sentence


@contextmanager
def _alone(lock: Path) -> Iterator[None]:
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
