"""The benchmark of slow recurrence rules draws some that are taken and some that are refused."""

from robot.bench.rules import WORST, measure


def test_rules_drawn_to_be_slow_are_reckoned_soon() -> None:
    found = measure(300, 7, lambda what, done, total: None)
    assert found["taken"] + found["refused"] == 300
    assert found["taken"] > 100
    assert found["refused"] > len(WORST)
    assert found["next_ms"]["max"] < 1000
