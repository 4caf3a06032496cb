"""What is to be done about reminders at a moment: decided here, on disk before it is done.

It speaks to nobody and waits for nothing, so that every rule can be tried out on a clock that a
test turns. docs/for-homes.md explains the rules to staff.
"""

import logging
import uuid
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from config.clock import Clock
from config.reminders import Reminder
from config.settings import Home
from dialogue.alerts import Alerts, raised
from dialogue.errors import StageError
from dialogue.events import Publish, ReminderChanged, StageFailed
from dialogue.reminders.ledger import Fall, Ledger, Occurrence, Plan, State, following
from dialogue.reminders.series import Moment

log = logging.getLogger(__name__)

ANSWER = timedelta(minutes=3)
"""How long an answer is waited for before it counts as none."""
AGAIN = timedelta(minutes=5)
"""After no answer it is said again; after the second time staff are told."""
MOST_SAID = 2
SPACING = timedelta(minutes=2)
"""Between two reminders that fall on one moment."""
SET_BACK = timedelta(minutes=1)
"""The clock is taken for set back when it shows this much less than at the last look."""
GIVE_UP = timedelta(minutes=1)
"""How often it looks for what could not be said for too long."""
NOTED = timedelta(seconds=45)
"""How often the time of the last look is written down: staff hear within a minute that a disk
refuses, and it is not worn by writing every second."""
COPIED = timedelta(minutes=5)
"""How often the file is copied."""
NAMES = uuid.UUID("6c1c2b5e-5d0c-4f0b-9e55-8b1f5b6f0d6a")
"""Of the ids of alerts about reminders: the same occurrence never makes two."""

Agenda = Mapping[str, Mapping[str, Reminder]]
"""Reminders by name, by resident."""


class Scheduler:
    """The reminders of one robot. All methods raise StageError where the disk refuses."""

    def __init__(
        self, ledger: Ledger, alerts: Alerts, home: Home, clock: Clock, publish: Publish
    ) -> None:
        self._ledger = ledger
        self._alerts = alerts
        self._home = home
        self._clock = clock
        self._publish = publish
        self._free_at: datetime | None = None
        self._looked_at: datetime | None = None
        self._noted_at: datetime | None = None
        self._copied_at: datetime | None = None
        self._gave_up_at: datetime | None = None
        self._told: str | None = None

    def adopt(
        self, agenda: Agenda, written: Mapping[tuple[str, str], datetime] | None = None
    ) -> None:
        """Take what staff have written for these residents; the others keep what is planned.

        What has fallen due meanwhile is due as it was; what was taken back is cancelled. What is
        new counts from when it was `written`, if the robot was off then, else from now.
        """
        before = self._looked_at or self._ledger.looked_at
        self.look()
        now = self._clock.now()
        known = {(plan.person, plan.name): plan for plan in self._ledger.plans()}
        wanted = {
            (person, name): self._in_zone(reminder)
            for person, reminders in agenda.items()
            for name, reminder in reminders.items()
        }
        new = {key: _since(at, before, now) for key, at in (written or {}).items()}
        gone = {key for key in known.keys() - wanted.keys() if key[0] in agenda}
        changed = [
            self._planned(key, reminder, known.get(key), now if key in known else new.get(key, now))
            for key, reminder in wanted.items()
            if key not in known or known[key].reminder != reminder
        ]
        self._ledger.store_plans(changed, gone)
        for occurrence in self._ledger.open():
            if (occurrence.person, occurrence.name) in gone:
                self._change(occurrence, "cancelled", "it was taken out of the reminders")
        if changed or gone:
            self._ledger.keep_copy()

    def recover(self) -> None:
        """After a start: what was being said when the program ended may have been heard, or not."""
        for occurrence in self._ledger.open():
            if occurrence.state == "saying":
                why = "the robot went out while it said this; it says that it may be again"
                self._change(occurrence, "due", why, self._clock.now())

    def look(self) -> None:
        """Do everything that is to be done now, but for saying anything."""
        now = self._clock.now()
        before = self._looked_at or self._ledger.looked_at
        if before is not None and before - now > SET_BACK:
            self._clock_was_set_back(before, now)
        next_at = self._ledger.next_at()
        if next_at is not None and next_at <= now:
            for plan in self._ledger.plans_due(now):
                self._fall(plan, now)
            for occurrence in self._ledger.unanswered(now):
                self._follow_up(occurrence, now)
            self._give_up(now)
        self._tell_staff()
        self._looked_at = now
        if self._noted_at is None or abs(now - self._noted_at) >= NOTED:
            self._ledger.look(now)
            self._noted_at = now
        if self._copied_at is None or abs(now - self._copied_at) >= COPIED:
            self._ledger.keep_copy()
            self._copied_at = now

    def next_to_say(self) -> Occurrence | None:
        """Return what is to be said now: the one that has waited longest, one at a time."""
        now = self._clock.now()
        next_at = self._ledger.next_at()
        if next_at is None or next_at > now:
            return None
        if self._free_at is None and (last := self._ledger.last_said_at) is not None:
            self._free_at = last + SPACING  # said before a restart
        if self._free_at is not None:
            self._free_at = min(self._free_at, now + SPACING)  # the clock may have been ahead
            if now < self._free_at:
                return None
        if self._ledger.in_talk:
            return None
        waiting = self._ledger.waiting(now)
        return next((each for each in waiting if self._may_speak(each.reminder, now)), None)

    def next_at(self) -> datetime | None:
        """Return when to look again, if nothing else happens."""
        return self._ledger.next_at()

    def begin(self, occurrence: Occurrence) -> Occurrence:
        """It is about to be said."""
        return self._change(
            occurrence, "saying", "it is being said", self._clock.now() + ANSWER, said=1
        )

    def said(self, occurrence: Occurrence, complete: bool, asked: bool) -> Occurrence:
        """It was said; or was broken off, and comes back once: a second time, staff are told.

        Without `asked` nothing was asked, and no answer is waited for.
        """
        now = self._clock.now()
        self._free_at = now + SPACING
        if not complete and occurrence.said - occurrence.snoozed < MOST_SAID:
            return self._change(occurrence, "due", "it was broken off", now + AGAIN)
        if not complete:
            return self.leave_to_staff(occurrence, "it was broken off again")
        if not asked:
            return self._change(occurrence, "said", "it was said")
        return self._change(occurrence, "asked", "it was said and asked", now + ANSWER)

    def confirmed(self, occurrence: Occurrence) -> Occurrence:
        """The person says that it is done."""
        return self._change(occurrence, "confirmed", "the person says that it is done")

    def later(self, occurrence: Occurrence) -> Occurrence | None:
        """Put it off and return it; None where it was put off often enough, and staff are told."""
        if occurrence.snoozed >= occurrence.reminder.snoozes:
            self._change(occurrence, "refused", f"it was put off {occurrence.snoozed} times")
            self._tell_staff()
            return None
        back = self._clock.now() + timedelta(minutes=occurrence.reminder.snooze)
        why = "the person wants it later"
        return self._change(occurrence, "due", why, back, since=back, snoozed=1)

    def refused(self, occurrence: Occurrence) -> Occurrence:
        """The person does not want it: staff are told."""
        refused = self._change(occurrence, "refused", "the person does not want it")
        self._tell_staff()
        return refused

    def leave_to_staff(self, occurrence: Occurrence, why: str) -> Occurrence:
        """It is not said at all: staff are told."""
        missed = self._change(occurrence, "missed", why)
        self._tell_staff()
        return missed

    def cancel(self, occurrence: Occurrence, why: str) -> Occurrence:
        """Somebody has taken back what is open."""
        return self._change(occurrence, "cancelled", why)

    def _in_zone(self, reminder: Reminder) -> Reminder:
        """Name the zone, so that a home that moves to another is a change like any other."""
        return reminder.model_copy(update={"zone": reminder.zone or self._home.time_zone})

    def _planned(
        self, key: tuple[str, str], reminder: Reminder, before: Plan | None, since: datetime
    ) -> Plan:
        begun = before.begun if before else since.astimezone(self._home.zone).date()
        return following(Plan(*key, begun, reminder, None, None), since)

    def _fall(self, plan: Plan, now: datetime) -> None:
        falls: list[Fall] = []
        while (moment := plan.next) is not None and moment.at <= now:
            then = following(plan, moment.at)
            again = then.next_at is not None and then.next_at <= now
            falls.append(self._first_state(plan.reminder, moment, now, again))
            plan = then
        self._ledger.fall_due(falls, plan)

    def _first_state(self, reminder: Reminder, moment: Moment, now: datetime, again: bool) -> Fall:
        late = now - moment.at
        if late <= timedelta(minutes=reminder.late_after):
            return Fall(moment, reminder, "due", "its time has come", moment.at)
        why = f"the robot was off when it was due, {_minutes(late)} ago"
        if reminder.late == "skip":
            return Fall(moment, reminder, "skipped", why)
        if again:
            return Fall(moment, reminder, "missed", f"{why}; it was due again since")
        if reminder.late == "tell_staff":
            return Fall(moment, reminder, "missed", why)
        if late > timedelta(minutes=reminder.late_until):
            return Fall(moment, reminder, "missed", f"{why}; that is too late to say it")
        return Fall(moment, reminder, "due", f"{why}; it is said late", now)

    def _follow_up(self, occurrence: Occurrence, now: datetime) -> None:
        if occurrence.said < MOST_SAID:
            self._change(occurrence, "due", "nobody answered; it is said again", now + AGAIN)
        else:
            self._change(occurrence, "missed", f"nobody answered {occurrence.said} times")

    def _give_up(self, now: datetime) -> None:
        """Leave to staff what could not be said for too long."""
        if self._gave_up_at is not None and abs(now - self._gave_up_at) < GIVE_UP:
            return
        self._gave_up_at = now
        for occurrence in self._ledger.waiting(now):
            waited = now - self._may_be_said_from(occurrence)
            if waited > timedelta(minutes=occurrence.reminder.late_until):
                why = f"it could not be said for {_minutes(waited)}"
                self._change(occurrence, "missed", why)

    def _tell_staff(self) -> None:
        for occurrence in self._ledger.for_staff():
            category = f"reminder_{occurrence.state}"
            if occurrence.reminder.urgency == "high":
                category += "_urgent"
            uid = uuid.uuid5(NAMES, f"{occurrence.person} {occurrence.name} {occurrence.local}")
            try:
                says = None if occurrence.reminder.own else occurrence.reminder.say
                alert = self._alerts.raise_(category, occurrence.person, says, uid.hex)
            except StageError as error:  # it is tried again at every look
                self._refused(error)
                return
            self._told = None
            self._ledger.told_staff(occurrence, alert.id)
            self._publish(raised(alert))

    def _refused(self, error: StageError) -> None:
        if error.message != self._told:
            log.error("Staff cannot be told of a reminder: %s", error.message)
            self._publish(StageFailed(error.stage, error.code, error.message))
        self._told = error.message

    def _clock_was_set_back(self, before: datetime, now: datetime) -> None:
        """What the wrong clock had called due, and nobody has heard, is due at its own time."""
        log.warning("The clock was set back from %s to %s; reminders are planned anew", before, now)
        why = f"the clock was set back from {before:%Y-%m-%d %H:%M} UTC"
        plans = self._ledger.plans()
        written = {(plan.person, plan.name) for plan in plans}
        for occurrence in self._ledger.due_after(now):
            wanted = (occurrence.person, occurrence.name) in written  # or staff have taken it out
            if wanted and occurrence.state in ("due", "missed", "skipped"):
                at = occurrence.due_at
                self._change(occurrence, "due", why, at, since=at)
        for occurrence in self._ledger.open():
            if occurrence.state != "due":
                self._change(occurrence, occurrence.state, why, now + ANSWER)
        today = now.astimezone(self._home.zone).date()
        self._ledger.store_plans(
            following(replace(plan, begun=min(plan.begun, today)), now) for plan in plans
        )

    def _may_speak(self, reminder: Reminder, now: datetime) -> bool:
        return not reminder.quiet_hours or self._home.quiet_until(now) <= now

    def _may_be_said_from(self, occurrence: Occurrence) -> datetime:
        if not occurrence.reminder.quiet_hours:
            return occurrence.since
        return self._home.quiet_until(occurrence.since)

    def _change(
        self,
        occurrence: Occurrence,
        state: State,
        why: str,
        next_at: datetime | None = None,
        since: datetime | None = None,
        said: int = 0,
        snoozed: int = 0,
    ) -> Occurrence:
        changed = self._ledger.change(occurrence, state, why, next_at, since, said, snoozed)
        self._publish(ReminderChanged(changed.id, changed.name, state))
        return changed


def _since(written: datetime | None, looked: datetime | None, now: datetime) -> datetime:
    """Return from when a new reminder counts: what was written while the robot was off is not lost.

    Without a look before, this is the first start, and what is over is over.
    """
    if written is None or looked is None or not looked - SET_BACK < written < now:
        return now
    return written


def _minutes(span: timedelta) -> str:
    minutes = max(round(span.total_seconds() / 60), 1)
    return f"{minutes} minute{'' if minutes == 1 else 's'}"
