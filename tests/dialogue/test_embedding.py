"""The sentence embedding: what it says is alike, what it keeps, and what it refuses."""

import threading
from pathlib import Path

import numpy as np
import pytest

from dialogue.embedding import (
    DIMENSION,
    EmbeddingError,
    SentenceEmbedding,
    Vectors,
    engine_and_model,
)


@pytest.fixture(scope="module")
def sentences() -> SentenceEmbedding:
    return SentenceEmbedding()


def test_meaning_is_nearer_than_words_and_crosses_languages(sentences: SentenceEmbedding) -> None:
    lonely, alone, einsam, dinner = sentences.vectors(
        ["i feel lonely", "nobody ever visits me", "ich fühle mich einsam", "what is for dinner"]
    )
    assert lonely @ einsam > lonely @ dinner
    assert lonely @ alone > lonely @ dinner


def test_vectors_have_length_one_and_do_not_depend_on_company(sentences: SentenceEmbedding) -> None:
    texts = ["good morning", "sing me a song", "good morning"]
    rows = sentences.vectors(texts)
    assert rows.shape == (3, DIMENSION) and rows.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1, rtol=1e-5)
    np.testing.assert_allclose(rows[1], sentences.vector(texts[1]), atol=1e-6)
    assert sentences.vectors([]).shape == (0, DIMENSION)


@pytest.mark.parametrize("text", ["", "\0", "a\0b", "\ud800", "word " * 10_000, "🙂" * 3_000])
def test_any_text_has_a_vector(sentences: SentenceEmbedding, text: str) -> None:
    assert np.isfinite(sentences.vector(text)).all()


class Counted(SentenceEmbedding):
    """Keeps what the engine really had to read."""

    def __init__(self, cache: Path) -> None:
        super().__init__(cache)
        self.read: list[str] = []

    def _embed(self, texts: list[str]) -> Vectors:
        self.read += texts
        return super()._embed(texts)


def test_a_second_training_embeds_only_what_is_new(tmp_path: Path) -> None:
    first, second = Counted(tmp_path / "vectors"), Counted(tmp_path / "vectors")
    made = first.vectors(["one", "two", "one"])
    again = second.vectors(["two", "three", "one"])
    assert (first.read, second.read) == (["one", "two"], ["three"])
    np.testing.assert_array_equal(again[0], made[1])
    np.testing.assert_array_equal(again[2], made[0])


def test_several_threads_get_their_own_vectors(sentences: SentenceEmbedding) -> None:
    texts = [f"sentence number {number}" for number in range(8)]
    alone = [sentences.vector(text) for text in texts]
    found: dict[int, Vectors] = {}

    def ask(number: int) -> None:
        found[number] = sentences.vector(texts[number])

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for number, vector in enumerate(alone):
        np.testing.assert_array_equal(found[number], vector)


def test_a_missing_package_is_one_sentence() -> None:
    with pytest.raises(EmbeddingError, match=r"not installed; run make setup\.$"):
        engine_and_model("no_such_package")


@pytest.mark.parametrize(
    ("there", "lacks"), [((), "its engine"), (("_engine.so",), r"e5-small-q4\.bin")]
)
def test_half_a_package_is_one_sentence(
    there: tuple[str, ...], lacks: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "half_a_package"
    folder.mkdir()
    for name in ("__init__.py", *there):
        (folder / name).touch()
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(EmbeddingError, match=rf"lacks {lacks}; run make setup\.$"):
        engine_and_model("half_a_package")
