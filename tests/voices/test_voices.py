"""The table of voices, and what they share."""

from pathlib import Path

import av
import numpy as np
import pytest

from voices.errors import VoiceError
from voices.saving import write_wav
from voices.speaking import Speech, SpokenWord, Style
from voices.table import VOICES, default_voice, load_voice, voices_for
from voices.timing import pcm, share, speakable, time_words, voiced_span


def test_english_has_a_natural_voice_and_every_language_has_one() -> None:
    assert default_voice("en") == "hibari"
    assert {default_voice(language) for language in ("de", "fr", "it", "es", "nl")} == {"espeak"}


def test_a_wish_comes_first_and_something_always_follows() -> None:
    assert voices_for(Style("en", voice="espeak")) == ("espeak", "hibari", "pyttsx3")
    assert voices_for(Style("de")) == ("espeak", "pyttsx3")


def test_an_unknown_voice_names_the_known_ones() -> None:
    with pytest.raises(VoiceError) as refusal:
        load_voice("nobody")
    assert all(name in str(refusal.value) for name in VOICES)


def test_a_voice_knows_its_name() -> None:
    voice = load_voice("espeak")
    assert voice.name == "espeak"
    assert {"en", "de", "fr", "it", "es", "nl"} <= voice.languages


def test_only_what_has_a_sound_reaches_an_engine() -> None:
    assert speakable("a\x00b\x01\u202e\ud83d\u200dc\n ") == "a b c"
    assert speakable("Zürich, 7:30 — “ja” <b>&") == "Zürich, 7:30 — “ja” <b>&"


def test_silence_is_found_around_a_sound() -> None:
    sound = np.concatenate([np.zeros(8000), np.full(16_000, 0.5), np.zeros(8000)])
    start, end = voiced_span(sound, 16_000)
    assert 0 < 8000 - start <= 16_000 * 0.03
    assert 0 < end - 24_000 <= 16_000 * 0.1
    assert voiced_span(np.zeros(1000), 16_000) == (0, 0)


def test_loud_sound_is_clipped_not_wrapped() -> None:
    assert np.frombuffer(pcm(np.array([2.0, -2.0, 0.5]), 1.0), "<i2").tolist() == [
        32767,
        -32767,
        16383,
    ]


def test_words_take_the_times_of_what_they_became() -> None:
    groups = [(0, 100), (100, 200), (250, 300)]
    assert time_words("Tea 7:30 —", groups, {"Tea": 1, "7:30": 2, "—": 0}.__getitem__) == (
        SpokenWord(0, 100, "Tea"),
        SpokenWord(100, 300, "7:30"),
        SpokenWord(300, 300, "—"),
    )


def test_words_share_the_time_when_nothing_fits() -> None:
    words = time_words("one three", [(0, 500)], lambda word: 1)
    assert words == (SpokenWord(0, 200, "one"), SpokenWord(200, 500, "three"))
    assert share([], 0, 100) == []


def test_a_saved_speech_says_that_a_machine_made_it(tmp_path: Path) -> None:
    samples = (np.sin(np.arange(22_051) / 10) * 9000).astype("<i2")  # an odd number, too
    speech = Speech("Hello", samples.tobytes(), 22_050, "espeak", "phoneme")
    path = tmp_path / "hello.wav"
    write_wav(path, speech)
    with av.open(path) as file:
        assert "AI-generated speech" in file.metadata["comment"]
        assert "espeak" in file.metadata["comment"]
        assert file.metadata["encoder"] == "Fireside"
        sound = np.concatenate([frame.to_ndarray()[0] for frame in file.decode(audio=0)])
        assert file.streams.audio[0].rate == 22_050
    assert np.array_equal(sound, samples)
