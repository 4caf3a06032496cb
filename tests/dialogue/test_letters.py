"""Likeness in words and letters, for languages that build words."""

import numpy as np
import pytest

from dialogue.safety.letters import Letters

TEXTS = ("mein herzstolpern ist schlimm", "das herz stolpert so", "der kuchen ist gut", "my heart")
LANGUAGES = ("de", "de", "de", "en")


@pytest.fixture(scope="module")
def letters() -> Letters:
    return Letters.of(TEXTS, LANGUAGES)


def test_parts_of_a_word_are_found_in_another(letters: Letters) -> None:
    first, second, cake, english = letters.likeness("herzstolpern hab ich", "de")
    assert first > second > cake >= 0
    assert english == 0


def test_a_known_sentence_is_most_like_itself(letters: Letters) -> None:
    assert np.allclose(
        [letters.likeness(t, "de")[n] for n, t in enumerate(TEXTS[:3])], 1, atol=1e-5
    )


def test_other_languages_are_all_alike_and_unlike_those(letters: Letters) -> None:
    assert np.allclose(letters.likeness("anything at all", "en"), [0, 0, 0, 1])
    assert np.allclose(letters.likeness("autre chose", "fr"), [0, 0, 0, 1])


def test_nothing_is_like_nothing(letters: Letters) -> None:
    assert not letters.likeness("", "de").any()
