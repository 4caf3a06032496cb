"""config/reminders/<resident>.yaml: what one person is reminded of, and when."""

import re
from datetime import date, datetime, time
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from zoneinfo import available_timezones

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticCustomError

from config.files import ConfigError, Fault, read_model
from config.recurrence import COMES_WITHIN, COUNTED_FROM, DAYS, checked_rule, comes

FOLDER = "reminders"
EVERY = {
    "day": "FREQ=DAILY",
    "weekday": "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR",
    "weekend": "FREQ=WEEKLY;BYDAY=SA,SU",
    "week": "FREQ=WEEKLY",
    "month": "FREQ=MONTHLY",
    "year": "FREQ=YEARLY",
}
LAST_YEAR = 2199
"""Nobody is reminded later."""
MOST_REPEATED = 200
"""Reminders with a rule in one file: the robot does nothing else while it plans them."""
MOST_DAYS = 1000
"""That are named one by one, in `on` or `but`."""

_NO_DOSES = re.compile(
    r"\d\s*(?:(?:mg|µg|mcg|ml|iu)\b|i\.e\.)|\b(?:tablets?|pills?|drops?|dose|tablette\w*|pillen?|"
    r"tropfen|dosis)\s*(?:of\s+)?\d|\d+\s*(?:tablets?|pills?|drops?|tablette\w*|pillen?|tropfen)\b",
    re.IGNORECASE,
)

Late = Literal["say", "skip", "tell_staff"]
Urgency = Literal["low", "normal", "high"]
Minutes = Annotated[int, Field(ge=1, le=24 * 60)]


def _clock_time(raw: object) -> object:
    if isinstance(raw, str) and re.fullmatch(r"([01]?\d|2[0-3]):[0-5]\d", raw):
        hours, minutes = raw.split(":")
        return time(int(hours), int(minutes))
    if isinstance(raw, time):
        return raw
    raise ValueError('not a time of day; write one such as "14:30"')


def _day(raw: object) -> object:
    if isinstance(raw, date):
        return raw
    try:
        day = date.fromisoformat(str(raw))
    except ValueError:
        raise ValueError("not a date; write one such as 2026-12-24") from None
    if day.year > LAST_YEAR:
        raise ValueError(f"after {LAST_YEAR}; write a date before")
    return day


def _listed(raw: object) -> object:
    return raw if isinstance(raw, list | tuple) else [raw]


def _generic(text: str) -> str:
    if found := _NO_DOSES.search(text):
        raise ValueError(
            f"'{found[0].strip()}' is a dose; a reminder names none: say what it is time for, "
            "such as 'your medicines'"
        )
    return text


@cache
def time_zones() -> frozenset[str]:
    """Return the names of all time zones."""
    return frozenset(available_timezones())  # 10 ms, a file for each of them


Time = Annotated[
    time, BeforeValidator(_clock_time), PlainSerializer(lambda at: at.strftime("%H:%M"), str)
]
Day = Annotated[date, BeforeValidator(_day)]
Sentence = Annotated[str, Field(min_length=2, max_length=160)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Reminder(_Part):
    """One reminder. Times of day are those of the home, or of `zone`."""

    say: Sentence
    """What the robot says: generic, without names or doses of medicines."""
    ask: Sentence | None = None
    """How it asks whether it is done; otherwise in words of its own."""
    in_company: Sentence | None = None
    """What it says instead while others may listen; otherwise only that there is something."""
    at: Annotated[tuple[Time, ...], BeforeValidator(_listed), Field(min_length=1, max_length=24)]
    on: Annotated[tuple[Day, ...], BeforeValidator(_listed)] = ()
    """Single days; without `on`, `every` and `repeat` every day."""
    every: Annotated[tuple[str, ...], BeforeValidator(_listed)] = ()
    """day, weekday, weekend, week, month, year, or names of days."""
    repeat: str | None = None
    """A recurrence rule (RFC 5545), such as FREQ=MONTHLY;BYDAY=1MO, for everything else."""
    starts: Day | None = None
    ends: Day | None = None
    """The last day."""
    but: Annotated[tuple[Day, ...], BeforeValidator(_listed)] = ()
    """Days without it."""
    zone: str | None = None
    urgency: Urgency = "normal"
    """`high` calls staff at once when it is missed or refused; otherwise it is a note."""
    confirm: bool = True
    """Whether the person is asked, and staff are told if they do not say yes."""
    quiet_hours: bool = True
    """Whether the home's quiet hours hold for it; then it waits until they end."""
    late: Late = "say"
    """What happens when the robot was off: said late, skipped, or staff are told."""
    late_after: Minutes = 15
    """Minutes after which it is late."""
    late_until: Minutes = 120
    """Minutes after which it is too late to be said; staff are told."""
    snooze: Minutes = 10
    """Minutes until it comes back after "later"."""
    snoozes: Annotated[int, Field(ge=0, le=10)] = 3
    """How often it may be put off."""
    own: bool = False
    """Whether the person has asked for it: staff hear that it was missed, not what it says."""

    @field_validator("say", "ask", "in_company")
    @classmethod
    def _names_no_dose(cls, text: str | None) -> str | None:
        return None if text is None else _generic(text)

    @field_validator("every")
    @classmethod
    def _known_days(cls, every: tuple[str, ...]) -> tuple[str, ...]:
        words = tuple(word.lower() for word in every)
        if len(words) == 1 and words[0] in EVERY:
            return words
        if not words:
            raise ValueError("empty; write days, or leave the line out for every day")
        for word in words:
            if word in EVERY:
                raise ValueError(f"'{word}' stands alone; write it, or names of days")
            if word not in DAYS:
                raise ValueError(f"'{word}' is no day; use {', '.join((*EVERY, *DAYS))}")
        return words

    @field_validator("on")
    @classmethod
    def _some_days(cls, on: tuple[date, ...]) -> tuple[date, ...]:
        if not on:
            raise ValueError("empty; write days, or leave the line out for every day")
        return on

    @field_validator("on", "but")
    @classmethod
    def _not_too_many(cls, days: tuple[date, ...]) -> tuple[date, ...]:
        if len(days) > MOST_DAYS:
            raise ValueError(f"more than {MOST_DAYS} days; use 'every' or 'repeat'")
        return days

    @field_validator("repeat")
    @classmethod
    def _readable_rule(cls, rule: str | None) -> str | None:
        return None if rule is None else checked_rule(rule)

    @field_validator("zone")
    @classmethod
    def _known_zone(cls, zone: str | None) -> str | None:
        if zone is not None and zone not in time_zones():
            raise ValueError("not a time zone; write one such as Europe/Berlin")
        return zone

    @model_validator(mode="after")
    def _one_way_to_say_when(self) -> Self:
        given = [name for name in ("on", "every", "repeat") if getattr(self, name)]
        if len(given) > 1:
            raise PydanticCustomError(
                "two_ways",
                "it has both '{one}' and '{two}'; keep one",
                {"one": given[0], "two": given[1]},
            )
        if self.starts and self.ends and self.ends < self.starts:
            raise PydanticCustomError("ends_first", "it ends before it starts; correct one day", {})
        for day in self.on:
            if day < (self.starts or day) or day > (self.ends or day):
                raise PydanticCustomError(
                    "outside",
                    "{day} is not between 'starts' and 'ends'; take it out or move them",
                    {"day": day.isoformat()},
                )
        anchored = self.repeat or self.every in (("week",), ("month",), ("year",))
        if anchored and self.starts is None:
            raise PydanticCustomError(
                "no_start", "it needs 'starts', the first day, to know which one is meant", {}
            )
        if self.repeat and self.starts:
            _check_that_it_comes(self.repeat, self.starts, self.at)
        return self

    @property
    def rule(self) -> str | None:
        """The recurrence rule without its end; None where single days are named."""
        if self.on:
            return None
        if self.repeat:
            return self.repeat
        if not self.every:
            return EVERY["day"]
        known = EVERY.get(self.every[0])
        return known or "FREQ=WEEKLY;BYDAY=" + ",".join(DAYS[day] for day in self.every)


def _check_that_it_comes(rule: str, starts: date, at: tuple[time, ...]) -> None:
    if "COUNT=" in rule and starts.year < COUNTED_FROM:
        raise PydanticCustomError(
            "counted",
            "a rule with COUNT starts in {year} or later; use 'ends' instead of COUNT",
            {"year": COUNTED_FROM},
        )
    hourly = "FREQ=HOURLY" in rule  # otherwise it comes at each time of day, or at none
    for each in at if hourly else at[:1]:
        if not comes(rule, datetime.combine(starts, each)):
            raise PydanticCustomError(
                "never",
                "'{rule}' never comes at {at}, not within {years} years; correct it",
                {"rule": rule, "years": COMES_WITHIN, "at": f"{each:%H:%M}"},
            )


Identifier = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,59}$")]


class _File(_Part):
    reminders: dict[Identifier, Reminder]

    @field_validator("reminders", mode="before")
    @classmethod
    def _not_too_many_rules(cls, reminders: object) -> object:
        raw = reminders.values() if isinstance(reminders, dict) else ()
        if sum(isinstance(each, dict) and "repeat" in each for each in raw) > MOST_REPEATED:
            raise ValueError(
                f"more than {MOST_REPEATED} of them have 'repeat'; use 'every' or 'on'"
            )
        return reminders


def load_reminders(folder: Path) -> tuple[dict[str, dict[str, Reminder]], list[Fault]]:
    """Return the reminders by resident and name, and every fault; a faulty file is left out."""
    found: dict[str, dict[str, Reminder]] = {}
    faults: list[Fault] = []
    for path in sorted(folder.glob("*.yaml")):
        try:
            found[path.stem] = read_reminders(path)
        except ConfigError as error:
            faults += [Fault(f"{FOLDER}/{f.file}", f.line, f.sentence) for f in error.faults]
    return found, faults


def read_reminders(path: Path) -> dict[str, Reminder]:
    """Return one person's reminders by name. Raises ConfigError with every fault found."""
    values: Any = read_model(path, _File)
    return dict(values.reminders)
