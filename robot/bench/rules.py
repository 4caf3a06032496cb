"""`rules`: recurrence rules drawn to be slow: how long reading one and reckoning its next takes."""

import random
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from pydantic import ValidationError
from rich.table import Table

from config.recurrence import DAYS, PARTS, RANGES
from config.reminders import Reminder
from dialogue.reminders.series import series_of
from robot.bench.common import Options, Progress, spread, surroundings

RULES = 20_000
ZONE = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 1, 1, tzinfo=UTC)
DENSE = f"FREQ=YEARLY;BYDAY={','.join(DAYS.values())};BYHOUR={','.join(map(str, range(24)))}"
WORST = (
    ("FREQ=MONTHLY;BYMONTH=2;BYMONTHDAY=29;BYDAY=MO", "2016-03-01"),
    ("FREQ=MONTHLY;BYMONTH=2;BYMONTHDAY=30", "2026-01-01"),
    ("FREQ=DAILY;BYMONTH=2;BYDAY=MO;COUNT=999", "2010-01-01"),
    ("FREQ=DAILY;BYMONTHDAY=30;BYMONTH=2", "2026-01-01"),
    ("FREQ=HOURLY", "0001-01-01"),
    ("FREQ=HOURLY;BYDAY=MO;BYHOUR=0;COUNT=99", "2026-01-01"),
    ("FREQ=HOURLY;INTERVAL=14;BYDAY=MO;BYHOUR=1", "2026-01-01"),
    (DENSE, "0001-12-31"),
    ("FREQ=YEARLY;INTERVAL=29;BYDAY=53MO;BYSETPOS=1,2,3,4,5,6,7,8,9,10", "1604-02-29"),
)
"""Rules and starts that were slow, or are the slowest of their kind."""


def run(options: Options) -> dict[str, Any]:
    """Read and reckon the worst known and so many drawn."""
    return {**measure(RULES, options.seed, options.progress), **surroundings(options.seed)}


def measure(rules: int, seed: int, progress: Progress) -> dict[str, Any]:
    """Return the figures for so many rules, in ms."""
    chance = random.Random(seed)
    took: dict[str, list[tuple[float, str]]] = {"read": [], "refuse": [], "next": []}
    known = list(WORST)
    over = 0
    for number in range(rules):
        if number % 1000 == 0:
            progress("rules", number, rules)
        rule, starts = known.pop() if known else drawn(chance)
        reminder, ms = _timed(partial(_read, rule, starts))
        took["read" if reminder else "refuse"].append((ms, rule))
        if reminder is None:
            continue
        (series,) = series_of(reminder, ZONE, NOW.date())
        after = NOW + timedelta(hours=chance.randrange(600_000))
        found, ms = _timed(partial(series.next, after))
        took["next"].append((ms, rule))
        over += found is None
    return {
        "rules": rules,
        "taken": len(took["read"]),
        "refused": len(took["refuse"]),
        "no_next": over,
        **{f"{what}_ms": spread([ms for ms, _ in times]) for what, times in took.items()},
        "slowest": {what: max(times)[1] for what, times in took.items() if times},
    }


T = TypeVar("T")


def _timed(work: Callable[[], T]) -> tuple[T, float]:
    began = time.perf_counter()
    result = work()
    return result, (time.perf_counter() - began) * 1e3


def _read(rule: str, starts: str) -> Reminder | None:
    raw = {"say": "It is time.", "at": "09:00", "repeat": rule, "starts": starts}
    try:
        return Reminder.model_validate(raw)
    except ValidationError:
        return None


def drawn(chance: random.Random) -> tuple[str, str]:
    """Return a rule of any parts that may stand in one, mostly rare or dense, and a start."""
    frequency = chance.choice(list(PARTS))
    parts = {"FREQ": frequency}
    for name in sorted(PARTS[frequency] - {"FREQ"}):
        if chance.random() < 0.3:
            parts[name] = _value(name, frequency, chance)
    starts = date(chance.choice((1, 1604, 1900, 2010, 2016, 2026, 2069, 2099)), 1, 1)
    starts += timedelta(days=chance.randrange(366))
    return ";".join("=".join(part) for part in parts.items()), starts.isoformat()


def _value(name: str, frequency: str, chance: random.Random) -> str:
    if name == "COUNT":
        return chance.choice(("1", "99", "999"))
    if name == "INTERVAL":
        return str(chance.choice((1, 2, 7, 14, 23, 28, 365, 1461, 9999)))
    days = list(DAYS.values())
    if name == "WKST":
        return chance.choice(days)
    if name == "BYDAY":
        nth = chance.choice(("", "", "5", "-1", "53")) if frequency[0] in "MY" else ""
        return ",".join(f"{nth}{day}" for day in chance.sample(days, chance.choice((1, 7))))
    least, most = RANGES[name]
    ends = (least, most, 2, 29, most - 1)
    few = [each for each in ends if least <= each <= most]
    every = list(range(0 if least == 0 else 1, most + 1))
    numbers = chance.choice(([chance.choice(few)], [chance.choice(few)], every[:31]))
    return ",".join(map(str, numbers))


def table(result: dict[str, Any]) -> Table:
    """Show the counts, the times in ms, and the slowest rules."""
    shown = Table("what", "figure")
    for name in ("rules", "taken", "refused", "no_next"):
        shown.add_row(name.replace("_", " "), str(result[name]))
    for what in ("read", "refuse", "next"):
        for name, figure in result[f"{what}_ms"].items():
            shown.add_row(f"{what} {name}{'' if name == 'n' else ', ms'}", str(figure))
    for what, which in result["slowest"].items():
        shown.add_row(f"slowest {what}", which)
    return shown
