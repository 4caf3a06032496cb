"""What is asked of the memory is found, and what only sounds like it is not."""

import pytest

from dialogue.memory.asked import asked, objected, others, read_files, says_no, terms

WISHES = [
    ("en", "what do you know about me", "known"),
    ("en", "have you stored anything about me", "known"),
    ("en", "forget that", "forget_last"),
    ("en", "please forget that", "forget_last"),
    ("en", "don't remember that", "forget_last"),
    ("en", "forget what i just said", "forget_last"),
    ("en", "forget everything", "erase"),
    ("en", "please forget everything you know about me", "erase"),
    ("en", "delete my data", "erase"),
    ("en", "delete me", "erase"),
    ("en", "don't remember anything I say", "refuse"),
    ("en", "stop remembering things", "refuse"),
    ("en", "don't talk about my husband", "avoid"),
    ("en", "I don't want to talk about the war", "avoid"),
    ("en", "you may talk about it again", "again"),
    ("en", "you can talk about my husband again", "again"),
    ("en", "forget my daughter", "forget_topic"),
    ("en", "forget that i like roses", "forget_topic"),
    ("en", "i forget my glasses", None),
    ("en", "never forget that", None),
    ("en", "i will never forget everything you did", None),
    ("en", "don't talk so loud", None),
    ("en", "don't talk about it", None),
    ("en", "what do you know about birds", None),
    ("de", "was wissen sie über mich", "known"),
    ("de", "was weißt du alles über mich", "known"),
    ("de", "vergessen sie das", "forget_last"),
    ("de", "vergiss das bitte", "forget_last"),
    ("de", "merken sie sich das nicht", "forget_last"),
    ("de", "vergessen sie alles", "erase"),
    ("de", "löschen sie alles über mich", "erase"),
    ("de", "merken sie sich nichts", "refuse"),
    ("de", "nicht über den krieg reden", "avoid"),
    ("de", "reden sie bitte nicht über meinen mann", "avoid"),
    ("de", "über meinen sohn will ich nicht reden", "avoid"),
    ("de", "sie dürfen wieder über meinen mann reden", "again"),
    ("de", "wir können wieder darüber reden", "again"),
    ("de", "vergessen sie dass ich rosen mag", "forget_topic"),
    ("de", "vergessen sie das nicht", None),
    ("de", "ich habe alles vergessen", None),
    ("de", "reden sie nicht so laut", None),
    ("fr", "oubliez tout", None),
]


@pytest.mark.parametrize(("language", "text", "wish"), WISHES)
def test_wishes(language: str, text: str, wish: str | None) -> None:
    found = asked(text, language)
    assert (found.wish if found else None) == wish


def test_a_topic_is_its_words_and_what_flows_call_it() -> None:
    found = objected("please don't ever talk about my late husband any more", "en")
    assert found is not None
    assert found.words == "my late husband"
    assert found.terms >= {"husband", "family"}
    assert "my" not in found.terms
    assert terms("Den Krieg", "de") == {"krieg", "old days"}
    assert terms("family", "en") == {"family"}


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        ("en", "we are alone", "alone"),
        ("en", "nobody else is here", "alone"),
        ("en", "my daughter is here", "company"),
        ("en", "i am not alone", "company"),
        ("en", "my daughter is a teacher", None),
        ("de", "wir sind allein", "alone"),
        ("de", "ich bin nicht allein", "company"),
        ("de", "ich habe besuch", "company"),
        ("de", "meine tochter ist lehrerin", None),
        ("it", "siamo soli", None),
    ],
)
def test_others(language: str, text: str, expected: str | None) -> None:
    assert others(text, language) == expected


def test_a_no_is_heard_beside_a_yes() -> None:
    assert says_no("yes no i mean no", "en")
    assert says_no("ja nein lieber nicht", "de")
    assert not says_no("yes please", "en")


def test_every_file_can_be_read() -> None:
    read_files()
