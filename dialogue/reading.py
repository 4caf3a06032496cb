"""How easy the robot's sentences are: Flesch's reading ease, and what may be wrong with a book.

English by Flesch (1948), German with Amstad's constants (1978): 100 is very easy, 60 is plain
language, 30 is hard. Syllables are counted as places to hyphenate, by LibreOffice's dictionaries in
the package pyphen. One short sentence says little; read means.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

import pyphen

from dialogue.wording import word_count

_BASE = {"en": (206.835, 1.015, 84.6), "de": (180.0, 1.0, 58.5)}
"""For each language: the constant, and what a word a sentence and a syllable a word take away."""
_DICTIONARY = {"en": "en_US", "de": "de_DE"}


@dataclass(frozen=True)
class Measured:
    """What a set of sentences is like."""

    sentences: int
    longest: int
    """Words of the longest sentence."""
    words: float
    """Words a sentence, on average."""
    ease: float | None
    """Reading ease of all of it; None in a language without a formula here."""


def measure(sentences: Iterable[str], language: str) -> Measured:
    """Return what the sentences are like, taken together."""
    every = list(sentences)
    counts = [word_count(sentence) for sentence in every]
    return Measured(
        len(every),
        max(counts, default=0),
        round(sum(counts) / max(1, len(counts)), 1),
        reading_ease(every, language),
    )


def reading_ease(sentences: list[str], language: str) -> float | None:
    """Return the reading ease of the sentences, taken together."""
    if language not in _BASE or not sentences:
        return None
    words = [word for sentence in sentences for word in _words(sentence)]
    constant, by_words, by_syllables = _BASE[language]
    syllables = sum(_syllables(word, language) for word in words) / max(1, len(words))
    ease = constant - by_words * len(words) / len(sentences) - by_syllables * syllables
    return round(ease, 1)


def _words(sentence: str) -> list[str]:
    written = re.sub(r"\{\w+\}", " ", sentence)  # what is filled in is somebody else's word
    plain = "".join(char if char.isalpha() or char in "'’" else " " for char in written)
    return plain.split()


def _syllables(word: str, language: str) -> int:
    return len(_hyphenation(language).positions(word)) + 1


@cache
def _hyphenation(language: str) -> pyphen.Pyphen:
    return pyphen.Pyphen(lang=_DICTIONARY[language], left=1, right=1)
