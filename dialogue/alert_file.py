"""The one SQLite file of alerts and their deliveries: its form, its faults, and what is on disk."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Any

from dialogue.errors import StageError

BUSY_SECONDS = 0.5
"""How long a change may wait for another process that is writing."""

_DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)

_FORMS = (
    (
        """CREATE TABLE alerts (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            category TEXT NOT NULL,
            audience TEXT NOT NULL,
            raised_at TEXT NOT NULL,
            words TEXT,
            acknowledged_at TEXT,
            acknowledged_by TEXT
        )""",
    ),
    (
        "ALTER TABLE alerts ADD COLUMN uid TEXT NOT NULL DEFAULT ''",
        "ALTER TABLE alerts ADD COLUMN kind TEXT NOT NULL DEFAULT 'note'",
        "ALTER TABLE alerts ADD COLUMN person TEXT NOT NULL DEFAULT ''",
        "ALTER TABLE alerts ADD COLUMN step INTEGER NOT NULL DEFAULT -1",
        "ALTER TABLE alerts ADD COLUMN step_at TEXT",
        "UPDATE alerts SET uid = lower(hex(randomblob(16)))",
        "UPDATE alerts SET kind = 'alert' WHERE category IN ('emergency', 'abuse_disclosure')",
        "CREATE UNIQUE INDEX alert_uids ON alerts (uid)",
        "CREATE INDEX open_alerts ON alerts (acknowledged_at) WHERE acknowledged_at IS NULL",
        """CREATE TABLE deliveries (
            id TEXT PRIMARY KEY,
            alert INTEGER NOT NULL REFERENCES alerts (id),
            step INTEGER NOT NULL,
            recipient TEXT NOT NULL,
            channel TEXT NOT NULL,
            attempts INTEGER NOT NULL DEFAULT 0,
            tried_at TEXT,
            delivered_at TEXT,
            fault TEXT,
            UNIQUE (alert, step, recipient, channel)
        )""",
        "CREATE INDEX open_deliveries ON deliveries (alert) WHERE delivered_at IS NULL",
    ),
)
"""What each release has added, in order; a file holds the number of the last one it has."""

SCHEMA_VERSION = len(_FORMS)


class AlertFile:
    """One open SQLite file; use it from one thread. All methods raise StageError("alert", ...).

    A change is on disk when its call, or its transaction, has ended.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
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
            self.rows("COMMIT")
        finally:
            if self._database.in_transaction:
                with suppress(sqlite3.Error):  # the first fault is the one to tell
                    self._database.rollback()

    def close(self) -> None:
        """Let go of the file; may be called twice."""
        self._database.close()

    def _prepare(self) -> None:
        self.rows("PRAGMA journal_mode = WAL")
        self.rows("PRAGMA synchronous = FULL")
        found = self.rows("PRAGMA quick_check(1)")[0][0]
        if found != "ok":
            raise self._damaged(found)
        if self._version() == SCHEMA_VERSION:
            return
        with self.transaction():  # another process may have been first
            version = self._version()
            if version > SCHEMA_VERSION:
                raise StageError(
                    "alert",
                    "newer",
                    f"The alerts in {self.path} were written by a newer release (form {version}); "
                    f"start that release, or move the file away.",
                )
            for statement in (each for form in _FORMS[version:] for each in form):
                self.rows(statement)
            self.rows(f"PRAGMA user_version = {SCHEMA_VERSION}")

    def _version(self) -> int:
        return int(self.rows("PRAGMA user_version")[0][0])

    def _refused(self, error: Exception) -> StageError:
        if getattr(error, "sqlite_errorcode", 0) & 0xFF in _DAMAGED:
            return self._damaged(str(error))
        message = (
            f"Alerts cannot be stored in {self.path} ({error}); make room on the disk and check "
            f"that the program may write there. Until then staff are not told."
        )
        return StageError("alert", "not_stored", message)

    def _damaged(self, what: str) -> StageError:
        message = (
            f"The alerts in {self.path} are damaged ({what.splitlines()[0]}); start the robot "
            f"anew, which sets the file aside. Until then staff are not told."
        )
        return StageError("alert", "damaged", message)


def set_aside(path: Path, moment: datetime) -> Path:
    """Rename a damaged file and what belongs to it; return its new path. Raises OSError."""
    aside = path.with_name(f"{path.stem}.damaged-{moment:%Y%m%dT%H%M%S}{path.suffix}")
    for ending in ("-wal", "-shm", ""):
        part = path.with_name(path.name + ending)
        if part.exists():
            part.rename(aside.with_name(aside.name + ending))
    return aside
