"""A SQLite file that keeps what must not be lost: its form, its faults, and what is on disk."""

import logging
import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from dialogue.errors import Stage, StageError
from dialogue.tally import Tally

BUSY_SECONDS = 0.5
"""How long a change may wait for another process that is writing."""

log = logging.getLogger(__name__)

COUNTED = (
    "CREATE TABLE changed (only INTEGER PRIMARY KEY CHECK (only = 1), times INTEGER NOT NULL)",
    "INSERT INTO changed VALUES (1, 0)",
)
"""The form that holds how often a file was changed in a transaction."""

_DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


@dataclass(frozen=True)
class Kept:
    """What a file keeps, for the sentences that tell of its faults.

    `forms` is what each release has added, in order: SQL statements; COUNTED is among them. `what`
    begins a sentence, `until` ends it.
    """

    stage: Stage
    what: str
    until: str
    forms: tuple[tuple[str, ...], ...]


class DurableFile:
    """One open SQLite file; use it from one thread. All methods raise StageError.

    A change is on disk when its call, or its transaction, has ended.
    """

    def __init__(self, path: Path, kept: Kept) -> None:
        self.path = path
        self._kept = kept
        self._disk: sqlite3.Connection | None = None
        self._copied = -1
        self._tally = Tally(path)  # read first: another process may be writing
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._database = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None)
        except (sqlite3.Error, OSError) as error:
            raise self._refused(error) from error
        try:
            self._prepare()
        except BaseException:
            self._database.close()
            raise

    def rows(self, statement: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Run one statement and return its rows."""
        # Outside a transaction each statement is its own, committed when its last row is fetched.
        try:
            with closing(self._database.execute(statement, values)) as cursor:
                return cursor.fetchall()
        except sqlite3.Error as error:
            raise self._refused(error) from error

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All statements inside are on disk together when it ends, or none of them."""
        self.rows("BEGIN IMMEDIATE")
        try:
            yield
            self.rows("UPDATE changed SET times = times + 1")
            self.rows("COMMIT")
        finally:
            if self._database.in_transaction:
                with suppress(sqlite3.Error):  # the first fault is the one to tell
                    self._database.rollback()
        if not self.in_memory:
            self._tally.note(self._changes())

    @property
    def went_back(self) -> bool:
        """Whether changes are missing that were on disk: its log was garbled, or it is a copy."""
        return not self.in_memory and self._changes() < self._tally.noted

    def settle(self) -> None:
        """What is missing has been seen to: from here on only later changes count."""
        if not self.in_memory:
            self._tally.settle(self._changes())

    @property
    def in_memory(self) -> bool:
        """Whether the disk was left, so that nothing written now outlives the program."""
        return self._disk is not None

    def leave_disk(self) -> None:
        """Go on in memory from what the disk has, because it takes no more."""
        if self._disk is not None:
            return
        memory = sqlite3.connect(":memory:", isolation_level=None)
        try:
            self._database.backup(memory)
        except sqlite3.Error as error:
            memory.close()
            raise self._refused(error) from error
        self._disk, self._database = self._database, memory

    def return_to_disk(self) -> None:
        """Write what memory has to the disk, all of it or nothing, and go on there."""
        if self._disk is None:
            return
        try:
            self._database.backup(self._disk)
        except sqlite3.Error as error:
            raise self._refused(error) from error
        self._database.close()
        self._database, self._disk = self._disk, None
        self._tally.note(self._changes())

    def copy(self) -> None:
        """Copy the file beside itself, if it has changed; without room there is no newer copy."""
        changes = self._database.total_changes
        if self._disk is not None or changes == self._copied:
            return
        self._copied = changes
        try:
            copied(self._database, self.path)
        except (sqlite3.Error, OSError) as error:
            log.warning("%s could not be copied: %s", self.path, error)

    def close(self) -> None:
        """Let go of the file; may be called twice."""
        self._database.close()
        if self._disk is not None:
            self._disk.close()

    def _prepare(self) -> None:
        self.rows("PRAGMA journal_mode = WAL")
        self.rows("PRAGMA synchronous = FULL")
        found = self.rows("PRAGMA quick_check(1)")[0][0]
        if found != "ok":
            raise self._damaged(found)
        if self._version() == len(self._kept.forms):
            return
        with self.transaction():  # another process may have been first
            version = self._version()
            if version > len(self._kept.forms):
                raise StageError(
                    self._kept.stage,
                    "newer",
                    f"{self._kept.what} in {self.path} were written by a newer release (form "
                    f"{version}); start that release, or move the file away.",
                )
            for statement in (each for form in self._kept.forms[version:] for each in form):
                self.rows(statement)
            self.rows(f"PRAGMA user_version = {len(self._kept.forms)}")

    def _changes(self) -> int:
        return int(self.rows("SELECT times FROM changed")[0][0])

    def _version(self) -> int:
        return int(self.rows("PRAGMA user_version")[0][0])

    def _refused(self, error: Exception) -> StageError:
        if getattr(error, "sqlite_errorcode", 0) & 0xFF in _DAMAGED:
            return self._damaged(str(error))
        message = (
            f"{self._kept.what} cannot be stored in {self.path} ({error}); make room on the disk "
            f"and check that the program may write there. {self._kept.until}"
        )
        return StageError(self._kept.stage, "not_stored", message)

    def _damaged(self, what: str) -> StageError:
        message = (
            f"{self._kept.what} in {self.path} are damaged ({what.splitlines()[0]}); start the "
            f"robot anew, which sets the file aside. {self._kept.until}"
        )
        return StageError(self._kept.stage, "damaged", message)


def sync_folder(folder: Path) -> None:
    """Put on disk what was renamed, linked or removed in a folder. Raises OSError."""
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def set_aside(path: Path, moment: datetime) -> Path:
    """Rename a damaged file and what belongs to it; return its new path. Raises OSError."""
    aside = path.with_name(f"{path.stem}.damaged-{moment:%Y%m%dT%H%M%S}{path.suffix}")
    for ending in ("-wal", "-shm", ""):
        part = path.with_name(path.name + ending)
        if part.exists():
            part.rename(aside.with_name(aside.name + ending))
    return aside


def whole(path: Path) -> bool:
    """Whether a SQLite file is undamaged. Raises sqlite3.OperationalError if it is busy."""
    try:
        with closing(sqlite3.connect(path, timeout=BUSY_SECONDS)) as database:
            return bool(database.execute("PRAGMA quick_check").fetchone() == ("ok",))
    except sqlite3.OperationalError:
        raise  # busy, or not permitted: that says nothing about the file
    except sqlite3.DatabaseError:
        return False


def copied(database: sqlite3.Connection, path: Path) -> None:
    """Copy a database beside its file; a copy that is not whole does not replace the last one."""
    draft, copy = path.with_suffix(f".{os.getpid()}.draft"), path.with_suffix(".copy")
    draft.unlink(missing_ok=True)
    with closing(sqlite3.connect(draft)) as target:
        database.backup(target)
    draft.chmod(0o600)
    if whole(draft):
        os.replace(draft, copy)
