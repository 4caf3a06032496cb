"""How much alike two sentences are, and intents from likeness: kernel ridge regression.

Numpy and scipy only. Every intent has a score from about -1 to 1, from one linear system that is
solved exactly: no epochs, no chance, no learning rate.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve
from scipy.sparse import csr_matrix, diags

Floats = NDArray[np.float32]

# Found on CLINC150, where the figures change little around them; how is told in ADR 0012.
SHARPNESS = 2.0  # of likeness in meaning
WORDS = 0.1  # share of likeness in words and letters
RIDGE = 0.05
WHITENING = 0.7  # 0: distances as the embedding gives them; 1: varies alike in every direction
SHRINKAGE = 1.0  # of the variances toward their mean
LANDMARKS = 24_000  # 2.3 GB while it learns
BLOCK = 2_000  # rows at a time, for the sake of memory


@dataclass(frozen=True)
class Sentences:
    """Sentences as rows: vectors, and counted words and groups of letters."""

    vectors: Floats
    counts: csr_matrix

    def __getitem__(self, rows: NDArray[Any]) -> "Sentences":
        return Sentences(self.vectors[rows], self.counts[rows])


@dataclass(frozen=True)
class Space:
    """Where distances mean what they mean to these intents.

    Directions in which the examples of one intent differ among themselves (the language, the
    politeness, the length) are shortened; rare words weigh more than frequent ones.
    """

    mean: Floats
    metric: Floats
    rarity: Floats

    @classmethod
    def of(cls, known: Sentences, intents: NDArray[np.int64]) -> "Space":
        """Measure it on examples; `intents` are numbers from 0."""
        vectors = known.vectors.astype(np.float64)
        of_intent = csr_matrix((np.ones(len(intents)), (intents, np.arange(len(intents)))))
        sizes = np.asarray(of_intent.sum(axis=1))
        inside = vectors - ((of_intent @ vectors) / np.maximum(sizes, 1))[intents]
        variances, directions = np.linalg.eigh(inside.T @ inside / len(vectors))
        variances += SHRINKAGE * variances.mean() + 1e-9
        metric = directions / variances ** (WHITENING / 2)
        found_in = np.asarray((known.counts > 0).sum(axis=0)).ravel()
        rarity = np.log((1 + len(intents)) / (1 + found_in)) + 1
        return cls(*(each.astype(np.float32) for each in (vectors.mean(axis=0), metric, rarity)))

    def place(self, sentences: Sentences) -> Sentences:
        """Return the sentences in this space, with rows of length 1."""
        vectors = (sentences.vectors - self.mean) @ self.metric
        vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)
        counts = sentences.counts.astype(np.float32)
        counts.data = 1 + np.log(counts.data)
        counts = counts @ diags(self.rarity)
        lengths = np.sqrt(np.asarray(counts.multiply(counts).sum(axis=1)).ravel())
        return Sentences(vectors, (diags(1 / np.maximum(lengths, 1e-9)) @ counts).tocsr())


def likeness(some: Sentences, others: Sentences) -> Floats:
    """Return how much alike placed sentences are, from 0 to 1: a row for each of `some`."""
    alike: Floats = some.vectors @ others.vectors.T
    alike -= 1
    alike *= SHARPNESS
    np.exp(alike, out=alike)
    alike *= 1 - WORDS
    for start in range(0, len(alike), BLOCK):
        rows = slice(start, start + BLOCK)
        alike[rows] += WORDS * (some.counts[rows] @ others.counts.T).toarray()
    return alike


@dataclass(frozen=True)
class Examples:
    """Placed examples, and what each adds to the score of each intent."""

    space: Space
    placed: Sentences
    weights: Floats

    @classmethod
    def learn(cls, known: Sentences, intents: NDArray[np.int64], seed: int) -> "Examples":
        """Learn from examples; needs 4 bytes of memory for each pair of them while it does.

        Exact for as many as LANDMARKS. Of more, so many are drawn and kept, and the scores fit all
        examples as well as likeness to those few can (Nyström's approximation).
        """
        space = Space.of(known, intents)
        every = space.place(known)
        wanted = np.full((len(intents), int(intents.max()) + 1), -1, np.float32)
        wanted[np.arange(len(intents)), intents] = 1
        if len(intents) <= LANDMARKS:
            alike = likeness(every, every)
            alike[np.diag_indices_from(alike)] += RIDGE
            return cls(space, every, _solved(alike, wanted))
        drawn = np.zeros(len(intents), bool)
        drawn[np.random.default_rng(seed).permutation(len(intents))[:LANDMARKS]] = True
        kept = every[drawn]
        squares, sums = RIDGE * likeness(kept, kept).astype(np.float64), 0
        squares[np.diag_indices_from(squares)] += 1e-4
        for rows in np.array_split(np.arange(len(intents)), len(intents) // 2000):
            alike = likeness(every[rows], kept)
            squares += alike.T @ alike
            sums = sums + alike.T @ wanted[rows]
        return cls(space, kept, _solved(squares, sums).astype(np.float32))

    def scores(self, sentences: Sentences) -> Floats:
        """Return one row a sentence, one column an intent."""
        scores: Floats = likeness(self.space.place(sentences), self.placed) @ self.weights
        return scores


def _solved(matrix: NDArray[Any], wanted: NDArray[Any]) -> NDArray[Any]:
    factor = cho_factor(matrix, overwrite_a=True, check_finite=False)
    return cho_solve(factor, wanted, check_finite=False)


@dataclass(frozen=True)
class Calibration:
    """From scores to the chance of being right, and the least that is worth acting on."""

    slope: float
    offset: float
    threshold: float

    @classmethod
    def of(cls, best: Floats, right: NDArray[np.bool_], keep: float) -> "Calibration":
        """Fit to held-out examples: the `best` score of each, and whether that intent was right.

        Platt scaling with his smoothed targets; the threshold leaves the share `keep` above it.
        """
        if len(best) < 20:  # too few to tell; a score of 0 is as near to yes as to no
            return cls(4.0, 0.0, 0.5)
        hits = int(right.sum())
        target = np.where(right, (hits + 1) / (hits + 2), 1 / (len(right) - hits + 2))
        columns = np.stack([best, np.ones_like(best)], axis=1).astype(np.float64)
        fitted = np.array([4.0, 0.0])
        for _ in range(50):
            chance = _chance(columns @ fitted)
            pull = columns.T @ (chance - target) + 0.01 * (fitted - [4.0, 0.0])
            curve = (columns.T * (chance * (1 - chance))) @ columns + 0.01 * np.eye(2)
            fitted = fitted - np.linalg.solve(curve, pull)
        fitted[0] = max(fitted[0], 0.5)
        least = float(np.quantile(best, 1 - keep))
        chance_of_least = float(_chance(fitted[0] * least + fitted[1]))
        return cls(float(fitted[0]), float(fitted[1]), chance_of_least)

    def confidence(self, scores: Floats) -> NDArray[np.float64]:
        """Return the chance of being right for each score."""
        return _chance(self.slope * scores.astype(np.float64) + self.offset)


def _chance(value: NDArray[np.float64]) -> NDArray[np.float64]:
    return 1 / (1 + np.exp(-np.clip(value, -30, 30)))
