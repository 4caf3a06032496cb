"""Recurrence rules (RFC 5545): what is wrong, or would take long to reckon, is refused."""

import re
from datetime import MAXYEAR, datetime
from functools import lru_cache

DAYS = {
    "monday": "MO",
    "tuesday": "TU",
    "wednesday": "WE",
    "thursday": "TH",
    "friday": "FR",
    "saturday": "SA",
    "sunday": "SU",
}
HOURLY_PARTS = frozenset({"FREQ", "INTERVAL", "COUNT", "WKST", "BYDAY", "BYHOUR"})
DAILY_PARTS = HOURLY_PARTS | {"BYMONTH", "BYMINUTE"}
WEEKLY_PARTS = DAILY_PARTS | {"BYSETPOS"}
MONTHLY_PARTS = WEEKLY_PARTS | {"BYMONTHDAY"}
PARTS = {
    "HOURLY": HOURLY_PARTS,
    "DAILY": DAILY_PARTS,
    "WEEKLY": WEEKLY_PARTS,
    "MONTHLY": MONTHLY_PARTS,
    "YEARLY": MONTHLY_PARTS | {"BYYEARDAY", "BYWEEKNO"},
}
"""What may stand in a rule, nearly as RFC 5545 has it; no more, for the rest is slow to reckon.

More often than every hour nobody wants to be reminded.
"""
RANGES = {
    "BYMONTH": (1, 12),
    "BYMONTHDAY": (-31, 31),
    "BYYEARDAY": (-366, 366),
    "BYWEEKNO": (-53, 53),
    "BYSETPOS": (-366, 366),
    "BYHOUR": (0, 23),
    "BYMINUTE": (0, 59),
}
"""The numbers of a part; negative ones count from the end, and there is no 0 among those."""
MOST_NUMBERS = {"BYMINUTE": 1, "BYSETPOS": 10}
"""Several minutes would be more often than every hour; dateutil is slow with many positions."""
LONGEST = 500
"""Characters."""
MOST = {"INTERVAL": 9999, "COUNT": 999}
MOST_HOURLY = {"INTERVAL": 23, "COUNT": 99}
"""dateutil is slow with hours that are counted."""
DAYS_IN = {"MONTHLY": 5, "YEARLY": 53}
"""So often a day of the week comes in a month or a year."""
COMES_WITHIN = 30
"""Years within which a rule comes; 29 February on a Monday may be 28 years away."""
COUNTED_FROM = 2010
"""A rule with COUNT is looked through from its start, whenever it is asked."""


def checked_rule(rule: str) -> str:
    """Return a recurrence rule in capitals, without white space.

    Raises ValueError with a remedy.
    """
    text = re.sub(r"\s", "", rule).rstrip(";").upper().removeprefix("RRULE:")
    if len(text) > LONGEST:
        raise ValueError(f"longer than {LONGEST} characters; make two reminders of it")
    named = [part.partition("=")[::2] for part in text.split(";")]
    parts = dict(named)
    if len(parts) < len(named):
        raise ValueError("a part stands in it twice; keep one")
    frequency = parts.get("FREQ", "")
    if frequency not in PARTS:
        raise ValueError(f"a rule begins with FREQ= and one of {', '.join(PARTS)}")
    if not {"DTSTART", "UNTIL"}.isdisjoint(parts):
        raise ValueError("leave DTSTART and UNTIL out; use 'starts' and 'ends'")
    for name, value in named:
        if name not in PARTS[frequency]:
            others = [each for each, known in PARTS.items() if name in known]
            remedy = f"leave it out, or use {others[0]}" if others else "leave it out"
            raise ValueError(f"'{name}' cannot stand in a rule that is {frequency}; {remedy}")
        _check_part(name, value, frequency)
    # With BYMONTH a day is counted within the month; dateutil breaks down over a 53rd.
    days_in = "MONTHLY" if frequency == "YEARLY" and "BYMONTH" in parts else frequency
    for day in parts["BYDAY"].split(",") if "BYDAY" in parts else ():
        _check_day(day, days_in)
    return text


def _check_part(name: str, value: str, frequency: str) -> None:
    if name in ("COUNT", "INTERVAL"):  # dateutil takes an INTERVAL of 0, and never ends
        most = (MOST_HOURLY if frequency == "HOURLY" else MOST)[name]
        if not re.fullmatch(r"[1-9]\d{0,3}", value, re.ASCII) or int(value) > most:
            raise ValueError(f"{name} is a number from 1 to {most} for {frequency}")
    elif name == "WKST" and value not in DAYS.values():
        raise ValueError(f"WKST holds '{value}'; write one of {', '.join(DAYS.values())}")
    elif name in RANGES:
        _check_numbers(name, value.split(","))


def _check_numbers(name: str, numbers: list[str]) -> None:
    least, most = RANGES[name]
    for number in numbers:
        if not re.fullmatch(r"[+-]?\d{1,3}", number, re.ASCII):
            raise ValueError(f"{name} holds '{number}'; write numbers with commas between them")
        if not least <= int(number) <= most or (least < 0 and int(number) == 0):
            but = " without 0" if least < 0 else ""
            raise ValueError(f"{name} holds {number}; it goes from {least} to {most}{but}")
    if len(numbers) > MOST_NUMBERS.get(name, len(numbers)):
        raise ValueError(f"{name} holds at most {MOST_NUMBERS[name]}; make more reminders of it")


def _check_day(day: str, days_in: str) -> None:
    found = re.fullmatch(rf"([+-]?\d{{1,2}})?({'|'.join(DAYS.values())})", day, re.ASCII)
    if not found:
        raise ValueError(f"BYDAY holds '{day}'; write MO, TU, ..., or 1MO for the first Monday")
    most = DAYS_IN.get(days_in, 0)
    if found[1] and not 1 <= abs(int(found[1])) <= most:
        where = f"a number from 1 to {most}" if most else "no number, or use MONTHLY"
        raise ValueError(f"BYDAY holds '{day}'; here a day has {where}")


@lru_cache(1000)  # what is stored is read again and again
def comes(rule: str, start: datetime) -> bool:
    """Whether a checked rule comes within thirty years from its start, a local time.

    dateutil looks for a first time until the year 9999, whatever UNTIL says, which for a rule that
    never comes takes seconds. Days of the week and leap years repeat after 28 years (but for 2100,
    which no rule hangs on), so it is asked in the last years that leave thirty.
    """
    from dateutil.rrule import rrulestr  # 20 ms that only those with a rule pay

    late = _late(start)
    try:
        found = next(iter(rrulestr(rule, dtstart=late)), None)
    except ValueError:  # hours that its INTERVAL passes by
        return False
    return found is not None and found.year - late.year <= COMES_WITHIN


def _late(start: datetime) -> datetime:
    """Return the same day of the week and of the year, as long after a leap year, but late."""
    last = MAXYEAR - COMES_WITHIN
    years = (year for year in range(last - 27, last + 1) if year % 4 == start.year % 4)
    days = (start.replace(year=year) for year in years)
    return next(day for day in days if day.weekday() == start.weekday())
