"""When something is due: local times of a zone by a recurrence rule, as moments in UTC.

The policy for clocks that change (RFC 5545, 3.3.5): a time that the spring change leaves out is as
much later as the clock was put forward (02:30 is 03:30); of a time that comes twice in autumn the
first is meant. What recurs keeps its time of day. 29 February comes in leap years only, and the
31st only in months that have one.
"""

from calendar import monthrange
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import takewhile
from zoneinfo import ZoneInfo

from dateutil.rrule import rrulestr

from config.reminders import LAST_YEAR, Reminder

CHANGE = timedelta(hours=26)
"""More than any zone has ever been put forward or back at once, a day left out included."""
END = datetime(LAST_YEAR + 1, 1, 1)  # noqa: DTZ001 - a local time
"""Nothing is due from then on."""
SPANS = {"HOURLY": timedelta(hours=1), "DAILY": timedelta(days=1), "WEEKLY": timedelta(weeks=1)}
MONTHS = {"MONTHLY": 1, "YEARLY": 12}
"""How long one interval of a rule is."""


@dataclass(frozen=True, order=True)
class Moment:
    """One time something is due; `local` has no zone, and tells it from others of its series."""

    at: datetime
    local: datetime


@dataclass(frozen=True)
class Series:
    """Local times: by a rule from `start`, or single ones without a rule; some are left out.

    `start`, `also` and `but` have no zone; the zone is that of the series.
    """

    start: datetime
    zone: ZoneInfo
    rule: str | None = None
    also: tuple[datetime, ...] = ()
    but: frozenset[datetime] = field(default_factory=frozenset)
    last_day: date | None = None

    def between(self, after: datetime, until: datetime) -> list[Moment]:
        """Return what is due after one moment and not after another, in order of time.

        Of two local times that fall on one moment, when clocks change, the first is returned.
        """
        first, last = self._local(after) - CHANGE, self._local(until) + CHANGE
        moments = map(self._moment, takewhile(lambda local: local <= last, self._from(first)))
        found = {each.at: each for each in sorted(moments, reverse=True)}
        return sorted(each for each in found.values() if after < each.at <= until)

    def next(self, after: datetime) -> Moment | None:
        """Return the first moment after this one, or None."""
        soonest: Moment | None = None
        for local in self._from(self._local(after) - CHANGE):
            if soonest and local > soonest.local + CHANGE:
                break
            moment = self._moment(local)
            if moment.at > after and (soonest is None or moment < soonest):
                soonest = moment
        return soonest

    def _local(self, moment: datetime) -> datetime:
        return moment.astimezone(self.zone).replace(tzinfo=None)

    def _moment(self, local: datetime) -> Moment:
        # Of two readings zoneinfo takes the first; in a gap it counts with the offset before it.
        return Moment(local.replace(tzinfo=self.zone).astimezone(UTC), local)

    def _from(self, first: datetime) -> Iterator[datetime]:
        for local in self._times(first):
            if local >= END or (self.last_day is not None and local.date() > self.last_day):
                return
            if local >= first and local not in self.but:
                yield local

    def _times(self, first: datetime) -> Iterable[datetime]:
        if self.rule is None:
            return sorted(set(self.also))
        every: Iterable[datetime] = rrulestr(
            self.rule, dtstart=_nearer(self.rule, self.start, first)
        )
        return every


def series_of(reminder: Reminder, home: ZoneInfo, begun: date) -> list[Series]:
    """Return a series for each time of day; `begun` is when a reminder without a start was first
    read.
    """
    zone = ZoneInfo(reminder.zone) if reminder.zone else home
    first = reminder.starts or begun
    return [
        Series(
            datetime.combine(first, at),
            zone,
            reminder.rule,
            tuple(datetime.combine(day, at) for day in reminder.on),
            frozenset(datetime.combine(day, at) for day in reminder.but),
            reminder.ends,
        )
        for at in sorted(set(reminder.at))
    ]


def soonest(reminder: Reminder, home: ZoneInfo, begun: date, after: datetime) -> Moment | None:
    """Return when a reminder is due next after a moment; `home` and `begun` as in `series_of`."""
    found = (each.next(after) for each in series_of(reminder, home, begun))
    return min((moment for moment in found if moment), default=None)


def _nearer(rule: str, start: datetime, first: datetime) -> datetime:
    """Return a later start from which the rule goes on the same, before `first` if it can be.

    A rule is looked through from its start, which may be many years ago.
    """
    parts = dict(part.partition("=")[::2] for part in rule.split(";"))
    if "COUNT" in parts or start >= first:
        return start
    interval = int(parts.get("INTERVAL", "1"))
    if parts["FREQ"] in SPANS:
        span = SPANS[parts["FREQ"]] * interval
        return start + span * ((first - start) // span)
    return _months_later(start, MONTHS[parts["FREQ"]] * interval, first)


def _months_later(start: datetime, step: int, first: datetime) -> datetime:
    """Return the start, so many steps of months later that it is at least one before `first`.

    It keeps its day, which may have come from it into the rule; not every month has a 29th.
    """
    months = (first.year - start.year) * 12 + first.month - start.month
    for steps in range(months // step - 1, 0, -1):
        year, month = divmod(start.year * 12 + start.month - 1 + steps * step, 12)
        if start.day <= monthrange(year, month + 1)[1]:
            return start.replace(year=year, month=month + 1)
    return start
