"""The memory keeps, bounds, forgets and erases, and survives whatever befalls its file."""

import json
import random
import sqlite3
import stat
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dialogue.errors import StageError
from dialogue.memory.items import KINDS, LONGEST_VALUE, MOST_OF_A_KIND, OBJECTIONS
from dialogue.memory.keys import KEY_BYTES, Key
from dialogue.memory.store import SCHEMA_VERSION, Memory
from tests.fakes import FakeClock

KILLS = 25

NOTING = """
import sys
from pathlib import Path
from config.clock import SystemClock
from dialogue.memory.store import Memory
memory = Memory(Path(sys.argv[1]), SystemClock())
number = 0
while True:
    number += 1
    print(memory.note("anna", "avoid", f"topic {sys.argv[2]} {number}", "voice").id, flush=True)
"""

ERASING = """
import sys
from pathlib import Path
from config.clock import SystemClock
from dialogue.memory.store import Memory
memory = Memory(Path(sys.argv[1]), SystemClock())
print("begun", flush=True)
memory.note("anna", "refusal", "everything", "voice")
print("refused", flush=True)
memory.erase("anna", frozenset({"refusal"}))
print("erased", flush=True)
"""


def opened(folder: Path, clock: FakeClock | None = None) -> Memory:
    return Memory(folder, clock or FakeClock())


def values(memory: Memory, person: str = "anna") -> list[str]:
    return [item.value for item in memory.of(person)]


def everything_on_disk(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


def test_what_is_noted_is_there_after_a_restart_for_this_person_alone(tmp_path: Path) -> None:
    memory = opened(tmp_path)
    memory.note("anna", "likes", "  red   roses ", "voice", "en")
    memory.note("karl", "likes", "chess", "text", "de")
    (item,) = opened(tmp_path).of("anna")
    assert (item.kind, item.value, item.language) == ("likes", "red roses", "en")
    assert item.told_at == datetime(2026, 11, 23, 15, 20, tzinfo=UTC)
    assert values(opened(tmp_path), "nobody") == []


def test_nothing_readable_lies_on_disk_and_others_may_not_look(tmp_path: Path) -> None:
    folder = tmp_path / "memory"
    memory = opened(folder)
    for kind in ("likes", "people", "avoid"):
        memory.note("anna", kind, "zebrafinch", "voice")  # type: ignore[arg-type]
    raw = everything_on_disk(folder)
    assert not any(word in raw for word in (b"zebrafinch", b"anna", b"likes", b"avoid"))
    for path in folder.rglob("*"):
        allowed = 0o700 if path.is_dir() else 0o600
        if path.suffix != ".lock":
            assert stat.S_IMODE(path.stat().st_mode) == allowed, path


def test_the_same_again_takes_the_older_ones_place(tmp_path: Path) -> None:
    memory = opened(tmp_path)
    memory.note("anna", "likes", "roses", "voice")
    memory.note("anna", "likes", "tea", "voice")
    memory.note("anna", "likes", "Roses", "voice")
    memory.note("anna", "name", "Anna", "voice")
    memory.note("anna", "name", "Mrs Berger", "voice")
    assert values(memory) == ["tea", "Roses", "Mrs Berger"]


def test_the_oldest_of_a_kind_gives_way(tmp_path: Path) -> None:
    memory = opened(tmp_path)
    memory.note("anna", "food", "bread", "voice")
    for number in range(MOST_OF_A_KIND + 2):
        memory.note("anna", "likes", f"thing {number}", "voice")
    kept = values(memory)
    assert kept[:2] == ["bread", "thing 2"]
    assert len(kept) == MOST_OF_A_KIND + 1


@pytest.mark.parametrize("value", ["", "  ", "x" * (LONGEST_VALUE + 1), "a b c d e f", "a\0b"])
def test_a_value_out_of_bounds_is_refused(tmp_path: Path, value: str) -> None:
    with pytest.raises(ValueError, match="a value has"):
        opened(tmp_path).note("anna", "likes", value, "voice")


def test_a_mood_is_forgotten_by_itself(tmp_path: Path) -> None:
    monday = opened(tmp_path)
    monday.note("anna", "mood", "slept_badly", "voice")
    start = datetime(2026, 11, 23, 15, 20, tzinfo=UTC)
    assert values(opened(tmp_path, FakeClock(start + timedelta(days=1)))) == ["slept_badly"]
    later = opened(tmp_path, FakeClock(start + timedelta(days=2, seconds=1)))
    assert values(later) == []
    later.note("anna", "likes", "tea", "voice")
    rows = sqlite3.connect(tmp_path / "memory.db").execute("SELECT count(*) FROM items")
    assert rows.fetchone() == (1,)


def test_forgetting_the_last_leaves_a_no_alone(tmp_path: Path) -> None:
    memory = opened(tmp_path)
    memory.note("anna", "likes", "roses", "voice")
    memory.note("anna", "food", "soup", "voice")
    memory.note("anna", "avoid", "husband", "voice")
    gone = memory.forget_last("anna")
    assert gone is not None
    assert gone.value == "soup"
    assert values(opened(tmp_path)) == ["roses", "husband"]
    assert memory.forget("anna", lambda item: item.kind == "avoid")[0].value == "husband"
    memory.forget_last("anna")
    assert memory.forget_last("anna") is None


def test_erasing_destroys_the_key_and_so_every_backup(tmp_path: Path) -> None:
    folder = tmp_path / "memory"
    memory = opened(folder)
    memory.note("anna", "likes", "roses", "voice")
    memory.note("karl", "likes", "chess", "voice")
    memory.close()
    backup = {path: path.read_bytes() for path in folder.iterdir() if path.is_file()}
    memory = opened(folder)
    memory.erase("anna")
    memory.close()
    assert [path.name for path in (folder / "keys").iterdir()] == ["karl.key"]
    for path, content in backup.items():
        path.write_bytes(content)
    restored = opened(folder)
    assert values(restored) == []
    assert values(restored, "karl") == ["chess"]


def test_a_no_outlives_forgetting_everything(tmp_path: Path) -> None:
    memory = opened(tmp_path)
    for kind in ("likes", "people", "avoid", "refusal"):
        memory.note("anna", kind, f"about {kind}", "voice")  # type: ignore[arg-type]
    before = (tmp_path / "keys" / "anna.key").read_bytes()
    memory.erase("anna", OBJECTIONS)
    assert values(opened(tmp_path)) == ["about avoid", "about refusal"]
    assert (tmp_path / "keys" / "anna.key").read_bytes() != before
    assert list((tmp_path / "keys").iterdir()) == [tmp_path / "keys" / "anna.key"]
    rows = sqlite3.connect(tmp_path / "memory.db").execute("SELECT count(*) FROM items")
    assert rows.fetchone() == (2,)


def test_everything_can_be_exported(tmp_path: Path) -> None:
    memory = opened(tmp_path)
    memory.note("anna", "people", "Tochter Clara", "voice", "de")
    (exported,) = json.loads(json.dumps(memory.export("anna")))
    assert exported == {
        "kind": "people",
        "value": "Tochter Clara",
        "language": "de",
        "source": "voice",
        "told_at": "2026-11-23T15:20:00+00:00",
    }


def test_two_programs_at_once(tmp_path: Path) -> None:
    robot, command = opened(tmp_path), opened(tmp_path)
    robot.note("anna", "likes", "roses", "voice")
    assert values(command) == ["roses"]
    command.erase("anna")
    assert values(robot) == []
    robot.note("anna", "likes", "tea", "voice")
    assert values(command) == ["tea"]


def test_two_programs_that_write_at_once_lose_nothing(tmp_path: Path) -> None:
    writing = [child(NOTING, tmp_path, name) for name in ("a", "b")]
    first = [process.stdout.readline() for process in writing if process.stdout]
    time.sleep(0.5)
    numbers = [int(line) for line in first]
    for process in writing:
        process.kill()
        told = process.communicate()[0].splitlines(keepends=True)
        numbers += [int(line) for line in told if line.endswith("\n")]
    assert len(numbers) == len(set(numbers))
    stored = {item.id for item in opened(tmp_path).of("anna")}
    assert set(sorted(numbers)[-10:]) <= stored


def test_nothing_is_lost_when_the_program_is_killed(tmp_path: Path) -> None:
    chance = random.Random(3)
    for kill in range(KILLS):
        noting = child(NOTING, tmp_path, str(kill))
        assert noting.stdout is not None
        noting.stdout.readline()
        time.sleep(chance.uniform(0, 0.02))
        noting.kill()
        told = [int(li) for li in noting.communicate()[0].splitlines(True) if li.endswith("\n")]
        stored = {item.id for item in opened(tmp_path).of("anna")}
        assert set(told[-MOST_OF_A_KIND // 2 :]) <= stored, f"lost after {kill + 1} kills"


def test_killed_while_erasing_a_no_is_kept_and_nothing_comes_back(tmp_path: Path) -> None:
    chance = random.Random(4)
    for kill in range(KILLS):
        folder = tmp_path / str(kill)
        memory = opened(folder)
        memory.note("anna", "likes", "roses", "voice")
        memory.close()
        erasing = child(ERASING, folder, "")
        assert erasing.stdout is not None
        erasing.stdout.readline()
        time.sleep(chance.uniform(0, 0.02))
        erasing.kill()
        told = erasing.communicate()[0]
        left = values(opened(folder))
        assert "everything" in left or "refused" not in told
        assert "roses" not in left or "erased" not in told


def test_a_damaged_file_gives_way_to_the_last_whole_one(tmp_path: Path) -> None:
    memory = opened(tmp_path)
    memory.note("anna", "likes", "roses", "voice")
    memory.close()
    opened(tmp_path).close()
    path = tmp_path / "memory.db"
    path.write_bytes(b"not a database" * 1000)
    restored = opened(tmp_path)
    assert values(restored) == ["roses"]
    assert restored.restored is not None
    assert "memory.broken" in restored.restored
    assert "when it was last started" in restored.restored
    assert opened(tmp_path).restored is None


def test_a_no_survives_a_damaged_file_at_once(tmp_path: Path) -> None:
    memory = opened(tmp_path)
    memory.note("anna", "refusal", "everything", "voice")
    memory.close()
    (tmp_path / "memory.db").write_bytes(b"\0" * 5000)
    assert values(opened(tmp_path)) == ["everything"]


def test_a_damaged_file_without_a_copy_begins_anew(tmp_path: Path) -> None:
    (tmp_path / "memory.db").write_bytes(b"not a database" * 1000)
    memory = opened(tmp_path)
    assert memory.restored is not None
    assert "begins anew" in memory.restored
    memory.note("anna", "likes", "roses", "voice")
    assert values(opened(tmp_path)) == ["roses"]


def test_a_damaged_item_is_left_out(tmp_path: Path) -> None:
    memory = opened(tmp_path)
    memory.note("anna", "likes", "roses", "voice")
    memory.note("anna", "likes", "tea", "voice")
    database = sqlite3.connect(tmp_path / "memory.db")
    database.execute("UPDATE items SET sealed = zeroblob(200) WHERE id = 1")
    database.commit()
    database.close()
    assert values(memory) == ["tea"]


def test_a_damaged_key_is_one_clear_sentence_and_can_be_erased(tmp_path: Path) -> None:
    memory = opened(tmp_path)
    memory.note("anna", "likes", "roses", "voice")
    (tmp_path / "keys" / "anna.key").write_bytes(b"short")
    with pytest.raises(StageError, match="fireside memory erase anna"):
        memory.of("anna")
    memory.erase("anna")
    assert values(memory) == []


def test_a_file_of_another_release_is_left_alone(tmp_path: Path) -> None:
    opened(tmp_path).close()
    database = sqlite3.connect(tmp_path / "memory.db")
    database.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    database.close()
    with pytest.raises(StageError, match="another release"):
        opened(tmp_path)


def test_a_locked_file_is_one_clear_sentence(tmp_path: Path) -> None:
    memory = opened(tmp_path)
    other = sqlite3.connect(tmp_path / "memory.db", isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    with pytest.raises(StageError, match="nothing is remembered"):
        memory.note("anna", "likes", "roses", "voice")
    other.execute("ROLLBACK")
    other.close()
    assert values(memory) == []


def test_a_path_that_cannot_be_is_one_clear_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StageError, match="nothing is remembered"):
        opened(tmp_path / "file")


@settings(deadline=None)
@given(st.text(), st.binary(max_size=300))
def test_only_its_own_key_opens_a_seal(text: str, noise: bytes) -> None:
    text = text.encode(errors="ignore").decode().rstrip()
    key, other = Key.new(), Key.new()
    sealed = key.seal(text)
    assert key.open(sealed) == text
    assert other.open(sealed) is None
    assert key.open(noise) is None
    assert len(sealed) % 4 == 0
    assert len(key.owner) < KEY_BYTES


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.lists(
        st.tuples(st.sampled_from(KINDS), st.from_regex(r"[a-zäöü]{1,9}", fullmatch=True)),
        max_size=8,
    )
)
def test_what_was_noted_last_is_always_known(
    tmp_path_factory: pytest.TempPathFactory, notes: list[tuple[str, str]]
) -> None:
    memory = opened(tmp_path_factory.mktemp("memory"))
    for kind, value in notes:
        memory.note("anna", kind, value, "voice")  # type: ignore[arg-type]
        assert memory.of("anna")[-1].value == value
    memory.erase("anna")
    assert memory.of("anna") == ()


def child(program: str, folder: Path, name: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", program, str(folder), name],
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[3],
    )
