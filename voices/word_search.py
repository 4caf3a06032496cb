"""Finds a few phrases in running speech with pocketsphinx.

Every stretch of speech is decoded as a row of words from a small vocabulary: the phrases of
spotter.yaml, and the commonest other words of the language. The acoustic model is English; the
words of other languages are spelled in its sounds.
"""

import math
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import pocketsphinx
from pydantic import BaseModel, ConfigDict, TypeAdapter

from config.files import read_yaml
from voices.endpointer import Endpointer, Signal, SileroVoiceActivity
from voices.errors import RecogniserError
from voices.hearing import CHUNK_MS
from voices.pronunciation import pronounce

_WORDS = Path(__file__).with_name("spotter.yaml")
_PAUSE_MS = 400
"""A silence that ends a stretch of speech."""
_LOOK_MS = 100
_FRAME_MS = 10
"""The length of one of pocketsphinx's frames."""
_SHORTEST_MS = 150
_SETTLED_MS = 30
_LOOKS = 2
_MOST_BEFORE = 2
"""A phrase counts when two looks in a row found it among the first three words: who wants the
robot to stop does not begin with a long sentence. While the robot speaks any place counts,
because its words and the person's make one stretch."""


class _Language(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")
    voice: str
    share: float
    stop: tuple[str, ...]
    help: tuple[str, ...]
    others: str


class WordSearch:
    """Takes sound and says when `stop`, `help` or the robot's `name` was said.

    `robot_speaks` says that the robot's own voice may be in the sound.
    Raises RecogniserError for a language without words, VoiceError without espeak-ng.
    """

    def __init__(self, language: str, robot_name: str) -> None:
        known = TypeAdapter(dict[str, _Language]).validate_python(read_yaml(_WORDS))
        if language not in known:
            raise RecogniserError(
                f"The spotter has no words for the language {language}; "
                f"choose one of {', '.join(known)}, or add it to voices/spotter.yaml."
            )
        words = known[language]
        self.robot_speaks = False
        phrases = {"stop": words.stop, "help": words.help, "name": (robot_name,)}
        self.forms = {
            meaning: frozenset(word.lower() for phrase in each for word in phrase.split())
            for meaning, each in phrases.items()
        }
        """The single words, in lower case, of which each meaning's phrases are made."""
        self._meanings = dict.fromkeys(words.stop, "stop") | dict.fromkeys(words.help, "help")
        self._meanings[robot_name.lower()] = "name"
        sounds = pronounce([*self._meanings, *words.others.split()], words.voice)
        if not sounds[robot_name.lower()]:
            raise RecogniserError(
                f"The robot's name {robot_name} cannot be spoken; write it as it sounds."
            )
        # In the decoder words have numbers: a name may hold signs that its files cannot.
        self._words = {f"w{number}": word for number, word in enumerate(sounds)}
        self._decoder = _decoder(self._words, sounds, dict.fromkeys(self._meanings, words.share))
        self._endpointer = Endpointer(SileroVoiceActivity(), _PAUSE_MS)
        self._since_look_ms = 0
        self._looks: dict[str, tuple[int, int]] = {}
        self._said: set[str] = set()

    def push(self, chunk: bytes) -> list[str]:
        """Take one chunk and return what was said just now; once in a stretch of speech."""
        signal = self._endpointer.push(chunk)
        if signal is Signal.STARTED:
            self._decoder.start_utt()
            self._decoder.process_raw(self._endpointer.preroll)
            self._looks.clear()
            self._said.clear()
        elif self._endpointer.speaking:
            self._decoder.process_raw(chunk)
        self._since_look_ms += CHUNK_MS
        found: list[str] = []
        if self._endpointer.speaking and self._since_look_ms >= _LOOK_MS:
            self._since_look_ms = 0
            found = self._look()
        if signal is Signal.ENDED:
            self._decoder.end_utt()
        return found

    def _look(self) -> list[str]:
        looks = {}
        for meaning, start_ms in self._candidates():
            before, count = self._looks.get(meaning, (start_ms, 0))
            same = abs(start_ms - before) <= _SHORTEST_MS  # its edges move a little
            looks[meaning] = start_ms, count + 1 if same else 1
        self._looks = looks
        sure = [meaning for meaning, (_, count) in looks.items() if count >= _LOOKS]
        new = [meaning for meaning in sure if meaning not in self._said]
        self._said.update(new)
        return new

    def _candidates(self) -> Iterator[tuple[str, int]]:
        """Yield meaning and start of each phrase in what the decoder thinks was said so far."""
        if self._decoder.hyp() is None:
            return
        now, before = self._decoder.n_frames(), 0
        for segment in self._decoder.seg():
            phrase = self._words.get(segment.word)
            length = (segment.end_frame - segment.start_frame) * _FRAME_MS
            settled = (now - segment.end_frame) * _FRAME_MS >= _SETTLED_MS
            early = before <= _MOST_BEFORE or self.robot_speaks
            if phrase in self._meanings and length >= _SHORTEST_MS and settled and early:
                yield self._meanings[phrase], segment.start_frame * _FRAME_MS
            before += phrase is not None  # silence, breath and noise are no words


def _decoder(
    names: Mapping[str, str], sounds: Mapping[str, str], phrases: Mapping[str, float]
) -> pocketsphinx.Decoder:
    """Return a decoder for words by name.

    `phrases` have the share given; the others come most frequent first (Zipf's law).
    """
    others = [word for word in sounds if word not in phrases]
    harmonic = sum(1 / rank for rank in range(1, len(others) + 1))
    shares = {word: 1 / rank / harmonic for rank, word in enumerate(others, 1)}
    shares |= phrases
    total = sum(shares.values()) / 0.9  # one word in ten is the last one
    logs = "".join(f"{math.log10(shares[names[name]] / total):.4f} {name}\n" for name in names)
    head = f"\\data\\\nngram 1={len(names) + 2}\n\n\\1-grams:\n-1.0 </s>\n-99 <s>\n"
    with tempfile.TemporaryDirectory() as folder:  # pocketsphinx reads both from files only
        dictionary, model = Path(folder, "words.dict"), Path(folder, "words.lm")
        dictionary.write_text("".join(f"{name} {sounds[names[name]]}\n" for name in names))
        model.write_text(f"{head}{logs}\n\\end\\\n")
        return pocketsphinx.Decoder(
            hmm=pocketsphinx.get_model_path("en-us/en-us"),
            dict=str(dictionary),
            lm=str(model),
            fwdflat=False,  # one pass, while the person speaks
            bestpath=False,
            maxhmmpf=2000,
            loglevel="FATAL",
        )
