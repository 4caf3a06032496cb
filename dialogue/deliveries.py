"""Who is told of an alert, by which way, and how often that was tried: on disk before it is done.

Delivered at least once: after a crash the same delivery is tried again, under the same id.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, fields

from config.clock import Clock
from dialogue.alert_file import AlertFile
from dialogue.alerts import Alert


@dataclass(frozen=True)
class Delivery:
    """One person told of one alert by one channel. Times are ISO 8601 in UTC.

    The id never changes. With `attempts` above 1 the receiver may have it already.
    """

    id: str
    alert: int
    step: int
    recipient: str
    channel: str
    attempts: int
    tried_at: str | None
    delivered_at: str | None
    fault: str | None


_COLUMNS = ", ".join(f"deliveries.{field.name}" for field in fields(Delivery))
_RETURNING = f" RETURNING {_COLUMNS.replace('deliveries.', '')}"


class Deliveries:
    """The deliveries in the file of alerts. All methods raise StageError("alert", ...)."""

    def __init__(self, file: AlertFile, clock: Clock) -> None:
        self._file = file
        self._clock = clock

    def plan(self, alert: Alert, told: Sequence[tuple[str, str]]) -> bool:
        """Store the next step of an alert: (recipient, channel) of everybody told now.

        Returns False, and stores nothing, if another process has done so or somebody is coming.
        A message that still waits for the same recipient and channel is not joined by a second.
        """
        step = alert.step + 1
        with self._file.transaction():
            now = self._clock.now().isoformat()
            mine = self._file.rows(
                "UPDATE alerts SET step = ?, step_at = ?"
                " WHERE id = ? AND step = ? AND acknowledged_at IS NULL RETURNING id",
                (step, now, alert.id, alert.step),
            )
            for recipient, channel in told if mine else ():
                self._file.rows(
                    "INSERT INTO deliveries (id, alert, step, recipient, channel)"
                    " SELECT ?, ?, ?, ?, ? WHERE NOT EXISTS (SELECT 1 FROM deliveries WHERE"
                    " alert = ? AND recipient = ? AND channel = ? AND delivered_at IS NULL)",
                    (
                        delivery_id(alert.uid, step, recipient, channel),
                        *(alert.id, step, recipient, channel),
                        *(alert.id, recipient, channel),
                    ),
                )
        return bool(mine)

    def open(self) -> tuple[Delivery, ...]:
        """Return what has not arrived, of alerts that nobody has acknowledged, oldest first."""
        return self._deliveries(
            f"SELECT {_COLUMNS} FROM deliveries JOIN alerts ON alerts.id = deliveries.alert"
            " WHERE deliveries.delivered_at IS NULL AND alerts.acknowledged_at IS NULL"
            " ORDER BY deliveries.alert, deliveries.step, deliveries.rowid"
        )

    def of(self, alert: int) -> tuple[Delivery, ...]:
        """Return every delivery of one alert, in order."""
        return self._deliveries(
            f"SELECT {_COLUMNS} FROM deliveries WHERE alert = ? ORDER BY step, rowid", alert
        )

    def attempt(self, delivery: Delivery) -> Delivery | None:
        """Count an attempt before it is made; None if another process was first."""
        found = self._deliveries(
            "UPDATE deliveries SET attempts = attempts + 1, tried_at = ?"
            f" WHERE id = ? AND attempts = ? AND delivered_at IS NULL{_RETURNING}",
            *(self._clock.now().isoformat(), delivery.id, delivery.attempts),
        )
        return found[0] if found else None

    def delivered(self, delivery: Delivery) -> None:
        """It has arrived."""
        self._file.rows(
            "UPDATE deliveries SET delivered_at = ?, fault = NULL WHERE id = ?",
            (self._clock.now().isoformat(), delivery.id),
        )

    def failed(self, delivery: Delivery, fault: str) -> None:
        """It may not have arrived, and why; it stays open."""
        self._file.rows("UPDATE deliveries SET fault = ? WHERE id = ?", (fault, delivery.id))

    def _deliveries(self, statement: str, *values: object) -> tuple[Delivery, ...]:
        return tuple(Delivery(*row) for row in self._file.rows(statement, values))


def delivery_id(alert: str, step: int, recipient: str, channel: str) -> str:
    """Return the id of a delivery: the same for the same alert (its uid), step, person, channel."""
    return str(uuid.uuid5(uuid.UUID(alert), f"{step} {channel} {recipient}"))
