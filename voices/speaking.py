"""The mouth's shared words: what a voice makes of a sentence, and what a speaker does with it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal, Protocol

Timing = Literal["phoneme", "word", "estimate"]


@dataclass(frozen=True)
class Style:
    """How a person likes to be spoken to.

    `rate` is words a minute, `pitch` 1.0 is the voice's own, `volume` is 0 to 1.
    """

    language: str = "en"
    rate: int = 160
    pitch: float = 1.0
    volume: float = 0.8
    voice: str | None = None
    """A voice from the table by name, or None for the language's own."""


@dataclass(frozen=True)
class MouthShape:
    """A mouth shape (A to H, and X at rest) from `start_ms` on."""

    start_ms: int
    shape: str


@dataclass(frozen=True)
class SpokenWord:
    """A word of the sentence, spoken from `start_ms` to `end_ms`."""

    start_ms: int
    end_ms: int
    text: str


@dataclass(frozen=True)
class Speech:
    """One spoken sentence: mono signed 16-bit little-endian samples and what the mouth does."""

    text: str
    pcm: bytes = field(repr=False)
    rate: int
    voice: str
    timing: Timing
    mouth: tuple[MouthShape, ...] = field(default=(), repr=False)
    words: tuple[SpokenWord, ...] = field(default=(), repr=False)

    @property
    def duration(self) -> float:
        """Length in seconds."""
        return len(self.pcm) / 2 / self.rate


@dataclass(frozen=True)
class Played:
    """How playback ended: all of it, or stopped after `seconds`."""

    complete: bool
    seconds: float


class Voice(Protocol):
    """Turns a sentence into sound. Runs in a worker process, one call at a time."""

    name: str
    timing: Timing
    languages: frozenset[str]

    def synthesise(self, text: str, style: Style) -> Speech:
        """Speak the sentence into memory, never to a device. Raises VoiceError."""
        ...


class Speaker(Protocol):
    """Something that makes sound audible."""

    name: str

    async def play(self, speech: Speech, on_start: Callable[[], None]) -> Played:
        """Play and return when it ended; `on_start` is called as the first sample leaves.

        Raises DeviceError when there is no way to make sound.
        """
        ...

    def stop(self) -> None:
        """Be silent within 100 ms. `play` then returns with complete=False."""
        ...

    async def close(self) -> None:
        """Let go of the device. Never raises; may be called twice."""
        ...
