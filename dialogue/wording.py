"""The rules every sentence of the robot keeps, whoever wrote it.

At most twelve words, one question at a time, no tests of memory, no feelings claimed; the voice
cannot read brackets, figures, signs or abbreviations well. For somebody with dementia, sentences
are shorter still and nothing appeals to memory.
"""

import re
from functools import cache, lru_cache
from pathlib import Path
from typing import Annotated, Any

from pydantic import RootModel, StringConstraints

from config.files import read_model
from dialogue.patterns import Pattern, fold, words_of

MOST_WORDS = 12
MOST_WORDS_GENTLE = 8
PLACEHOLDERS = {
    "name": 2,
    "robot": 1,
    "time": 3,
    "day": 6,
    "home": 3,
    "town": 1,
    "season": 1,
    "meal": 1,
    "meal_time": 3,
    "first": 3,
    "second": 3,
    "remembered": 5,
    "likes": 5,
    "music": 5,
    "food": 5,
    "place": 3,
    "work": 5,
    "person": 3,
    "person_said": 5,
    "yesterday": 6,
    "later": 3,
    "what": 6,
    "when": 6,
}
"""What may be filled in, and the words each counts for."""
OWN = frozenset({"likes", "music", "food", "place", "work", "person", "person_said"})
"""What somebody has told of themselves. Words that are about just that need it in every variant."""
ALWAYS_GIVEN = OWN | {
    "robot",
    "time",
    "day",
    "home",
    "season",
    "first",
    "second",
    "remembered",
    "later",
    "what",
    "when",
}
"""What never lacks a value where it is said: words for which something is missing are left out."""
FORBIDDEN = Path(__file__).parent / "content" / "forbidden.yaml"

_SENTENCE = re.compile(r"\S[^.!?]*[.!?]+[\"”“»’]*(?=\s|$)")
_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
_UNSPEAKABLE = re.compile(r"[()\[\]<>/\\&%$€£#*_=+@|~^\d]")
_SIE = re.compile(r"\b(?:Sie|Ihnen|Ihr(?:e[mnrs]?)?)\b")
_ABBREVIATION = re.compile(
    r"\b\w\.\w\.|\b(?:Dr|Mr|Mrs|Nr|St|Sr|Sra|Dhr|Mevr|etc|usw|bzw)\.(?=\s|$)"
)


class _Forbidden(RootModel[dict[str, list[Annotated[str, StringConstraints(min_length=2)]]]]):
    """For each language, patterns that no sentence may hold; with an ending, only some may not."""


@cache
def _forbidden(language: str, ending: str = "") -> tuple[Pattern, ...]:
    notations: dict[str, Any] = read_model(FORBIDDEN, _Forbidden).root
    return tuple(
        Pattern(notation, lambda text: fold(text, language))
        for notation in notations.get(language + ending, ())
    )


def sentences(text: str) -> list[str]:
    """Split a text into its sentences. Raises ValueError when the last one has no end."""
    found = _SENTENCE.findall(text)
    if "".join(found).replace(" ", "") != re.sub(r"\s", "", text) or not found:
        raise ValueError(f"'{text[-30:]}' does not end with . ! or ?; add it")
    return [" ".join(sentence.split()) for sentence in found]


def placeholders(text: str) -> frozenset[str]:
    """Return the names in braces."""
    return frozenset(_PLACEHOLDER.findall(text))


def word_count(sentence: str) -> int:
    """Count words as they will be spoken; a placeholder counts as in PLACEHOLDERS."""
    filled = sum(PLACEHOLDERS.get(name, 1) for name in _PLACEHOLDER.findall(sentence))
    rest = _PLACEHOLDER.sub(" ", sentence)
    return filled + sum(any(char.isalpha() for char in word) for word in rest.split())


def is_gentle(sentence: str, language: str) -> bool:
    """Whether a sentence suits somebody with dementia: short, and no appeal to memory."""
    return word_count(sentence) <= MOST_WORDS_GENTLE and not _matches(sentence, language, "_gentle")


def faults(sentence: str, language: str, familiar: bool = False) -> list[str]:
    """Return what is wrong with a sentence, each with its remedy; `familiar` is the German du."""
    found = []
    count = word_count(sentence)
    if count > MOST_WORDS:
        found.append(f"it has {count} words, {MOST_WORDS} are the most; make it two sentences")
    for name in sorted(placeholders(sentence) - set(PLACEHOLDERS)):
        known = ", ".join(f"{{{known}}}" for known in PLACEHOLDERS)
        found.append(f"{{{name}}} is not known; use one of {known}")
    if sign := _UNSPEAKABLE.search(_PLACEHOLDER.sub(" ", sentence)):
        found.append(f"the voice cannot read '{sign[0]}'; write it in words")
    if short := _ABBREVIATION.search(sentence):
        found.append(f"'{short[0]}' is an abbreviation; write it out")
    endings = ("", "_familiar") if familiar else ("", "_formal")
    for notation in (
        notation for ending in endings for notation in _matches(sentence, language, ending)
    ):
        found.append(f"the robot must not say '{notation}'; say it another way")
    return found


def needs_familiar(text: str, language: str) -> bool:
    """Whether a German text says "Sie", so that another is needed for those who chose "du"."""
    return language == "de" and bool(_SIE.search(text))


@lru_cache(maxsize=256)  # every sentence is looked at a few times in a row
def _folded(sentence: str, language: str) -> tuple[str, frozenset[str]]:
    folded = fold(sentence, language)
    return folded, words_of(folded)


def _matches(sentence: str, language: str, ending: str) -> list[str]:
    folded, words = _folded(sentence, language)
    return [
        pattern.notation for pattern in _forbidden(language, ending) if pattern.spans(folded, words)
    ]
