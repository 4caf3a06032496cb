"""The form of the one SQLite file of alerts and their deliveries."""

from pathlib import Path

from dialogue.durable import COUNTED, DurableFile, Kept

FORMS = (
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
    COUNTED,
)
"""What each release has added, in order; a file holds the number of the last one it has."""

KEPT = Kept("alert", "Alerts", "Until then staff are not told.", FORMS)


class AlertFile(DurableFile):
    """The file of alerts; its methods raise StageError("alert", ...)."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, KEPT)
