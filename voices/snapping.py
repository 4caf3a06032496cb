"""Answers to closed questions: the nearest of the possible ones, by sound, over all guesses."""

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from rapidfuzz.distance import Levenshtein

from voices.hearing import Guess
from voices.phonetics import phonemes, words

MISTAKE = 2
"""Right phonemes that one wrong one outweighs: less than half of a value may be wrong."""
FIT_WEIGHT = 0.2
"""What one phoneme of agreement adds to a guess's log probability."""
SHARE = 1 / 2
SHARE_IF_EXACT = 1 / 4
"""Exponents of the share of the utterance's phonemes that a value takes up."""
THRESHOLD = 0.6
"""With these, "yes please" and "the blue one, please" are answers to a closed question; "no"
somewhere in a sentence of eight words is not."""

_Found = tuple[tuple[str, str], ...]
"""Slots and their values, sorted."""


@dataclass(frozen=True)
class Snap:
    """One of the expected answers; `score` from 0 to 1 is its nearness times the confidence."""

    value: str
    score: float


@dataclass(frozen=True)
class _Match:
    """A value of a slot, heard in the words from `start` up to `end`.

    `gain` is phonemes of agreement less mistakes, `fit` from 0 to 1 how well it answers alone.
    """

    slot: str
    value: str
    start: int
    end: int
    gain: int
    fit: float
    exact: bool


def snap(
    guesses: Sequence[Guess],
    expected: Sequence[str],
    language: str,
    threshold: float = THRESHOLD,
) -> Snap | None:
    """Return the expected answer that was most likely given, or None where none is near enough.

    A value counts less, the more else was said, above all where it only sounds alike: "I don't
    know" is not "no". Two of the answers in one breath are none.
    """
    nearness: dict[str, float] = defaultdict(float)
    everything = sum(guess.confidence for guess in guesses)
    for guess in guesses:
        matches = _matches(guess.text, {"": expected}, language)
        best = max(matches, key=lambda match: (match.gain, match.fit), default=None)
        if best is not None and everything and not _contradicted(best, matches):
            nearness[best.value] += best.fit * guess.confidence / everything
    value = max(nearness, key=lambda value: nearness[value], default=None)
    if value is None or nearness[value] < threshold:
        return None
    return Snap(value, min(1.0, nearness[value]) * max(guess.confidence for guess in guesses))


def choose(
    guesses: Sequence[Guess], slots: Mapping[str, Sequence[str]], language: str
) -> dict[str, str | None]:
    """Return for each slot the value that was said in it, or None where there was none.

    Every guess is read as values and other words; the reading that most of the guesses'
    probability and the best agreement speak for is taken as a whole.
    """
    votes: dict[_Found, float] = defaultdict(float)
    for guess in guesses:
        gain, found = _best_reading(guess.text, slots, language)
        votes[found] += guess.confidence * math.exp(FIT_WEIGHT * gain)
    best = max(votes.items(), key=lambda vote: vote[1])[0] if votes else ()
    chosen = dict(best)
    return {slot: chosen.get(slot) for slot in slots}


def _best_reading(
    text: str, slots: Mapping[str, Sequence[str]], language: str
) -> tuple[int, _Found]:
    """Return the greatest gain of values that do not overlap, one a slot, and those values."""
    ends = len(words(text)) + 1
    best: list[dict[frozenset[str], tuple[int, _Found]]]
    best = [{} for _ in range(ends)]
    best[0][frozenset()] = (0, ())
    matches = _matches(text, slots, language)
    for at in range(ends - 1):
        here = [match for match in matches if match.start == at]
        for filled, (gain, found) in best[at].items():
            _keep(best[at + 1], filled, gain, found)
            for match in here:
                if match.slot not in filled:
                    pairs = tuple(sorted((*found, (match.slot, match.value))))
                    _keep(best[match.end], filled | {match.slot}, gain + match.gain, pairs)
    return max(best[-1].values(), key=lambda reading: reading[0])


def _keep(
    readings: dict[frozenset[str], tuple[int, _Found]],
    filled: frozenset[str],
    gain: int,
    found: _Found,
) -> None:
    if filled not in readings or readings[filled][0] < gain:
        readings[filled] = (gain, found)


def _matches(text: str, slots: Mapping[str, Sequence[str]], language: str) -> list[_Match]:
    spoken = words(text)
    sounds = [phonemes(word, language) for word in spoken]
    whole = sum(len(sound) for sound in sounds)
    matches = []
    for slot, value in ((slot, value) for slot, values in slots.items() for value in values):
        target = "".join(phonemes(word, language) for word in words(value))
        for start, end, stretch in _stretches(sounds, len(target) * (1 + 1 / MISTAKE)):
            wrong = Levenshtein.distance(stretch, target)
            gain = len(target) - MISTAKE * wrong
            if gain > 0:
                exact = spoken[start:end] == words(value)
                share = (len(stretch) / whole) ** (SHARE_IF_EXACT if exact else SHARE)
                fit = (1 - wrong / len(target)) * share
                matches.append(_Match(slot, value, start, end, gain, fit, exact))
    return matches


def _stretches(sounds: Sequence[str], longest: float) -> Iterator[tuple[int, int, str]]:
    """Yield start, end and sound of every run of words shorter than `longest` phonemes."""
    for start in range(len(sounds)):
        stretch = ""
        for end, sound in enumerate(sounds[start:], start + 1):
            stretch += sound
            if len(stretch) >= longest:
                break
            yield start, end, stretch


def _contradicted(best: _Match, matches: Sequence[_Match]) -> bool:
    """Tell whether another of the values was said too, word for word, beside the best one."""
    return any(
        match.exact
        and match.value != best.value
        and (match.end <= best.start or match.start >= best.end)
        for match in matches
    )
