"""Calls for a human, on disk before anybody is told that they were made."""

import logging
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal

from config.clock import Clock
from dialogue.alert_file import AlertFile
from dialogue.durable import set_aside
from dialogue.errors import StageError
from dialogue.events import AlertRaised

log = logging.getLogger(__name__)

FILE = "alerts.db"
"""The name of the file in the folder for what this machine makes itself."""

Audience = Literal["shift", "safeguarding"]
Kind = Literal["alert", "note"]
"""An alert calls somebody now, on every way there is; a note waits in the shift's list."""

KINDS: Mapping[str, Kind] = {
    "distress": "note",
    "medical_question": "note",
    "privacy_request": "note",
    "reminder_missed": "note",
    "reminder_refused": "note",
    "reminder_summary": "note",
}
"""What each category is (rules of conversation); every other one is an alert."""
LOST = "alerts_lost"
"""The category of an alert that others may be gone."""
DISTRESS_LIMIT, DISTRESS_WITHIN = 3, timedelta(hours=24)
"""So many notes of distress about one person within that time are an alert."""


@dataclass(frozen=True)
class Alert:
    """A human is asked to come. Times are ISO 8601 in UTC; `words` are None unless kept.

    `uid` is unique over all robots. `step` counts who was told one after the other: -1 nobody yet,
    0 the first. `person` is the resident's file name.
    """

    id: int
    uid: str
    category: str
    kind: Kind
    audience: Audience
    person: str
    raised_at: str
    words: str | None
    step: int
    step_at: str | None
    acknowledged_at: str | None
    acknowledged_by: str | None


OF_REMINDERS = "reminder_"
"""Begins the categories whose words are those of staff, not of a resident."""


def raised(alert: Alert) -> AlertRaised:
    """Return the event that tells of an alert; what a resident said is not in it."""
    about = alert.words if alert.category.startswith(OF_REMINDERS) else None
    return AlertRaised(alert.id, alert.category, alert.raised_at, alert.kind, about)


_COLUMNS = ", ".join(field.name for field in fields(Alert))


class Alerts:
    """The alerts of this robot in one SQLite file. Every change is on disk when its call returns.

    All methods raise StageError("alert", ...) when the disk refuses; use them from one thread.
    """

    def __init__(self, path: Path, clock: Clock) -> None:
        self.file = AlertFile(path)
        self._clock = clock
        self._watchers: list[Callable[[], None]] = []

    def watch(self, changed: Callable[[], None]) -> None:
        """Have this called after every change made here."""
        self._watchers.append(changed)

    def raise_(
        self, category: str, person: str = "", words: str | None = None, uid: str | None = None
    ) -> Alert:
        """Store an alert or a note and return it; with a `uid` that is known, the one it has.

        An abuse disclosure is for the safeguarding lead alone.
        """
        audience: Audience = "safeguarding" if category == "abuse_disclosure" else "shift"
        with self.file.transaction():
            found = self._alerts(f"SELECT {_COLUMNS} FROM alerts WHERE uid = ?", (uid,))
            if found:
                return found[0]
            found = self._alerts(
                "INSERT INTO alerts (uid, category, kind, audience, person, raised_at, words)"
                f" VALUES (?, ?, ?, ?, ?, ?, ?) RETURNING {_COLUMNS}",
                (
                    uid or secrets.token_hex(16),
                    category,
                    self._kind(category, person),
                    audience,
                    person,
                    self._clock.now().isoformat(),
                    words,
                ),
            )
        self._changed()
        return found[0]

    def acknowledge(self, alert: int, by: str) -> Alert:
        """Store who is coming, and return the alert; the first name stays."""
        if not by.strip():
            raise StageError("alert", "nameless", "Say who acknowledges the alert.")
        found = self._alerts(
            "UPDATE alerts SET acknowledged_at = coalesce(acknowledged_at, ?),"
            f" acknowledged_by = coalesce(acknowledged_by, ?) WHERE id = ? RETURNING {_COLUMNS}",
            (self._clock.now().isoformat(), by.strip(), alert),
        )
        if not found:
            raise _unknown(alert)
        self._changed()
        return found[0]

    def get(self, alert: int) -> Alert:
        """Return one alert."""
        found = self._alerts(f"SELECT {_COLUMNS} FROM alerts WHERE id = ?", (alert,))
        if not found:
            raise _unknown(alert)
        return found[0]

    def open(self, audience: Audience = "shift") -> tuple[Alert, ...]:
        """Return what nobody has acknowledged, oldest first, of one audience."""
        return tuple(
            self._alerts(
                f"SELECT {_COLUMNS} FROM alerts WHERE audience = ? AND acknowledged_at IS NULL"
                " ORDER BY id",
                (audience,),
            )
        )

    def close(self) -> None:
        """Let go of the file; may be called twice."""
        self.file.close()

    def _kind(self, category: str, person: str) -> Kind:
        if category != "distress":
            return KINDS.get(category, "alert")
        since = (self._clock.now() - DISTRESS_WITHIN).isoformat()
        last = (
            "SELECT coalesce(max(id), 0) FROM alerts"
            " WHERE category = 'distress' AND kind = 'alert' AND person = ?"
        )
        (count,) = self.file.rows(
            "SELECT count(*) FROM alerts WHERE category = 'distress' AND person = ?"
            f" AND raised_at > ? AND id > ({last})",
            (person, since, person),
        )[0]
        return "alert" if count + 1 >= DISTRESS_LIMIT else "note"

    def _alerts(self, statement: str, values: Sequence[Any]) -> list[Alert]:
        return [Alert(*row) for row in self.file.rows(statement, values)]

    def _changed(self) -> None:
        for changed in self._watchers:
            changed()


def open_alerts(path: Path, clock: Clock, tell: Callable[[StageError], None]) -> Alerts:
    """Return the alerts; a damaged file is set aside and told, so that the robot can start.

    Raises StageError when no file can be written.
    """
    try:
        alerts = Alerts(path, clock)
        if alerts.file.went_back:
            sentence = "The newest alerts are gone from the list: the disk may be failing."
            _call_about(alerts, "went_back", sentence, tell)
        return alerts
    except StageError as error:
        if error.code != "damaged":
            raise
    try:
        aside = set_aside(path, clock.now())
    except OSError as error:
        sentence = f"{path} is damaged and cannot be renamed ({error.strerror}); move it away."
        raise StageError("alert", "not_stored", sentence) from error
    alerts = Alerts(path, clock)
    sentence = f"The list of alerts was damaged and begins anew; what was open is in {aside}."
    _call_about(alerts, "set_aside", sentence, tell)
    return alerts


def _call_about(alerts: Alerts, code: str, what: str, tell: Callable[[StageError], None]) -> None:
    """Have somebody come, because alerts may be gone that nobody has seen."""
    sentence = f"{what} Look after every resident now, and ask whoever looks after the machine."
    log.critical(sentence)
    alerts.raise_(LOST)
    alerts.file.settle()
    tell(StageError("alert", code, sentence))


def _unknown(alert: int) -> StageError:
    return StageError("alert", "unknown", f"There is no alert {alert}.")
