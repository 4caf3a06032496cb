"""What has become of every reminder: one SQLite file, the truth about what was due and said.

Every change is on disk before anything is done or promised because of it.
"""

import json
import logging
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo

from pydantic import ValidationError

from config.clock import Clock
from config.reminders import Reminder
from dialogue.durable import COUNTED, DurableFile, Kept
from dialogue.errors import StageError
from dialogue.reminders.series import Moment, soonest

log = logging.getLogger(__name__)

FILE = "reminders.db"
"""The name of the file in the folder for what this machine makes itself."""

State = Literal[
    "due",  # is to be said at `next_at`
    "saying",  # is being said; after a crash, may have been said
    "asked",  # was said; an answer is waited for until `next_at`
    "said",  # was said, and nothing was asked
    "confirmed",  # the person says that it is done
    "refused",  # the person does not want it; goes to staff
    "missed",  # nobody answered, or it was too late; goes to staff
    "skipped",  # too late, and by its own policy not said
    "cancelled",  # staff or the person took it back
]
WHEN = frozenset({"on", "every", "repeat", "starts", "ends", "but"})
"""What an occurrence does not need of its reminder; an older version may have taken other rules."""
OPEN: frozenset[State] = frozenset({"due", "saying", "asked"})
FOR_STAFF: frozenset[State] = frozenset({"refused", "missed"})

FORMS = (
    (
        """CREATE TABLE plans (
            person TEXT NOT NULL,
            name TEXT NOT NULL,
            begun TEXT NOT NULL,
            reminder TEXT NOT NULL,
            next_at TEXT,
            next_local TEXT,
            PRIMARY KEY (person, name)
        ) WITHOUT ROWID""",
        "CREATE INDEX next_plans ON plans (next_at) WHERE next_at IS NOT NULL",
        """CREATE TABLE occurrences (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            person TEXT NOT NULL,
            name TEXT NOT NULL,
            local TEXT NOT NULL,
            due_at TEXT NOT NULL,
            reminder TEXT NOT NULL,
            state TEXT NOT NULL,
            next_at TEXT,
            since TEXT NOT NULL,
            said INTEGER NOT NULL DEFAULT 0,
            snoozed INTEGER NOT NULL DEFAULT 0,
            alert INTEGER,
            UNIQUE (person, name, local)
        )""",
        "CREATE INDEX due_occurrences ON occurrences (due_at)",
        "CREATE INDEX next_occurrences ON occurrences (next_at) WHERE next_at IS NOT NULL",
        "CREATE INDEX for_staff ON occurrences (state) WHERE alert IS NULL"
        " AND state IN ('refused', 'missed')",
        """CREATE TABLE history (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            at TEXT NOT NULL,
            occurrence INTEGER REFERENCES occurrences (id),
            person TEXT NOT NULL,
            name TEXT NOT NULL,
            change TEXT NOT NULL,
            why TEXT NOT NULL
        )""",
        "CREATE INDEX history_of ON history (occurrence)",
        "CREATE TABLE looked (only INTEGER PRIMARY KEY CHECK (only = 1), at TEXT NOT NULL)",
    ),
    COUNTED,
)
KEPT = Kept("remind", "Reminders", "Until then nobody is reminded.", FORMS)


@dataclass(frozen=True)
class Plan:
    """One reminder and when it is due next; `next_at` is None when it never is again.

    `begun` is the day it was first read, from which it counts if it has no start of its own.
    """

    person: str
    name: str
    begun: date
    reminder: Reminder
    next_at: datetime | None
    next_local: datetime | None

    @property
    def next(self) -> Moment | None:
        """When it is due next."""
        if self.next_at is None or self.next_local is None:
            return None
        return Moment(self.next_at, self.next_local)


@dataclass(frozen=True)
class Fall:
    """Something has fallen due: its first state, why, and when to act on it, if at all.

    `said` is how often it may have been said.
    """

    moment: Moment
    reminder: Reminder
    state: State
    why: str
    next_at: datetime | None = None
    said: int = 0


@dataclass(frozen=True)
class Occurrence:
    """One time something was due, with the reminder as it then was.

    `local` has no zone and is its name within the reminder; `next_at` is when to act next, None
    when it is over; `since` is from when it has been due, or due again after "later". `said` and
    `snoozed` count; `alert` is set once staff have been told.
    """

    id: int
    person: str
    name: str
    local: datetime
    due_at: datetime
    reminder: Reminder
    state: State
    next_at: datetime | None
    since: datetime
    said: int
    snoozed: int
    alert: int | None


@dataclass(frozen=True)
class Change:
    """One line of the history: what changed, when and why."""

    at: datetime
    occurrence: int | None
    person: str
    name: str
    change: str
    why: str


def following(plan: Plan, after: datetime) -> Plan:
    """Return the plan with its next time after a moment."""
    assert plan.reminder.zone is not None
    moment = soonest(plan.reminder, ZoneInfo(plan.reminder.zone), plan.begun, after)
    if moment is None:
        return replace(plan, next_at=None, next_local=None)
    return replace(plan, next_at=moment.at, next_local=moment.local)


_THEIRS = "coalesce(?, person) = person"
_PLAN = ", ".join(each.name for each in fields(Plan))
_OCCURRENCE = ", ".join(each.name for each in fields(Occurrence))
_CHANGE = ", ".join(each.name for each in fields(Change))


class Ledger:
    """The reminders of one person, or of all. All methods raise StageError("remind", ...)."""

    def __init__(self, path: Path, clock: Clock, person: str | None = None) -> None:
        self._file = DurableFile(path, KEPT)
        self._clock = clock
        self._person = person

    @property
    def in_memory(self) -> bool:
        """Whether the disk takes no more, so that nothing noted now outlives the program."""
        return self._file.in_memory

    def leave_disk(self) -> None:
        """Go on in memory: a reminder that is not written down is better than none."""
        self._file.leave_disk()

    def return_to_disk(self) -> None:
        """Write down what was noted in memory, and go on from the disk."""
        self._file.return_to_disk()

    def plans(self) -> tuple[Plan, ...]:
        """Return every plan."""
        rows = self._file.rows(f"SELECT {_PLAN} FROM plans WHERE {_THEIRS}", (self._person,))
        return tuple(_plans(rows))

    def plans_due(self, now: datetime) -> tuple[Plan, ...]:
        """Return the plans whose next time has come, the earliest first."""
        rows = self._file.rows(
            f"SELECT {_PLAN} FROM plans WHERE {_THEIRS} AND next_at <= ? ORDER BY next_at",
            (self._person, _text(now)),
        )
        return tuple(_plans(rows))

    def store_plans(self, plans: Iterable[Plan], gone: Iterable[tuple[str, str]] = ()) -> None:
        """Keep plans as they are now, and drop others by person and name."""
        with self._file.transaction():
            for key in gone:
                self._file.rows("DELETE FROM plans WHERE person = ? AND name = ?", key)
            for plan in plans:
                self._store(plan)

    def fall_due(self, falls: Iterable[Fall], then: Plan) -> None:
        """Turn what was due into occurrences, and plan what comes next, together.

        What has this local time already is left as it is.
        """
        with self._file.transaction():
            self._store(then)
            for fall in falls:
                rows = self._file.rows(
                    "INSERT INTO occurrences (person, name, local, due_at, reminder, state,"
                    " next_at, since, said) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
                    " ON CONFLICT DO NOTHING RETURNING id",
                    (
                        then.person,
                        then.name,
                        fall.moment.local.isoformat(),
                        _text(fall.moment.at),
                        _json(fall.reminder),
                        fall.state,
                        _text(fall.next_at),
                        _text(fall.next_at or fall.moment.at),
                        fall.said,
                    ),
                )
                if rows:
                    self._note(rows[0][0], then.person, then.name, fall.state, fall.why)

    def change(
        self,
        occurrence: Occurrence,
        state: State,
        why: str,
        next_at: datetime | None = None,
        since: datetime | None = None,
        said: int = 0,
        snoozed: int = 0,
    ) -> Occurrence:
        """Give an occurrence its next state and return it; `said` and `snoozed` are added."""
        with self._file.transaction():
            rows = self._file.rows(
                "UPDATE occurrences SET state = ?, next_at = ?, since = coalesce(?, since),"
                " said = said + ?, snoozed = snoozed + ? WHERE id = ? AND state = ?"
                f" RETURNING {_OCCURRENCE}",
                (
                    *(state, _text(next_at), _text(since)),
                    *(said, snoozed, occurrence.id, occurrence.state),
                ),
            )
            if not rows:
                raise StageError("remind", "changed", "This reminder has changed meanwhile.")
            self._note(occurrence.id, occurrence.person, occurrence.name, state, why)
        return _occurrence(rows[0])

    def told_staff(self, occurrence: Occurrence, alert: int) -> None:
        """Staff have been told of it by this alert."""
        with self._file.transaction():
            self._file.rows("UPDATE occurrences SET alert = ? WHERE id = ?", (alert, occurrence.id))
            self._note(
                occurrence.id, occurrence.person, occurrence.name, "told_staff", f"alert {alert}"
            )

    def open(self) -> tuple[Occurrence, ...]:
        """Return what is due, being said or waiting for an answer, the earliest first."""
        return self._occurrences("next_at IS NOT NULL ORDER BY next_at, due_at, id")

    def unanswered(self, now: datetime) -> tuple[Occurrence, ...]:
        """Return what was asked, and no longer waits for an answer.

        Also what is still being said by then: the disk has refused to note its end.
        """
        return self._occurrences(
            "state IN ('saying', 'asked') AND next_at <= ? ORDER BY next_at", _text(now)
        )

    def waiting(self, now: datetime) -> Iterator[Occurrence]:
        """Yield what is to be said now, the longest due first."""
        rows = self._file.rows(
            f"SELECT {_OCCURRENCE} FROM occurrences WHERE {_THEIRS} AND state = 'due'"
            " AND next_at <= ? ORDER BY next_at, due_at, id",
            (self._person, _text(now)),
        )
        return map(_occurrence, rows)

    @property
    def in_talk(self) -> bool:
        """Whether one is being said or waits for its answer."""
        rows = self._file.rows(
            f"SELECT 1 FROM occurrences WHERE {_THEIRS} AND next_at IS NOT NULL"
            " AND state IN ('saying', 'asked') LIMIT 1",
            (self._person,),
        )
        return bool(rows)

    def for_staff(self) -> tuple[Occurrence, ...]:
        """Return what staff have yet to be told of."""
        return self._occurrences(
            "alert IS NULL AND state IN ('refused', 'missed') ORDER BY due_at, id"
        )

    def get(self, number: int) -> Occurrence:
        """Return one occurrence."""
        found = self._occurrences("id = ?", number)
        if not found:
            raise StageError("remind", "unknown", f"There is no reminder {number} in the history.")
        return found[0]

    def of_day(self, start: datetime, end: datetime) -> tuple[Occurrence, ...]:
        """Return what was due from one moment until before another."""
        return self._occurrences(
            "due_at >= ? AND due_at < ? ORDER BY due_at, id", _text(start), _text(end)
        )

    def due_after(self, moment: datetime) -> tuple[Occurrence, ...]:
        """Return what is due after a moment, which a clock that was ahead has made of it."""
        return self._occurrences("due_at > ? ORDER BY due_at, id", _text(moment))

    def history(self, occurrence: int | None = None, most: int = 1000) -> tuple[Change, ...]:
        """Return the changes of one occurrence or the newest of all, the oldest first."""
        rows = self._file.rows(
            f"SELECT {_CHANGE} FROM history WHERE {_THEIRS}"
            " AND coalesce(?, occurrence) IS occurrence ORDER BY id DESC LIMIT ?",
            (self._person, occurrence, most),
        )
        return tuple(Change(datetime.fromisoformat(row[0]), *row[1:]) for row in reversed(rows))

    def next_at(self) -> datetime | None:
        """Return when there is something to do next."""
        ((moment,),) = self._file.rows(
            f"SELECT min(at) FROM (SELECT min(next_at) AS at FROM plans WHERE {_THEIRS} UNION ALL"
            f" SELECT min(next_at) FROM occurrences WHERE {_THEIRS} AND next_at IS NOT NULL)",
            (self._person, self._person),
        )
        return datetime.fromisoformat(moment) if moment else None

    @property
    def looked_at(self) -> datetime | None:
        """When the engine last looked, by the clock of that time."""
        rows = self._file.rows("SELECT at FROM looked")
        return datetime.fromisoformat(rows[0][0]) if rows else None

    @property
    def last_said_at(self) -> datetime | None:
        """When something was said last."""
        rows = self._file.rows(
            f"SELECT at FROM history WHERE {_THEIRS} AND change IN ('said', 'asked')"
            " ORDER BY id DESC LIMIT 1",
            (self._person,),
        )
        return datetime.fromisoformat(rows[0][0]) if rows else None

    def look(self, now: datetime) -> None:
        """Note that the engine has looked."""
        self._file.rows("INSERT OR REPLACE INTO looked (only, at) VALUES (1, ?)", (_text(now),))

    @property
    def went_back(self) -> bool:
        """Whether changes are missing that were on disk once."""
        return self._file.went_back

    def settle(self) -> None:
        """What is missing has been seen to."""
        self._file.settle()

    def keep_copy(self) -> None:
        """Copy the file, for the day on which it is damaged."""
        self._file.copy()

    def forget_own(self) -> None:
        """Erase what the person asked for by themselves, and what became of it."""
        self._file.rows("PRAGMA secure_delete = ON")
        own = f"{_THEIRS} AND json_extract(reminder, '$.own')"
        with self._file.transaction():
            self._file.rows(
                f"DELETE FROM history WHERE occurrence IN (SELECT id FROM occurrences WHERE {own})",
                (self._person,),
            )
            self._file.rows(f"DELETE FROM occurrences WHERE {own}", (self._person,))
            self._file.rows(f"DELETE FROM plans WHERE {own}", (self._person,))

    def close(self) -> None:
        """Let go of the file; may be called twice."""
        self._file.close()

    def _occurrences(self, which: str, *values: object) -> tuple[Occurrence, ...]:
        rows = self._file.rows(
            f"SELECT {_OCCURRENCE} FROM occurrences WHERE {_THEIRS} AND {which}",
            (self._person, *values),
        )
        return tuple(map(_occurrence, rows))

    def _store(self, plan: Plan) -> None:
        self._file.rows(
            f"INSERT OR REPLACE INTO plans ({_PLAN}) VALUES (?, ?, ?, ?, ?, ?)",
            (
                plan.person,
                plan.name,
                plan.begun.isoformat(),
                _json(plan.reminder),
                _text(plan.next_at),
                plan.next_local.isoformat() if plan.next_local else None,
            ),
        )

    def _note(self, occurrence: int, person: str, name: str, change: str, why: str) -> None:
        self._file.rows(
            "INSERT INTO history (at, occurrence, person, name, change, why)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            (_text(self._clock.now()), occurrence, person, name, change, why),
        )


def _text(moment: datetime | None) -> str | None:
    """Moments are compared as texts, so all of them have the same form."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds") if moment else None


def _json(reminder: Reminder) -> str:
    return reminder.model_dump_json(exclude_defaults=True)


def _plans(rows: Iterable[Sequence[Any]]) -> Iterator[Plan]:
    """Yield plans; one that is refused today was stored by an older version, and is made anew."""
    for row in rows:
        person, name, begun, reminder, next_at, next_local = row
        try:
            read = Reminder.model_validate(json.loads(reminder))
        except ValidationError:
            log.warning("The plan of %s, %s, is refused today; it waits for its file", person, name)
            continue
        yield Plan(
            person,
            name,
            date.fromisoformat(begun),
            read,
            datetime.fromisoformat(next_at) if next_at else None,
            datetime.fromisoformat(next_local) if next_local else None,
        )


def _occurrence(row: Sequence[Any]) -> Occurrence:
    number, person, name, local, due_at, raw, state, next_at, since, *counts = row
    reminder = {key: value for key, value in json.loads(raw).items() if key not in WHEN}
    return Occurrence(
        number,
        person,
        name,
        datetime.fromisoformat(local),
        datetime.fromisoformat(due_at),
        Reminder.model_validate(reminder),
        state,
        datetime.fromisoformat(next_at) if next_at else None,
        datetime.fromisoformat(since),
        *counts,
    )
