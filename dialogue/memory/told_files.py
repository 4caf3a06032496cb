"""The form of the files that say what may be remembered: told_en.yaml and told_de.yaml."""

import re
from collections.abc import Mapping
from functools import cache, cached_property
from pathlib import Path
from typing import Annotated, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from config.files import read_model
from dialogue.memory.items import Kind
from dialogue.patterns import Notation, Pattern, fold, words_of

FOLDER = Path(__file__).parent
LANGUAGES = ("en", "de")
"""The languages in which the robot remembers."""


def _flat(rows: object) -> object:
    """Rows of words are only rows to be readable."""
    if isinstance(rows, list) and all(isinstance(row, list) for row in rows):
        return [word for row in rows for word in row]
    return rows


_WordList = Annotated[list[str], BeforeValidator(_flat)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Relation(_Part):
    """How the robot names somebody's relation; with `ask` it may bring them up by itself."""

    say: str
    du: str | None = None
    also: tuple[str, ...] = ()
    ask: bool = False


class Mood(_Part):
    """How somebody said they were, and how it is said the day after."""

    hear: list[Notation] = Field(min_length=1)
    say: str
    du: str | None = None


class Line:
    """A line of `tells`: what is heard, and what is kept of it."""

    def __init__(self, kind: Kind, line: str, language: str, sets: Mapping[str, list[str]]) -> None:
        heard, arrow, kept = line.partition("->")
        self.kind = kind
        self.pattern = Pattern(heard.strip(), lambda text: fold(text, language), sets)
        braces = [part for part in heard.split() if part.startswith("{")]
        self._kept = kept.strip() if arrow else braces[-1]

    def filled(self, parts: Mapping[str, str]) -> str | None:
        """Return what is kept, given the parts in braces; None where one of them is empty."""
        if not all(parts.values()):
            return None
        return re.sub(r"\{(\w+)\}", lambda brace: parts[brace[1]], self._kept)


class Told(_Part):
    """One file."""

    tells: dict[Kind, list[str]]
    relations: dict[str, Relation]
    moods: dict[str, Mood]
    titles: list[str]
    given: _WordList
    sets: dict[str, _WordList]
    place_words: list[str]
    never: list[Notation]
    unless: list[Notation]
    ends: _WordList
    begins_not: _WordList
    begins_not_names: list[str]
    negations: list[str]
    not_last: list[str]
    work_begins: list[str]
    answers: _WordList
    no_answers: list[Notation]
    turned: dict[str, str | tuple[str, str]]

    @cached_property
    def relation_of(self) -> Mapping[str, str]:
        """The relation each word for it stands for."""
        return {
            form.lower(): relation
            for relation, entry in self.relations.items()
            for form in (relation, *entry.also)
        }

    @model_validator(mode="after")
    def _readable(self) -> Self:
        for language in LANGUAGES:  # the notation is the same in both
            self.lines(language)
        return self

    def lines(self, language: str) -> list[Line]:
        """Return every line of `tells`, in order. Raises ValueError for a faulty one."""
        sets = {**self.sets, "relation": list(self.relation_of)}
        return [Line(kind, li, language, sets) for kind, ls in self.tells.items() for li in ls]


class Hears:
    """Patterns of one language, asked together."""

    def __init__(self, notations: list[str], language: str) -> None:
        self._language = language
        self._patterns = [Pattern(n, lambda text: fold(text, language)) for n in notations]

    def spans(self, folded: str) -> list[tuple[int, int]]:
        """Return where any of them is found."""
        words = words_of(folded)
        return [span for pattern in self._patterns for span in pattern.spans(folded, words)]

    def __call__(self, text: str) -> bool:
        """Whether any of them is found in a text."""
        return bool(self.spans(fold(text, self._language)))


@cache
def told(language: str) -> Told:
    """Return the file of a language in LANGUAGES. Raises ConfigError with every fault."""
    return read_model(FOLDER / f"told_{language}.yaml", Told)
