"""Learning what words mean for safety, from the examples, at `fireside train`.

Kernel ridge regression: every example pulls on what lies near it in the embedding's space, and the
pulls are balanced so that together they give the examples' own categories. It needs numpy alone
and one solution of a system of linear equations.
"""

import io
import os
from collections.abc import Callable, Sequence
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
from dialogue.safety.rules import Category

LEARNT = STATE / "safety" / "meaning.npz"
LABELS: tuple[Category | None, ...] = (None, *get_args(Category))
"""The columns of the weights; None is harmless."""
NEARNESS = 0.5
"""How fast the pull falls with the squared distance, in units of the examples' mean square."""
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
    weights: Array
    made_of: str
    """The embedding's version and the SHA-256 of the examples."""

    def scores(self, vectors: Array) -> Array:
        """Return how much each label is in each vector, shape (m, 8); about 0 to 1."""
        pulls: Array = kernel((vectors - self.centre) / self.scale, self.points) @ self.weights
        return pulls


def kernel(left: Array, right: Array) -> Array:
    """Return the pull between every two points: 1 where they are the same, 0 far away."""
    apart = (left**2).sum(1)[:, None] + (right**2).sum(1)[None] - 2 * left @ right.T
    pulls: Array = np.exp(-NEARNESS * np.maximum(apart, 0))
    return pulls


def fit(vectors: Array, labels: Sequence[Category | None], made_of: str) -> Learnt:
    """Return the weights that give the vectors, shape (n, 384), their labels."""
    centre = vectors.mean(axis=0)
    scale = float(np.sqrt(((vectors - centre) ** 2).sum(axis=1).mean()))
    points = (vectors - centre) / scale
    wanted = np.array([[label == each for each in LABELS] for label in labels], np.float32)
    balance = kernel(points, points)
    counts = np.array([1.0 if label is None else DANGER for label in labels], np.float32)
    balance[np.diag_indices_from(balance)] += RIDGE / counts
    return Learnt(centre, scale, points, np.linalg.solve(balance, wanted), made_of)


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
    _write(fit(vectors, _labels(known), made_of), file)
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


def _labels(known: Sequence[Example]) -> list[Category | None]:
    return [example.category for example in known]


def _write(learnt: Learnt, file: Path) -> None:
    stored = io.BytesIO()
    np.savez(
        stored,
        centre=learnt.centre,
        scale=learnt.scale,
        points=learnt.points.astype(np.float16),
        weights=learnt.weights,
        made_of=learnt.made_of,
    )
    file.parent.mkdir(parents=True, exist_ok=True)
    scratch = file.with_suffix(".new")
    scratch.write_bytes(stored.getvalue())
    os.replace(scratch, file)
