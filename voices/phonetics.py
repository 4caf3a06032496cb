"""How words sound: phonemes by espeak-ng, so that "12" is "twelve" in every language."""

import ctypes
import logging
import os
import re
import threading
from functools import cache, lru_cache

import espeakng_loader

from voices.errors import VoiceError
from voices.espeak_library import load_library

_log = logging.getLogger(__name__)

# From espeak-ng's public header, speak_lib.h.
_RETRIEVAL = 1
_NO_EXIT = 0x8000
_UTF8 = 1
_IPA = 0x02

_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
_UNSPOKEN = re.compile(r"\([a-z-]+\)|[^\w]|[ˈˌːˑʲ_]")
"""Stress, length, punctuation and the marks where espeak-ng changes its language: "(en)"."""

_one_at_a_time = threading.Lock()


def words(text: str) -> list[str]:
    """Return the words in lower case, without punctuation."""
    return _WORD.findall(text.lower().replace("’", "'"))


@lru_cache(maxsize=20_000)
def phonemes(word: str, language: str) -> str:
    """Return how a word sounds, one character a phoneme or so.

    Where espeak-ng is missing or does not speak the language, that is the word's letters.
    """
    with _one_at_a_time:
        library = _library()
        if library is None or library.espeak_SetVoiceByName(language.encode()) != 0:
            return word
        text = ctypes.create_string_buffer(word.encode())
        rest = ctypes.c_void_p(ctypes.addressof(text))
        parts = []
        while rest.value:
            parts.append(library.espeak_TextToPhonemes(ctypes.byref(rest), _UTF8, _IPA))
    return _UNSPOKEN.sub("", b"".join(parts).decode()) or word


@cache
def _library() -> ctypes.CDLL | None:
    try:
        library = load_library()
    except VoiceError as error:
        _log.warning("Answers are compared by their letters: %s", error)
        return None
    data = os.fsencode(espeakng_loader.get_data_path())
    if library.espeak_Initialize(_RETRIEVAL, 0, data, _NO_EXIT) <= 0:
        _log.warning("Answers are compared by their letters: espeak-ng finds no data.")
        return None
    library.espeak_TextToPhonemes.restype = ctypes.c_char_p
    return library
