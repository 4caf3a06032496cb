"""What somebody asks of the robot's reminders: to add one, to cancel, to hear what is planned.

It reads words, with no dialogue engine, and brings what is to be remembered into the form in which
the robot says it: "to call my sister" becomes "call your sister".
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from config.files import read_model
from dialogue.memory.values import Spoken
from dialogue.patterns import Notation, Pattern, fold, words_of
from dialogue.reminders.spoken.when import FOLDER, LANGUAGES, Said, Span, heard_when, timed

Kind = Literal["missed", "cancel", "list", "add"]
Shape = Literal["verb", "noun", "clause", "bare", "wake"]

_JOINED_ZU = re.compile(
    r"^(ab|an|auf|aus|bei|durch|ein|fest|fort|her|hin|los|mit|nach|um|vor|weg|weiter|zurück|"
    r"hinaus|hinein|raus|rein|rüber|vorbei|zusammen)zu(\w{2,}n)$"
)
"""A German infinitive with "zu" inside, such as "anzurufen"."""


@dataclass(frozen=True)
class Wanted:
    """What is to be remembered: the words as the robot will say them, and how they are put."""

    what: str
    shape: Shape


@dataclass(frozen=True)
class Wish:
    """What somebody asks; of a reminder to add, what it is about and for when."""

    kind: Kind
    wanted: Wanted | None = None
    said: Said = field(default_factory=Said)


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    asks: dict[Kind, list[Notation]]
    yields: list[Notation]
    drop: list[Notation]
    ends: list[str]
    wake: list[str]
    shapes: dict[str, Shape]
    first_person: dict[str, Annotated[list[str], Field(min_length=1, max_length=2)]]
    own_wish: list[str]
    medicines: list[Notation]
    when: dict[str, str]


def wished(text: str, language: str, now: datetime, familiar: bool) -> Wish | None:
    """Return what is asked of the reminders, or None; nothing in a language without a file.

    `now` is local; `familiar` is the German "du".
    """
    return _wishes(language).wished(text, now, familiar) if language in LANGUAGES else None


def answered(text: str, language: str, now: datetime, familiar: bool) -> tuple[Wanted | None, Said]:
    """Return what a plain answer says of what is to be remembered, and of when."""
    return _wishes(language).content(text, now, familiar)


def about_medicines(text: str, language: str) -> bool:
    """Whether it is about medicines, which are for staff to plan."""
    return language in LANGUAGES and _wishes(language).about_medicines(text)


def when_forms(language: str) -> Mapping[str, str]:
    """Return how a time is read back: `{date}`, `{days}` and `{time}` are filled in."""
    return _wishes(language).when


class _Wishes:
    """All patterns of one language, compiled."""

    def __init__(self, language: str) -> None:
        self._language = language
        file = self._file = read_model(FOLDER / f"wishes_{language}.yaml", _File)
        self._asks = {kind: self._patterns(lines) for kind, lines in file.asks.items()}
        self._yields = self._patterns(file.yields)
        self._drop = self._patterns(file.drop)
        self._medicines = self._patterns(file.medicines)
        self.when: Mapping[str, str] = file.when

    def wished(self, text: str, now: datetime, familiar: bool) -> Wish | None:
        folded = fold(timed(text), self._language)
        words = words_of(folded)
        if any(pattern.spans(folded, words) for pattern in self._yields):
            return None
        for kind in self._asks:
            if any(pattern.spans(folded, words) for pattern in self._asks[kind]):
                return Wish(kind, *(self.content(text, now, familiar) if kind == "add" else ()))
        return None

    def content(self, text: str, now: datetime, familiar: bool) -> tuple[Wanted | None, Said]:
        spoken = Spoken(timed(text), self._language)
        words = words_of(spoken.folded)
        said = heard_when(text, self._language, now)
        spans = [*said.spans]
        for pattern in self._drop:
            spans += pattern.spans(spoken.folded, words)
        kept = self._trimmed(_outside(spoken, spans))
        if any(word in self._file.wake for word in words) and not kept:
            return Wanted("", "wake"), said
        return self._wanted(kept, familiar), said

    def about_medicines(self, text: str) -> bool:
        folded = fold(text, self._language)
        words = words_of(folded)
        return any(pattern.spans(folded, words) for pattern in self._medicines)

    def _wanted(self, words: Sequence[str], familiar: bool) -> Wanted | None:
        if not words:
            return None
        shape = self._file.shapes.get(words[0].casefold(), "bare")
        rest = list(words if shape == "bare" else words[1:])
        if shape == "clause":
            shape, rest = self._clause(rest)
        elif self._language == "de" and shape in ("bare", "noun"):
            shape, rest = _german_infinitive(rest, shape, list(words))
        if not rest:
            return None
        return Wanted(" ".join(self._to_them(rest, familiar)), shape)

    def _clause(self, words: list[str]) -> tuple[Shape, list[str]]:
        """Turn "that I should call Anna" into "call Anna"; leave what is about others as it is."""
        lower = [word.casefold() for word in words]
        if self._language == "de":
            return _german_clause(words, lower, self._file.own_wish)
        for own in self._file.own_wish:
            begins = ["i", *own.split()]
            if lower[: len(begins)] == begins:
                return "verb", words[len(begins) :]
        return "clause", words

    def _to_them(self, words: Iterable[str], familiar: bool) -> list[str]:
        forms = self._file.first_person
        return [
            forms[word.casefold()][-1 if familiar else 0] if word.casefold() in forms else word
            for word in words
        ]

    def _trimmed(self, words: list[str]) -> list[str]:
        ends = frozenset(self._file.ends)
        while words and words[-1].casefold() in ends:
            words = words[:-1]
        begins = ends - self._file.shapes.keys()
        while words and words[0].casefold() in begins:
            words = words[1:]
        return words

    def _patterns(self, lines: Iterable[str]) -> list[Pattern]:
        return [Pattern(line, lambda text: fold(text, self._language)) for line in lines]


@cache
def _wishes(language: str) -> _Wishes:
    return _Wishes(language)


def _outside(spoken: Spoken, spans: Sequence[Span]) -> list[str]:
    """Return the words, as they were written, that stand in none of the spans."""
    kept, number = [], 0
    for match in re.finditer(r"\S+", spoken.folded):
        if match[0] == ".":
            continue
        if not any(start <= match.start() and match.end() <= end for start, end in spans):
            kept.append(spoken.words[number])
        number += 1
    return kept


def _german_clause(
    words: list[str], lower: Sequence[str], own_wish: Sequence[str]
) -> tuple[Shape, list[str]]:
    if not lower or lower[0] != "ich":
        return "clause", words
    rest = words[1:]
    if lower[-1] in own_wish:
        return "verb", rest[:-1]
    if len(rest) > 1 and lower[-1].endswith("e"):
        return "verb", [*rest[:-1], f"{rest[-1]}n"]  # "ich Anna anrufe": Anna anrufen
    return "clause", words


def _german_infinitive(rest: list[str], shape: Shape, words: list[str]) -> tuple[Shape, list[str]]:
    """Turn "die Blumen zu gießen" and "Anna anzurufen" into what follows "Sie wollten"."""
    if rest and (joined := _JOINED_ZU.match(rest[-1].casefold())):
        return "verb", [*words[:-1], f"{joined[1]}{joined[2]}"]
    if len(rest) > 1 and rest[-2].casefold() == "zu" and rest[-1].endswith("n"):
        return "verb", [*words[:-2], rest[-1]]
    if shape == "bare" and len(rest) > 1 and rest[-1].endswith(("en", "ern", "eln")):
        return "verb", rest
    return shape, rest
