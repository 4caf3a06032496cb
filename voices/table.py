"""The table of voices: names in settings, and where the code is, loaded only when used."""

import importlib

from voices.errors import VoiceError
from voices.speaking import Style, Voice

VOICES = {
    "hibari": "voices.hibari_voice:HibariVoice",
    "espeak": "voices.espeak_voice:EspeakVoice",
    "pyttsx3": "voices.pyttsx3_voice:Pyttsx3Voice",
}

_EVERY_LANGUAGE = ("espeak", "pyttsx3")
_NATURAL = {"en": ("hibari",)}
"""Voices a language has to itself, better than what speaks every language."""


def voices_for(style: Style) -> tuple[str, ...]:
    """Return the names of the voices to try, best first: the person's own, then the language's."""
    wished = (style.voice,) if style.voice else ()
    return tuple(dict.fromkeys((*wished, *_NATURAL.get(style.language, ()), *_EVERY_LANGUAGE)))


def default_voice(language: str) -> str:
    """Return the name of the voice that speaks a language when nobody wishes for another."""
    return voices_for(Style(language=language))[0]


def load_voice(name: str) -> Voice:
    """Import and start a voice; may take a second. Raises VoiceError."""
    if name not in VOICES:
        raise VoiceError(f"There is no voice called {name}. The voices are: {', '.join(VOICES)}.")
    module, _, attribute = VOICES[name].partition(":")
    try:
        voice: Voice = getattr(importlib.import_module(module), attribute)()
    except ImportError as problem:
        raise VoiceError(f"The voice {name} is not installed ({problem}); run `make setup`.") from (
            problem
        )
    return voice
