"""Reading ease, against texts whose syllables were counted by hand."""

import pytest

from dialogue.reading import measure, reading_ease


def test_english_by_flesch() -> None:
    # 2 sentences, 7 words, 9 syllables: 206.835 - 1.015 * 3.5 - 84.6 * 9 / 7
    assert reading_ease(["The apple is red.", "My garden grows."], "en") == pytest.approx(94.5, 0.1)


def test_german_with_amstads_constants() -> None:
    # 1 sentence, 4 words, 6 syllables: 180 - 4 - 58.5 * 6 / 4
    assert reading_ease(["Der Kuchen schmeckt wunderbar."], "de") == pytest.approx(73.6, 1)


def test_long_words_are_hard_and_other_languages_have_no_formula() -> None:
    easy, hard = ["Tea is good."], ["Administrative considerations necessitate documentation."]
    assert reading_ease(easy, "en") > 90 > 20 > reading_ease(hard, "en")  # type: ignore[operator]
    assert reading_ease(easy, "fr") is None
    assert measure(easy, "en").longest == 3
    assert measure([], "en").sentences == 0
