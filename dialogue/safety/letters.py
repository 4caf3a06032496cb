"""How much alike sentences are in words and groups of letters, for languages that build words.

German says in one word what a multilingual embedding has hardly seen ("Herzstolpern"); its parts
are in other examples. In English the parts add nothing (ADR 13), so its sentences are all alike.
"""

import zlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

LANGUAGES = frozenset({"de"})
"""The languages whose words and letters are looked at."""
SIZES = (3, 4, 5)
"""Of the groups of letters within a word, its borders among them."""
_SLOTS = 1 << 16
"""Parts are told apart by a hash; two that share a slot count as one."""

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Letters:
    """The parts of n known sentences, as lists of who has each part.

    `rarity`, shape (65536,), weighs a part; `begins`, shape (65537,), says where its list begins in
    `owners` and `shares`, which have the same length.
    """

    rarity: Floats
    begins: NDArray[np.int32]
    owners: NDArray[np.int32]
    shares: Floats
    count: int

    @classmethod
    def of(cls, texts: Sequence[str], languages: Sequence[str]) -> "Letters":
        """Look at known sentences, as `plain` writes them, and their languages."""
        parts = [_parts(text, language) for text, language in zip(texts, languages, strict=True)]
        found_in = np.zeros(_SLOTS, np.float32)
        for each in parts:
            found_in[list(each)] += 1
        rarity = np.log((1 + len(texts)) / (1 + found_in)).astype(np.float32)
        lists: dict[int, list[tuple[int, float]]] = {}
        for owner, each in enumerate(parts):
            for slot, share in _weighed(each, rarity).items():
                lists.setdefault(slot, []).append((owner, share))
        sizes = [len(lists.get(slot, ())) for slot in range(_SLOTS)]
        held = [entry for slot in sorted(lists) for entry in lists[slot]]
        return cls(
            rarity,
            np.concatenate(([0], np.cumsum(sizes))).astype(np.int32),
            np.array([owner for owner, _ in held], np.int32),
            np.array([share for _, share in held], np.float32),
            len(texts),
        )

    def likeness(self, text: str, language: str) -> Floats:
        """Return how much alike a sentence and each known one are, from 0 to 1; 0.4 ms."""
        alike = np.zeros(self.count, np.float32)
        for slot, share in _weighed(_parts(text, language), self.rarity).items():
            here = slice(self.begins[slot], self.begins[slot + 1])
            alike[self.owners[here]] += share * self.shares[here]
        return alike


def _parts(text: str, language: str) -> Mapping[int, int]:
    """Return how often each part is in a text; of other languages one that they all share."""
    named = _names(text) if language in LANGUAGES else iter(["another language"])
    return Counter(zlib.crc32(name.encode()) % _SLOTS for name in named)


def _names(text: str) -> Iterator[str]:
    words = text.split()
    for word in words:
        yield f"word {word}"
        bordered = f" {word} "
        for size in SIZES:
            yield from (bordered[at : at + size] for at in range(len(bordered) - size + 1))
    yield from (f"pair {first} {second}" for first, second in pairwise(words))


def _weighed(parts: Mapping[int, int], rarity: Floats) -> dict[int, float]:
    weights = {slot: float(np.log1p(times) * rarity[slot]) for slot, times in parts.items()}
    length = sum(weight**2 for weight in weights.values()) ** 0.5
    return {slot: weight / length for slot, weight in weights.items()} if length else {}
