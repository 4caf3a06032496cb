"""Words of danger, stop, identity and privacy: found before the dialogue engine, and without it."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from dialogue.safety.rules import PRECEDENCE, Category, Rules
from voices.hearing import Guess

__all__ = ["PRECEDENCE", "RULES", "Category", "Classifier", "Safety", "Verdict"]

log = logging.getLogger(__name__)

RULES = Path(__file__).parent
"""The folder of the rules, one file per language."""
UNSURE_BELOW = 0.5
"""A best guess with less confidence than this makes the verdict unsure."""

_ASK_FIRST: frozenset[Category] = frozenset({"emergency", "abuse_disclosure", "distress"})


@dataclass(frozen=True)
class Verdict:
    """What the safety layer found.

    `guess` is the index of the first guess it was found in; `unsure` means that this is not the
    best guess, or that the best guess has little confidence. `stop` is set whenever a word of
    stopping is in any guess, whatever the category.
    """

    category: Category
    unsure: bool
    guess: int
    stop: bool

    @property
    def ask_first(self) -> bool:
        """Whether to ask "Do you need help?" before anything else."""
        return self.unsure and self.category in _ASK_FIRST


class Classifier(Protocol):
    """One way to find categories in a text; several stand side by side."""

    def categories(self, text: str, language: str) -> frozenset[Category]:
        """Return every category found."""
        ...


class Safety:
    """Looks at all guesses with all classifiers; what one finds is found."""

    def __init__(
        self, classifiers: Sequence[Classifier], unsure_below: float = UNSURE_BELOW
    ) -> None:
        self._classifiers = tuple(classifiers)
        self._unsure_below = unsure_below

    @classmethod
    def load(cls, folder: Path = RULES, unsure_below: float = UNSURE_BELOW) -> "Safety":
        """Read the rules in the folder. Raises ConfigError with every fault found."""
        return cls((Rules.load(folder),), unsure_below)

    def classify(self, guesses: Sequence[Guess], language: str) -> Verdict | None:
        """Return the gravest category in any of the guesses, or None when there is none."""
        found = [self._categories(guess.text, language) for guess in guesses]
        for category in PRECEDENCE:
            for index, categories in enumerate(found):
                if category in categories:
                    unsure = index > 0 or guesses[0].confidence < self._unsure_below
                    return Verdict(category, unsure, index, any("stop" in c for c in found))
        return None

    def _categories(self, text: str, language: str) -> frozenset[Category]:
        found: frozenset[Category] = frozenset()
        for classifier in self._classifiers:
            try:
                found |= classifier.categories(text, language)
            except Exception:  # One broken classifier must not silence the others.
                log.exception("A safety classifier failed")
        return found
