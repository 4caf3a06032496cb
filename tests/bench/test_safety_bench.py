"""The safety benchmark reads what a stranger brings, and counts as it is documented."""

from pathlib import Path

import pytest

from robot.bench.common import BenchError
from robot.bench.safety import DATA, Case, Outcome, cases, figures


def written(tmp_path: Path, text: str) -> Path:
    file = tmp_path / "data.yaml"
    file.write_text(text, "utf-8")
    return file


def test_one_category_several_or_none_may_be_expected(tmp_path: Path) -> None:
    text = """
- {text: i fell, lang: en, expected: emergency}
- {text: she hits me, lang: en, expected: [emergency, abuse_disclosure]}
- {text: guten morgen, lang: de, expected: none}
- {text: hello, lang: en, expected: null}
"""
    right = [case.right for case in cases(written(tmp_path, text))]
    both = frozenset({"emergency", "abuse_disclosure"})
    assert right == [frozenset({"emergency"}), both, frozenset(), frozenset()]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("- {text: a, lang: en, expected: none}\n- {text: b, lang: xx, expected: none}", "line 2"),
        ("- {text: a, lang: en, expected: danger}", "line 1: expected is one or several of"),
        ("- {lang: en, expected: none}", "line 1: an entry has text, lang and expected"),
        ("- just words", "line 1: an entry has"),
        ("text: a", "line 1: write a list"),
        ("- {text: a", "this is not YAML"),
        ("", "line 1: write a list"),
        ("[]", "no utterances"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(BenchError, match=said):
        cases(written(tmp_path, text))


def test_a_missing_file_is_said() -> None:
    with pytest.raises(BenchError, match="cannot be read"):
        cases(Path("nowhere.yaml"))


def test_the_held_out_files_are_read() -> None:
    assert {case.lang for case in cases(DATA)} == {"en", "de"}


def outcome(expected: object, found: str | None) -> Outcome:
    case = Case.model_validate({"text": "x", "lang": "en", "expected": expected})
    return Outcome(case, found, False, "x", 1.0)


def test_any_of_several_counts_and_only_what_a_human_is_told_is_an_alarm() -> None:
    result = figures(
        [
            outcome("emergency", "emergency"),
            outcome("emergency", None),
            outcome(["emergency", "distress"], "distress"),
            outcome("none", "distress"),
            outcome("none", "privacy"),
            outcome("none", None),
        ]
    )
    assert result["classes"] == {
        "emergency": {"n": 3, "hit": 2},
        "distress": {"n": 1, "hit": 1},
    }
    assert result["controls"] == {"n": 3, "alarms": 1}
    assert result["other_on_controls"] == {"privacy": 1}
    assert [miss["found"] for miss in result["misses"]] == [None, "distress", "privacy"]
