"""Whisper in CTranslate2's form, by faster-whisper: one decode for each utterance."""

import logging
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
from faster_whisper import WhisperModel
from faster_whisper.tokenizer import Tokenizer
from faster_whisper.transcribe import get_suppressed_tokens

from voices.errors import RecogniserError
from voices.hearing import SAMPLE_RATE, Context, Guess, Listening, Recognition
from voices.level import audible
from voices.phonetics import words
from voices.whole_utterance import WholeUtterance

_log = logging.getLogger(__name__)

Samples = npt.NDArray[np.float32]

LONGEST_SECONDS = 30
"""What the encoder was trained on; longer utterances lose their end."""
WINDOW_SECONDS = 12
MARGIN_SECONDS = 3
"""The encoder's time grows with its window. Twelve seconds, or three more than the utterance,
cost no accuracy on our English sets; narrower windows make the decoder repeat itself."""
BEAM = 5
PROMPT_TOKENS = 200
"""Whisper was trained on prompts of up to 223 tokens, and each one costs time."""
TOKENS_A_SECOND = 12
"""Twice what fast speech needs in any of our languages; a bound on runaway decoding."""
NOBODY = 1.7
"""Probability of no speech less the average log probability, above which nobody spoke.

Whisper's own bounds are 0.6 and -1 at once. Of 96 clips of kitchen noise, hum and clicks, half of
them with "yes" and "no" expected, they let tiny.en invent words in 20, this in 6; of 110 recorded
utterances either loses 3."""


@dataclass(frozen=True)
class _Reading:
    """One decode: texts with their log probability in all and per token, best first."""

    texts: list[tuple[str, float, float]]
    no_speech: float
    cut_short: bool

    @property
    def nobody(self) -> bool:
        return self.no_speech - self.texts[0][2] > NOBODY

    @property
    def runs_away(self) -> bool:
        return self.cut_short or loops(self.texts[0][0])


class WhisperRecogniser:
    """A Whisper model from a folder with model.bin, config.json, tokenizer.json and vocabulary.

    Loading takes a second or two. Raises RecogniserError when the folder holds no such model.
    Confidence is the geometric mean of the token probabilities; an alternative's is that of the
    best guess times how much less likely the alternative is.
    """

    streaming = False

    def __init__(
        self, folder: Path, name: str, languages: frozenset[str], threads: int = 2
    ) -> None:
        self.name = name
        self.languages = languages
        try:
            self._model: WhisperModel | None = WhisperModel(
                str(folder),
                device="cpu",
                compute_type="int8",
                cpu_threads=threads,
                local_files_only=True,
            )
        except Exception as error:  # the library raises whatever its parts raise
            raise RecogniserError(
                f"The model {name} cannot be loaded from {folder} ({error}); "
                f"fetch it again with: fireside models get {name}"
            ) from error
        self._tokenizer = cache(self._make_tokenizer)
        self._worker = ThreadPoolExecutor(1, thread_name_prefix=name)
        self._read(np.zeros(SAMPLE_RATE, np.float32), WINDOW_SECONDS, Context(min(languages)))

    def listen(self, context: Context, on_partial: Callable[[str], None]) -> Listening:
        """Begin one utterance; there are no partial results. Raises RecogniserError."""
        if context.language not in self.languages:
            known = ", ".join(sorted(self.languages))
            raise RecogniserError(
                f"{self.name} does not know the language {context.language}; it knows {known}."
            )
        return WholeUtterance(lambda sound: self._worker.submit(self._recognise, sound, context))

    async def close(self) -> None:
        """Free the model. Never raises; may be called twice."""
        self._worker.shutdown(wait=False, cancel_futures=True)
        self._model = None

    def _recognise(self, sound: bytes, context: Context) -> Recognition:
        samples = np.frombuffer(sound, np.int16).astype(np.float32) / np.float32(32768)
        guesses: tuple[Guess, ...] = ()
        if audible(samples):
            seconds = len(samples) / SAMPLE_RATE
            window = min(max(WINDOW_SECONDS, seconds + MARGIN_SECONDS), LONGEST_SECONDS)
            reading = self._read(samples, window, context)
            if reading.runs_away and not reading.nobody and window < LONGEST_SECONDS:
                reading = self._read(samples, LONGEST_SECONDS, context)
            guesses = _guesses(reading)
        return Recognition(guesses, context.language, self.name)

    def _read(self, samples: Samples, window: float, context: Context) -> _Reading:
        model = self._model
        if model is None:
            raise RecogniserError(f"{self.name} is closed.")
        tokenizer = self._tokenizer(context.language)
        prompt = model.get_prompt(
            tokenizer, _prompt_tokens(tokenizer, context), without_timestamps=True
        )
        room = int(TOKENS_A_SECOND * len(samples) / SAMPLE_RATE) + TOKENS_A_SECOND
        size = int(window * SAMPLE_RATE)
        padded = np.pad(samples[:size], (0, max(0, size - len(samples))))
        result = model.model.generate(
            model.encode(model.feature_extractor(padded, padding=0)),
            [prompt],
            beam_size=BEAM,
            num_hypotheses=BEAM,
            max_length=min(len(prompt) + room, model.max_length),
            return_scores=True,
            return_no_speech_prob=True,
            suppress_tokens=list(get_suppressed_tokens(tokenizer, [-1])),
        )[0]
        texts = []
        for tokens, score in zip(result.sequences_ids, result.scores, strict=True):
            total = score * len(tokens)  # CTranslate2 divides by the length, without its end
            texts.append((tokenizer.decode(tokens).strip(), total, total / (len(tokens) + 1)))
        return _Reading(texts, result.no_speech_prob, len(result.sequences_ids[0]) >= room)

    def _make_tokenizer(self, language: str) -> Tokenizer:
        assert self._model is not None
        multilingual = self._model.model.is_multilingual
        return Tokenizer(self._model.hf_tokenizer, multilingual, "transcribe", language)


def _guesses(reading: _Reading) -> tuple[Guess, ...]:
    """Return distinct texts, or none where the decode shows that nobody spoke."""
    best_text, best_total, average = reading.texts[0]
    if reading.cut_short or reading.nobody:
        return ()
    found: dict[tuple[str, ...], Guess] = {}
    for text, total, _average in reading.texts:
        key = tuple(words(text))
        if key and key not in found and (text == best_text or not loops(text)):
            confidence = float(np.exp(average + min(0.0, total - best_total)))
            found[key] = Guess(text, confidence)
    return tuple(sorted(found.values(), key=lambda guess: -guess.confidence))


def _prompt_tokens(tokenizer: Tokenizer, context: Context) -> list[int]:
    tokens: list[int] = []
    for value in covering((*context.expected, *context.words)):
        more = tokenizer.encode(f" {value},")
        if len(tokens) + len(more) > PROMPT_TOKENS:
            break
        tokens += more
    return tokens


def covering(values: Iterable[str]) -> list[str]:
    """Return the fewest values, in their order, in which every word of all of them occurs."""
    values = list(dict.fromkeys(values))
    needed: set[str] = set()
    seen: set[str] = set()
    for value in sorted(values, key=lambda value: -len(words(value))):
        if not seen.issuperset(words(value)):
            needed.add(value)
            seen.update(words(value))
    return [value for value in values if value in needed]


def loops(text: str) -> bool:
    """Tell whether two or more words are said twice in a row, as a runaway decoder does."""
    said = words(text)
    return any(
        said[at : at + length] == said[at + length : at + 2 * length]
        for length in range(2, len(said) // 2 + 1)
        for at in range(len(said) - 2 * length + 1)
    )
