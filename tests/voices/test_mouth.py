"""Mouth shapes for the sounds of six languages."""

import numpy as np
import pytest

from tests.contracts.test_voice_contract import SENTENCES
from voices.espeak_library import Espeak
from voices.espeak_voice import VARIANTS
from voices.mouth import (
    MARKS,
    SHAPES,
    SHORTEST_MS,
    mouth_of_loudness,
    mouth_of_phonemes,
    shapes_of,
)
from voices.speaking import MouthShape

MORE = {
    "en": "thing this church judge measure yes why bird boy cow bear here poor full farm vivid",
    "de": "zwölf Pfützen, ich, ach, schön, über, König, Häuser, Jahr, sprechen, Bäcker, Uhr, Genie",
    "fr": "montagne, huit feuilles, vin blanc, un bon chien, rue, jeune, peur, oui, chaise, whisky",
    "it": "gnomo, figlio, zucca, pizza, ghiaccio, cento giorni, uova, ragazzo, scena, acqua, aglio",
    "es": "niño, cerveza, gato, lago, lluvia, perro, jamón, agua, huevo, ciudad, dedo, yate, chico",
    "nl": "school, huis, deur, leeuw, nieuw, vrijdag, zingen, juist, mooi, gezellig, sjaal, genie",
}


@pytest.fixture(scope="module")
def espeak() -> Espeak:
    return Espeak()


@pytest.mark.parametrize("language", VARIANTS)
def test_every_phoneme_of_every_language_has_a_shape(espeak: Espeak, language: str) -> None:
    text = f"{SENTENCES[language]} {MORE[language]}"
    phonemes = espeak.speak(text, VARIANTS[language], 120, 50).phonemes
    symbols = {symbol for _, ipa in phonemes for symbol in ipa}
    assert len(symbols) > 20
    assert symbols - set(SHAPES) - MARKS == set()


@pytest.mark.parametrize(
    ("ipa", "shapes"),
    [
        ("m", "A"),
        ("s", "B"),
        ("ˈɛ", "C"),
        ("ɑː", "D"),
        ("ɔ̃", "E"),
        ("uː", "F"),
        ("v", "G"),
        ("l̩", "H"),
        ("", "X"),
        ("aʊ", "DF"),
        ("t͡ʃ", "BB"),
        ("ꙮ", "B"),
    ],
)
def test_shapes(ipa: str, shapes: str) -> None:
    assert shapes_of(ipa) == shapes


def test_a_word() -> None:
    mouth = mouth_of_phonemes([(0, "b"), (60, "aʊ"), (260, "l"), (400, "")], 500)
    assert mouth == (
        MouthShape(0, "A"),
        MouthShape(60, "D"),
        MouthShape(160, "F"),
        MouthShape(260, "H"),
        MouthShape(400, "X"),
    )


def test_what_is_too_short_to_see_is_left_out() -> None:
    mouth = mouth_of_phonemes([(0, "a"), (100, "t"), (100 + SHORTEST_MS - 1, "a"), (300, "o")], 400)
    assert [(m.start_ms, m.shape) for m in mouth] == [(0, "D"), (300, "E"), (400, "X")]


def test_lips_that_close_are_seen_to_close() -> None:
    mouth = mouth_of_phonemes([(0, "a"), (100, "m"), (110, "a")], 400)
    assert [(m.start_ms, m.shape) for m in mouth] == [
        (0, "D"),
        (100, "A"),
        (100 + SHORTEST_MS, "D"),
        (400, "X"),
    ]


def test_sounds_outside_the_speech_stay_inside() -> None:
    mouth = mouth_of_phonemes([(-80, "f"), (50, "a"), (390, "m"), (900, "s")], 400)
    starts = [m.start_ms for m in mouth]
    assert (starts[0], mouth[-1].shape) == (0, "X")
    assert starts == sorted(set(starts))
    assert max(starts) <= 400


def test_no_sound_no_movement() -> None:
    assert mouth_of_phonemes([], 100) == (MouthShape(0, "X"),)
    assert mouth_of_loudness(np.zeros(16_000), 16_000) == (MouthShape(0, "X"),)
    assert mouth_of_loudness(np.zeros(0), 16_000) == (MouthShape(0, "X"),)


def test_the_mouth_opens_with_loudness() -> None:
    tone = np.sin(np.arange(16_000) * 0.2)
    swell = np.concatenate([tone * level for level in (0.001, 0.1, 0.3, 0.6, 1.0)])
    shapes = [m.shape for m in mouth_of_loudness(swell, 16_000)]
    assert shapes[0] == "X"
    assert shapes[-2:] == ["D", "X"]
    assert shapes[:-1] == sorted(shapes[:-1], key="XABCD".index)
