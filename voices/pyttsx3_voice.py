"""pyttsx3: whatever voice the platform has, used to synthesise only.

Its `say` blocks and cannot be interrupted on Linux, so it is made to write a file, which on Linux
exists in memory only.
"""

import contextlib
import os
import queue
import tempfile
from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np

from voices.errors import VoiceError
from voices.espeak_library import load_library
from voices.espeak_voice import VARIANTS, pitch_of, rate_of
from voices.mouth import mouth_of_loudness
from voices.speaking import Speech, Style, Timing
from voices.timing import pcm, share, silence, speakable, voiced_span

RATE = 22_050
_ATTEMPTS = 3
_PATIENCE = 2.0  # seconds


class Pyttsx3Voice:
    """The portable base; words and mouth are estimated from length and loudness."""

    name = "pyttsx3"
    timing: Timing = "estimate"
    languages: frozenset[str]

    def __init__(self) -> None:
        # Its driver for Linux asks for libespeak-ng by name, and finds what is loaded already.
        self._library = load_library()
        import pyttsx3

        try:
            self._engine = pyttsx3.init()
        except Exception as problem:  # whatever its platform's driver raises
            raise VoiceError(f"pyttsx3 cannot start: {problem}") from problem
        self._outcomes: queue.SimpleQueue[bool] = queue.SimpleQueue()
        self._engine.connect(
            "finished-utterance", lambda name, completed: self._outcomes.put(completed)
        )
        self._espeak = self._engine.driver_name == "espeak"
        self._voices = {_language(v): v.id for v in reversed(self._engine.getProperty("voices"))}
        self.languages = frozenset(self._voices)

    def synthesise(self, text: str, style: Style) -> Speech:
        """Speak the sentence into memory, never to a device. Raises VoiceError."""
        if style.language not in self.languages:
            raise VoiceError(f"pyttsx3 finds no voice for {style.language} on this machine.")
        clean = speakable(text)
        if not any(letter.isalnum() for letter in clean):
            return silence(text, RATE, self.name, self.timing)
        self._configure(style)
        samples = self._record(clean)
        first, last = voiced_span(samples, RATE)
        if not last:
            return silence(text, RATE, self.name, self.timing)
        samples = samples[first:last]
        return Speech(
            text=text,
            pcm=pcm(samples, style.volume),
            rate=RATE,
            voice=self.name,
            timing=self.timing,
            mouth=mouth_of_loudness(samples, RATE),
            words=tuple(share(clean.split(), 0, len(samples) * 1000 // RATE)),
        )

    def _configure(self, style: Style) -> None:
        """Its driver for Linux is espeak-ng and takes what the voice espeak takes."""
        if self._espeak:
            voice = VARIANTS.get(style.language, style.language)
            self._engine.setProperty("voice", voice)
            self._engine.setProperty("rate", rate_of(style.rate))
            self._engine.setProperty("pitch", pitch_of(style.pitch))
            self._library.espeak_Synchronize()  # they are only on their way until then
        else:
            self._engine.setProperty("voice", self._voices[style.language])
            self._engine.setProperty("rate", style.rate)
        self._engine.setProperty("volume", 1.0)  # ours is applied to the samples

    def _record(self, text: str) -> np.ndarray:
        for _ in range(_ATTEMPTS):
            with _file() as path:
                self._outcomes = queue.SimpleQueue()
                self._engine.save_to_file(text, path)
                self._engine.runAndWait()
                if self._espeak and not self._completed():
                    continue
                try:
                    return _read(path)
                except (OSError, av.FFmpegError, IndexError) as problem:  # it hides its own
                    raise VoiceError(f"pyttsx3 made no sound of this text ({problem}).") from (
                        problem
                    )
        raise VoiceError("pyttsx3 did not finish speaking this text.")

    def _completed(self) -> bool:
        """Wait for the library's own thread, which its driver for Linux sometimes does not do.

        At other times the driver takes a change of voice, still on its way, for speech and
        cancels the sentence that follows: that is an outcome of False.
        """
        try:
            outcomes = [self._outcomes.get(timeout=_PATIENCE)]
        except queue.Empty:
            return False
        self._library.espeak_Synchronize()  # until the driver's callback has returned
        while not self._outcomes.empty():
            outcomes.append(self._outcomes.get())
        return all(outcomes)


@contextlib.contextmanager
def _file() -> Iterator[str]:
    """Give the path of a file that leaves nothing behind, even if this process is killed."""
    if hasattr(os, "memfd_create"):
        number = os.memfd_create("speech")
        try:
            yield f"/proc/self/fd/{number}"
        finally:
            os.close(number)
    else:
        with tempfile.TemporaryDirectory() as folder:
            yield str(Path(folder, "speech.wav"))


def _read(path: str) -> np.ndarray:
    """Read any sound file: the platforms write WAV or AIFF, at rates of their own."""
    with av.open(path) as container:
        resampler = av.AudioResampler(format="flt", layout="mono", rate=RATE)
        frames = [f for frame in container.decode(audio=0) for f in resampler.resample(frame)]
        frames += resampler.resample(None)
    return np.concatenate([frame.to_ndarray()[0] for frame in frames] or [np.zeros(0, "f4")])


def _language(voice: object) -> str:
    """Return "de" for what the platforms call "de", "de_DE" or "de-AT"."""
    languages = getattr(voice, "languages", None) or [""]
    return str(languages[0]).replace("_", "-").split("-")[0].lower()
