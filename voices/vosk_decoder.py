"""One Vosk decoder: n best readings of every segment, made into guesses with confidences.

Vosk gives no confidences together with alternatives. The n best readings of a segment carry log
likelihoods instead; as in other n-best decoders these become posteriors, p = exp(l) / sum exp(l).
A word is as sure as the readings that contain it, a guess as sure as its words on average.
"""

import itertools
import json
import logging
import math
from collections.abc import Iterable

import vosk

from voices.hearing import SAMPLE_RATE, Context, Guess

log = logging.getLogger(__name__)

_ALTERNATIVES = 10
_SOMETHING_ELSE = ("[unk]", "<UNK>")
"""What a model calls everything that is not in its vocabulary; most say [unk]."""

Reading = tuple[tuple[str, ...], float, float]
"""One reading of a segment: its words, its posterior, and the mean of its words' confidences."""


class Decoder:
    """Vosk's decoder, and what it has made of the segments that it has ended by itself.

    With phrases, it knows only these and "something else". Belongs to one thread.
    """

    def __init__(self, model: vosk.Model, phrases: Iterable[str] = ()) -> None:
        known = [*phrases, *(word for word in _SOMETHING_ELSE if knows(model, word))]
        grammar = (json.dumps(known, ensure_ascii=False),) if phrases else ()
        self._decoder = vosk.KaldiRecognizer(model, SAMPLE_RATE, *grammar)
        self._decoder.SetMaxAlternatives(_ALTERNATIVES)
        self._segments: list[list[Reading]] = []

    def push(self, sound: bytes) -> None:
        """Decode mono s16le sound."""
        if self._decoder.AcceptWaveform(sound):
            self._keep(self._decoder.Result())

    def partial(self) -> str:
        """Return the words so far."""
        said = [" ".join(segment[0][0]) for segment in self._segments]
        said.append(json.loads(self._decoder.PartialResult()).get("partial", ""))
        return " ".join(part for part in said if part)

    def clear(self) -> None:
        """Forget what was pushed; the next sound begins an utterance."""
        self._decoder.FinalResult()  # unlike Reset(), this drops sound not yet decoded too
        self._segments.clear()

    def guesses(self) -> list[Guess]:
        """End the utterance and return the guesses, best first, without repeating one."""
        self._keep(self._decoder.FinalResult())
        found: dict[str, tuple[float, float]] = {}
        for way in itertools.product(*self._branches()):
            words = [word for reading in way for word in reading[0]]
            weight = math.prod(reading[1] for reading in way)
            sure = sum(reading[2] * len(reading[0]) for reading in way) / max(len(words), 1)
            found.setdefault(" ".join(words), (weight, sure))
        order = sorted(found, key=lambda text: -found[text][0])
        if not order or not order[0]:
            return []
        return [Guess(text, min(1.0, found[text][1])) for text in order if text]

    def _keep(self, result: str) -> None:
        segment = readings(json.loads(result)["alternatives"])
        if segment[0][0]:
            self._segments.append(segment)

    def _branches(self) -> list[list[Reading]]:
        """Return each segment's readings; only the last four segments have more than one."""
        settled, open_ = self._segments[:-4], self._segments[-4:]
        return [segment[:1] for segment in settled] + [segment[:3] for segment in open_]


def readings(alternatives: list[dict[str, str | float]]) -> list[Reading]:
    """Return Vosk's alternatives, best first, with posteriors and confidences."""
    best = max(float(each["confidence"]) for each in alternatives)
    likely = [math.exp(float(each["confidence"]) - best) for each in alternatives]
    posteriors = [each / sum(likely) for each in likely]
    texts = [tuple(str(each["text"]).split()) for each in alternatives]
    found = []
    for text, posterior in zip(texts, posteriors, strict=True):
        sure = [
            sum(p for other, p in zip(texts, posteriors, strict=True) if word in other)
            for word in text
        ]
        found.append((text, posterior, sum(sure) / len(sure) if sure else 0.0))
    return found


def closed_vocabulary(model: vosk.Model, context: Context) -> dict[str, str]:
    """Return what may be said, from the model's spelling to the dialogue's own.

    Empty where the dialogue has asked no closed question.
    """
    phrases: dict[str, str] = {}
    for phrase in (*context.expected, *context.words) if context.expected else ():
        words = ["".join(c for c in word if c.isalnum() or c in "'-") for word in phrase.split()]
        spelled = [word if knows(model, word) else word.lower() for word in words if word]
        if spelled and all(knows(model, word) for word in spelled):
            phrases.setdefault(" ".join(spelled), phrase)
        else:
            log.debug("Not in the model's vocabulary, so not expected: %s", phrase)
    return phrases


def knows(model: vosk.Model, word: str) -> bool:
    """Whether the model's vocabulary holds the word."""
    return bool(model.vosk_model_find_word(word) >= 0)
