"""Schedules are reckoned in two ways; the comparison finds what differs."""

from collections import Counter
from datetime import date

from config.reminders import Reminder
from robot.bench.agenda import measure as cost
from robot.bench.schedules import Drawn, _compared, measure, reckoned


def test_fifty_random_schedules_over_ten_years_agree() -> None:
    found = measure(50, 3, lambda *_: None)
    assert found["faults"] == []
    assert found["moments"] > 10_000
    assert found["moved_by_a_gap"] > 0
    assert found["in_a_repeated_hour"] > 0


def test_a_difference_is_found() -> None:
    sundays = Reminder.model_validate(
        {"say": "It is time.", "zone": "Europe/Berlin", "at": "02:30", "every": "sunday"}
    )
    right = Drawn(sundays, lambda day: day.weekday() == 6)
    assert list(_compared(right, Counter(), [])) == []
    wrong = Drawn(sundays, lambda day: day.weekday() == 0)
    assert set(_compared(wrong, Counter(), [])) == {"missed", "elsewhere"}


def test_the_other_reckoning_moves_what_spring_leaves_out() -> None:
    early = Reminder.model_validate(
        {"say": "It is time.", "zone": "Europe/Berlin", "at": "02:30", "on": "2026-03-29"}
    )
    ((moment, gap, repeat),) = reckoned(Drawn(early, lambda day: day == date(2026, 3, 29)))
    assert (moment.hour, moment.minute, gap, repeat) == (1, 30, True, False)


def test_the_cost_of_a_small_home_is_measured() -> None:
    found = cost((2,), 1, lambda *_: None)["2"]
    assert found["reminders"] == 40
    assert found["fire_cycle_ms"]["n"] == 200
