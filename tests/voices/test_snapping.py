import time

import pytest

from voices.hearing import Guess
from voices.phonetics import phonemes, words
from voices.snapping import choose, snap

DAYS = ("Monday", "Tuesday", "Thursday")
TEA = {
    "drink": ["tea", "iced tea", "coffee"],
    "size": ["small", "twelve ounce", "twenty ounce"],
    "milk": ["milk", "a lot of milk", "oat milk"],
}


def heard(*texts: str) -> list[Guess]:
    return [Guess(text, 0.8 / (place + 1)) for place, text in enumerate(texts)]


def snapped(expected: tuple[str, ...], *texts: str, language: str = "en") -> str | None:
    near = snap(heard(*texts), expected, language)
    return near.value if near else None


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("Tuesday.", "Tuesday"),
        ("On Tuesday, please", "Tuesday"),
        ("tooz day", "Tuesday"),
        ("mundee", "Monday"),
        ("What a lovely garden", None),
        ("Monday or Tuesday", None),
        ("", None),
    ],
)
def test_the_nearest_answer_is_taken_and_a_distant_one_is_not(text: str, value: str) -> None:
    assert snapped(DAYS, text) == value


def test_a_word_that_only_sounds_like_an_answer_is_none_within_a_sentence() -> None:
    assert snapped(("yes", "no"), "I don't know") is None
    assert snapped(("yes", "no"), "Could you tell me no more about that, my dear") is None
    assert snapped(("yes", "no"), "know") == "no"


def test_the_longer_of_two_answers_that_fit_is_meant() -> None:
    assert snapped(("tea", "iced tea"), "iced tea") == "iced tea"


def test_numbers_are_compared_as_they_are_spoken_in_every_language() -> None:
    assert snapped(("seven", "eleven"), "11.") == "eleven"
    assert snapped(("sieben", "zwölf"), "12", language="de") == "zwölf"
    assert snapped(("sept", "douze"), "12", language="fr") == "douze"


def test_all_guesses_count() -> None:
    assert snapped(DAYS, "Chews day", "Tuesday", "Tuesday!") == "Tuesday"


def test_the_score_is_never_surer_than_what_was_heard() -> None:
    near = snap([Guess("Monday", 0.3)], DAYS, "en")
    assert near is not None and near.score == pytest.approx(0.3)


def test_nothing_heard_and_nothing_expected_are_no_answer() -> None:
    assert snap([], DAYS, "en") is None
    assert snap(heard("Monday"), [], "en") is None
    assert snap([Guess("Monday", 0.0)], DAYS, "en") is None


def test_the_threshold_rejects() -> None:
    assert snap(heard("mundee"), DAYS, "en", threshold=0.0) is not None
    assert snap(heard("mundee"), DAYS, "en", threshold=0.99) is None


def test_a_language_without_phonemes_is_compared_by_letters() -> None:
    assert phonemes("blarg", "xx-unknown") == "blarg"
    assert snapped(("blarg", "frob"), "blarq", language="xx-unknown") == "blarg"


def test_words_are_without_case_and_punctuation() -> None:
    assert words("Don’t, a TWELVE-ounce l'été!") == ["don't", "a", "twelve", "ounce", "l'été"]


def test_every_slot_gets_its_value_or_none() -> None:
    guesses = heard("Can I have a 12-ounce iced tea with a lot of milk?")
    said = {"drink": "iced tea", "size": "twelve ounce", "milk": "a lot of milk"}
    assert choose(guesses, TEA, "en") == said
    assert choose(heard("Just a coffee."), TEA, "en") == {**dict.fromkeys(TEA), "drink": "coffee"}
    assert choose([], TEA, "en") == dict.fromkeys(TEA)


def test_a_less_likely_guess_that_fits_the_slots_wins() -> None:
    guesses = [Guess("A small tee with goat mint", 0.7), Guess("A small tea with oat milk", 0.5)]
    assert choose(guesses, TEA, "en") == {"drink": "tea", "size": "small", "milk": "oat milk"}


def test_a_slot_is_filled_once_and_values_do_not_overlap() -> None:
    slots = {"first": ["red", "blue"], "second": ["blue", "green"]}
    assert choose(heard("red and blue"), slots, "en") == {"first": "red", "second": "blue"}
    assert choose(heard("blue"), slots, "en") in (
        {"first": "blue", "second": None},
        {"first": None, "second": "blue"},
    )


def test_long_talk_with_many_slots_is_read_quickly() -> None:
    slots = {f"slot {n}": [f"{word} {n}" for word in ("one", "two", "three")] for n in range(8)}
    began = time.perf_counter()
    choose(heard(*["one two three four five six seven eight nine ten " * 8] * 2), slots, "en")
    assert time.perf_counter() - began < 5
