"""Finds in what somebody says the few things that may be remembered: by patterns, without models.

Nothing here decides whether something is remembered; that needs consent. A value is short, holds
no figures, and nothing of an utterance about money, secrets or health is taken.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from dialogue.memory.items import Kind
from dialogue.memory.told_files import LANGUAGES, Hears, Line, told
from dialogue.memory.values import Shape, Spoken
from dialogue.patterns import words_of


@dataclass(frozen=True)
class Found:
    """Something worth remembering."""

    kind: Kind
    value: str


def found(text: str, language: str) -> tuple[Found, ...]:
    """Return what an utterance tells; nothing in a language without a file."""
    return _listening(language).found(text) if language in LANGUAGES else ()


def from_answer(kind: Kind, text: str, language: str) -> str | None:
    """Return what a short answer to the robot's question says: "oh I like roses" is "roses".

    None where it says nothing, is too long, or is not to be remembered.
    """
    return _listening(language).answer(kind, text) if language in LANGUAGES else None


class _Listening:
    """All patterns of one language, compiled."""

    def __init__(self, language: str) -> None:
        file = told(language)
        self._language = language
        self._lines = file.lines(language)
        self._moods = {name: Hears(mood.hear, language) for name, mood in file.moods.items()}
        self._never = Hears(file.never, language)
        self._unless = Hears(file.unless, language)
        self._nothing = Hears([f"^ {line}" for line in file.no_answers], language)
        self._shape = Shape(file, language)

    def found(self, text: str) -> tuple[Found, ...]:
        """Return what an utterance tells, every word used once."""
        if self._never(text):
            return ()
        spoken = Spoken(text, self._language)
        taken = self._unless.spans(spoken.folded)
        return (*self._told(spoken, taken), *self._felt(spoken, taken))

    def answer(self, kind: Kind, text: str) -> str | None:
        """Return what an answer says."""
        if self._never(text) or "?" in text:
            return None
        spoken = Spoken(text, self._language)
        for line in self._lines:
            if line.kind == kind:
                for _, _, value in self._values(line, spoken):
                    return value
        if self._nothing(text):
            return None
        return self._shape.answer(kind, spoken)

    def _told(self, spoken: Spoken, taken: list[tuple[int, int]]) -> Iterator[Found]:
        for line in self._lines:
            for start, end, value in self._values(line, spoken):
                if all(end <= begins or ends <= start for begins, ends in taken):
                    taken.append((start, end))
                    yield Found(line.kind, value)

    def _felt(self, spoken: Spoken, taken: list[tuple[int, int]]) -> Iterator[Found]:
        for name, hears in self._moods.items():
            spans = hears.spans(spoken.folded)
            if any(e <= b or f <= s for s, e in spans for b, f in taken or [(0, 0)]):
                yield Found("mood", name)
                return

    def _values(self, line: Line, spoken: Spoken) -> Iterator[tuple[int, int, str]]:
        """Yield every value a line finds, with the place of the words it was made of."""
        words, at = words_of(spoken.folded), 0
        while match := next(iter(line.pattern.matches(spoken.folded[at:], words)), None):
            parts, start, end = {}, at + match.start(), at + match.start() + 1
            for name in match.groupdict():
                place = at + match.start(name)
                heard = spoken.between(place, at + match.end(name))
                kept = self._shape.part(name, heard, spoken)
                parts[name] = " ".join(kept)
                # What was heard behind the kept words may tell something else.
                end = max(end, spoken.after(place, min(len(kept), len(heard))))
            value = line.filled(parts)
            if value and (finished := self._shape.whole(value)):
                yield start, end, finished
            at = end


@cache
def _listening(language: str) -> _Listening:
    return _Listening(language)
