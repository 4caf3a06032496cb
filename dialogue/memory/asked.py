"""Finds what somebody asks of the robot's memory, and whether they say that others are there."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Literal

from pydantic import BaseModel, ConfigDict

from config.files import ConfigError, Fault, read_model
from dialogue.memory.items import MOST_WORDS
from dialogue.memory.told_files import FOLDER, LANGUAGES, Hears, told
from dialogue.memory.values import Spoken
from dialogue.patterns import Notation, Pattern, fold, words_of

Wish = Literal["erase", "refuse", "known", "avoid", "again", "forget_topic", "forget_last"]


@dataclass(frozen=True)
class Asked:
    """A wish, and what it is about: the words as they were said, and the topics they belong to.

    Without words, "again" is about everything that was to be left out.
    """

    wish: Wish
    words: str = ""
    terms: frozenset[str] = frozenset()


def plain(words: str, language: str) -> frozenset[str]:
    """Return the words that matter: without articles and the like."""
    return _asking(language).plain(words) if language in LANGUAGES else frozenset({words})


class _Presence(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    alone: list[Notation]
    company: list[Notation]


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    asks: dict[Wish, list[Notation]]
    yields: list[Notation]
    presence: _Presence
    articles: list[str]
    closing: list[str]
    no_words: list[str]
    no_topics: list[str]
    topics: dict[str, list[str]]


def asked(text: str, language: str) -> Asked | None:
    """Return what is asked, or None; nothing in a language without a file."""
    return _asking(language).asked(text) if language in LANGUAGES else None


def objected(text: str, language: str) -> Asked | None:
    """Return what somebody does not want to be spoken to about, whatever else they ask."""
    return _asking(language).objected(text) if language in LANGUAGES else None


def others(text: str, language: str) -> Literal["alone", "company"] | None:
    """Return whether somebody says that they are alone, or not; where both, not."""
    return _asking(language).others(text) if language in LANGUAGES else None


def says_no(text: str, language: str) -> bool:
    """Whether a word of refusal is in the text, whatever else is."""
    return language in LANGUAGES and _asking(language).says_no(text)


def terms(words: str, language: str) -> frozenset[str]:
    """Return the words of a topic without articles, and the topics of flows they belong to."""
    return _asking(language).terms(words) if language in LANGUAGES else frozenset({words})


class _Asking:
    """All patterns of one language, compiled."""

    def __init__(self, language: str) -> None:
        self._language = language
        self._file = read_model(FOLDER / f"asked_{language}.yaml", _File)
        self._patterns: Mapping[Wish, list[Pattern]] = {
            wish: [Pattern(line, self._fold) for line in lines]
            for wish, lines in self._file.asks.items()
        }
        self._yields = Hears(self._file.yields, language)
        self._alone = Hears(self._file.presence.alone, language)
        self._company = Hears(self._file.presence.company, language)

    def asked(self, text: str) -> Asked | None:
        """Return the first wish that fits."""
        return next((found for wish in self._patterns for found in self._found(text, wish)), None)

    def objected(self, text: str) -> Asked | None:
        """Return an objection."""
        return next(self._found(text, "avoid"), None)

    def others(self, text: str) -> Literal["alone", "company"] | None:
        """Return whether others are said to be there."""
        if self._company(text):
            return "company"
        return "alone" if self._alone(text) else None

    def says_no(self, text: str) -> bool:
        """Whether it holds a no."""
        return not words_of(self._fold(text)).isdisjoint(self._file.no_words)

    def plain(self, words: str) -> frozenset[str]:
        """Return the words that matter."""
        return words_of(self._fold(words)) - {".", *self._file.articles}

    def terms(self, words: str) -> frozenset[str]:
        """Return the words that matter, and their topics."""
        plain = self.plain(words)
        phrase = " ".join(word for word in self._fold(words).split() if word in plain)
        topics = {
            topic
            for topic, names in self._file.topics.items()
            if phrase == topic or not {phrase, *plain}.isdisjoint(names)
        }
        return frozenset(plain | topics)

    def _found(self, text: str, wish: Wish) -> Iterator[Asked]:
        spoken = Spoken(text, self._language)
        words = words_of(spoken.folded)
        yields = self._yields.spans(spoken.folded)
        for pattern in self._patterns.get(wish, ()):
            for match in pattern.matches(spoken.folded, words):
                start, end = match.span()
                if any(start < ends and begins < end for begins, ends in yields):
                    continue
                if "topic" not in match.groupdict():
                    yield Asked(wish)
                elif topic := self._topic(spoken.between(*match.span("topic"))):
                    yield Asked(wish, topic, self.terms(topic))
                elif wish == "again":
                    yield Asked(wish)

    def _topic(self, words: list[str]) -> str:
        """Return the words of a topic; none where they point at nothing by name."""
        folded = [fold(word, self._language).strip(" .") for word in words]
        while folded and folded[-1] in self._file.closing:
            folded.pop()
        named = " ".join(folded)
        if not named or named in self._file.no_topics or folded[0] in self._file.no_topics:
            return ""
        return " ".join(words[: min(len(folded), MOST_WORDS)])

    def _fold(self, text: str) -> str:
        return fold(text, self._language)


def read_files() -> None:
    """Read every file of what may be remembered and asked. Raises ConfigError with all faults."""
    faults: list[Fault] = []
    for language in LANGUAGES:
        for read in (told, _asking):
            try:
                read(language)
            except ConfigError as error:
                faults += error.faults
    if faults:
        raise ConfigError(faults)


@cache
def _asking(language: str) -> _Asking:
    return _Asking(language)
