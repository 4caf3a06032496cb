"""The notation of phrases does what its description says."""

from functools import partial

import pytest

from dialogue.patterns import LONGEST, Pattern, fold, words_of


def fits(notation: str, text: str, language: str = "en") -> bool:
    folded = fold(text, language)
    pattern = Pattern(notation, partial(fold, language=language))
    return bool(pattern.spans(folded, words_of(folded)))


@pytest.mark.parametrize(
    ("notation", "yes", "no"),
    [
        ("i have fallen", "Well, I have fallen.", "i have not fallen"),
        ("(fell|slipped over) down", "she slipped over down there", "slipped down"),
        ("my [poor|old] back", "my old back", "my new back"),
        ("bleed*", "it's bleeding", "i bled"),
        ("pills ... die", "the pills will let me die", "pills. i die"),
        ("pills ... die", "pills a b c d e die", "pills a b c d e f die"),
        ("^ help $", "Oh! Help!", "help us"),
        ("can't", "I can’t", "i can t"),
    ],
)
def test_notation(notation: str, yes: str, no: str) -> None:
    assert fits(notation, yes)
    assert not fits(notation, no)


def test_a_part_in_braces_is_found_again() -> None:
    folding = partial(fold, language="en")
    pattern = Pattern("my {who} is called {name}", folding, {"who": ["dog", "best friend"]})
    folded = fold("My best friend is called Anna Berger. Yes", "en")
    (found,) = pattern.matches(folded, words_of(folded))
    assert found.groupdict() == {"who": " best friend", "name": " anna berger"}
    other = fold("my cat is called minka", "en")
    assert pattern.matches(other, words_of(other)) == []
    with pytest.raises(ValueError, match="names no word"):
        Pattern("{name}", folding)


def test_words_are_whole() -> None:
    assert not fits("stop", "nonstop stopping")


def test_a_gap_at_an_end_covers_the_words_around() -> None:
    folded = fold("in the film he died. he died", "en")
    pattern = Pattern("in the film ...", partial(fold, language="en"))
    ((start, end),) = pattern.spans(folded, words_of(folded))
    assert folded[start:end] == " in the film he died"


def test_folding() -> None:
    assert fold("I can't! Help.", "en") == " . i cant . help . "
    assert fold("C'est où ?", "fr") == " . c est ou . "
    assert fold("Schön, Straße", "de") == " . schön strasse . "
    assert len(fold("a" * 3 * LONGEST, "en")) < LONGEST + 20


@pytest.mark.parametrize("notation", ["", "[a]", "(a", "a|b", "...", "... ... ... a", "(a $|b)"])
def test_a_faulty_line_is_refused(notation: str) -> None:
    with pytest.raises(ValueError, match=r"use|add"):
        Pattern(notation, partial(fold, language="en"))
