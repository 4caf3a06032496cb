"""Words of danger, stop, identity and privacy: found before the dialogue engine, and without it."""

import logging
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from dialogue.safety.learning import LEARNT, MeaningError
from dialogue.safety.meaning import Meaning
from dialogue.safety.rules import PRECEDENCE, Category, Evidence, Rules
from voices.hearing import Guess

__all__ = ["PRECEDENCE", "RULES", "Category", "Classifier", "Evidence", "Safety", "Verdict"]

log = logging.getLogger(__name__)

RULES = Path(__file__).parent
"""The folder of the rules, one file per language."""
UNSURE_BELOW = 0.5
"""A best guess with less confidence than this makes the verdict unsure."""
SURE = 0.15
"""With less evidence than this, and more than none, the verdict is unsure."""

_ASK_FIRST: frozenset[Category] = frozenset({"emergency", "abuse_disclosure", "distress"})


@dataclass(frozen=True)
class Verdict:
    """What the safety layer found.

    `guess` is the index of the first guess it was found in; `unsure` means that this is not the
    best guess, that the best guess has little confidence, or that there is little evidence. `stop`
    is set whenever a word of stopping is in any guess, whatever the category.
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
    """One way to find categories in texts; several stand side by side."""

    def evidence(self, texts: Sequence[str], language: str) -> Sequence[Evidence]:
        """Return the evidence in each text, empty where there is none."""
        ...


class Safety:
    """Looks at all guesses with all classifiers, and adds up what they find."""

    def __init__(
        self, classifiers: Sequence[Classifier], unsure_below: float = UNSURE_BELOW
    ) -> None:
        self._classifiers = tuple(classifiers)
        self._unsure_below = unsure_below

    @classmethod
    def load(
        cls, folder: Path = RULES, unsure_below: float = UNSURE_BELOW, learnt: Path = LEARNT
    ) -> "Safety":
        """Read the rules in the folder, and what was learnt. Raises ConfigError for the rules.

        Without meaning the rules go on alone; `fireside doctor` says so too.
        """
        classifiers: list[Classifier] = [Rules.load(folder)]
        try:
            classifiers.append(Meaning.load(learnt))
        except MeaningError as error:
            log.error("Words of danger are found by rules alone: %s", error)
        return cls(classifiers, unsure_below)

    def classify(self, guesses: Sequence[Guess], language: str) -> Verdict | None:
        """Return the gravest category in any of the guesses, or None when there is none."""
        found = self._evidence([guess.text for guess in guesses], language)
        for category in PRECEDENCE:
            for index, evidence in enumerate(found):
                if (weight := evidence.get(category, 0.0)) > 0:
                    badly_heard = index > 0 or guesses[0].confidence < self._unsure_below
                    stop = any(each.get("stop", 0.0) > 0 for each in found)
                    return Verdict(category, badly_heard or weight < SURE, index, stop)
        return None

    def _evidence(self, texts: Sequence[str], language: str) -> list[Evidence]:
        total: list[defaultdict[Category, float]] = [defaultdict(float) for _ in texts]
        for classifier in self._classifiers:
            try:
                found = classifier.evidence(texts, language)
            except Exception:  # One broken classifier must not silence the others.
                log.exception("A safety classifier failed")
                continue
            for sums, evidence in zip(total, found, strict=False):
                for category, weight in evidence.items():
                    sums[category] += weight
        return list(total)
