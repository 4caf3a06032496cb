"""Words of danger by meaning: what lies near the examples in the space of sentences."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dialogue.embedding import EmbeddingError, SentenceEmbedding
from dialogue.safety.examples import plain
from dialogue.safety.learning import LABELS, LEARNT, Learnt, MeaningError, read
from dialogue.safety.rules import Category, Evidence

MOST = 90
"""Characters embedded of one utterance, all guesses together: about 16 words, under 20 ms."""
BAR: Mapping[Category, float] = {
    "emergency": -0.05,  # asked about also where it is as likely to be harmless
    "abuse_disclosure": 0.05,
    "distress": 0.03,
    "medical_question": -0.01,
    "stop": 0.0,
    "privacy": 0.0,
    "ai_identity": 0.0,
}
"""How far a category must lie above harmless to count as found. What is more like another danger is
that one."""


HARMLESS = LABELS.index(None)


class Meaning:
    """A `Classifier` by meaning. It knows a hundred languages, two of them from examples."""

    def __init__(self, embedding: SentenceEmbedding, learnt: Learnt) -> None:
        self._embedding = embedding
        self._learnt = learnt

    @classmethod
    def load(cls, file: Path = LEARNT) -> "Meaning":
        """Load what `fireside train` has learnt, 0.1 s. Raises MeaningError."""
        learnt = read(file)
        try:
            return cls(SentenceEmbedding(), learnt)
        except EmbeddingError as error:
            raise MeaningError(str(error)) from error

    @property
    def made_of(self) -> str:
        """The sentence model's version and the SHA-256 of what was learnt from."""
        return self._learnt.made_of

    def evidence(self, texts: Sequence[str], language: str) -> list[Evidence]:
        """Return how far each category lies above the others; nothing for what is not read."""
        pieces = within_budget(texts)
        words = [(index, piece) for index, group in enumerate(pieces) for piece in group]
        found: list[Evidence] = [{} for _ in texts]
        if not words:
            return found
        said = [piece for _, piece in words]
        scores = self._learnt.scores(self._embedding.vectors(said), said, language)
        for (index, _), row in zip(words, scores, strict=True):
            for column, category in enumerate(LABELS):
                if category is None:
                    continue
                above = _above(row, column, BAR[category])
                found[index] = {
                    **found[index],
                    category: max(above, found[index].get(category, above)),
                }
        return found


def _above(row: NDArray[np.float32], column: int, bar: float) -> float:
    """Return how far a category lies above the bar over harmless, and above the other dangers."""
    dangers = np.delete(row, [HARMLESS, column])
    return float(row[column] - max(row[HARMLESS] + bar, dangers.max()))


def within_budget(texts: Sequence[str]) -> list[list[str]]:
    """Return for each text the pieces to embed: none where it says what one before it says.

    The best guess is always read; if it is long, its beginning and its end.
    """
    left, seen = MOST, set[str]()
    pieces: list[list[str]] = []
    for index, text in enumerate(texts):
        words = plain(text)
        if not words or words in seen or (index > 0 and len(words) > left):
            pieces.append([])
            continue
        seen.add(words)
        pieces.append([words] if len(words) <= MOST else _ends(words))
        left -= len(words)
    return pieces


def _ends(words: str) -> list[str]:
    """Return the first and the last half budget of a long text, in whole words."""
    half = MOST // 2
    return [words[:half].rpartition(" ")[0] or words[:half], words[-half:].partition(" ")[2]]
