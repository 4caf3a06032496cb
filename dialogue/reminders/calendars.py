"""Calendars (.ics, RFC 5545) read as reminders; what cannot be said as one is refused by its line.

Each event is parsed by itself, so that a slip in one leaves the others whole. What a calendar says
about its time zones is not read: they are known by their names, or refused.
"""

import errno
import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from icalendar import Calendar, Component
from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON
from pydantic import ValidationError

from config.files import Fault
from config.reminders import MOST_REPEATED, Reminder, time_zones

LARGEST = 5 * 1024 * 1024
MOST_EVENTS = 2000
"""In one file; planning them takes 0.1 s."""
ALL_DAY = time(9)
"""When something is said that a calendar has for a whole day."""
EVENTS = frozenset({"VEVENT", "VTODO"})


@dataclass(frozen=True)
class Calendared:
    """What was read: reminders by name, as they would stand in a file, and what was refused."""

    reminders: dict[str, dict[str, Any]]
    faults: tuple[Fault, ...]
    whole: bool = True
    """Whether it is known which events are in it."""
    refused: frozenset[str] = frozenset()
    """Marks of the events that were refused, as they stand in names."""

    def may_hold(self, name: str) -> bool:
        """Whether an event that had this name may be one of those that were refused."""
        return not self.whole or not self.refused.isdisjoint(re.split("[.-]", name))


@dataclass(frozen=True)
class _Block:
    kind: str
    line: int
    text: str


class _Refused(Exception):
    """One sentence: what this event is that a reminder cannot be, and the remedy."""


@dataclass
class _Read:
    """One event: a reminder in the making, or only a day that another one leaves out."""

    uid: str
    line: int
    raw: dict[str, Any] | None
    replaces: datetime | None


def read_calendar(path: Path, home: ZoneInfo) -> Calendared:
    """Return the reminders in a file. Never raises for what is in it."""
    try:
        raw = _bytes(path)
        text = raw.decode("utf-8-sig")
    except OSError as error:
        return _nothing(path, f"It cannot be read: {error.strerror}; choose another file.")
    except UnicodeDecodeError:
        return _nothing(path, "This is not UTF-8 text; export the calendar anew.")
    if len(raw) > LARGEST:
        return _nothing(path, f"It is larger than {LARGEST // 2**20} MB; export fewer events.")
    faults: list[Fault] = []
    blocks = [block for block in _blocks(text, path.name, faults) if block.kind in EVENTS]
    whole = not faults
    if len(blocks) > MOST_EVENTS:
        return _nothing(path, f"It has more than {MOST_EVENTS} events; export fewer.")
    if sum(_has_rule(block) for block in blocks) > MOST_REPEATED:
        return _nothing(path, f"More than {MOST_REPEATED} of its events are repeated; split it.")
    if whole and not blocks:
        return _nothing(path, "There are no events in it; export the calendar anew.")
    events: list[_Read] = []
    refused: set[str] = set()
    for block in blocks:
        try:
            events.append(_event(block, home))
        except _Refused as error:
            faults.append(Fault(path.name, block.line, str(error)))
            refused.add(_mark(_uid(block)))
    reminders: dict[str, dict[str, Any]] = {}
    for each, name, reminder in _named(events):
        try:
            _check(reminder, reminders.get(name, reminder))
        except _Refused as error:
            faults.append(Fault(path.name, each.line, str(error)))
            refused.add(_mark(each.uid))
        else:
            reminders[name] = reminder
    return Calendared(reminders, tuple(sorted(faults)), whole, frozenset(refused))


def _bytes(path: Path) -> bytes:
    """Return what is in a file, as far as it may be read. Raises OSError."""
    if path.exists() and not path.is_file():  # a pipe would be waited for without end
        raise OSError(errno.EINVAL, "it is no file")
    with path.open("rb") as file:
        return file.read(LARGEST + 1)


def _nothing(path: Path, sentence: str) -> Calendared:
    return Calendared({}, (Fault(path.name, 1, sentence),), whole=False)


def _blocks(text: str, name: str, faults: list[Fault]) -> Iterator[_Block]:
    """Yield the components right below a calendar; what does not end is a fault."""
    open_: list[tuple[str, int]] = []
    lines: list[str] = []
    for number, line in enumerate(re.split(r"\r\n|\n|\r", text), start=1):
        word, _, kind = line.strip().upper().partition(":")
        if word == "BEGIN":
            open_.append((kind, number))
        if len(open_) > 1 or (open_ and open_[0][0] != "VCALENDAR"):
            lines.append(line)
        if word == "END" and open_:
            if open_[-1][0] != kind:
                sentence = f"{open_[-1][0]} does not end before {kind} does; export it anew."
                faults.append(Fault(name, open_[-1][1], sentence))
                return
            begun, at = open_.pop()
            if begun != "VCALENDAR" and (not open_ or open_[-1][0] == "VCALENDAR"):
                yield _Block(begun, at, "\r\n".join(lines) + "\r\n")
                lines = []
    if open_:
        sentence = f"{open_[-1][0]} begins here and does not end; export the calendar anew."
        faults.append(Fault(name, open_[-1][1], sentence))


def _event(block: _Block, home: ZoneInfo) -> _Read:
    try:
        calendar = Calendar.from_ical(f"BEGIN:VCALENDAR\r\n{block.text}END:VCALENDAR\r\n")
        (event,) = [each for each in calendar.walk() if each.name == block.kind]
        if event.errors:
            name, why = event.errors[0]
            raise _Refused(f"{name or 'A line in it'} cannot be read ({why}); correct it.")
        return _Reading(event, block, home).read()
    except _Refused:
        raise
    except Exception as error:  # the library raises a dozen kinds for malformed values
        what = str(error).splitlines()[0][:120] if str(error) else type(error).__name__
        raise _Refused(f"This {block.kind} cannot be read ({what}); correct or remove it.") from (
            error
        )


class _Reading:
    """One event on its way to a reminder."""

    def __init__(self, event: Component, block: _Block, home: ZoneInfo) -> None:
        self._event = event
        self._block = block
        self._home = home
        self._zone: str | None = None

    def read(self) -> _Read:
        """Return what it is. Raises _Refused."""
        uid = _uid(self._block)
        start = self._start()
        instead = self._event.get("recurrence-id")
        replaces = self._local(instead.dt) if instead is not None else None
        if instead is not None and "RANGE" in instead.params:
            raise _Refused("It changes all later times of a series; write the new series itself.")
        cancelled = str(self._event.get("status", "")).upper() == "CANCELLED"
        raw = None if cancelled else self._reminder(start)
        return _Read(uid, self._block.line, raw, replaces)

    def _start(self) -> datetime:
        for name in ("dtstart", "due"):
            if (value := self._event.get(name)) is not None:
                self._zone = self._zone_of(value.dt, str(value.params.get("TZID", "")))
                return self._local(value.dt)
        raise _Refused("It has no time; give it a start.")

    def _zone_of(self, value: date | datetime, named: str) -> str | None:
        if not named:
            aware = isinstance(value, datetime) and value.tzinfo is not None
            return "UTC" if aware else None
        name = WINDOWS_TO_OLSON.get(named, named)
        if name not in time_zones():
            raise _Refused(f"Its time zone '{named}' is not known; use one such as Europe/Berlin.")
        return name

    def _local(self, value: date | datetime) -> datetime:
        """Return a value as the local time of the event, without a zone."""
        if not isinstance(value, datetime):
            return datetime.combine(value, ALL_DAY)
        if value.tzinfo is None:
            return value
        zone = ZoneInfo(self._zone) if self._zone else self._home
        return value.astimezone(zone).replace(tzinfo=None)

    def _reminder(self, start: datetime) -> dict[str, Any]:
        said = start + self._before()
        moved = (said.date() - start.date()).days
        raw: dict[str, Any] = {"say": self._summary(), "at": f"{said:%H:%M}"}
        if self._zone is not None:
            raw["zone"] = self._zone
        rule = self._rule(start, raw)
        if moved and rule is not None and "BY" in rule:
            raise _Refused("Its alarm is on another day than the event; set it on the same day.")
        days = {start.date(), *self._more_days(start, rule)}
        if rule is None:
            raw["on"] = sorted((day + timedelta(days=moved)).isoformat() for day in days)
        else:
            raw |= {"repeat": rule, "starts": said.date().isoformat()}
        without = {self._local(day).date() for day in self._times("exdate")}
        if without and rule is None:
            raw["on"] = [day for day in raw["on"] if date.fromisoformat(day) not in without]
        elif without:
            raw["but"] = sorted((day + timedelta(days=moved)).isoformat() for day in without)
        return raw

    def _summary(self) -> str:
        text = " ".join(str(self._event.get("summary", "")).split())
        if not text:
            raise _Refused("It has no title; say in a few words what it is.")
        return text if text[-1] in ".!?" else f"{text}."

    def _before(self) -> timedelta:
        """How much earlier its alarm rings, where it has one that is seen or heard."""
        for alarm in self._event.walk("VALARM"):
            trigger = alarm.get("trigger")
            heard = str(alarm.get("action", "")).upper() in ("DISPLAY", "AUDIO")
            if not heard or trigger is None or trigger.params.get("RELATED", "START") != "START":
                continue
            if isinstance(trigger.dt, timedelta):
                return timedelta(minutes=round(trigger.dt.total_seconds() / 60))
        return timedelta()

    def _rule(self, start: datetime, raw: dict[str, Any]) -> str | None:
        rule = self._event.get("rrule")
        if not rule or self._event.get("recurrence-id") is not None:
            return None  # a change of a single time has no rule of its own
        if isinstance(rule, list):
            raise _Refused("It has two rules; make two events of it.")
        parts = {key: value for key, value in rule.items() if key != "UNTIL"}
        if until := rule.get("UNTIL"):
            last = self._local(until[0]) if isinstance(until[0], datetime) else None
            day = last.date() if last else until[0]
            if last is not None and last.time() < start.time():
                day -= timedelta(days=1)
            raw["ends"] = max(day, start.date()).isoformat()
        text: bytes = type(rule)(parts).to_ical()
        return text.decode()

    def _more_days(self, start: datetime, rule: str | None) -> Iterator[date]:
        for value in self._times("rdate"):
            if isinstance(value, tuple):
                raise _Refused(
                    "It has single times with a length; make events of their own of them."
                )
            if rule is not None:
                raise _Refused("It has a rule and single days; make two events of it.")
            if (local := self._local(value)).time() != start.time():
                raise _Refused("Its single days have other times; make an event of each.")
            yield local.date()

    def _times(self, name: str) -> Iterator[Any]:
        found = self._event.get(name)
        for group in found if isinstance(found, list) else [found] if found is not None else []:
            yield from (each.dt for each in getattr(group, "dts", []))


def _uid(block: _Block) -> str:
    """Return what tells an event from others, also where it cannot be parsed."""
    unfolded = re.sub(r"\r\n[ \t]", "", block.text)
    found = re.search(r"^UID(?:;[^:\r\n]*)?:([^\r\n]+)", unfolded, re.IGNORECASE | re.MULTILINE)
    return found[1].strip() if found else block.text


def _has_rule(block: _Block) -> bool:
    return re.search(r"^RRULE\b", block.text, re.IGNORECASE | re.MULTILINE) is not None


def _mark(text: str) -> str:
    return hashlib.sha256(f"{text} ".encode()).hexdigest()[:8]


def _named(events: list[_Read]) -> Iterator[tuple[_Read, str, dict[str, Any]]]:
    """Yield each reminder under a name that stays the same when it is read again."""
    replaced: dict[str, set[date]] = {}
    for each in events:
        if each.replaces is not None:
            replaced.setdefault(each.uid, set()).add(each.replaces.date())
    for each in events:
        if each.raw is None:
            continue
        if each.replaces is None and each.uid in replaced:
            _leave_out(each.raw, replaced[each.uid])
        if not each.raw.get("on", True):
            continue  # every one of its days was left out
        slug = re.sub(r"[^a-z0-9]+", "-", each.raw["say"].lower()).strip("-")[:40].strip("-")
        parts = [slug, _mark(each.uid)]
        if each.replaces:
            parts.append(_mark(each.replaces.isoformat())[:4])
        yield each, "-".join(filter(None, parts)), each.raw


def _check(raw: dict[str, Any], same_name: dict[str, Any]) -> None:
    """Raise _Refused where it cannot be a reminder, or another one has its name."""
    try:
        Reminder.model_validate(raw)
    except ValidationError as error:
        what = str(error.errors()[0]["msg"]).removeprefix("Value error, ")
        raise _Refused(f"It cannot be a reminder: {what}.") from error
    if raw != same_name:
        raise _Refused("Another event has its UID and its title; change the title of one.")


def _leave_out(raw: dict[str, Any], days: set[date]) -> None:
    texts = {day.isoformat() for day in days}
    if "on" in raw:
        raw["on"] = [day for day in raw["on"] if day not in texts]
    else:
        raw["but"] = sorted({*raw.get("but", ()), *texts})
