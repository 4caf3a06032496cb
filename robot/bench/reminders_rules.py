"""The rules that `bench reminders` judges a history by: from what was heard and what is stored."""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise

from dialogue.reminders.ledger import FOR_STAFF, OPEN, Change, Occurrence
from dialogue.reminders.recovery import DAMAGED
from dialogue.reminders.scheduler import AGAIN, ANSWER, GIVE_UP, SPACING
from robot.bench.reminders_child import HOME
from robot.bench.reminders_world import FINAL, Heard, World

RULES = {
    "lost": "was due or said and is not stored, or has come to no end",
    "promise_broken": "ended otherwise than was promised, or was said after it",
    "silently_doubled": "was said again without saying so",
    "in_quiet_hours": "was said in them",
    "staff_not_told": "was missed or refused and staff were not told by the next look",
    "too_close": "was said within two minutes of another",
    "out_of_order": "was said before one that had waited longer",
    "not_said": "could have been said and was not",
    "fell_late": "was found due later than at the first look",
    "taken_out": "was said after staff had taken it out",
    "left_waiting": "waited for longer than it may, for an answer or to be said",
}

A_DAY = timedelta(days=1)
"""By then even what waits for ten hours, and the quiet hours, has ended."""

Fault = tuple[str, str]
"""The name of a rule, and what broke it."""


@dataclass(frozen=True)
class Wait:
    """A reminder that could be said between two moments, while others were not in talk."""

    key: str
    since: datetime
    until: datetime


@dataclass
class History:
    """One history: what was heard, and what is stored at its end."""

    world: World
    stored: dict[str, Occurrence]
    changes: Sequence[Change]
    raised: set[int]
    """Ids of the alerts that staff have."""
    _looks: list[datetime] = field(init=False)
    _of: dict[str, list[Change]] = field(init=False)

    def __post_init__(self) -> None:
        self._looks = sorted(moment for moment, _ in self.world.looks)
        keys = {each.id: key for key, each in self.stored.items()}
        self._of = defaultdict(list)
        for change in self.changes:
            if change.occurrence in keys:
                self._of[keys[change.occurrence]].append(change)

    def faults(self) -> Iterator[Fault]:
        """Yield everything that broke a rule."""
        heard = self.world.by_key()
        for key in heard.keys() - self.stored.keys() - self.world.unsure:
            yield "lost", f"{key} was said and is not stored"
        yield from self._never_due()
        yield from self._taken_out()
        for key, occurrence in self.stored.items():
            yield from self._ended(key, occurrence, heard.get(key, []))
            yield from self._said(key, occurrence, heard.get(key, []))
            if self._certain(key):
                yield from self._in_time(key, occurrence)
        yield from self._spaced()
        yield from self._in_turn()

    def _certain(self, key: str) -> bool:
        """Whether all that was noted of it is in the history."""
        told = any(change.why == DAMAGED for change in self._of[key])
        return not told and key not in self.world.unsure

    def _never_due(self) -> Iterator[Fault]:
        for name, written in self.world.written.items():
            for local in written.expected():
                if f"{name}/{local}" not in self.stored:
                    yield "lost", f"{name}/{local} never fell due"

    def _taken_out(self) -> Iterator[Fault]:
        for name, written in self.world.written.items():
            for each in self.world.heard[written.out :] if written.out is not None else ():
                if each.key.startswith(f"{name}/"):
                    yield "taken_out", f"{each.key} at {each.begun.isoformat()}"

    def _ended(self, key: str, occurrence: Occurrence, heard: list[Heard]) -> Iterator[Fault]:
        state = occurrence.state
        if state in OPEN and occurrence.due_at < self.world.now - A_DAY:
            yield "lost", f"{key} is still {state} after a day"
        if state in ("said", "confirmed") and not heard:
            yield "lost", f"{key} is {state}, and nobody heard it"
        if state in FOR_STAFF and occurrence.alert not in self.raised:
            yield "staff_not_told", f"{key}, never"
        promised, before = self.world.promised.get(key, ("", 0))
        # What became of it before the file was damaged nobody knows: it must be with the staff.
        if promised not in FINAL or not self._certain(key):
            return
        if state != promised:
            yield "promise_broken", f"{key} was promised as {promised}, and is {state}"
        if any(each.key == key for each in self.world.heard[before:]):
            yield "promise_broken", f"{key} was said after it was promised as {promised}"

    def _said(self, key: str, occurrence: Occurrence, heard: list[Heard]) -> Iterator[Fault]:
        if key not in self.world.unsure and any(not each.marked for each in heard[1:]):
            yield "silently_doubled", key
        for each in heard if occurrence.reminder.quiet_hours else ():
            if HOME.quiet_until(each.begun) > each.begun:
                yield "in_quiet_hours", f"{key} at {each.begun.isoformat()}"

    def _in_time(self, key: str, occurrence: Occurrence) -> Iterator[Fault]:
        changes = self._of[key]
        if changes and self._looked(occurrence.due_at, changes[0].at):
            yield "fell_late", f"{key} at {changes[0].at.isoformat()}"
        for change, then in pairwise(changes):
            if change.change in FOR_STAFF and self._looked(change.at, then.at):
                yield "staff_not_told", f"{key} until {then.at.isoformat()}"
            if change.change in ("saying", "asked") and self._looked(change.at + ANSWER, then.at):
                yield "left_waiting", f"{key} for an answer until {then.at.isoformat()}"
        for wait in self._waits(key, occurrence):
            longest = timedelta(minutes=occurrence.reminder.late_until) + GIVE_UP
            if self._looked(wait.since + longest, wait.until, since=wait.since):
                yield "left_waiting", f"{key} to be said until {wait.until.isoformat()}"

    def _looked(self, after: datetime, before: datetime, since: datetime | None = None) -> bool:
        """Whether it looked between two moments, where clocks can be believed."""
        if not self.world.clear(since or after, before):
            return False
        return bisect_right(self._looks, after) < bisect_left(self._looks, before)

    def _waits(self, key: str, occurrence: Occurrence) -> Iterator[Wait]:
        changes = self._of[key]
        for change, then in pairwise(changes):
            if change.change == "due":
                since = _waits_from(change, occurrence)
                yield Wait(key, _loud(occurrence, since), then.at)

    def _spaced(self) -> Iterator[Fault]:
        heard = self.world.heard
        for each, then in pairwise(heard):
            if each.ended is None or each.unsaved or each.age != then.age:
                continue
            if self.world.clear(each.ended, then.begun) and then.begun < each.ended + SPACING:
                yield "too_close", f"{then.key} at {then.begun.isoformat()} after {each.key}"

    def _in_turn(self) -> Iterator[Fault]:
        """At every look: who waited longest was said, and if nobody was, nobody could be."""
        waits = sorted(
            (
                wait
                for key, occurrence in self.stored.items()
                if self._certain(key)
                for wait in self._waits(key, occurrence)
            ),
            key=lambda wait: wait.since,
        )
        talks = self._talks()
        said = {each.begun: each for each in self.world.heard if not each.unsaved}
        heard = sorted(self.world.heard, key=lambda each: each.begun)
        begins = [each.begun for each in heard]
        begun = 0
        able: list[Wait] = []
        for moment, spoke in sorted(self.world.looks):
            while begun < len(waits) and waits[begun].since <= moment:
                able.append(waits[begun])
                begun += 1
            able = [wait for wait in able if wait.until >= moment]
            first = next((each for each in able if self._able(each, moment)), None)
            if first is None:
                continue
            if spoke:
                other = said[moment].key
                own = next((each.since for each in able if each.key == other), None)
                if own is not None and first.since < own:
                    yield "out_of_order", f"{other} before {first.key} at {moment.isoformat()}"
                continue
            before = bisect_right(begins, moment)
            last = heard[before - 1] if before else None
            free = last is None or (last.ended or last.begun) + SPACING <= moment
            if free and not any(a <= moment <= b for a, b in talks):
                yield "not_said", f"{first.key} at {moment.isoformat()}"

    def _able(self, wait: Wait, moment: datetime) -> bool:
        occurrence = self.stored[wait.key]
        if not wait.since <= moment < wait.until or _loud(occurrence, moment) > moment:
            return False
        return self.world.clear(wait.since, wait.until)

    def _talks(self) -> list[tuple[datetime, datetime]]:
        """When one was in talk."""
        return [
            (change.at, then.at)
            for changes in self._of.values()
            for change, then in pairwise(changes)
            if change.change in ("saying", "asked")
        ]


def _waits_from(change: Change, occurrence: Occurrence) -> datetime:
    """Return from when it can be said; each reason for which it is due says so."""
    why = change.why
    if "its time has come" in why or "clock was set back" in why:
        return occurrence.due_at
    if "said again" in why or "broken off" in why:
        return change.at + AGAIN
    if "wants it later" in why:
        return change.at + timedelta(minutes=occurrence.reminder.snooze)
    return change.at  # said late, or again after a death


def _loud(occurrence: Occurrence, moment: datetime) -> datetime:
    return HOME.quiet_until(moment) if occurrence.reminder.quiet_hours else moment
