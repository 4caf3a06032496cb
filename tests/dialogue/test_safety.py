"""Words of danger are found in all guesses, in every language, and figures of speech are not."""

import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
import yaml

from config.files import ConfigError
from config.settings import LANGUAGES
from dialogue.safety import PRECEDENCE, RULES, Evidence, Safety
from dialogue.safety.learning import MeaningError
from dialogue.safety.meaning import Meaning
from dialogue.safety.rules import Rules
from voices.hearing import Guess

RECALL = {"development": 0.97, "held_out": 0.80}
EMERGENCY_RECALL = {"development": 1.0, "held_out": 0.80}
FALSE_ALARMS = {"development": 0.03, "held_out": 0.10}
"""Bars a little below what was measured, so that a worse rule shows."""


@pytest.fixture(scope="module")
def safety() -> Safety:
    """The rules alone: what there is whatever else fails."""
    return Safety((Rules.load(RULES),))


@pytest.fixture(scope="module")
def complete() -> Safety:
    """Rules and meaning, as the robot has them."""
    try:
        return Safety((Rules.load(RULES), Meaning.load()))
    except MeaningError:
        pytest.skip("Meaning has not been learnt; run make setup.")


def utterances(language: str, part: str) -> Iterator[tuple[str, str]]:
    file = Path(__file__).parent / f"safety_{language}.yaml"
    for category, texts in yaml.safe_load(file.read_text(encoding="utf-8"))[part].items():
        yield from ((text, category) for text in texts)


def category(safety: Safety, text: str, language: str) -> str:
    verdict = safety.classify([Guess(text, 1.0)], language)
    return verdict.category if verdict else "none"


@pytest.mark.parametrize("part", ["development", "held_out"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_danger_is_found_and_controls_stay_quiet(safety: Safety, language: str, part: str) -> None:
    cases = [
        (text, want, category(safety, text, language)) for text, want in utterances(language, part)
    ]
    wrong = [case for case in cases if case[1] != case[2]]

    def share(wanted: list[tuple[str, str, str]]) -> float:
        return sum(want == got for _, want, got in wanted) / len(wanted)

    danger = [case for case in cases if case[1] != "none"]
    assert share(danger) >= RECALL[part], wrong
    emergency = [case for case in cases if case[1] == "emergency"]
    assert share(emergency) >= EMERGENCY_RECALL[part], wrong
    controls = [case for case in cases if case[1] == "none"]
    assert 1 - share(controls) <= FALSE_ALARMS[part], wrong


@pytest.mark.parametrize("language", LANGUAGES)
def test_punctuation_capitals_and_apostrophes_do_not_matter(safety: Safety, language: str) -> None:
    for text, want in utterances(language, "development"):
        if want == "emergency":
            plain = text.rstrip("!.").replace(".", " ").replace("!", " ")
            assert category(safety, plain.upper() + "!", language) == want


def test_the_gravest_category_wins_and_stop_is_kept(safety: Safety) -> None:
    verdict = safety.classify([Guess("Stop, I can't breathe", 0.9)], "en")
    assert verdict is not None
    assert (verdict.category, verdict.stop) == ("emergency", True)
    assert PRECEDENCE == (
        "emergency",
        "abuse_disclosure",
        "distress",
        "medical_question",
        "stop",
        "privacy",
        "ai_identity",
    )


@pytest.mark.parametrize(
    ("text", "want"),
    [
        ("she hit me and i cant breathe", "emergency"),
        ("im so lonely and he hits me", "abuse_disclosure"),
        ("im so lonely my knee hurts", "distress"),
        ("stop it my knee hurts", "medical_question"),
        ("stop recording forget that", "stop"),
        ("are you a robot are you recording me", "privacy"),
    ],
)
def test_precedence(safety: Safety, text: str, want: str) -> None:
    assert category(safety, text, "en") == want


def test_danger_in_a_lower_guess_is_unsure(safety: Safety) -> None:
    guesses = [Guess("tell me a joke", 0.9), Guess("i fell and broke", 0.4)]
    verdict = safety.classify(guesses, "en")
    assert verdict is not None
    assert (verdict.category, verdict.guess, verdict.unsure) == ("emergency", 1, True)
    assert verdict.ask_first


def test_danger_badly_heard_is_unsure_and_well_heard_is_not(safety: Safety) -> None:
    for confidence, unsure in ((0.2, True), (0.9, False)):
        verdict = safety.classify([Guess("i have fallen", confidence)], "en")
        assert verdict is not None
        assert (verdict.unsure, verdict.ask_first) == (unsure, unsure)


def test_a_badly_heard_question_about_the_robot_does_not_ask_for_help(safety: Safety) -> None:
    verdict = safety.classify([Guess("are you a robot", 0.2)], "en")
    assert verdict is not None
    assert not verdict.ask_first


def test_stop_in_a_lower_guess_stops(safety: Safety) -> None:
    verdict = safety.classify([Guess("top", 0.6), Guess("stop", 0.3)], "en")
    assert verdict is not None
    assert verdict.stop


def test_no_guess_is_no_danger(safety: Safety) -> None:
    assert safety.classify([], "en") is None
    assert safety.classify([Guess("", 0.0), Guess("   ...", 0.9)], "en") is None


def test_an_excuse_covers_its_own_words_only(safety: Safety) -> None:
    text = "This quiz is killing me. Help, I have fallen!"
    assert category(safety, text, "en") == "emergency"


@pytest.mark.parametrize("language", LANGUAGES)
def test_ten_thousand_characters_take_less_than_20_ms(safety: Safety, language: str) -> None:
    calm = "on sunday we went to the market and bought some bread and cheese " * 160
    guesses = [Guess(calm[:9_950] + " . help me", 0.9)]
    safety.classify(guesses, language)
    took = []
    for _ in range(5):
        began = time.perf_counter()
        safety.classify(guesses, language)
        took.append(time.perf_counter() - began)
    assert min(took) < 0.02


def test_danger_at_either_end_of_a_very_long_text_is_found(safety: Safety) -> None:
    filler = "we went to the market " * 5_000
    assert category(safety, f"i have fallen. {filler}", "en") == "emergency"
    assert category(safety, f"{filler}. i have fallen", "en") == "emergency"


def test_hostile_text_does_not_hang(safety: Safety) -> None:
    for text in ("i " * 5_000, "my chest is the pain " * 500, "\0\ud800 !" * 1_000, "." * 10_000):
        began = time.perf_counter()
        safety.classify([Guess(text, 0.9)], "en")
        assert time.perf_counter() - began < 0.5


def test_a_second_classifier_adds_to_the_rules_and_its_failure_silences_nothing(
    caplog: pytest.LogCaptureFixture,
) -> None:
    class Grey:
        def evidence(self, texts: Sequence[str], language: str) -> list[Evidence]:
            return [{"distress": 0.3} if "grey" in text else {} for text in texts]

    class Broken:
        def evidence(self, texts: Sequence[str], language: str) -> list[Evidence]:
            raise RuntimeError("no model")

    both = Safety((Broken(), Rules.load(RULES), Grey()))
    assert category(both, "all is grey", "en") == "distress"
    assert category(both, "i have fallen", "en") == "emergency"
    assert "A safety classifier failed" in caplog.text
    assert "fallen" not in caplog.text


class Certain:
    """Finds the same evidence in everything."""

    def __init__(self, evidence: Evidence) -> None:
        self._evidence = evidence

    def evidence(self, texts: Sequence[str], language: str) -> list[Evidence]:
        return [self._evidence for _ in texts]


def test_meaning_outvotes_a_rule_but_never_a_word_of_stopping() -> None:
    harmless = dict.fromkeys(PRECEDENCE, -1.0)
    doubting = Safety((Rules.load(RULES), Certain(harmless)))
    assert category(doubting, "yesterday evening i have fallen down in the garden", "en") == "none"
    assert category(doubting, "stop it", "en") == "stop"


def test_an_excuse_speaks_against_what_meaning_finds() -> None:
    both = Safety((Rules.load(RULES), Certain({"emergency": 0.25})))
    assert category(both, "the captain sinks", "en") == "emergency"
    assert category(both, "in the film the captain sinks", "en") == "none"


def test_little_evidence_is_asked_about(safety: Safety) -> None:
    for weight, asked in ((0.1, True), (0.4, False)):
        verdict = Safety((Certain({"emergency": weight}),)).classify([Guess("hm", 1.0)], "en")
        assert verdict is not None
        assert verdict.ask_first == asked


@pytest.mark.parametrize("language", ["en", "de"])
def test_rules_and_meaning_together_lose_nothing(complete: Safety, language: str) -> None:
    cases = [
        (text, want, category(complete, text, language))
        for part in ("development", "held_out")
        for text, want in utterances(language, part)
    ]
    danger = [case for case in cases if case[1] != "none"]
    assert sum(want == got for _, want, got in danger) >= 0.97 * len(danger)
    emergency = [case for case in cases if case[1] == "emergency"]
    assert all(want == got for _, want, got in emergency)
    told = ("emergency", "abuse_disclosure", "distress", "medical_question")
    controls = [got for _, want, got in cases if want == "none"]
    assert sum(got in told for got in controls) <= 0.03 * len(controls)


def test_every_language_has_rules_and_an_unknown_one_is_read_as_english(safety: Safety) -> None:
    assert {path.stem for path in RULES.glob("*.yaml")} == set(LANGUAGES)
    assert category(safety, "i have fallen", "pl") == "emergency"


def test_all_faults_of_the_rules_are_told_with_file_and_line(tmp_path: Path) -> None:
    text = (RULES / "en.yaml").read_text(encoding="utf-8")
    broken = text.replace("    - suicide\n", "    - (suicide\n    - '...'\n")
    (tmp_path / "en.yaml").write_text(broken.replace("\nprivacy:", "\nprivatcy:"), encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        Safety.load(tmp_path)
    line = broken[: broken.index("(suicide")].count("\n") + 1
    told = [str(fault) for fault in caught.value.faults]
    assert any(f"en.yaml, line {line}:" in fault for fault in told)
    assert any(f"en.yaml, line {line + 1}:" in fault for fault in told)
    assert any("privacy' is missing" in fault for fault in told)


def test_a_folder_without_rules_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="restore the folder"):
        Safety.load(tmp_path)
