"""Learning what words mean for safety, from the examples, at `fireside train`.

Kernel ridge regression: every example pulls on what lies near it in the embedding's space, and the
pulls are balanced so that together they give the examples' own categories. It needs numpy alone
and one solution of a system of linear equations.
"""

import io
import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import get_args

import numpy as np
from numpy.typing import NDArray

from config.paths import SENTENCES, STATE
from dialogue.embedding import DIMENSION, PACKAGE, EmbeddingError, SentenceEmbedding
from dialogue.safety import examples as data
from dialogue.safety.examples import Example
from dialogue.safety.letters import Letters
from dialogue.safety.rules import Category

LEARNT = STATE / "safety" / "meaning.npz"
LABELS: tuple[Category | None, ...] = (None, *get_args(Category))
"""The columns of the weights; None is harmless."""
NEARNESS = 0.5
"""How fast the pull falls with the squared distance, in units of the examples' mean square."""
WORDS = 0.3
"""How much of the pull depends on likeness in words and letters."""
RIDGE = 0.05
"""How far an example may be missed for the sake of the others; a danger's less, see DANGER."""
DANGER = 3.0
"""An example of a category counts as so many harmless ones."""

Array = NDArray[np.float32]


class MeaningError(Exception):
    """What was learnt cannot be used; one sentence with the remedy."""


@dataclass(frozen=True)
class Learnt:
    """The examples as points, shape (n, 384), and their weights, shape (n, 8)."""

    centre: Array
    scale: float
    points: Array
    letters: Letters
    weights: Array
    made_of: str
    """The embedding's version and the SHA-256 of the examples."""

    def scores(self, vectors: Array, texts: Sequence[str], language: str) -> Array:
        """Return how much each label is in each of m texts, shape (m, 8); about 0 to 1.

        `vectors`, shape (m, 384), are those of the texts, which are as `plain` writes them.
        """
        alike = (self.letters.likeness(text, language) for text in texts)
        pulls = kernel((vectors - self.centre) / self.scale, self.points, alike)
        scores: Array = pulls @ self.weights
        return scores


def kernel(left: Array, right: Array, alike: Iterable[Array]) -> Array:
    """Return the pull between every two points: 1 where they are the same, 0 far away.

    Of two that lie equally near, the one that is more `alike` in its words pulls more; it is given
    row by row, because a square of all examples takes 1.6 GB.
    """
    pulls: Array = left @ right.T
    pulls *= 2
    pulls -= (left**2).sum(1)[:, None] + (right**2).sum(1)[None]
    np.minimum(pulls, 0, out=pulls)
    pulls *= NEARNESS
    np.exp(pulls, out=pulls)
    for row, words in zip(pulls, alike, strict=True):
        row *= 1 - WORDS + WORDS * words
    return pulls


def fit(vectors: Array, known: Sequence[Example], made_of: str) -> Learnt:
    """Return the weights that give the vectors, shape (n, 384), the labels of their examples."""
    labels = [example.category for example in known]
    texts, languages = [e.text for e in known], [e.language for e in known]
    letters = Letters.of(texts, languages)
    centre = vectors.mean(axis=0)
    scale = float(np.sqrt(((vectors - centre) ** 2).sum(axis=1).mean()))
    points = (vectors - centre) / scale
    wanted = np.array([[label == each for each in LABELS] for label in labels], np.float32)
    alike = map(letters.likeness, texts, languages)
    balance = kernel(points, points, alike)
    counts = np.array([1.0 if label is None else DANGER for label in labels], np.float32)
    balance[np.diag_indices_from(balance)] += RIDGE / counts
    return Learnt(centre, scale, points, letters, np.linalg.solve(balance, wanted), made_of)


def learn(progress: Callable[[str], None], file: Path = LEARNT) -> Path:
    """Learn from the examples as they are now, only if need be, and keep it in the file.

    Takes two minutes on two cores the first time; the vectors of known examples are kept.
    Raises MeaningError, ConfigError.
    """
    made_of = made_of_now()
    try:
        if read(file).made_of == made_of:
            return file
    except MeaningError:
        pass
    known = data.examples()
    progress(f"Learning words of danger from {len(known)} examples; this takes two minutes.")
    try:
        vectors = SentenceEmbedding(SENTENCES).vectors([example.text for example in known])
    except EmbeddingError as error:
        raise MeaningError(str(error)) from error
    _write(fit(vectors, known, made_of), file)
    return file


def made_of_now() -> str:
    """Return what would be learnt from now: the embedding's version and the examples' SHA-256."""
    return f"{PACKAGE} {version(PACKAGE)} {data.sha256()}"


def read(file: Path = LEARNT) -> Learnt:
    """Return what was learnt. Raises MeaningError when it is missing or cannot be used."""
    try:
        with np.load(file, allow_pickle=False) as stored:
            learnt = Learnt(
                stored["centre"].astype(np.float32),
                float(stored["scale"]),
                stored["points"].astype(np.float32),
                Letters(
                    stored["rarity"],
                    stored["begins"],
                    stored["owners"],
                    stored["shares"].astype(np.float32),
                    len(stored["points"]),
                ),
                stored["weights"].astype(np.float32),
                str(stored["made_of"]),
            )
    except FileNotFoundError as error:
        raise MeaningError("Meaning has not been learnt; run `fireside train`.") from error
    except Exception as error:  # numpy and zipfile raise a dozen kinds for a damaged file
        raise MeaningError(f"{file} is damaged; run `fireside train`.") from error
    count = len(learnt.points)
    shapes = (learnt.centre.shape, learnt.points.shape, learnt.weights.shape)
    if shapes != ((DIMENSION,), (count, DIMENSION), (count, len(LABELS))):
        raise MeaningError(f"{file} is of another kind; run `fireside train`.")
    if not learnt.made_of.startswith(f"{PACKAGE} {version(PACKAGE)} "):
        raise MeaningError(f"{file} belongs to another sentence model; run `fireside train`.")
    return learnt


def _write(learnt: Learnt, file: Path) -> None:
    stored = io.BytesIO()
    np.savez(
        stored,
        centre=learnt.centre,
        scale=learnt.scale,
        points=learnt.points.astype(np.float16),
        rarity=learnt.letters.rarity,
        begins=learnt.letters.begins,
        owners=learnt.letters.owners,
        shares=learnt.letters.shares.astype(np.float16),
        weights=learnt.weights,
        made_of=learnt.made_of,
    )
    file.parent.mkdir(parents=True, exist_ok=True)
    scratch = file.with_suffix(".new")
    scratch.write_bytes(stored.getvalue())
    os.replace(scratch, file)
