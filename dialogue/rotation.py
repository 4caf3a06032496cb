"""What each person has been told, so that nothing is told twice too soon; never the words.

A name stands for a variant: the beginning of the SHA-256 of its words. It is kept over restarts
and for as long as it matters, and is forgotten with the person.
"""

import logging
import random
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from config.clock import Clock

log = logging.getLogger(__name__)

IN_MEMORY = Path(":memory:")
KEPT_DAYS = 366
"""After a year a trace is removed; no home wants to wait longer for a good joke."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS told (
    person TEXT NOT NULL, key TEXT NOT NULL, name TEXT NOT NULL,
    times INTEGER NOT NULL, turn INTEGER NOT NULL, last TEXT NOT NULL,
    PRIMARY KEY (person, key, name)
) WITHOUT ROWID
"""


class Exhausted(Exception):
    """Everything there is of this was told within the days in which nothing is told again."""


class Rotation:
    """Chooses what comes next for a person. Use it from one thread.

    Without a disk to write to it goes on in memory: repeating a joke is better than silence.
    """

    def __init__(self, path: Path, clock: Clock, chance: random.Random, days: int) -> None:
        self._clock = clock
        self._chance = chance
        self._days = days
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._database = _open(path)
            self._execute("DELETE FROM told WHERE last < ?", self._before(KEPT_DAYS))
        except (sqlite3.Error, OSError) as error:
            log.error("What was told cannot be kept in %s (%s); it is kept in memory", path, error)
            self._database = _open(IN_MEMORY)

    def next(self, person: str, key: str, names: Sequence[str], once: bool = False) -> str:
        """Return the name to take now, and note it as told: all of them before any comes again.

        With `once`, nothing told within the days is told again; raises Exhausted.
        """
        told = self._told(person, key)
        usable = [name for name in names if not (once and self._recent(told, name))]
        if not usable:
            raise Exhausted(key)
        most = max((trace.times for trace in told.values()), default=0)
        # A variant written yesterday is as good as those told once less, not as an unknown one.
        times = {name: max(told[name].times if name in told else 0, most - 1) for name in usable}
        latest = self.latest(person, key)
        fresh = [name for name in usable if name != latest] or usable
        least = min(times[name] for name in fresh)
        chosen = self._chance.choice([name for name in fresh if times[name] == least])
        turn = max((trace.turn for trace in told.values()), default=0) + 1
        now = self._clock.now().isoformat(timespec="seconds")
        row = (person, key, chosen, times[chosen] + 1, turn, now)
        self._execute("INSERT OR REPLACE INTO told VALUES (?, ?, ?, ?, ?, ?)", *row)
        return chosen

    def latest(self, person: str, key: str) -> str | None:
        """Return what was told last of this."""
        told = self._told(person, key)
        return max(told, key=lambda name: told[name].turn) if told else None

    def forget(self, person: str) -> None:
        """Remove every trace of a person."""
        self._execute("DELETE FROM told WHERE person = ?", person)

    def close(self) -> None:
        """Let go of the file; may be called twice."""
        self._database.close()

    def _told(self, person: str, key: str) -> dict[str, "_Trace"]:
        rows = self._execute(
            "SELECT name, times, turn, last FROM told WHERE person = ? AND key = ?", person, key
        )
        return {name: _Trace(*rest) for name, *rest in rows}

    def _recent(self, told: dict[str, "_Trace"], name: str) -> bool:
        return name in told and told[name].last > self._before(self._days)

    def _before(self, days: int) -> str:
        return (self._clock.now() - timedelta(days=days)).isoformat(timespec="seconds")

    def _execute(self, statement: str, *values: object) -> list[Any]:
        try:
            return self._database.execute(statement, values).fetchall()
        except sqlite3.Error as error:
            log.error("What was told cannot be kept (%s)", error)
            return []


@dataclass(frozen=True)
class _Trace:
    """How often something was told to somebody, in which turn of its kind last, and when (UTC)."""

    times: int
    turn: int
    last: str


def _open(path: Path) -> sqlite3.Connection:
    database = sqlite3.connect(path, timeout=0.2, isolation_level=None)
    database.execute("PRAGMA journal_mode = WAL")
    # Losing the last second of this at a power cut may repeat a joke, and nothing worse.
    database.execute("PRAGMA synchronous = NORMAL")
    database.execute(_SCHEMA)
    return database
