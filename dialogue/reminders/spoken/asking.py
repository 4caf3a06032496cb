"""Reminders by voice: asked for, read back and kept; what is planned or was missed; taken back.

Wishes are found in the words themselves, so that they work without the dialogue engine; what is
put in other words comes from the engine as an action. Yes and no go through the flows
(content/flows/own_reminders*.yaml).
"""

import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from pydantic import ValidationError

from config.clock import Clock
from config.reminders import Reminder
from dialogue.decisions import Decision
from dialogue.errors import StageError
from dialogue.events import Publish, StageFailed
from dialogue.flows import IN_PASSING
from dialogue.keywords import Keywords
from dialogue.memory.presence import Presence
from dialogue.person import Person
from dialogue.reminders.ledger import Ledger
from dialogue.reminders.spoken.own import MOST, OwnReminders
from dialogue.reminders.spoken.reading_back import when_words
from dialogue.reminders.spoken.when import LANGUAGES, Said, When
from dialogue.reminders.spoken.wishes import Wanted, Wish, about_medicines, answered, wished
from dialogue.replies import Phrase, Reply, Utterance
from dialogue.words import Words

log = logging.getLogger(__name__)

AT_ONCE = 4
"""So many are told at once."""
AHEAD = timedelta(days=7)
"""So far ahead it is told what is planned."""
MOST_WORDS = 6
"""Of what is to be remembered; with the words around it a sentence has twelve at most."""
TRIES = 3
"""So often the robot asks for the same thing."""
WHAT, WHEN, SAVE, ALONE = "own_what", "own_when", "own_save", "own_alone"
SLOTS = frozenset({WHAT, WHEN, SAVE, "own_unclear"})
"""The steps whose answer may hold words of what, or of when."""
REMINDED = frozenset({"reminder_ask", "reminder_unclear", "reminder_not_yet", "reminder_private"})
"""The steps that wait for an answer to a reminder."""
TURNS_AWAY = IN_PASSING | {"deny", "dont_know", "change_topic", "be_quiet_later", "goodbye"}
"""What is no answer to "What shall I remind you of?"."""
ACTIONS = "own_"
"""Begins the names of what the flows ask of this."""

About = Literal["list", "missed", "cancel"]


@dataclass
class _Draft:
    """What is known of a reminder that is being asked for."""

    wanted: Wanted | None = None
    said: Said = field(default_factory=Said)
    reminder: Reminder | None = None
    """What was read back."""
    tries: int = 0


class Asking:
    """What the person in talk asks of their reminders."""

    def __init__(
        self,
        own: OwnReminders,
        ledger: Ledger,
        words: Words,
        keywords: Keywords,
        person: Person,
        presence: Presence,
        zone: ZoneInfo,
        clock: Clock,
        publish: Publish,
        take_up: Callable[[], None],
        tell_staff: Callable[[str], bool],
    ) -> None:
        self._own = own
        self._ledger = ledger
        self._words = words
        self._keywords = keywords
        self._person = person
        self._presence = presence
        self._zone = zone
        self._clock = clock
        self._publish = publish
        self._take_up = take_up
        self._tell_staff = tell_staff
        self._draft: _Draft | None = None
        self._about: About = "list"
        self._to_cancel: list[str] = []

    def hear(self, utterance: Utterance, last: Reply | None) -> Reply | None:
        """Return the reply where this is about reminders, or answers what was asked for one."""
        step = last.step if last and last.step else ""
        text, language = utterance.text, utterance.language
        if language not in LANGUAGES:
            return None
        now = self._now()
        wish = wished(text, language, now, self._person.familiar)
        if wish is not None and step in REMINDED and not _names_another(wish):
            return None  # "remind me later" answers the reminder that was just said
        if wish is not None:
            return self._kept_safe(lambda: self._wish(wish, text))
        if step == ALONE and self._presence.private:  # "yes, we are alone", in whatever words
            return self._kept_safe(lambda: self._told(self._about))
        draft = self._draft
        if draft is None or step not in SLOTS:
            return None
        wanted, said = answered(text, language, now, self._person.familiar)
        if self._means_something(utterance, step, said):
            return None
        if step == WHAT:
            draft.wanted = wanted or draft.wanted
        draft.said = draft.said.with_more(said)
        return self._kept_safe(lambda: self._next(draft, text))

    def answer(self, decision: Decision) -> Reply | None:
        """Return the reply to what the flows ask of the reminders; None where they ask nothing."""
        action = next((a.name for a in decision.do if a.name.startswith(ACTIONS)), None)
        if action is None:
            return None
        reply = self._kept_safe(lambda: self._do(action))
        return replace(
            reply,
            actions=decision.do,
            intent=decision.intent,
            intent_confidence=decision.confidence,
            engine=decision.engine,
        )

    def _wish(self, wish: Wish, text: str) -> Reply:
        match wish.kind:
            case "add":
                self._draft = _Draft(wish.wanted, wish.said)
                return self._next(self._draft, text)
            case "cancel":
                return self._cancel(text)
            case "list" | "missed":
                return self._tell(wish.kind)

    def _do(self, action: str) -> Reply:
        match action:
            case "own_add":
                self._draft = _Draft()
                return self._say(["own_add"], WHAT)
            case "own_saved":
                return self._save()
            case "own_dropped":
                self._draft = None
                return self._say(["own_dropped"])
            case "own_list":
                return self._tell("list")
            case "own_missed":
                return self._tell("missed")
            case "own_told_alone":
                self._presence.told("alone")
                return self._told(self._about)
            case "own_cancel":
                return self._cancel("")
            case "own_cancelled":
                return self._cancelled()
            case _:  # own_kept: not this one
                self._to_cancel = self._to_cancel[1:]
                return self._ask_to_cancel() if self._to_cancel else self._say(["own_kept"])

    def _means_something(self, utterance: Utterance, step: str, said: Said) -> bool:
        """Whether an answer is for the flows: a yes, a no, something else altogether."""
        text, language = utterance.text, utterance.language
        intent = self._keywords.intent(text, language)
        if step == WHAT:  # it may be about anything
            return intent in TURNS_AWAY
        if said.anything:
            return self._keywords.yes_or_no(text, language) == "affirm"
        return step != WHEN or intent is not None

    def _next(self, draft: _Draft, text: str) -> Reply:
        """Ask for what is missing, or read back what there is."""
        if about_medicines(text, self._person.language):
            self._draft = None
            told = self._tell_staff("medical_question")
            return self._say(["own_medicine" if told else "own_medicine_untold"])
        if draft.said.cannot:
            draft.said = Said()
            return self._ask(draft, WHEN, "own_cannot")
        if draft.wanted is None:
            return self._ask(draft, WHAT)
        if len(draft.wanted.what.split()) > MOST_WORDS:
            draft.wanted = None
            return self._ask(draft, WHAT, "own_shorter")
        now = self._now()
        when = draft.said.resolved(now)
        if when is None:
            return self._ask(draft, WHEN)
        if when.on and datetime.combine(when.on, when.at) <= now:
            draft.said = Said()
            return self._ask(draft, WHEN, "own_over")
        return self._read_back(draft, draft.wanted, when, now)

    def _ask(self, draft: _Draft, step: str, *before: str) -> Reply:
        draft.tries += 1
        if draft.tries > TRIES:
            self._draft = None
            return self._say(["own_given_up"])
        return self._say(before, step)

    def _read_back(self, draft: _Draft, wanted: Wanted, when: When, now: datetime) -> Reply:
        values = {"what": wanted.what}
        say = self._words.of(f"own_says_{wanted.shape}", self._person, values)[0].text
        try:
            draft.reminder = _reminder(say, when)
        except ValidationError:  # a dose, or words of a length that nobody says
            draft.wanted = None
            return self._ask(draft, WHAT, "own_shorter")
        at = {"when": when_words(when, now.date(), self._person.language)}
        told = [Phrase(say), *self._words.of("own_reads_back", self._person, at)]
        return self._say([], SAVE, told)

    def _save(self) -> Reply:
        draft, self._draft = self._draft, None
        if draft is None or draft.reminder is None:
            return self._say(["own_given_up"])
        if len(self._own.all()) >= MOST:
            return self._say(["own_full"])
        if self._ledger.in_memory:
            return self._say(["own_not_kept"])
        name = self._own.add(draft.reminder, self._now().date())
        try:
            self._take_up()  # it is planned, on disk, before it is promised
        except StageError:
            self._own.remove(name)
            raise
        return self._say(["own_saved"])

    def _tell(self, about: About) -> Reply:
        """Tell what is planned or was missed, to the person alone."""
        if not (self._planned() if about == "list" else self._missed()):
            return self._say(["own_nothing" if about == "list" else "own_missed_nothing"])
        return self._alone(about)

    def _alone(self, about: About) -> Reply:
        """Go on where the person is alone; ask whether they are, or leave it for later."""
        self._about = about
        if self._presence.private:
            return self._told(about)
        if self._presence.may_ask:
            return self._say([], ALONE)
        return self._say(["own_company"])

    def _told(self, about: About) -> Reply:
        match about:
            case "cancel":
                return self._ask_to_cancel()
            case "list":
                return self._list("own_list", self._planned())
            case "missed":
                return self._list("own_missed", self._missed(), "own_missed_end")

    def _list(self, intro: str, items: Sequence[tuple[datetime, Reminder]], *end: str) -> Reply:
        phrases = list(self._words.of(intro, self._person))
        for local, reminder in items[:AT_ONCE]:
            phrases += self._item(local, reminder)
        more = ["own_more"] if len(items) > AT_ONCE else []
        return self._say([*more, *end], None, phrases)

    def _item(self, local: datetime, reminder: Reminder) -> tuple[Phrase, ...]:
        today = self._now().date()
        when = When(local.time(), local.date())
        if reminder.own and reminder.every:
            when = When(local.time(), every=reminder.every)
        at = {"when": when_words(when, today, self._person.language)}
        return (*self._words.of("own_item", self._person, at), Phrase(reminder.say))

    def _planned(self) -> list[tuple[datetime, Reminder]]:
        now = self._clock.now()
        return sorted(
            (
                (self._local(plan.next_at), plan.reminder)
                for plan in self._ledger.plans()
                if plan.next_at and now < plan.next_at <= now + AHEAD
            ),
            key=lambda each: each[0],
        )

    def _missed(self) -> list[tuple[datetime, Reminder]]:
        now = self._now()
        start = datetime.combine(now.date(), datetime.min.time(), self._zone)
        day = self._ledger.of_day(start, self._clock.now())
        return [
            (self._local(each.due_at), each.reminder)
            for each in day
            if each.state in ("missed", "skipped")
        ]

    def _cancel(self, text: str) -> Reply:
        own = self._own.all()
        if not own:
            return self._say(["own_for_staff" if self._ledger.plans() else "own_nothing"])
        said = frozenset(text.casefold().split())
        self._to_cancel = sorted(own, key=lambda name: -_alike(said, own[name].say))
        return self._alone("cancel")

    def _ask_to_cancel(self) -> Reply:
        own = self._own.all()
        self._to_cancel = [name for name in self._to_cancel if name in own]
        if not self._to_cancel:
            return self._say(["own_nothing"])
        return self._say([], "own_leave_out", [Phrase(own[self._to_cancel[0]].say)])

    def _cancelled(self) -> Reply:
        if not self._to_cancel:
            return self._say(["own_given_up"])
        self._own.remove(self._to_cancel[0])
        self._to_cancel = []
        self._take_up()
        return self._say(["own_cancelled"])

    def _kept_safe(self, work: Callable[[], Reply]) -> Reply:
        """Do it; where the disk refuses, staff see it and the person is told the truth."""
        try:
            return work()
        except StageError as error:
            log.error("A reminder that somebody asked for: %s", error.message)
            self._publish(StageFailed(error.stage, error.code, error.message))
            return self._say(["own_not_kept"])

    def _say(
        self, keys: Iterable[str], step: str | None = None, before: Sequence[Phrase] = ()
    ) -> Reply:
        phrases = [*before, *(p for key in keys for p in self._words.of(key, self._person))]
        if step is not None:
            phrases += self._words.step(step, self._person).phrases
        return Reply(tuple(phrases), engine="corridor", step=step)

    def _now(self) -> datetime:
        return self._local(self._clock.now())

    def _local(self, moment: datetime) -> datetime:
        """Return the local time of a moment, without its zone."""
        return moment.astimezone(self._zone).replace(tzinfo=None)


def _reminder(say: str, when: When) -> Reminder:
    days = {"every": when.every} if when.every else {"on": (when.on,)}
    # Whoever asks to be woken at five means five, whatever the home's quiet hours are.
    return Reminder.model_validate(
        {"say": say, "at": (when.at,), **days, "quiet_hours": False, "own": True}
    )


def _names_another(wish: Wish) -> bool:
    """Whether it is plainly about something else than what was just said."""
    if wish.kind == "add":
        return wish.wanted is not None and wish.wanted.shape in ("verb", "noun", "clause")
    return wish.kind in ("list", "missed")


def _alike(said: frozenset[str], say: str) -> int:
    """Return how many words of more than three letters both have."""
    words = {word.strip(".:,").casefold() for word in say.split()}
    return sum(len(word) > 3 for word in words & said)
