"""Reminders enter the corridor here: each is said when nobody is in the middle of something."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Protocol

from babel.dates import format_timedelta

from config.clock import Clock
from config.reminders import Reminder
from dialogue.decisions import Decision
from dialogue.errors import StageError
from dialogue.events import Publish, StageFailed
from dialogue.flow_files import FULL
from dialogue.memory.presence import Presence
from dialogue.person import Person
from dialogue.reminders.agenda import AgendaFiles, CalendarFiles
from dialogue.reminders.ledger import OPEN, Ledger, Occurrence
from dialogue.reminders.scheduler import Scheduler
from dialogue.reminders.summary import Summary
from dialogue.replies import Phrase, Reply
from dialogue.telling import Told
from dialogue.words import Words

log = logging.getLogger(__name__)

LOOK_SECONDS = 1.0
"""How often it looks; changes of the clock and of other processes are noticed by the next look."""
DISK_SECONDS = 30.0
"""How often a disk that has refused is tried again."""
TURN_SECONDS = 60.0
"""So long the end of a conversation is waited for; then it is said in a pause."""
ASK, PRIVATE = "reminder_ask", "reminder_private"
ACTIONS = frozenset({"reminder_tell", "reminder_done", "reminder_later", "reminder_refused"})


class Talk(Protocol):
    """A conversation that something can be brought into."""

    @property
    def free(self) -> bool:
        """Whether nobody speaks, thinks or is waited for."""
        ...

    @property
    def pausing(self) -> bool:
        """Whether nobody speaks just now."""
        ...

    @property
    def welcome(self) -> bool:
        """Whether the robot may speak first."""
        ...

    async def bring_up(self, reply: Reply) -> Told:
        """Say something that nobody has asked for."""
        ...


class Reminding:
    """The reminders of the person in talk: said, and answered."""

    def __init__(
        self,
        scheduler: Scheduler,
        summary: Summary,
        ledger: Ledger,
        files: Sequence[AgendaFiles],
        calendars: CalendarFiles,
        words: Words,
        person: Person,
        presence: Presence,
        clock: Clock,
        publish: Publish,
    ) -> None:
        self._scheduler = scheduler
        self._summary = summary
        self._ledger = ledger
        self._disk_again_at = 0.0
        self._calendars = calendars
        self._files: Sequence[AgendaFiles | CalendarFiles] = (*files, calendars)
        self._known: list[dict[str, dict[str, Reminder]]] = [{} for _ in self._files]
        self._words = words
        self._person = person
        self._presence = presence
        self._clock = clock
        self._publish = publish
        self._asked: Occurrence | None = None
        self._told: str | None = None
        self._stale: set[str] = set()

    def values(self) -> Mapping[str, str]:
        """What the robot's sentences about the reminder may need: when it comes back."""
        minutes = self._asked.reminder.snooze if self._asked else 10
        span = timedelta(minutes=minutes)
        words = format_timedelta(
            span, threshold=2, add_direction=True, locale=self._person.language
        )
        return {"later": words}

    async def run(self, talk: Talk) -> None:
        """Remind until cancelled. Whatever goes wrong is told, and it goes on."""
        recovered = False
        while True:
            try:
                self._to_disk()
                if not recovered:
                    self._scheduler.recover()
                    recovered = True
                await self._calendars.refresh()
                self.take_up()
                await self._look(talk)
                self._summary.look()  # last, so that it holds up no reminder
            except StageError as error:
                self._tell(error)
                self._leave_disk(error)
            except Exception:
                log.exception("Reminders failed")
            await self._clock.sleep(LOOK_SECONDS)

    def _leave_disk(self, error: StageError) -> None:
        """Where the disk refuses, remind on without it: staff have been told."""
        if error.code == "not_stored":
            self._ledger.leave_disk()
            self._disk_again_at = self._clock.monotonic() + DISK_SECONDS

    def _to_disk(self) -> None:
        if not self._ledger.in_memory or self._clock.monotonic() < self._disk_again_at:
            return
        self._disk_again_at = self._clock.monotonic() + DISK_SECONDS
        try:
            self._ledger.return_to_disk()
        except StageError as error:
            self._tell(error)

    def take_up(self) -> None:
        """Plan what is new in the files. Raises StageError where the disk refuses."""
        for files, known in zip(self._files, self._known, strict=True):
            changed = files.changed()
            known |= changed
            self._stale |= changed.keys()
            for fault in (fault for faults in files.faults.values() for fault in faults):
                sentence = f"{fault} The reminders stay as they were."
                self._tell(StageError("remind", "faulty_file", sentence))
        # Of whom one file has never been read nothing is taken up: what it holds would be dropped.
        agenda = {
            person: {name: each for known in self._known for name, each in known[person].items()}
            for person in self._stale
            if all(person in known for known in self._known)
        }
        if agenda:
            written = {
                (person, name): files.written[person]
                for files, known in zip(self._files, self._known, strict=True)
                for person in agenda.keys() & files.written.keys()
                for name in known[person]
            }
            self._scheduler.adopt(agenda, written)
            self._stale -= agenda.keys()

    def _tell(self, error: StageError) -> None:
        """Tell what is wrong, once until something else is."""
        if error.message != self._told:
            log.error("Reminders: %s", error.message)
            self._publish(StageFailed(error.stage, error.code, error.message))
        self._told = error.message

    def answer(self, decision: Decision) -> Reply | None:
        """Return the reply to an answer about a reminder, once it is on disk; None if it is none.

        Where the disk refuses, the robot says that it could not note it.
        """
        action = next((each.name for each in decision.do if each.name in ACTIONS), None)
        if action is None:
            return None
        try:
            step, phrases = self._done(action)
        except StageError as error:
            self._tell(error)
            self._leave_disk(error)
            step, phrases = None, self._words.of("reminder_not_noted", self._person)
        return Reply(
            phrases,
            decision.do,
            decision.intent,
            decision.confidence,
            decision.engine,
            step,
        )

    def _done(self, action: str) -> tuple[str | None, tuple[Phrase, ...]]:
        occurrence = self._current()
        if occurrence is None:
            return self._say("reminder_over")
        if action == "reminder_tell":
            return self._tell_it(occurrence)
        spoken = self._say(action)
        if action == "reminder_later" and self._scheduler.later(occurrence) is None:
            spoken = self._say("reminder_enough")
        elif action == "reminder_done":
            self._scheduler.confirmed(occurrence)
        elif action == "reminder_refused":
            self._scheduler.refused(occurrence)
        self._asked = None
        return spoken

    def _current(self) -> Occurrence | None:
        """Return what was asked about last, as it is now, while it is open."""
        if self._asked is None:
            return None
        occurrence = self._ledger.get(self._asked.id)
        return occurrence if occurrence.state in OPEN else None

    def _tell_it(self, occurrence: Occurrence) -> tuple[str | None, tuple[Phrase, ...]]:
        said = (*self._words.of("reminder_tell", self._person), *self._body_of(occurrence))
        if occurrence.reminder.confirm:
            return ASK, said
        self._scheduler.said(occurrence, complete=True, asked=False)
        self._asked = None
        return None, said

    def _say(self, step: str) -> tuple[str | None, tuple[Phrase, ...]]:
        spoken = self._words.step(step, self._person)
        return spoken.step, spoken.phrases

    async def _look(self, talk: Talk) -> None:
        self._scheduler.look()
        occurrence = self._scheduler.next_to_say()
        if occurrence is None:
            return
        if not talk.welcome:
            self._scheduler.leave_to_staff(occurrence, "the person wants to be let be today")
            return
        await self._until_free(talk)
        # What was waited for may have taken long, and staff or a clock may have been faster.
        if self._scheduler.next_to_say() == occurrence and talk.pausing:
            await self._remind(talk, occurrence)

    async def _until_free(self, talk: Talk) -> None:
        until = self._clock.monotonic() + TURN_SECONDS
        while not talk.free and not (talk.pausing and self._clock.monotonic() >= until):
            await self._clock.sleep(LOOK_SECONDS)
            if self._clock.monotonic() >= until + TURN_SECONDS:
                return  # somebody has a lot to say; it is tried again at the next look

    async def _remind(self, talk: Talk, occurrence: Occurrence) -> None:
        reply = self._reply(occurrence, self._clock.now())
        self._asked = self._scheduler.begin(occurrence)
        told = Told(complete=False)
        try:
            told = await talk.bring_up(reply)
        finally:
            heard = told.complete and not told.failed
            said = self._scheduler.said(self._asked, heard, asked=reply.step is not None)
            # Who interrupts the question with the answer has answered it.
            self._asked = said if said.state in OPEN else None

    @property
    def _can_ask(self) -> bool:
        """Whether the robot has the words to ask in the person's language."""
        return self._person.language in FULL

    def _reply(self, occurrence: Occurrence, now: datetime) -> Reply:
        if not self._can_ask:
            return Reply((Phrase(occurrence.reminder.say),), engine="corridor")
        key = "reminder_back" if occurrence.snoozed else "reminder_knock"
        said = list(self._words.of(key, self._person))
        if occurrence.said > occurrence.snoozed:
            said += self._words.of("reminder_again", self._person)
        overdue = occurrence.due_at + timedelta(minutes=occurrence.reminder.late_after) < now
        if overdue and not occurrence.said:
            said += self._words.of("reminder_overdue", self._person)
        if self._presence.private or occurrence.reminder.in_company is not None:
            step = ASK if occurrence.reminder.confirm else None
            return Reply((*said, *self._body_of(occurrence)), engine="corridor", step=step)
        private = self._words.step(PRIVATE, self._person)
        return Reply((*said, *private.phrases), engine="corridor", step=PRIVATE)

    def _body_of(self, occurrence: Occurrence) -> tuple[Phrase, ...]:
        reminder = occurrence.reminder
        text = reminder.say
        if reminder.in_company is not None and not self._presence.private:
            text = reminder.in_company
        if not reminder.confirm:
            return (Phrase(text),)
        asked = self._words.step(ASK, self._person).phrases
        if reminder.ask is not None:
            asked = (replace(asked[-1], text=reminder.ask),)
        return (Phrase(text), *asked)
