"""libespeak-ng by ctypes: sound together with the time of every word and phoneme.

Names and numbers follow espeak-ng's public header, speak_lib.h. The library keeps global state:
one process, one user, one call at a time.
"""

import ctypes
import os
import re
from dataclasses import dataclass
from pathlib import Path

import espeakng_loader

from voices.errors import VoiceError

_SYNCHRONOUS = 2  # AUDIO_OUTPUT_SYNCHRONOUS: sound comes by callback, before the call returns
_OPTIONS = 0x0001 | 0x0002 | 0x8000  # phoneme events, in IPA, and never exit() on an error
_RATE, _PITCH = 1, 3
_CHARS_UTF8 = 1
_END_OF_LIST, _WORD, _PHONEME = 0, 1, 7

_SWITCH = re.compile(r"\(.*?\)")
"""Among the phonemes, "(en)" says that another language begins."""


class _Event(ctypes.Structure):
    _fields_ = (
        ("type", ctypes.c_int),
        ("unique_identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_position", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("id", ctypes.c_ubyte * 8),  # a union: a number, a pointer, or up to 8 bytes of IPA
    )


_Callback = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(_Event)
)


@dataclass(frozen=True)
class Heard:
    """What the library said about a text: samples, and what began where, in ms.

    `words` are (start, index of the first character), `phonemes` (start, IPA; "" is a pause).
    """

    pcm: bytes
    words: list[tuple[int, int]]
    phonemes: list[tuple[int, str]]


def library_path() -> Path:
    """Return where the library of the package espeakng-loader lies; it may not exist."""
    return Path(espeakng_loader.get_library_path())


def languages() -> frozenset[str]:
    """Return the two- and three-letter codes of all languages there is data for."""
    files = Path(espeakng_loader.get_data_path(), "lang").glob("**/*")
    return frozenset(file.name.split("-")[0] for file in files if file.is_file())


def load_library() -> ctypes.CDLL:
    """Load the library for everyone in this process: pyttsx3 then finds it by its name.

    Raises VoiceError.
    """
    # pyttsx3 gives no path of its own; the library then looks here for its data.
    os.environ["ESPEAK_DATA_PATH"] = espeakng_loader.get_data_path()
    try:
        return ctypes.CDLL(str(library_path()), mode=ctypes.RTLD_GLOBAL)
    except OSError as problem:
        raise VoiceError(
            f"The library espeak-ng cannot be loaded ({problem}); install the package "
            "espeakng-loader for this machine, or choose the voice pyttsx3."
        ) from problem


class Espeak:
    """The loaded library, initialised once."""

    def __init__(self) -> None:
        self._library = load_library()
        data = os.fsencode(espeakng_loader.get_data_path())
        self.rate = int(self._library.espeak_Initialize(_SYNCHRONOUS, 0, data, _OPTIONS))
        if self.rate <= 0:
            raise VoiceError(
                f"espeak-ng cannot read its data in {data.decode()}; reinstall espeakng-loader."
            )
        self._pcm = bytearray()
        self._words: list[tuple[int, int]] = []
        self._phonemes: list[tuple[int, str]] = []
        self._callback = _Callback(self._receive)  # kept: the library only borrows it
        self._library.espeak_SetSynthCallback(self._callback)
        # After another use in this process the first phoneme of the first text goes unreported.
        self._library.espeak_Synth(b"a", 2, 0, 1, 0, _CHARS_UTF8, None, None)

    def speak(self, text: str, voice: str, rate: int, pitch: int) -> Heard:
        """Speak with a voice such as "de+f2"; rate and pitch as the library counts them."""
        if self._library.espeak_SetVoiceByName(voice.encode()) != 0:
            raise VoiceError(f"espeak-ng has no voice called {voice}.")
        self._library.espeak_SetParameter(_RATE, rate, 0)
        self._library.espeak_SetParameter(_PITCH, pitch, 0)
        self._pcm, self._words, self._phonemes = bytearray(), [], []
        encoded = text.encode()
        size = ctypes.c_size_t(len(encoded) + 1)
        error = self._library.espeak_Synth(encoded, size, 0, 1, 0, _CHARS_UTF8, None, None)
        if error != 0:
            raise VoiceError(f"espeak-ng failed with its error {error}.")
        return Heard(bytes(self._pcm), self._words, self._phonemes)

    def _receive(
        self,
        samples: "ctypes._Pointer[ctypes.c_short]",
        count: int,
        events: "ctypes._Pointer[_Event]",
    ) -> int:
        index = 0
        while (event := events[index]).type != _END_OF_LIST:
            if event.type == _WORD:
                self._words.append((event.audio_position, event.text_position - 1))
            elif event.type == _PHONEME:
                ipa = bytes(event.id).split(b"\0")[0].decode(errors="ignore")
                self._phonemes.append((event.audio_position, _SWITCH.sub("", ipa)))
            index += 1
        if samples and count > 0:
            self._pcm += ctypes.string_at(samples, count * 2)
        return 0
