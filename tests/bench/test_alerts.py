"""A short run of `bench alerts`: the thousand kills are run by hand."""

import random

from robot.bench.alerts import Lives, Receiver, _figures, measure, table

KILLS = 15


def test_no_alert_is_lost_and_none_silently_doubled() -> None:
    result = measure(KILLS, random.Random(3), lambda *_: None)
    assert sum(result["killed_while"].values()) == result["kills"] == KILLS
    assert result["promised"] >= KILLS
    assert (result["lost"], result["silently_doubled"]) == (0, 0)
    assert result["recovery_ms"]["n"] >= KILLS - 1
    assert table(result).row_count > 8


def test_what_is_lost_or_doubled_is_counted() -> None:
    lives = Lives(promised={"a", "b", "c"})
    got = [("1", "a", False), ("1", "a", True), ("2", "b", False), ("2", "b", False)]
    figures = _figures(3, lives, {"a", "b", "d"}, Receiver("", [*got, ("3", "a", False)]))
    assert figures["lost"] == 2  # c was promised and is not stored, d has not arrived
    assert figures["silently_doubled"] == 2  # delivery 2, and a second id for alert a
    assert figures["arrived_more_than_once_and_marked"] == 2
