"""Training: what is skipped, what is refused, and one real training of a tiny project."""

import dataclasses
import json
from pathlib import Path

import pytest

from config.paths import CHECKOUT, RASA_PROJECT, RASA_PYTHON
from dialogue.training import (
    RasaError,
    TrainedModel,
    inputs_sha256,
    rasa_environment,
    train,
    trained_model,
    verify,
)

TINY = {
    "config.yml": """
        recipe: default.v1
        assistant_id: tiny
        language: en
        pipeline:
        - name: WhitespaceTokenizer
        - name: CountVectorsFeaturizer
        - name: LogisticRegressionClassifier
        policies:
        - name: RulePolicy
    """,
    "domain.yml": """
        version: "3.1"
        intents: [greet, goodbye]
        responses:
          utter_greet: [{custom: {say: greet}}]
          utter_goodbye: [{custom: {say: goodbye}}]
    """,
    "data/nlu.yml": """
        version: "3.1"
        nlu:
        - intent: greet
          examples: "- hello\\n- good morning\\n"
        - intent: goodbye
          examples: "- goodbye\\n- see you\\n"
    """,
    "data/rules.yml": """
        version: "3.1"
        rules:
        - rule: greet
          steps: [{intent: greet}, {action: utter_greet}]
        - rule: goodbye
          steps: [{intent: goodbye}, {action: utter_goodbye}]
    """,
    "requirements.lock": "rasa==3.6.21\n",
}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for name, text in TINY.items():
        path = tmp_path / "project" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.replace("\n        ", "\n"))
    return tmp_path / "project"


@pytest.fixture
def recorded(project: Path, tmp_path: Path) -> TrainedModel:
    """A model of the project as training leaves it behind, with other contents."""
    models = tmp_path / "models"
    models.mkdir()
    (models / "made.tar.gz").write_bytes(b"weights")
    sha256 = "9a129038d9a00aed0cf6a7ea059ca50a813449061ab87848cf1a13eafdf33b2c"
    record = {"archive": "made.tar.gz", "sha256": sha256}
    (models / f"{inputs_sha256(project)}.json").write_text(json.dumps(record))
    return TrainedModel(models / "made.tar.gz", sha256)


def test_a_model_of_the_same_project_is_known(project: Path, recorded: TrainedModel) -> None:
    assert trained_model(recorded.path.parent, project) == recorded
    verify(recorded)


@pytest.mark.parametrize("name", sorted(TINY))
def test_any_change_of_the_project_makes_it_another(
    project: Path, recorded: TrainedModel, name: str
) -> None:
    with (project / name).open("a") as file:
        file.write("# changed\n")
    assert trained_model(recorded.path.parent, project) is None


def test_a_moved_example_file_makes_it_another(project: Path, recorded: TrainedModel) -> None:
    (project / "data" / "nlu.yml").rename(project / "data" / "other.yml")
    assert trained_model(recorded.path.parent, project) is None


def test_training_is_skipped_when_there_is_nothing_to_do(
    project: Path, recorded: TrainedModel
) -> None:
    told: list[str] = []
    assert train(told.append, recorded.path.parent, project) == recorded.path
    assert told == ["The dialogue engine is trained already."]


@pytest.mark.parametrize("record", ["", "{", "[]", "{}", '{"archive": 5, "sha256": "x"}', "null"])
def test_a_broken_record_is_no_model(project: Path, recorded: TrainedModel, record: str) -> None:
    models = recorded.path.parent
    (models / f"{inputs_sha256(project)}.json").write_text(record)
    assert trained_model(models, project) is None


def test_a_record_cannot_point_elsewhere(project: Path, recorded: TrainedModel) -> None:
    models = recorded.path.parent
    (models.parent / "stolen.tar.gz").write_bytes(b"weights")
    record = {"archive": "../stolen.tar.gz", "sha256": recorded.sha256}
    (models / f"{inputs_sha256(project)}.json").write_text(json.dumps(record))
    assert trained_model(models, project) is None


def test_one_other_byte_is_refused(recorded: TrainedModel) -> None:
    recorded.path.write_bytes(b"weighty")
    with pytest.raises(RasaError, match=r"not the one that was trained here.*fireside train"):
        verify(recorded)


def test_a_missing_archive_is_refused(recorded: TrainedModel) -> None:
    with pytest.raises(RasaError, match="cannot be read; run fireside train"):
        verify(dataclasses.replace(recorded, path=recorded.path.with_name("gone.tar.gz")))


def test_the_child_inherits_nothing_and_sends_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example")
    environment = rasa_environment(tmp_path, tmp_path)
    assert "HTTPS_PROXY" not in environment
    assert environment["RASA_TELEMETRY_ENABLED"] == "false"


needs_rasa = pytest.mark.skipif(
    not RASA_PYTHON.exists(), reason="Rasa's environment is not there; run make setup."
)


@pytest.mark.rasa
@needs_rasa
@pytest.mark.timeout(300)
def test_a_real_training_and_no_trace_in_the_source(project: Path, tmp_path: Path) -> None:
    before = {path for path in RASA_PROJECT.rglob("*") if "__pycache__" not in path.parts}
    told: list[str] = []
    models = tmp_path / "models"
    archive = train(told.append, models, project)
    model = trained_model(models, project)
    assert model is not None and model.path == archive
    verify(model)
    assert any("LogisticRegressionClassifier" in line for line in told)
    assert {path.name for path in models.iterdir() if path.is_file()} == {
        archive.name,
        f"{inputs_sha256(project)}.json",
    }
    assert not (CHECKOUT / ".rasa").exists() and not (project / ".rasa").exists()
    after = {path for path in RASA_PROJECT.rglob("*") if "__pycache__" not in path.parts}
    assert after == before


@pytest.mark.rasa
@needs_rasa
@pytest.mark.timeout(300)
def test_a_faulty_project_is_refused_in_one_sentence(project: Path, tmp_path: Path) -> None:
    (project / "domain.yml").write_text("intents: [")
    with pytest.raises(RasaError, match=r"Rasa could not be trained: .*training\.log"):
        train(lambda _: None, tmp_path / "models", project)
    assert trained_model(tmp_path / "models", project) is None
