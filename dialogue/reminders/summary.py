"""At each change of shift a note says what became of the reminders of the shift that ends."""

import uuid
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, time, timedelta
from functools import cache
from pathlib import Path

from pydantic import RootModel

from config.clock import Clock
from config.files import read_model
from config.settings import Home
from dialogue.alerts import Alerts, raised
from dialogue.events import Publish
from dialogue.reminders.ledger import Ledger, Occurrence

FILE = Path(__file__).with_name("summary.yaml")
CATEGORY = "reminder_summary"
MOST_LINES = 40
"""So many reminders are told one by one."""
NAMES = uuid.UUID("b0a7a9a5-3a35-4c0e-8f0e-5c8d1f0f4e11")
"""Of the ids of the notes: the same shift never makes two."""


class _Texts(RootModel[dict[str, dict[str, str]]]):
    """The words by language."""


class Summary:
    """Tells the next shift, once. `look` raises StageError where the disk refuses."""

    def __init__(
        self,
        ledger: Ledger,
        alerts: Alerts,
        home: Home,
        person: str,
        clock: Clock,
        publish: Publish,
    ) -> None:
        self._ledger = ledger
        self._alerts = alerts
        self._home = home
        self._person = person
        self._clock = clock
        self._publish = publish
        self._told: datetime | None = None

    def look(self) -> None:
        """Leave the note where a shift has ended and nobody has been told."""
        shift = self._shift(self._clock.now())
        if shift is None or self._told == shift[1]:
            return
        begin, end = shift
        occurrences = self._ledger.of_day(begin, end)
        if occurrences:
            self._tell(occurrences, end)
        self._told = end

    def _tell(self, occurrences: Sequence[Occurrence], end: datetime) -> None:
        words = summary_words(occurrences[:MOST_LINES], self._home)
        uid = uuid.uuid5(NAMES, f"{self._person} {end.isoformat()}")
        asked = self._clock.now().isoformat()
        alert = self._alerts.raise_(CATEGORY, self._person, words, uid.hex)
        if alert.raised_at >= asked:  # not before a restart
            self._publish(raised(alert))

    def _shift(self, now: datetime) -> tuple[datetime, datetime] | None:
        """Return when the shift that ended last began and ended, in UTC."""
        times = [time.fromisoformat(at) for at in self._home.shift_changes]
        today = now.astimezone(self._home.zone).date()
        changes = sorted(
            datetime.combine(today + timedelta(days=ahead), at, self._home.zone).astimezone(UTC)
            for ahead in (-2, -1, 0)
            for at in times
        )
        over = [change for change in changes if change <= now]
        return (over[-2], over[-1]) if over else None


def summary_words(occurrences: Sequence[Occurrence], home: Home) -> str:
    """Return a line for each, in the home's language."""
    texts = _texts()[home.language]
    return "\n".join(
        texts["line"].format(
            time=f"{each.due_at.astimezone(home.zone):%H:%M}",
            say=texts["own"] if each.reminder.own else each.reminder.say,
            state=texts[each.state],
        )
        for each in occurrences
    )


@cache
def _texts() -> Mapping[str, Mapping[str, str]]:
    return read_model(FILE, _Texts).root
