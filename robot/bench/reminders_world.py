"""What residents and staff have heard in one history of `bench reminders`, and what was due."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from robot.bench.reminders_child import HOME

CLOCKS_CHANGE = date(2026, 3, 29)
"""Times of that night are judged by `bench schedules`."""
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
DAYS = {"day": WEEKDAYS, "weekday": WEEKDAYS[:5]}
FINAL = frozenset({"confirmed", "refused", "cancelled"})
"""After a promise of these nothing more is said."""


@dataclass
class Heard:
    """A reminder that was said; `ended` is None where the program died over it.

    `age` counts the damages of the file before it; `unsaved` is what was not yet on the disk.
    """

    key: str
    begun: datetime
    marked: bool
    age: int
    unsaved: bool
    ended: datetime | None = None


@dataclass
class Written:
    """A reminder in a resident's file, and from when until when it is sure to have been there.

    `out` is how much had been heard when the robot knew that it was taken out.
    """

    times: tuple[str, ...]
    every: tuple[str, ...]
    since: datetime | None = None
    until: datetime | None = None
    out: int | None = None

    def expected(self) -> Iterator[str]:
        """Yield the local times that must have fallen due, reckoned from the calendar on a wall."""
        if self.since is None or self.until is None:
            return
        days = {day for word in self.every for day in DAYS.get(word, (word,))}
        day = self.since.date() - timedelta(days=1)
        while day <= self.until.date() + timedelta(days=1):
            for text in self.times if WEEKDAYS[day.weekday()] in days else ():
                local = datetime.combine(day, time.fromisoformat(text))
                hidden = day == CLOCKS_CHANGE and 1 <= local.hour < 4
                if not hidden and self.since < local.replace(tzinfo=HOME.zone) <= self.until:
                    yield local.isoformat()
            day += timedelta(days=1)


@dataclass
class World:
    """One history, in the order in which it was heard."""

    now: datetime
    heard: list[Heard] = field(default_factory=list)
    promised: dict[str, tuple[str, int]] = field(default_factory=dict)
    """What was promised last, and how much had been heard before."""
    looks: list[tuple[datetime, bool]] = field(default_factory=list)
    """When it looked with room on the disk, and whether it then spoke."""
    turned: list[tuple[datetime, datetime]] = field(default_factory=list)
    """Times that came twice, because a clock was put back."""
    written: dict[str, Written] = field(default_factory=dict)
    unsure: set[str] = field(default_factory=set)
    """Keys of what was said or promised on a full disk, before it could be written down."""
    ready_ms: list[float] = field(default_factory=list)
    refused: Counter[str] = field(default_factory=Counter)
    damaged: int = 0
    never_ready: int = 0
    _latest: datetime | None = None
    _full: bool = False
    _unsaved: bool = False
    _new: set[str] = field(default_factory=set)

    def begins(self, start: datetime, full: bool = False) -> None:
        """Another life begins at this time of its clock, perhaps on a full disk."""
        self._full, self._unsaved, self._new = full, False, set()
        self._passes(start)

    def hears(self, what: str, words: list[str]) -> None:
        """Take in one line that the program has printed."""
        match what:
            case "ready":
                self.ready_ms.append(float(words[0]) * 1000)
            case "said":
                begun = datetime.fromisoformat(words[2])
                self._passes(begun)
                if not self._full:
                    self.looks.append((begun, True))
                marked = words[1] == "1"
                self.heard.append(Heard(words[0], begun, marked, self.damaged, self._unsaved))
                self._note(words[0])
            case "ended":
                self.heard[-1].ended = datetime.fromisoformat(words[0])
                self._passes(self.heard[-1].ended)
            case "promised":
                self.promised[words[1]] = words[0], len(self.heard)
                self._note(words[1])
            case "idle":
                self.looks.append((datetime.fromisoformat(words[0]), False))
                self._passes(self.looks[-1][0])
            case "memory":
                self._unsaved = True
            case "disk":
                self._full, self._unsaved, self._new = False, False, set()
            case "damaged":
                self.damaged += 1
            case "refused":
                self.refused[words[0]] += 1
            case "now":
                self._passes(datetime.fromisoformat(words[0]))

    def dies(self) -> None:
        """A life is over: what could not be written down is not known to the next."""
        self.unsure |= self._new

    def clear(self, since: datetime, until: datetime) -> bool:
        """Whether a span of time came once only, so that clocks can be believed."""
        return since <= until and not any(a <= until and b >= since for a, b in self.turned)

    def by_key(self) -> dict[str, list[Heard]]:
        """Return what was heard of each occurrence."""
        found: defaultdict[str, list[Heard]] = defaultdict(list)
        for each in self.heard:
            found[each.key].append(each)
        return dict(found)

    def _note(self, key: str) -> None:
        if self._unsaved:
            self._new.add(key)

    def _passes(self, moment: datetime) -> None:
        if self._latest is not None and moment < self.now:
            self.turned.append((moment, self._latest))
        self._latest = max(self._latest or moment, moment)
        self.now = moment
