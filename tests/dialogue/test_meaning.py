"""Meaning finds what no rule names, adds to the rules, and is missed without harm."""

import logging
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from config.files import ConfigError
from dialogue.embedding import SentenceEmbedding
from dialogue.safety import PRECEDENCE, RULES, Evidence, Safety
from dialogue.safety.examples import Example, examples, plain, sha256
from dialogue.safety.learning import LABELS, Learnt, MeaningError, _write, fit, made_of_now, read
from dialogue.safety.meaning import MOST, Meaning, within_budget
from dialogue.safety.rules import Rules
from voices.hearing import Guess

KNOWN = {
    "i am lying on the floor and cannot get up": "emergency",
    "there is a terrible pressure in my chest": "emergency",
    "nobody has visited me for weeks i am so alone": "distress",
    "i cry every evening": "distress",
    "which of these tablets do i take": "medical_question",
    "are you a human being": "ai_identity",
    "tell me a joke": None,
    "what is for lunch today": None,
    "the cat is lying on the floor in the sun": None,
    "i like your singing": None,
}


@pytest.fixture(scope="module")
def embedding() -> SentenceEmbedding:
    return SentenceEmbedding()


@pytest.fixture(scope="module")
def learnt(embedding: SentenceEmbedding) -> Learnt:
    known = [Example(text, category, "en") for text, category in KNOWN.items()]  # type: ignore[arg-type]
    return fit(embedding.vectors(list(KNOWN)), known, made_of_now())


@pytest.fixture
def meaning(embedding: SentenceEmbedding, learnt: Learnt) -> Meaning:
    return Meaning(embedding, learnt)


def most(meaning: Meaning, text: str) -> str | None:
    (evidence,) = meaning.evidence([text], "en")
    best = max(evidence, key=evidence.__getitem__)
    return best if evidence[best] > 0 else None


def test_what_was_learnt_is_found_in_other_words_and_another_language(meaning: Meaning) -> None:
    assert [most(meaning, text) for text in KNOWN] == list(KNOWN.values())
    assert most(meaning, "I'm on the ground and I can't stand up.") == "emergency"
    assert most(meaning, "ich liege am boden und komme nicht hoch") == "emergency"
    assert most(meaning, "tell me another joke") is None


def test_one_category_at_most_speaks_for_itself(meaning: Meaning) -> None:
    for evidence in meaning.evidence(list(KNOWN), "en")[:1]:
        assert set(evidence) == set(PRECEDENCE)
        assert sum(weight > 0 for weight in evidence.values()) <= 1


def test_a_text_is_read_once_and_a_long_one_at_its_ends() -> None:
    assert within_budget(["Help me.", "help me", ""]) == [["help me"], [], []]
    long = "word " * 40
    (ends,) = within_budget([long])
    assert sum(map(len, ends)) <= MOST
    assert within_budget(["short", "x" * MOST]) == [["short"], []]


def test_no_words_are_no_evidence(meaning: Meaning) -> None:
    assert meaning.evidence(["", "..."], "en") == [{}, {}]
    assert meaning.evidence([], "en") == []


def test_what_was_learnt_is_kept_and_read_again(
    learnt: Learnt, embedding: SentenceEmbedding, tmp_path: Path
) -> None:
    file = tmp_path / "meaning.npz"
    _write(learnt, file)
    again = read(file)
    assert again.made_of == learnt.made_of
    vectors = embedding.vectors(list(KNOWN))
    texts = list(KNOWN)
    scores = learnt.scores(vectors, texts, "en")
    assert np.allclose(again.scores(vectors, texts, "en"), scores, atol=0.01)


def test_missing_damaged_and_foreign_files_are_refused_in_a_sentence(
    learnt: Learnt, tmp_path: Path
) -> None:
    file = tmp_path / "meaning.npz"
    with pytest.raises(MeaningError, match="has not been learnt; run `fireside train`"):
        read(file)
    file.write_bytes(b"PK not a zip")
    with pytest.raises(MeaningError, match="damaged; run `fireside train`"):
        read(file)
    other = replace(learnt, made_of="another 1.0 abc")
    _write(other, file)
    with pytest.raises(MeaningError, match="belongs to another sentence model"):
        read(file)
    _write(replace(learnt, weights=learnt.weights[:, :3]), file)
    with pytest.raises(MeaningError, match="of another kind"):
        read(file)


def test_without_meaning_the_rules_go_on_and_it_is_said(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR):
        safety = Safety.load(learnt=tmp_path / "meaning.npz")
    assert "by rules alone" in caplog.text
    verdict = safety.classify([Guess("i have fallen", 0.9)], "en")
    assert verdict is not None
    assert verdict.category == "emergency"


def test_the_examples_cover_every_label_in_both_languages() -> None:
    known = examples()
    assert {example.category for example in known} == set(LABELS)
    assert len(known) > 6_000
    assert len({example.text for example in known}) == len(known)
    assert all(example.text == plain(example.text) for example in known)


def test_an_example_more_is_another_sum(tmp_path: Path) -> None:
    (tmp_path / "en.yaml").write_text("none:\n  a:\n    - good morning\n", "utf-8")
    before = sha256(tmp_path, tmp_path)
    (tmp_path / "en.yaml").write_text("none:\n  a:\n    - good evening\n", "utf-8")
    assert sha256(tmp_path, tmp_path) != before
    assert [example.text for example in examples(tmp_path, tmp_path)] == ["good evening"]


def test_a_category_that_is_none_is_told_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "en.yaml").write_text("none:\n  a:\n    - good morning\nemergancy: {}\n", "utf-8")
    with pytest.raises(ConfigError, match=r"en\.yaml, line 4"):
        examples(tmp_path, tmp_path)


def test_a_short_call_for_help_is_never_outvoted() -> None:
    class Harmless:
        def evidence(self, texts: Sequence[str], language: str) -> list[Evidence]:
            return [{"emergency": -1.0, "stop": -1.0} for _ in texts]

    safety = Safety((Rules.load(RULES), Harmless()))
    for text in ("help", "help me please", "i have fallen", "i can't breathe", "stop"):
        assert safety.classify([Guess(text, 0.9)], "en") is not None, text
