"""When somebody wants to be reminded, found in what they say: "every Tuesday at half past four".

What it finds is read back before it is kept, so it may guess: "at four" is in the afternoon.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from functools import cache
from pathlib import Path
from typing import Annotated, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from config.files import read_model
from config.recurrence import DAYS
from dialogue.patterns import Pattern, fold, words_of

FOLDER = Path(__file__).parent
LANGUAGES = ("en", "de")

WAKING = range(7, 22)
"""The hours of the day meant by a number alone, such as "at four"."""

Part = Literal["morning", "afternoon", "evening", "later"]
Span = tuple[int, int]
"""Where words stand in the folded text."""
Spans = tuple[Span, ...]

_CLOCK = re.compile(r"(\d{1,2})[:.](\d\d)\b")
_NAMES = tuple(DAYS)


@dataclass(frozen=True)
class When:
    """One day or several, at a local time; as in config/reminders.py."""

    at: time
    on: date | None = None
    every: tuple[str, ...] = ()


@dataclass(frozen=True)
class Said:
    """What was said of a time: parts of it may be missing. `spans` is where it was said."""

    hour: int | None = None
    minute: int = 0
    part: Part | None = None
    on: date | None = None
    every: tuple[str, ...] = ()
    usual: time | None = None
    """The time of a part of the day, or one that has a name or counts from now."""
    cannot: bool = False
    """Whether it is a repetition that cannot be had by voice."""
    spans: Spans = ()

    @property
    def anything(self) -> bool:
        """Whether there was a word about time at all."""
        return bool(self.spans)

    def with_more(self, more: "Said") -> "Said":
        """Return this, with what was said later in its place where both say something."""
        timed = more if more.hour is not None or more.usual is not None else self
        dated = more if more.on or more.every else self
        return Said(
            timed.hour,
            timed.minute,
            more.part or self.part,
            dated.on,
            dated.every,
            timed.usual,
            self.cannot or more.cannot,
            more.spans,
        )

    def resolved(self, now: datetime) -> When | None:
        """Return the time that is meant, seen from the local time `now`; None if none was said.

        It may be over already, where a day was named.
        """
        soon = not self.every and self.on in (None, now.date())
        if (at := self._time(now if soon else None)) is None:
            return None
        if self.every:
            return When(at, every=self.every)
        on = self.on or now.date() + timedelta(days=at <= now.time())
        return When(at, on)

    def _time(self, now: datetime | None) -> time | None:
        """Return the time of day; of two that can be meant, the next one from `now`."""
        if self.hour is None:
            return self.usual
        late = time((self.hour + 12) % 24, self.minute)
        early = time(self.hour % 24, self.minute)
        if not 1 <= self.hour <= 11:
            return early
        match self.part:
            case "morning":
                return early
            case "afternoon" | "later":
                return late
            case "evening":
                return late if self.hour >= 5 else early  # "at two at night"
        if self.hour not in WAKING:
            return late
        past = now is not None and early <= now.time()
        return late if past and late.hour in WAKING else early


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Clock(_Model):
    hears: str
    plus: int = 0
    minute: Literal[-1, 0, 1] = 0


class _Named(_Model):
    hears: str
    at: time


class _PartOfDay(_Model):
    hears: list[str]
    usually: time | None = None


class _Days(_Model):
    hears: str
    days: int


class _Span(_Model):
    hears: str
    plus: int = 0
    each: int = 0


class _File(_Model):
    numbers: Annotated[list[str], Field(min_length=60, max_length=60)]
    ordinals: Annotated[list[str], Field(min_length=31, max_length=31)]
    ordinal_endings: list[str]
    months: Annotated[list[str], Field(min_length=12, max_length=12)]
    weekdays: Annotated[list[str], Field(min_length=7, max_length=7)]
    clock: list[_Clock]
    named: list[_Named]
    parts: dict[Part, _PartOfDay]
    days: dict[int, list[str]]
    in_days: list[_Days]
    weekday: list[str]
    dates: list[str]
    every: dict[Literal["day", "weekday", "weekend"], list[str]]
    every_weekday: list[str]
    spans: list[_Span]
    one: list[str]
    cannot: list[str]


Match = re.Match[str]
Value = TypeVar("Value")


def heard_when(text: str, language: str, now: datetime) -> Said:
    """Return what is said of a time in a text, in a language of LANGUAGES; `now` is local."""
    return _times(language).said(timed(text), now)


def timed(text: str) -> str:
    """Return the text with "4:30" as two words: a colon ends sentences elsewhere."""
    return _CLOCK.sub(r"\1 \2", text)


class _Times:
    """All patterns of one language, compiled."""

    def __init__(self, language: str) -> None:
        self._language = language
        file = read_model(FOLDER / f"when_{language}.yaml", _File)
        self._numbers = self._folded(_numbers(file))
        self._ordinals = self._folded(_ordinals(file))
        self._months = self._folded({name: n for n, name in enumerate(file.months, start=1)})
        self._weekdays = self._folded(dict(zip(file.weekdays, _NAMES, strict=True)))
        self._sets: Mapping[str, list[str]] = {
            "hour": [word for word, number in self._numbers.items() if number <= 24],
            "minute": [word for word, number in self._numbers.items() if word not in file.one],
            "number": list(self._numbers),
            "ordinal": list(self._ordinals),
            "month": file.months,
            "weekday": file.weekdays,
            "weekdays": [f"{day}s" for day in file.weekdays],
        }
        self._clock = [(self._pattern(each.hears), each) for each in file.clock]
        self._named = [(self._pattern(each.hears), each.at) for each in file.named]
        self._parts = [
            (self._pattern(line), name, part)
            for name, part in file.parts.items()
            for line in part.hears
        ]
        self._days = [(self._pattern(each), n) for n, lines in file.days.items() for each in lines]
        self._in_days = [(self._pattern(each.hears), each.days) for each in file.in_days]
        self._weekday = [self._pattern(line) for line in file.weekday]
        self._dates = [self._pattern(line) for line in file.dates]
        self._every = [
            (self._pattern(line), name) for name, lines in file.every.items() for line in lines
        ]
        self._every_weekday = [self._pattern(line) for line in file.every_weekday]
        self._spans = [(self._pattern(each.hears), each) for each in file.spans]
        self._cannot = [self._pattern(line) for line in file.cannot]

    def said(self, text: str, now: datetime) -> Said:
        folded = fold(text, self._language)
        words = words_of(folded)

        def found(patterns: Iterable[Pattern]) -> Iterator[Match]:
            return (match for pattern in patterns for match in pattern.matches(folded, words))

        if cannot := list(found(self._cannot)):
            return Said(cannot=True, spans=tuple(match.span() for match in cannot))
        for pattern, span in self._spans:
            for match in pattern.matches(folded, words):
                return self._from_now(match, span, now)
        said = self._with_clock(folded, words)
        said = self._with_every(said, folded, words)
        return said if said.every else self._with_day(said, folded, words, now)

    def _from_now(self, match: Match, span: _Span, now: datetime) -> Said:
        minutes = span.plus
        if span.each:
            minutes += span.each * self._numbers[match["number"].strip()]
        then = now + timedelta(minutes=minutes, seconds=59)  # never before it was asked for
        at = then.time().replace(second=0, microsecond=0, tzinfo=None)
        return Said(usual=at, on=then.date(), spans=(match.span(),))

    def _with_clock(self, folded: str, words: frozenset[str]) -> Said:
        said = Said()
        for pattern, name, part in self._parts:
            for match in pattern.matches(folded, words):
                spans = (*said.spans, match.span())
                said = replace(said, part=name, usual=part.usually, spans=spans)
        for pattern, at in self._named:
            for match in pattern.matches(folded, words):
                said = replace(said, usual=at, spans=(*said.spans, match.span()))
        clocks = [
            (match, clock)
            for pattern, clock in self._clock
            for match in pattern.matches(folded, words)
        ]
        if not clocks:
            return said
        match, clock = max(clocks, key=lambda each: _length(each[0]))
        minutes = 60 * self._numbers[match["hour"].strip()] + clock.plus
        if clock.minute:
            minutes += clock.minute * self._numbers[match["minute"].strip()]
        hour, minute = divmod(minutes % (24 * 60), 60)
        return replace(said, hour=hour, minute=minute, spans=(*said.spans, match.span()))

    def _with_every(self, said: Said, folded: str, words: frozenset[str]) -> Said:
        spans: list[Span] = []
        every: dict[str, None] = {}
        for pattern in self._every_weekday:
            for match in pattern.matches(folded, words):
                spans.append(match.span())
        for pattern, name in self._every:
            for match in pattern.matches(folded, words):
                spans.append(match.span())
                every[name] = None
        if spans and not every:  # "every Monday and Thursday": all days that are named
            plural = {f"{day}s": name for day, name in self._weekdays.items()}
            named = map((self._weekdays | plural).get, folded.split())
            every = dict.fromkeys(filter(None, named))
            for pattern in self._weekday:
                spans += pattern.spans(folded, words)
        return replace(said, every=tuple(every), spans=(*said.spans, *spans))

    def _with_day(self, said: Said, folded: str, words: frozenset[str], now: datetime) -> Said:
        taken = said.spans
        for match, day in self._day(folded, words, now):
            if not any(_inside(match.span(), span) for span in taken):
                said = replace(said, on=day, spans=(*said.spans, match.span()))
        return said

    def _day(
        self, folded: str, words: frozenset[str], now: datetime
    ) -> Iterator[tuple[Match, date]]:
        today = now.date()
        for pattern in self._weekday:
            for match in pattern.matches(folded, words):
                wanted = _NAMES.index(self._weekdays[match["weekday"].strip()])
                yield match, today + timedelta(days=(wanted - today.weekday()) % 7)
        for pattern in self._dates:
            for match in pattern.matches(folded, words):
                day = self._ordinals[match["ordinal"].strip()]
                if (on := _next_date(day, self._months[match["month"].strip()], today)) is not None:
                    yield match, on
        for pattern, ahead in [*self._days, *self._in_days]:
            for match in pattern.matches(folded, words):
                named = match.groupdict().get("number")
                count = self._numbers[named.strip()] if named else 1
                yield match, today + timedelta(days=ahead * count)

    def _folded(self, words: Mapping[str, Value]) -> dict[str, Value]:
        return {fold(word, self._language).strip(" ."): value for word, value in words.items()}

    def _pattern(self, line: str) -> Pattern:
        return Pattern(line, lambda text: fold(text, self._language), self._sets)


@cache
def _times(language: str) -> _Times:
    return _Times(language)


def _numbers(file: _File) -> dict[str, int]:
    spelled = {word: number for number, word in enumerate(file.numbers)}
    digits = {str(number): number for number in range(60)}
    padded = {f"{number:02}": number for number in range(10)}
    return spelled | digits | padded | dict.fromkeys(file.one, 1)


def _ordinals(file: _File) -> dict[str, int]:
    spelled = {word: number for number, word in enumerate(file.ordinals, start=1)}
    digits = {
        f"{number}{ending}": number
        for number in range(1, 32)
        for ending in ("", *file.ordinal_endings)
    }
    return spelled | digits


def _next_date(day: int, month: int, today: date) -> date | None:
    """Return the next such date, today included; None if there is none within a year."""
    for year in (today.year, today.year + 1):
        try:
            found = date(year, month, day)
        except ValueError:  # the thirty-first of June
            continue
        if found >= today:
            return found
    return None


def _length(match: Match) -> int:
    return match.end() - match.start()


def _inside(inner: Span, outer: Span) -> bool:
    """Whether it lies within the other and is shorter."""
    return outer[0] <= inner[0] and inner[1] <= outer[1] and inner != outer
