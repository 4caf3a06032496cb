"""`schedules`: random schedules over ten years in every zone of the EU, against another reckoning.

The other reckoning walks day by day with zoneinfo alone; it knows neither rules nor dateutil.
"""

import os
import random
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import partial
from itertools import count, takewhile
from typing import Any
from zoneinfo import ZoneInfo

from rich.table import Table

from config.recurrence import DAYS
from config.reminders import Reminder
from dialogue.reminders.series import Moment, series_of
from robot.bench.common import Options, Progress, spread, surroundings

SCHEDULES = 10_000
FIRST, LAST = date(2026, 1, 1), date(2035, 12, 31)
A_PORTION = 25
ZONES = (
    *("Europe/Vienna", "Europe/Brussels", "Europe/Sofia", "Europe/Zagreb", "Asia/Nicosia"),
    *("Asia/Famagusta", "Europe/Prague", "Europe/Copenhagen", "Europe/Tallinn"),
    *("Europe/Helsinki", "Europe/Mariehamn", "Europe/Paris", "Europe/Berlin", "Europe/Busingen"),
    *("Europe/Athens", "Europe/Budapest", "Europe/Dublin", "Europe/Rome", "Europe/Riga"),
    *("Europe/Vilnius", "Europe/Luxembourg", "Europe/Malta", "Europe/Amsterdam", "Europe/Warsaw"),
    *("Europe/Lisbon", "Atlantic/Madeira", "Atlantic/Azores", "Europe/Bucharest"),
    *("Europe/Bratislava", "Europe/Ljubljana", "Europe/Madrid", "Africa/Ceuta"),
    *("Atlantic/Canary", "Europe/Stockholm", "America/Guadeloupe", "America/Martinique"),
    *("America/Cayenne", "America/Marigot", "Indian/Reunion", "Indian/Mayotte"),
)
"""Of the member states and their outermost regions, by zone.tab of the time zone database."""

Fits = Callable[[date], bool]


@dataclass(frozen=True)
class Drawn:
    """A reminder, and on which days it must be."""

    reminder: Reminder
    fits: Fits


def run(options: Options) -> dict[str, Any]:
    """Draw, reckon in two ways, and count where they differ."""
    return {**measure(SCHEDULES, options.seed, options.progress), **surroundings(options.seed)}


def measure(schedules: int, seed: int, progress: Progress) -> dict[str, Any]:
    """Return the figures for so many schedules."""
    totals: Counter[str] = Counter()
    faults: list[str] = []
    next_us: list[float] = []
    portions = [range(at, min(at + A_PORTION, schedules)) for at in range(0, schedules, A_PORTION)]
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        for number, (counts, found, took) in enumerate(pool.map(partial(_portion, seed), portions)):
            progress("schedules", number * A_PORTION, schedules)
            totals += counts
            faults += found
            next_us += took
    names = ("moments", "missed", "doubled", "elsewhere", "next_differs")
    return {
        "schedules": schedules,
        "zones": len(ZONES),
        **{name: totals[name] for name in names},
        "moved_by_a_gap": totals["gap"],
        "in_a_repeated_hour": totals["repeat"],
        "faults": faults[:20],
        "next_us": spread(next_us),
    }


def _portion(seed: int, numbers: range) -> tuple[Counter[str], list[str], list[float]]:
    totals: Counter[str] = Counter()
    faults: list[str] = []
    took: list[float] = []
    for number in numbers:
        drawn = draw(random.Random(f"{seed} {number}"))
        for kind in _compared(drawn, totals, took):
            totals[kind] += 1
            faults.append(f"{kind}: {drawn.reminder.model_dump_json(exclude_defaults=True)}")
    return totals, faults, took


def draw(chance: random.Random) -> Drawn:
    """Draw a reminder of any form, and say independently which days are its own."""
    starts = FIRST + timedelta(days=chance.randrange(3000))
    raw: dict[str, Any] = {
        "say": "It is time.",
        "zone": chance.choice(ZONES),
        "at": sorted({_time(chance) for _ in range(chance.choice((1, 1, 2, 3)))}),
        "starts": starts.isoformat(),
    }
    fits = chance.choice((_daily, _weekdays, _weekly, _monthly, _yearly, _nth, _every_few))(
        chance, starts, raw
    )
    if chance.random() < 0.3:
        ends = starts + timedelta(days=chance.randrange(1, 2000))
        raw["ends"] = ends.isoformat()
        fits = _and(fits, lambda day: day <= ends)
    if chance.random() < 0.5:
        but = {starts + timedelta(days=chance.randrange(400)) for _ in range(20)}
        raw["but"] = sorted(day.isoformat() for day in but)
        fits = _and(fits, lambda day: day not in but)
    return Drawn(Reminder.model_validate(raw), _and(fits, lambda day: day >= starts))


def _time(chance: random.Random) -> str:
    # Clocks change between midnight and three: half of the times lie there.
    hour = chance.choice((chance.randrange(24), chance.randrange(4)))
    return f"{hour:02}:{chance.randrange(60):02}"


def _and(one: Fits, other: Fits) -> Fits:
    return lambda day: one(day) and other(day)


def _daily(chance: random.Random, starts: date, raw: dict[str, Any]) -> Fits:
    raw["every"] = "day"
    return lambda day: True


def _weekdays(chance: random.Random, starts: date, raw: dict[str, Any]) -> Fits:
    raw["every"] = "weekday"
    return lambda day: day.weekday() < 5


def _weekly(chance: random.Random, starts: date, raw: dict[str, Any]) -> Fits:
    names = chance.sample(list(DAYS), chance.randint(1, 4))
    raw["every"] = names
    wanted = {list(DAYS).index(name) for name in names}
    return lambda day: day.weekday() in wanted


def _monthly(chance: random.Random, starts: date, raw: dict[str, Any]) -> Fits:
    raw["every"] = "month"
    return lambda day: day.day == starts.day


def _yearly(chance: random.Random, starts: date, raw: dict[str, Any]) -> Fits:
    raw["every"] = "year"
    return lambda day: (day.month, day.day) == (starts.month, starts.day)


def _nth(chance: random.Random, starts: date, raw: dict[str, Any]) -> Fits:
    nth, weekday = chance.randint(1, 4), chance.randrange(7)
    raw["repeat"] = f"FREQ=MONTHLY;BYDAY={nth}{list(DAYS.values())[weekday]}"
    return lambda day: day.weekday() == weekday and (day.day - 1) // 7 == nth - 1


def _every_few(chance: random.Random, starts: date, raw: dict[str, Any]) -> Fits:
    few = chance.randint(2, 40)
    raw["repeat"] = f"FREQ=DAILY;INTERVAL={few}"
    return lambda day: (day - starts).days % few == 0


def reckoned(drawn: Drawn) -> Iterator[tuple[datetime, bool, bool]]:
    """Yield each moment in UTC, and whether it lies in a gap or in an hour that comes twice."""
    assert drawn.reminder.zone is not None
    zone = ZoneInfo(drawn.reminder.zone)
    days = takewhile(lambda day: day <= LAST, (FIRST + timedelta(days=n) for n in count()))
    for day in filter(drawn.fits, days):
        for at in drawn.reminder.at:
            first = datetime.combine(day, at, zone)
            second = first.replace(fold=1)
            gap = first.astimezone(UTC).astimezone(zone).time() != at
            yield first.astimezone(UTC), gap, not gap and first.utcoffset() != second.utcoffset()


def _compared(drawn: Drawn, totals: Counter[str], took: list[float]) -> Iterator[str]:
    """Yield in which ways the two reckonings differ."""
    expected = {}
    for moment, gap, repeat in reckoned(drawn):
        expected[moment] = True
        totals["gap"] += gap
        totals["repeat"] += repeat
    assert drawn.reminder.zone is not None
    zone = ZoneInfo(drawn.reminder.zone)
    begin = datetime.combine(FIRST, datetime.min.time(), zone).astimezone(UTC)
    end = datetime.combine(LAST, datetime.max.time(), zone).astimezone(UTC)
    series = series_of(drawn.reminder, zone, FIRST)
    every = [
        moment for each in series for moment in each.between(begin - timedelta(seconds=1), end)
    ]
    found = {moment.at for moment in every}
    totals["moments"] += len(expected)
    if expected.keys() - found:
        yield "missed"
    if found - expected.keys():
        yield "elsewhere"
    if any(n > 1 for n in Counter((each.at, each.local) for each in every).values()):
        yield "doubled"
    for each in series:
        if not _walks(each.next, each.between(begin, end), begin, end, took):
            yield "next_differs"


def _walks(
    following: Callable[[datetime], Moment | None],
    moments: list[Moment],
    begin: datetime,
    end: datetime,
    took: list[float],
) -> bool:
    """Whether going on from one moment to the next meets each, as the scheduler does.

    The first and the last hundred; all of them would take hours.
    """
    for part in (moments[:100], moments[-100:]):
        at = begin if part[:1] == moments[:1] else moments[-101].at
        for moment in part:
            began = time.perf_counter()
            found = following(at)
            took.append((time.perf_counter() - began) * 1e6)
            if found != moment:
                return False
            at = moment.at
    after = following(moments[-1].at if moments else begin)
    return after is None or after.at > end


def table(result: dict[str, Any]) -> Table:
    """Show the counts, and the time of one `next`."""
    shown = Table("what", "figure")
    for name, figure in result.items():
        if isinstance(figure, int) and name != "seed":
            shown.add_row(name.replace("_", " "), str(figure))
    for name, figure in result["next_us"].items():
        shown.add_row(f"next {name}{'' if name == 'n' else ', µs'}", str(figure))
    for fault in result["faults"]:
        shown.add_row("fault", fault)
    return shown
