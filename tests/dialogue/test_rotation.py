"""What was told is not told again too soon, over restarts, and is forgotten with the person."""

import itertools
import random
import sqlite3
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialogue.rotation import IN_MEMORY, Exhausted, Rotation
from tests.fakes import FakeClock

JOKES = [f"joke {number}" for number in range(5)]


def rotation(path: Path, clock: FakeClock | None = None, days: int = 7) -> Rotation:
    return Rotation(path, clock or FakeClock(), random.Random(3), days)


def test_all_are_told_before_any_comes_again() -> None:
    told = rotation(IN_MEMORY)
    for _ in range(4):
        assert sorted(told.next("rosa", "joke", JOKES) for _ in JOKES) == JOKES


def test_what_is_told_once_is_not_told_again_within_the_days(tmp_path: Path) -> None:
    path = tmp_path / "told.db"
    told = rotation(path)
    first = {told.next("rosa", "joke", JOKES, once=True) for _ in JOKES}
    assert first == set(JOKES)
    with pytest.raises(Exhausted):
        told.next("rosa", "joke", JOKES, once=True)
    told.close()
    for days, exhausted in ((6, True), (8, False)):
        later = FakeClock(datetime(2026, 11, 23 + days, 15, 20, tzinfo=UTC)) if days < 8 else None
        later = later or FakeClock(datetime(2026, 12, 1, 16, 0, tzinfo=UTC))
        again = rotation(path, later)
        if exhausted:
            with pytest.raises(Exhausted):
                again.next("rosa", "joke", JOKES, once=True)
        else:
            assert again.next("rosa", "joke", JOKES, once=True) in JOKES
        again.close()


def test_a_new_one_does_not_come_again_and_again() -> None:
    told = rotation(IN_MEMORY)
    for _ in range(20):
        told.next("rosa", "joke", JOKES)
    after = [told.next("rosa", "joke", [*JOKES, "new"]) for _ in range(6)]
    assert after.count("new") <= 2


def test_persons_and_keys_are_apart_and_a_person_is_forgotten() -> None:
    told = rotation(IN_MEMORY)
    told.next("rosa", "joke", JOKES)
    assert told.latest("bert", "joke") is None and told.latest("rosa", "story") is None
    told.forget("rosa")
    assert told.latest("rosa", "joke") is None


def test_no_words_are_kept(tmp_path: Path) -> None:
    told = rotation(tmp_path / "told.db")
    told.next("rosa", "joke", ["4f2a"])
    told.close()
    rows = sqlite3.connect(tmp_path / "told.db").execute("SELECT * FROM told").fetchall()
    assert rows == [("rosa", "joke", "4f2a", 1, 1, "2026-11-23T15:20:00+00:00")]


def test_a_disk_that_refuses_costs_the_memory_and_not_the_voice(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("")
    told = rotation(tmp_path / "file" / "told.db")
    assert told.next("rosa", "joke", JOKES) in JOKES
    (tmp_path / "broken.db").write_bytes(b"this is no database" * 100)
    assert rotation(tmp_path / "broken.db").next("rosa", "joke", JOKES) in JOKES
    assert caplog.text.count("it is kept in memory") == 2


@given(st.lists(st.sampled_from(JOKES), min_size=2, unique=True), st.integers(1, 40))
def test_never_twice_in_a_row(names: list[str], times: int) -> None:
    told = rotation(IN_MEMORY)
    heard = [told.next("rosa", "joke", names) for _ in range(times)]
    assert all(one != two for one, two in itertools.pairwise(heard))
