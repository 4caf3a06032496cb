"""Words of danger by rules that staff can read: one YAML file per language."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal, get_args

from pydantic import BaseModel, ConfigDict, Field

from config.files import ConfigError, Fault, read_model
from dialogue.patterns import Notation, Pattern, fold, words_of

Category = Literal[
    "emergency",
    "abuse_disclosure",
    "distress",
    "medical_question",
    "stop",
    "privacy",
    "ai_identity",
]
PRECEDENCE: tuple[Category, ...] = get_args(Category)
"""Which category wins when several are found."""
Evidence = Mapping[Category, float]
"""How much speaks for a category, or below zero against it."""
LINE = 0.35
"""The evidence of a line of rules. Meaning can outvote it where it is certain of the contrary."""
CERTAIN = 2.0
"""Never outvoted: a word of stopping, and a call for help of so few words that nothing in it could
make it a figure of speech.
"""
FEW = 5
EXCUSED = 0.3
"""The evidence against a category of a line under `unless`, where no `danger` is left."""
Span = tuple[int, int]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _CategoryRules(_Part):
    danger: list[Notation] = Field(min_length=1)
    unless: list[Notation] = []


class _File(_Part):
    same: dict[str, str] = {}
    unless: list[Notation] = []
    emergency: _CategoryRules
    abuse_disclosure: _CategoryRules
    distress: _CategoryRules
    medical_question: _CategoryRules
    stop: _CategoryRules
    privacy: _CategoryRules
    ai_identity: _CategoryRules


class _Language:
    """The compiled rules of one language."""

    def __init__(self, file: _File, language: str) -> None:
        self._language = language
        self._same = {
            fold(k, language)[3:-3]: fold(v, language)[3:-3] for k, v in file.same.items()
        }
        longest_first = sorted(self._same, key=len, reverse=True)
        self._read_as = re.compile(f"(?<= )(?:{'|'.join(map(re.escape, longest_first))})(?= )")
        self._unless = self._compile(file.unless)
        self._rules = {
            category: (
                self._compile(getattr(file, category).danger),
                self._compile(getattr(file, category).unless),
            )
            for category in PRECEDENCE
        }

    def evidence(self, text: str) -> Evidence:
        """Return what the lines say: for a category by `danger`, against it by `unless` alone."""
        folded = self._fold(text)
        words = words_of(folded)
        everywhere = _spans(self._unless, folded, words)
        evidence: dict[Category, float] = {}
        for category, (danger, unless) in self._rules.items():
            excuses = everywhere + _spans(unless, folded, words)
            if any(_uncovered(span, excuses) for span in _spans(danger, folded, words)):
                short = category == "emergency" and len(folded.split()) - folded.count(".") <= FEW
                evidence[category] = CERTAIN if short or category == "stop" else LINE
            elif excuses:
                evidence[category] = -EXCUSED
        return evidence

    def _fold(self, text: str) -> str:
        folded = fold(text, self._language)
        if not self._same:
            return folded
        return self._read_as.sub(lambda match: self._same[match[0]], folded)

    def _compile(self, notations: list[str]) -> list[Pattern]:
        return [Pattern(notation, self._fold) for notation in notations]


def _spans(patterns: list[Pattern], folded: str, words: frozenset[str]) -> list[Span]:
    return [span for pattern in patterns for span in pattern.spans(folded, words)]


def _uncovered(danger: Span, excuses: list[Span]) -> bool:
    """Whether no excuse touches these words."""
    start, end = danger
    return all(end <= begins or ends <= start for begins, ends in excuses)


class Rules:
    """The rules of every language: a `Classifier` by words alone."""

    def __init__(self, languages: dict[str, _Language]) -> None:
        self._languages = languages

    @classmethod
    def load(cls, folder: Path) -> "Rules":
        """Read `<language>.yaml` in the folder. Raises ConfigError with every fault found."""
        faults: list[Fault] = []
        languages = {}
        for path in sorted(folder.glob("*.yaml")):
            try:
                languages[path.stem] = _Language(read_model(path, _File), path.stem)
            except ConfigError as error:
                faults += error.faults
        if not languages and not faults:
            sentence = "There are no rules of safety here; restore the folder from the release."
            faults.append(Fault(str(folder), 1, sentence))
        if faults:
            raise ConfigError(faults)
        return cls(languages)

    @property
    def languages(self) -> frozenset[str]:
        """The languages there are rules for."""
        return frozenset(self._languages)

    def evidence(self, texts: Sequence[str], language: str) -> list[Evidence]:
        """Return the evidence in each text; a language without rules is read as English."""
        rules = self._languages.get(language) or self._languages["en"]
        return [rules.evidence(text) for text in texts]
