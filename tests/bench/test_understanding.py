"""`fireside bench understanding`: its figures, and our pipeline against the real Rasa."""

import json
from pathlib import Path

import pytest

from config.paths import RASA_PYTHON
from robot.bench.common import BenchError, Options
from robot.bench.own_intents import macro_f1
from robot.bench.rasa_nlu import Answer, Loaded, ask, train
from robot.bench.understanding import clinc150, hwu64, ours, run

rasa = [
    pytest.mark.rasa,
    pytest.mark.timeout(240),
    pytest.mark.skipif(
        not RASA_PYTHON.exists(), reason="Rasa's environment is not there; run make setup."
    ),
]

TAUGHT = {
    "lonely": ["i feel lonely", "i am so alone", "nobody comes to see me", "i miss company"],
    "lunch": ["when is lunch", "what is there to eat", "i am hungry", "is dinner ready"],
    "music": ["play a song", "sing for me", "i want to hear music", "put the radio on"],
}


def test_macro_f1_counts_every_wanted_intent_the_same() -> None:
    assert macro_f1(["a", "a", "b"], ["a", "a", "b"]) == 1
    assert macro_f1(["a", "a", "a", "b"], ["a", "a", "a", "a"]) == pytest.approx(3 / 7, abs=1e-4)
    assert macro_f1(["a", "b"], ["a", ""]) == 0.5


def test_our_pipeline_is_the_projects_and_can_lack_the_embedding() -> None:
    assert "meaning.MeaningClassifier" in ours()
    plain = ours(embedding=False)
    assert "LogisticRegressionClassifier" in plain and "meaning." not in plain
    assert "policies" not in ours() + plain


def test_data_of_another_form_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(BenchError, match="is not CLINC150"):
        clinc150(tmp_path, ours())
    (tmp_path / "data_full.json").write_text(json.dumps({"train": []}))
    with pytest.raises(BenchError, match="is not CLINC150"):
        clinc150(tmp_path, ours())
    (tmp_path / "fold01.train.tsv").write_text("what\twhere\na\tb\n")
    with pytest.raises(BenchError, match="is not a fold of HWU64"):
        hwu64([tmp_path / "fold01.train.tsv"], ours(), "ours", lambda what, done, total: None)


def test_a_folder_with_neither_set_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BenchError, match="neither clinc150 nor hwu64"):
        run(Options(tmp_path, 1, lambda what, done, total: None))


@pytest.fixture(scope="module")
def understood(tmp_path_factory: pytest.TempPathFactory) -> tuple[Loaded, list[Answer]]:
    folder = tmp_path_factory.mktemp("nlu")
    taught = [(text, intent) for intent, texts in TAUGHT.items() for text in texts]
    asked = ["ich fühle mich einsam", "Any food soon?", "?!", "/", "i feel lonely", "\U0001f642"]
    return ask(train(ours(), taught, folder).archive, asked)


class TestOurPipeline:
    pytestmark = rasa

    def test_words_and_a_language_it_was_never_taught(
        self, understood: tuple[Loaded, list[Answer]]
    ) -> None:
        _, answers = understood
        assert [answer.intent for answer in answers[:2]] == ["lonely", "lunch"]

    def test_what_has_no_words_is_asked_again(
        self, understood: tuple[Loaded, list[Answer]]
    ) -> None:
        _, answers = understood
        assert answers[2].refused and answers[5].refused

    def test_an_example_is_understood_with_confidence(
        self, understood: tuple[Loaded, list[Answer]]
    ) -> None:
        _, answers = understood
        assert answers[4].intent == "lonely" and not answers[4].refused
        assert answers[4].confidence > max(answers[2].confidence, 0.5)

    def test_what_loading_cost_is_known(self, understood: tuple[Loaded, list[Answer]]) -> None:
        loaded, _ = understood
        assert loaded.ready_seconds > 0 and loaded.memory_mb > 100
