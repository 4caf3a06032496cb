"""The ears' shared words: what a microphone gives, and what a recogniser makes of it."""

from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

SAMPLE_RATE = 16_000
CHUNK_MS = 20
CHUNK_BYTES = SAMPLE_RATE * CHUNK_MS // 1000 * 2
"""One chunk of sound: 20 ms of 16 kHz mono signed 16-bit little-endian samples, 640 bytes."""


@dataclass(frozen=True)
class Guess:
    """One possible reading of an utterance; confidence from 0 to 1."""

    text: str
    confidence: float


@dataclass(frozen=True)
class Context:
    """What may be said next, told to the recogniser by the dialogue.

    `expected` are the answers to a closed question, `words` are names and topics that are likely.
    """

    language: str = "en"
    expected: tuple[str, ...] = ()
    words: tuple[str, ...] = ()


@dataclass(frozen=True)
class Recognition:
    """What was heard: guesses, best first. No guesses means there was no speech."""

    guesses: tuple[Guess, ...]
    language: str
    engine: str

    @property
    def text(self) -> str:
        """The best guess, or an empty string."""
        return self.guesses[0].text if self.guesses else ""

    @property
    def confidence(self) -> float:
        """The best guess's confidence, 0 where nothing was heard."""
        return self.guesses[0].confidence if self.guesses else 0.0


class Microphone(Protocol):
    """A source of sound."""

    name: str

    def chunks(self) -> AsyncIterator[bytes]:
        """Yield chunks of CHUNK_BYTES until the source ends or is closed.

        Raises DeviceError when the device is missing or is unplugged.
        """
        ...

    async def close(self) -> None:
        """Stop listening. Never raises; may be called twice."""
        ...


class Listening(Protocol):
    """One utterance on its way through a recogniser."""

    def push(self, chunk: bytes) -> None:
        """Take any whole number of chunks. Returns at once: work happens on another thread."""
        ...

    def anticipate(self) -> None:
        """Silence has begun: work ahead on what was heard so far, it may have been all."""
        ...

    async def finish(self) -> Recognition:
        """Return what was said. Silence that was pushed after `anticipate` changes nothing.

        Raises RecogniserError when the engine fails.
        """
        ...

    def discard(self) -> None:
        """Forget this utterance. Never raises; may be called at any time."""
        ...


class Recogniser(Protocol):
    """A speech recogniser. It may have one `Listening` open at a time."""

    name: str
    languages: frozenset[str]
    streaming: bool
    """True where partial results arrive while the person still speaks."""

    def listen(self, context: Context, on_partial: Callable[[str], None]) -> Listening:
        """Begin one utterance. `on_partial` is called on the event loop with the text so far."""
        ...

    async def close(self) -> None:
        """Free the model. Never raises; may be called twice."""
        ...


class Spotter(Protocol):
    """Listens for a few words all the time, also while the robot speaks.

    `forms` are the single words, in lower case, that make up what it reports.
    """

    forms: Mapping[str, frozenset[str]]

    def robot_speaks(self, speaks: bool) -> None:
        """Say whether the robot's own voice may reach the microphone from now on."""
        ...

    def push(self, chunk: bytes) -> None:
        """Take one chunk. Returns at once: work happens on another thread."""
        ...

    async def close(self) -> None:
        """Free the model. Never raises; may be called twice."""
        ...
