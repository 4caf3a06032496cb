"""Flows: what follows what, and every fault told with file and line."""

import shutil
from pathlib import Path

import pytest

from config.files import ConfigError
from dialogue.flow_files import FULL
from dialogue.flows import FALLBACK, FLOWS, Flows
from dialogue.phrasebook import KEYS

BAKING = """
about: Baking.
begins: [talk_baking]
named: {en: baking, de: das Backen}
offer: true
topics: [food]
steps:
  baking: {any: baking_more, no: baking_end, on: {ask_time: baking_end}}
  baking_more: {say: [warm_response, baking_more], any: baking_end}
  baking_end: {}
words:
  baking:
    en: ["What was baked at home?", "Which cake is best?"]
    de: ["Was wurde gebacken?", "Welcher Kuchen ist der beste?"]
  baking_more:
    en: ["Who baked it?", "What did it smell of?"]
    de: ["Wer hat gebacken?", "Wonach roch es?"]
  baking_end:
    en: ["Good cake is good cake.", "That sounds tasty."]
    de: ["Kuchen bleibt Kuchen.", "Das klingt lecker."]
simpler:
  baking: {en: ["Is cake good?"], de: ["Ist Kuchen gut?"]}
  baking_more: {en: ["Was it good?"], de: ["War er gut?"]}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    shutil.copy(FLOWS / "core.yaml", tmp_path)
    (tmp_path / "baking.yaml").write_text(BAKING, encoding="utf-8")
    shutil.copy(FLOWS / "finding_back.yaml", tmp_path)
    return tmp_path


@pytest.fixture
def flows(folder: Path) -> Flows:
    return Flows.load(folder, KEYS)


@pytest.mark.parametrize(
    ("after", "intent", "step"),
    [
        (None, "talk_baking", "baking"),
        ("baking", "talk_baking", "baking_more"),
        ("baking", "affirm", "baking_more"),
        ("baking", "deny", "baking_end"),
        ("baking", "small_talk", "baking_more"),
        ("baking", FALLBACK, "baking_more"),
        ("baking", "ask_time", "baking_end"),
        ("baking_more", "ask_time", "time"),
        ("baking_more", "tell_joke", "joke"),
        ("baking_end", FALLBACK, "low_understanding"),
        ("joke", "affirm", "joke"),
        ("joke", "deny", "deny_answer"),
        ("no_such_step", "greet", "greet"),
        (None, "no_such_intent", "low_understanding"),
    ],
)
def test_what_follows(flows: Flows, after: str | None, intent: str, step: str) -> None:
    assert flows.next(after, intent, "en") == step


def test_a_wish_for_a_subject_is_no_answer(flows: Flows) -> None:
    assert flows.wishes("let's talk about cake", "en")
    assert not flows.wishes("we had cake on sundays", "en")
    assert flows.wishes("reden wir über kuchen", "de")
    assert not flows.wishes("sonntags gab es kuchen", "de")
    assert flows.next("accept", "talk_baking", "en") == "warm_response"
    assert flows.next("accept", "talk_baking", "en", wish=True) == "baking"


def test_other_languages_have_the_core(flows: Flows) -> None:
    assert "talk_baking" not in flows.intents("fr")
    assert flows.next(None, "talk_baking", "fr") == "small_talk"
    assert flows.next(None, "nothing_we_know", "fr") == "low_understanding"
    assert flows.speakable("baking", "small_talk", "fr") == "small_talk"
    assert flows.speakable("baking", "small_talk", "de") == "baking"
    assert flows.named("talk_baking", "de") == "das Backen"
    assert flows.named("talk_baking", "fr") is None


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("any: baking_more", "any: baking_moor", "leads to 'baking_moor', which is no step"),
        ("[warm_response, baking_more]", "[warm_resonse]", "says 'warm_resonse', which has no"),
        ("[warm_response, baking_more]", "[items.ask]", "there are no such items"),
        ('  baking_more: {en: ["Was it good?"], de: ["War er gut?"]}\n', "", "add an easier"),
        ('"Which cake is best?"', '"Which one of all the cakes in the world is best?"', "eight"),
        ('"Wer hat gebacken?"', '"Haben Sie gebacken?"', "add 'du'"),
        ("baking_end: {}", "baking_end: {}\n  joke: {}", "also a step of core.yaml"),
        ("baking_end: {}", "baking_end: {do: dance}", "baking_end"),
        ("offer: true", "ofer: true", "did you mean 'offer'"),
        ("simpler:\n", 'simpler:\n  cake: {en: ["Is it?"], de: ["Ist es?"]}\n', "is no step"),
        ("begins: [talk_baking]", "begins: {talk_baking: cake}", "which is no step here"),
    ],
)
def test_a_fault_is_told_with_file_and_line(folder: Path, old: str, new: str, told: str) -> None:
    assert old in BAKING
    (folder / "baking.yaml").write_text(BAKING.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        Flows.load(folder, KEYS)
    faults = [str(fault) for fault in caught.value.faults]
    assert any(told in fault for fault in faults), faults
    assert all(".yaml, line " in fault for fault in faults)


def test_the_robot_goes_on_without_a_faulty_file_and_what_leads_there(folder: Path) -> None:
    (folder / "cake.yaml").write_text(BAKING.replace("baking", "cake"), encoding="utf-8")
    text = (folder / "cake.yaml").read_text(encoding="utf-8")
    leading = text.replace("any: cake_end}", "any: baking_end}")
    (folder / "cake.yaml").write_text(leading, encoding="utf-8")
    (folder / "baking.yaml").write_text(BAKING.replace("offer:", "ofer:"), encoding="utf-8")
    told: list[str] = []
    flows = Flows.load(folder, KEYS, lambda fault: told.append(str(fault)))
    assert set(flows.all) == {"core", "finding_back"}
    assert any("baking.yaml, line" in fault for fault in told)
    assert any("cake.yaml, line" in fault and "no step" in fault for fault in told)
    (folder / "core.yaml").write_text("about: 7", encoding="utf-8")
    with pytest.raises(ConfigError):
        Flows.load(folder, KEYS, lambda fault: None)


def test_without_a_core_nothing_is_loaded(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="restore it"):
        Flows.load(tmp_path, KEYS)


def test_there_is_enough_to_talk_about() -> None:
    flows = Flows.load(core_keys=KEYS)
    assert len(flows.begins) >= 60
    assert len([flow for flow in flows.all.values() if flow.begins]) >= 40
    assert len(flows.offers(gentle=False)) >= 20
    assert len(flows.offers(gentle=True)) >= 4
    for language in FULL:
        assert all(flows.named(i, language) for i in flows.begins if i.startswith("talk_"))


def test_every_step_is_reached_and_every_question_leads_on() -> None:
    flows = Flows.load(core_keys=KEYS)
    reached = {*flows.begins.values()}
    for step in flows.steps.values():
        reached |= step.leads_to
        if isinstance(step.choose, tuple):
            reached |= set(step.choose)
    for name, flow in flows.all.items():
        if flow.begins and name != "core":  # the others are spoken by the corridor itself
            assert set(flow.steps) <= reached, name
