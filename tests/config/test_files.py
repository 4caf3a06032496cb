from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict

from config.files import LARGEST_FILE, ConfigError, read_model, read_yaml


class Pair(BaseModel):
    model_config = ConfigDict(extra="forbid")
    name: str
    count: int = 1


def written(folder: Path, text: str | bytes) -> Path:
    path = folder / "file.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def faults(path: Path, model: type[BaseModel] | None = None) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        read_model(path, model) if model else read_yaml(path)
    return [str(fault) for fault in caught.value.faults]


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("22:30", "22:30"),
        ("no", "no"),
        ("on", "on"),
        ("012", "012"),
        ("2026-11-23", "2026-11-23"),
        ("1e3", "1e3"),
        ("true", True),
        ("7", 7),
        ("0.5", 0.5),
        ("", None),
        ("'7'", "7"),
    ],
)
def test_what_was_typed_is_what_is_read(tmp_path: Path, typed: str, read: object) -> None:
    assert read_yaml(written(tmp_path, f"a: {typed}\n")) == {"a": read}


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("a: 1\na: 2\n", 2, "stands here twice"),
        ("a: &x 1\nb: 2\n", 1, "References"),
        ("a: 1\nb: !!python/object:os.system x\n", 2, "Tags"),
        ("a: [1, 2\nb: 3\n", 2, "check the indent"),
        ("a: 1\n b: 2\n", 2, "check the indent"),
        ("? [a]\n: 1\n", 1, "plain word"),
        (b"a: 1\nb: \xff\n", 2, "UTF-8"),
        ("a: \x07\n", 1, "characters"),
        ("a: " + "[" * 40 + "]" * 40, 1, "nested deeper"),
        ("a: " + "[" * 5000 + "]" * 5000, 1, "nested deeper"),
        ("x" * (LARGEST_FILE + 1), 1, "larger than"),
    ],
)
def test_a_fault_names_line_and_remedy(
    tmp_path: Path, text: str | bytes, line: int, words: str
) -> None:
    shown = faults(written(tmp_path, text))
    assert shown[0].startswith(f"file.yaml, line {line}: ")
    assert words in shown[0]


def test_a_missing_file_is_one_sentence(tmp_path: Path) -> None:
    assert "cannot be read" in faults(tmp_path / "none.yaml")[0]


def test_all_faults_of_a_file_come_at_once(tmp_path: Path) -> None:
    path = written(tmp_path, "nmae: x\ncount: many\n")
    assert faults(path, Pair) == [
        "file.yaml, line 1: 'name' is missing; add it.",
        "file.yaml, line 1: 'nmae' is not a setting; did you mean 'name'?",
        "file.yaml, line 2: 'count' is 'many': input should be a valid integer,"
        " unable to parse string as an integer.",
    ]


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(raw=st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_no_content_escapes_as_another_error(tmp_path: Path, raw: bytes) -> None:
    path = written(tmp_path, raw)
    try:
        read_model(path, Pair)
    except ConfigError as error:
        assert all(fault.line >= 1 for fault in error.faults)
