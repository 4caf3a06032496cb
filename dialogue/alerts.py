"""Calls for a human, on disk before anybody is told that they were made."""

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from config.clock import Clock
from dialogue.errors import StageError

Audience = Literal["shift", "safeguarding"]

SCHEMA_VERSION = 1
BUSY_SECONDS = 0.5
"""How long a call may wait for another process that is writing."""

_SCHEMA = f"""
BEGIN IMMEDIATE;
CREATE TABLE alerts (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    category TEXT NOT NULL,
    audience TEXT NOT NULL,
    raised_at TEXT NOT NULL,
    words TEXT,
    acknowledged_at TEXT,
    acknowledged_by TEXT
);
PRAGMA user_version = {SCHEMA_VERSION};
COMMIT;
"""


@dataclass(frozen=True)
class Alert:
    """A human is asked to come. Times are ISO 8601 in UTC; `words` are None unless kept."""

    id: int
    category: str
    audience: Audience
    raised_at: str
    words: str | None
    acknowledged_at: str | None
    acknowledged_by: str | None


class Alerts:
    """The alerts of this robot in one SQLite file. Every change is on disk when its call returns.

    All methods raise StageError("alert", ...) when the disk refuses; use them from one thread.
    """

    def __init__(self, path: Path, clock: Clock) -> None:
        self._path = path
        self._clock = clock
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._database = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None)
            self._prepare()
        except (sqlite3.Error, OSError) as error:
            raise self._refused(error) from error

    def raise_(self, category: str, words: str | None = None) -> Alert:
        """Store an alert and return it; an abuse disclosure is for the safeguarding lead alone."""
        audience: Audience = "safeguarding" if category == "abuse_disclosure" else "shift"
        return self._rows(
            "INSERT INTO alerts (category, audience, raised_at, words) VALUES (?, ?, ?, ?)"
            " RETURNING *",
            (category, audience, self._clock.now().isoformat(), words),
        )[0]

    def acknowledge(self, alert: int, by: str) -> Alert:
        """Store who is coming, and return the alert; the first name stays."""
        if not by.strip():
            raise StageError("alert", "nameless", "Say who acknowledges the alert.")
        found = self._rows(
            "UPDATE alerts SET acknowledged_at = coalesce(acknowledged_at, ?),"
            " acknowledged_by = coalesce(acknowledged_by, ?) WHERE id = ? RETURNING *",
            (self._clock.now().isoformat(), by.strip(), alert),
        )
        if not found:
            raise StageError("alert", "unknown", f"There is no alert {alert}.")
        return found[0]

    def open(self, audience: Audience = "shift") -> tuple[Alert, ...]:
        """Return what nobody has acknowledged, oldest first, of one audience."""
        return tuple(
            self._rows(
                "SELECT * FROM alerts WHERE audience = ? AND acknowledged_at IS NULL ORDER BY id",
                (audience,),
            )
        )

    def close(self) -> None:
        """Let go of the file; may be called twice."""
        self._database.close()

    def _prepare(self) -> None:
        self._database.execute("PRAGMA journal_mode = WAL")
        self._database.execute("PRAGMA synchronous = FULL")
        version = self._database.execute("PRAGMA user_version").fetchone()[0]
        if version == 0:
            self._database.executescript(_SCHEMA)
        elif version != SCHEMA_VERSION:
            raise StageError(
                "alert",
                "newer",
                f"The alerts in {self._path} were written by another release (form {version}); "
                f"start that release, or move the file away.",
            )

    def _rows(self, statement: str, values: Sequence[Any]) -> list[Alert]:
        # Outside a transaction each statement is its own, committed when its last row is fetched.
        try:
            with closing(self._database.execute(statement, values)) as cursor:
                return [Alert(*row) for row in cursor.fetchall()]
        except sqlite3.Error as error:
            raise self._refused(error) from error

    def _refused(self, error: Exception) -> StageError:
        message = (
            f"Alerts cannot be stored in {self._path} ({error}); make room on the disk and check "
            f"that the program may write there. Until then staff are not told."
        )
        return StageError("alert", "not_stored", message)
