"""What may be remembered is found in what people say; what must not be kept is not."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dialogue.memory.items import LONGEST_VALUE, MOST_WORDS, Kind
from dialogue.memory.told import found, from_answer
from dialogue.memory.told_files import LANGUAGES, told

ENGLISH: list[tuple[str, list[tuple[str, str]]]] = [
    ("my name is anna", [("name", "Anna")]),
    ("My name is Anna Berger.", [("name", "Anna Berger")]),
    ("please call me mrs berger", [("name", "Mrs Berger")]),
    ("call me later please", []),
    ("i am called away", []),
    (
        "i like roses and my daughter is called clara",
        [("people", "daughter Clara"), ("likes", "roses")],
    ),
    (
        "I like roses, and my daughter is called Clara.",
        [("people", "daughter Clara"), ("likes", "roses")],
    ),
    ("i like tea and i like cake", [("likes", "tea"), ("likes", "cake")]),
    ("I love my garden very much", [("likes", "my garden")]),
    ("my favourite colour is blue", [("likes", "blue")]),
    ("i don't like fish", []),
    ("i like it", []),
    ("i like you", []),
    ("what do i like", []),
    ("he said i like cake", []),
    ("my son peter lives in hamburg", [("people", "son Peter")]),
    ("my daughter's name is Clara", [("people", "daughter Clara")]),
    ("my best friend is called mary ann", [("people", "friend Mary Ann")]),
    ("my daughter is visiting", []),
    ("my daughter often comes", []),
    ("my late husband karl was a baker", [("mourned", "husband Karl")]),
    ("My husband Karl died.", [("mourned", "husband Karl")]),
    ("i had a dog called rex", [("mourned", "dog Rex")]),
    ("I come from Bad Homburg originally", [("places", "Bad Homburg")]),
    ("i was born in new york and grew up in leeds", [("places", "New York"), ("places", "Leeds")]),
    ("i live in a care home", []),
    ("i was a nurse", [("work", "as a nurse")]),
    ("i worked as a nurse in a big hospital for forty years", [("work", "as a nurse")]),
    ("i was a bit tired of it", []),
    ("we always sang hymns in church", [("music", "hymns in church")]),
    ("my favourite song is silent night", [("music", "silent night")]),
    ("i love eating plum cake", [("food", "plum cake")]),
    ("please remember that my birthday is in may", [("things", "my birthday is in may")]),
    ("i slept very badly last night", [("mood", "slept_badly")]),
    ("i am not tired", []),
    ("my pin is one two three and i like cake", []),
    ("i like my heart tablets", []),
    ("i like 4711", []),
]

GERMAN: list[tuple[str, list[tuple[str, str]]]] = [
    ("ich heiße anna", [("name", "Anna")]),
    ("sagen sie bitte frau berger zu mir", [("name", "Frau Berger")]),
    ("sagen sie ruhig du zu mir", [("form", "du")]),
    ("wir können uns duzen", [("form", "du")]),
    ("bitte sagen sie sie zu mir", [("form", "sie")]),
    ("duzen sie mich nicht", [("form", "sie")]),
    ("ich mag meine rosen sehr", [("likes", "meine Rosen")]),
    ("Ich mag klassische Musik sehr gern, vor allem Bach.", [("likes", "klassische Musik")]),
    ("ich mag rosen nicht", []),
    ("ich mag keine suppe", []),
    ("ich liebe sie", []),
    ("ich gehe gern spazieren", [("likes", "spazieren gehen")]),
    ("ich lese gern", [("likes", "Lesen")]),
    ("ich habe katzen sehr gern", [("likes", "Katzen")]),
    ("meine tochter heißt clara und kommt morgen", [("people", "Tochter Clara")]),
    ("Mein Sohn Peter wohnt in München.", [("people", "Sohn Peter")]),
    ("meine tochter kommt morgen", []),
    ("mein verstorbener mann karl war bäcker", [("mourned", "Mann Karl")]),
    ("ich komme aus köln", [("places", "Köln")]),
    ("ich bin in Bad Homburg geboren", [("places", "Bad Homburg")]),
    ("wir haben in Frankfurt am Main gewohnt", [("places", "Frankfurt am Main")]),
    ("ich war lehrerin", [("work", "als Lehrerin")]),
    ("ich war müde", []),
    ("ich habe bei der post gearbeitet", [("work", "bei der Post")]),
    ("wir haben immer volkslieder gesungen", [("music", "Volkslieder")]),
    ("ich esse gern pflaumenkuchen", [("food", "Pflaumenkuchen")]),
    (
        "merken sie sich bitte dass ich im mai geburtstag habe",
        [("things", "ich habe im mai geburtstag")],
    ),
    ("ich habe schlecht geschlafen", [("mood", "slept_badly")]),
    ("mir geht es nicht gut", []),
    ("ich mag mein konto", []),
]

ANSWERS: list[tuple[Kind, str, str, str | None]] = [
    ("likes", "en", "oh i like roses", "roses"),
    ("likes", "en", "well, my favourite is chocolate", "chocolate"),
    ("likes", "en", "i do not know", None),
    ("likes", "en", "no", None),
    ("likes", "en", "what did you say?", None),
    ("likes", "en", "it was such a long time ago and we had so many other things to do", None),
    ("people", "en", "my sister", "sister"),
    ("people", "en", "oh clara", "Clara"),
    ("people", "en", "my son peter", "son Peter"),
    ("places", "en", "in hamburg", "Hamburg"),
    ("work", "en", "a baker", "as a baker"),
    ("work", "en", "i was a teacher", "as a teacher"),
    ("work", "en", "this and that", None),
    ("food", "de", "ach ich esse gern pflaumenkuchen", "Pflaumenkuchen"),
    ("music", "de", "volkslieder", "Volkslieder"),
    ("work", "de", "ich war schneiderin", "als Schneiderin"),
    ("likes", "de", "weiß ich nicht", None),
    ("likes", "de", "mein sparbuch", None),
    ("likes", "fr", "les roses", None),
]


@pytest.mark.parametrize(("text", "expected"), ENGLISH)
def test_english(text: str, expected: list[tuple[str, str]]) -> None:
    assert sorted((one.kind, one.value) for one in found(text, "en")) == sorted(expected)


@pytest.mark.parametrize(("text", "expected"), GERMAN)
def test_german(text: str, expected: list[tuple[str, str]]) -> None:
    assert sorted((one.kind, one.value) for one in found(text, "de")) == sorted(expected)


@pytest.mark.parametrize(("kind", "language", "text", "expected"), ANSWERS)
def test_answers(kind: Kind, language: str, text: str, expected: str | None) -> None:
    assert from_answer(kind, text, language) == expected


def test_other_languages_are_left_alone() -> None:
    assert found("my name is anna", "fr") == ()


WORDS = st.sampled_from(
    "i like my daughter is called clara and roses the was a nurse in hamburg not pin ich mag meine "
    "tochter heißt rosen war lehrerin nicht . ? ! – it's O'Neill ½ é ﬁ 12 we sang gern".split()
)


@settings(deadline=None)
@given(
    st.lists(WORDS, max_size=30).map(" ".join) | st.text(max_size=80), st.sampled_from(LANGUAGES)
)
def test_whatever_is_said_a_value_is_short_and_said(text: str, language: str) -> None:
    values = [one for one in found(text, language) if one.kind not in ("mood", "form")]
    values += [v for k in ("likes", "work", "places") if (v := from_answer(k, text, language))]  # type: ignore[misc]
    for value in values:
        words = value if isinstance(value, str) else value.value
        assert 0 < len(words) <= LONGEST_VALUE
        assert len(words.split()) <= MOST_WORDS
        assert not any(char.isdigit() for char in words)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_relation_and_mood_can_be_said(language: str) -> None:
    file = told(language)
    for said in (*file.relations.values(), *file.moods.values()):
        assert said.say
        assert (said.du is not None) == (language == "de")
