"""The phrasebook fills in, rotates, falls back, and tells every fault of its files."""

import random
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path

import pytest

from config.files import ConfigError
from config.settings import LANGUAGES, Resident
from dialogue.person import Person
from dialogue.phrasebook import KEYS, PHRASES, SAFE_KEY, Phrasebook, read_core
from dialogue.replies import Cue
from dialogue.rotation import IN_MEMORY, Rotation
from tests.fakes import FakeClock

VALUES: Mapping[str, str] = {"name": "Rosa", "robot": "Juno", "time": "noon", "day": "Monday"}


def rotation(seed: int = 7) -> Rotation:
    return Rotation(IN_MEMORY, FakeClock(), random.Random(seed), days=7)


@pytest.fixture
def book() -> Phrasebook:
    return Phrasebook.load(PHRASES, rotation())


def somebody(key: str = "rosa", language: str = "en") -> Person:
    return Person.of(key, Resident(name="Rosa"), language)


def said(book: Phrasebook, key: str, person: str = "rosa", language: str = "en") -> str:
    return " ".join(phrase.text for phrase in book.phrases(key, somebody(person, language), VALUES))


def test_every_language_and_key_can_be_said(book: Phrasebook) -> None:
    assert book.languages == set(LANGUAGES)
    for language in LANGUAGES:
        for key in KEYS:
            text = said(book, key, language=language)
            assert text
            assert "{" not in text


@pytest.mark.parametrize("key", ["joke", "greet", "small_talk", "stop_assent"])
def test_nothing_is_repeated_until_all_was_said(book: Phrasebook, key: str) -> None:
    count = len(book.variants(key, "en"))
    for _ in range(3):
        assert len({said(book, key) for _ in range(count)}) == count


def test_the_same_is_never_said_twice_in_a_row(book: Phrasebook) -> None:
    heard = [said(book, "story") for _ in range(60)]
    assert all(one != next_ for one, next_ in pairwise(heard))


def test_each_person_has_their_own_rotation(book: Phrasebook) -> None:
    count = len(book.variants("joke", "en"))
    for _ in range(count // 2):
        said(book, "joke", "bert")
    assert len({said(book, "joke", "rosa") for _ in range(count)}) == count


def test_the_order_follows_the_seed() -> None:
    def order(seed: int) -> list[str]:
        book = Phrasebook.load(PHRASES, rotation(seed))
        return [said(book, "joke") for _ in range(10)]

    assert order(1) == order(1)
    assert order(1) != order(2)


def test_without_a_name_only_variants_without_one_are_said(book: Phrasebook) -> None:
    for _ in range(20):
        for phrase in book.phrases("greet", somebody("nobody"), {"name": ""}):
            assert "{name}" not in phrase.text
    assert any("Rosa" in said(book, "greet") for _ in range(10))


@pytest.mark.parametrize(("key", "values"), [("no_such_key", VALUES), ("time", {})])
def test_what_cannot_be_said_becomes_something_safe(
    book: Phrasebook, caplog: pytest.LogCaptureFixture, key: str, values: Mapping[str, str]
) -> None:
    phrases = book.phrases(key, somebody(), values)
    assert phrases in [variant.phrases for variant in book.variants(SAFE_KEY, "en")]
    assert f"cannot say '{key}'" in caplog.text
    assert "Rosa" not in caplog.text


def test_an_unknown_language_is_answered_in_english(
    book: Phrasebook, caplog: pytest.LogCaptureFixture
) -> None:
    english = [variant.phrases[0].text for variant in book.variants("stop_assent", "en")]
    assert said(book, "stop_assent", language="pl") in english
    assert "no language 'pl'" in caplog.text


def test_a_cue_belongs_to_its_sentence(book: Phrasebook) -> None:
    phrase = book.phrases("need_help_question", somebody(), VALUES)[0]
    assert Cue("express", "concern") in phrase.cues
    first, *rest = book.phrases("goodbye", somebody(), VALUES)
    assert first.cues
    assert all(not phrase.cues for phrase in rest)


def with_change(folder: Path, old: str, new: str) -> list[str]:
    text = (PHRASES / "en.yaml").read_text(encoding="utf-8")
    assert old in text
    (folder / "en.yaml").write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        read_core(folder)
    return [str(fault) for fault in caught.value.faults]


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('- "It is {time}."', '- "It is late."', "it lacks {time}"),
        ('- "It is {time}."', '- "It is {tyme}."', "{tyme} is not known; use one of"),
        ('  - "Okay."', '  - "Okay"', "does not end with"),
        ("{express: smile}", "{express: grin}", "'grin' is nothing to express; use one of"),
        ("{express: smile}", "{dance: tango}", "'dance' is not a cue; use one of"),
        ("{express: smile}", "smile", "the cue is not a pair"),
        ('- "Okay."', '- "Okay."\n  - "Okay."', "stands here twice"),
        ('- "Okay."', "- 12", "not a sentence"),
        ("stop_assent:\n", "stop_asent:\n", "did you mean 'stop_assent'"),
        ("stop_assent:\n", "stop_asent:\n", "'stop_assent' is missing"),
        ('- "Yes?"', '- "Yes? What is it?"', "it asks 2 questions"),
        ('- "Yes?"\n  - "Yes, please?"', '- "Yes {name}?"', "add one without {name}"),
        ('- "Okay."', '- "I am so happy to stop now."', "the robot must not say"),
        ('- "Okay."', '- "Okay (at 5)."', "the voice cannot read '('"),
        ('- "Okay."', '- "Okay, I ask Dr. Who."', "is an abbreviation"),
        ('- "Okay."', f'- "{"well " * 13}then."', "14 words, 12 are the most"),
        ("name_called:\n", 'stop_assent:\n  - "Yes."\nname_called:\n', "stands here twice"),
    ],
)
def test_a_fault_is_told_with_file_line_and_remedy(
    tmp_path: Path, old: str, new: str, told: str
) -> None:
    faults = with_change(tmp_path, old, new)
    assert any(told in fault for fault in faults), faults
    assert all(fault.startswith("en.yaml, line ") for fault in faults)


def test_all_faults_are_told_at_once_with_their_lines(tmp_path: Path) -> None:
    text = (PHRASES / "en.yaml").read_text(encoding="utf-8")
    broken = text.replace('"Okay."', '"Okay"').replace('- "It is {time}."', '- "It is late."')
    (tmp_path / "en.yaml").write_text(broken, encoding="utf-8")
    (tmp_path / "de.yaml").write_text("greet: [", encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        read_core(tmp_path)
    places = {(fault.file, fault.line) for fault in caught.value.faults}
    assert ("en.yaml", broken[: broken.index('"Okay"')].count("\n") + 1) in places
    assert ("en.yaml", broken[: broken.index('"It is late."')].count("\n") + 1) in places
    assert any(file == "de.yaml" for file, _ in places)


def test_a_missing_book_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="restore it"):
        read_core(tmp_path)
