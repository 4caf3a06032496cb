"""Recurrence rules that staff write: what is wrong is refused, and none can hold up the robot."""

import time
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError

from config.reminders import Reminder, checked_rule
from dialogue.reminders.series import series_of

BERLIN = ZoneInfo("Europe/Berlin")


def reminder(**given: Any) -> Reminder:
    return Reminder.model_validate({"say": "It is time for tea.", "at": "16:00"} | given)


@pytest.mark.parametrize(
    ("rule", "why"),
    [
        ("FREQ=SECONDLY", "a rule begins with FREQ="),
        ("FREQ=DAILY;INTERVAL=0", "INTERVAL is a number"),
        ("FREQ=DAILY;FREQ=WEEKLY", "stands in it twice"),
        ("FREQ=MONTHLY;BYMONTHDAY=32", "from 1 to 31"),
        ("FREQ=MONTHLY;BYMONTHDAY=0", "from 1 to 31"),
        ("FREQ=YEARLY;BYMONTH=13", "from 1 to 12"),
        ("FREQ=YEARLY;BYMONTH=-1", "write numbers"),
        ("FREQ=YEARLY;BYMONTH=May", "write numbers"),
        ("FREQ=WEEKLY;BYDAY=1MO", "no number, or use MONTHLY"),
        ("FREQ=MONTHLY;BYDAY=6MO", "from 1 to 5"),
        ("FREQ=MONTHLY;BYDAY=0MO", "from 1 to 5"),
        ("FREQ=WEEKLY;BYDAY=MON", "write MO"),
        ("FREQ=WEEKLY;BYSECOND=5", "cannot stand"),
        ("FREQ=HOURLY;BYMONTH=5", "cannot stand"),
        ("FREQ=HOURLY;INTERVAL=24", "at most 23"),
        ("FREQ=DAILY;UNTIL=20270101", "use 'starts' and 'ends'"),
    ],
)
def test_a_wrong_rule_is_refused_with_the_reason(rule: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        checked_rule(rule)


def test_white_space_and_a_last_semicolon_do_not_matter() -> None:
    assert checked_rule(" rrule:freq=daily;interval=2; ") == "FREQ=DAILY;INTERVAL=2"


@pytest.mark.parametrize(
    ("rule", "starts"),
    [
        ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", "2026-01-01"),
        ("FREQ=MONTHLY;BYMONTH=4;BYMONTHDAY=31", "2026-01-01"),
        ("FREQ=YEARLY;INTERVAL=2;BYMONTH=2;BYMONTHDAY=29", "2027-01-01"),
        ("FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30", "2026-01-01"),
        ("FREQ=MONTHLY;BYDAY=MO;BYSETPOS=6", "2026-01-01"),
    ],
)
def test_a_rule_that_never_comes_is_refused(rule: str, starts: str) -> None:
    with pytest.raises(ValidationError, match="never comes"):
        reminder(repeat=rule, starts=starts)


@pytest.mark.parametrize(
    ("rule", "starts", "first"),
    [
        ("FREQ=YEARLY;INTERVAL=12", "2026-05-01", date(2038, 5, 1)),
        ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29;BYDAY=MO", "2026-05-01", date(2044, 2, 29)),
        ("FREQ=HOURLY;INTERVAL=3", "2026-05-01", date(2026, 5, 1)),
    ],
)
def test_what_comes_rarely_comes(rule: str, starts: str, first: date) -> None:
    (series,) = series_of(reminder(repeat=rule, starts=starts), BERLIN, date(2026, 5, 1))
    after = datetime(2026, 5, 1, 20, tzinfo=BERLIN).astimezone(UTC)
    found = series.next(after)
    assert found is not None
    assert found.local.date() == first
    assert series.between(after, found.at) == [found]


def test_after_the_last_year_nothing_comes() -> None:
    (series,) = series_of(reminder(every="day"), BERLIN, date(2026, 5, 1))
    assert series.next(datetime(2199, 12, 31, 23, tzinfo=UTC)) is None
    with pytest.raises(ValidationError, match="after 2199"):
        reminder(on=["9999-12-31"])


@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=29;BYDAY=MO",
        "FREQ=HOURLY;INTERVAL=23;BYDAY=MO",
        "FREQ=YEARLY;BYYEARDAY=366;BYDAY=MO",
        "FREQ=DAILY;INTERVAL=365;BYMONTH=2;BYMONTHDAY=29",
    ],
)
def test_no_rule_takes_long_to_reckon(rule: str) -> None:
    """Far from the seconds that would be noticed; the bench `schedules` measures it."""
    try:
        given = reminder(repeat=rule, starts="2000-01-01")
    except ValidationError:
        return  # refused, which must not take long either
    (series,) = series_of(given, BERLIN, date(2000, 1, 1))
    began = time.process_time()
    series.next(datetime(2026, 11, 27, tzinfo=UTC) + timedelta(days=1))
    assert time.process_time() - began < 2


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"on": []}, "empty"),
        ({"every": []}, "empty"),
        ({"every": ["day", "monday"]}, "'day' stands alone"),
        ({"on": ["2026-12-24"], "ends": "2026-12-01"}, "is not between"),
        ({"on": ["2026-12-24"], "starts": "2026-12-25"}, "is not between"),
    ],
)
def test_days_that_nobody_meant_are_refused(given: dict[str, Any], why: str) -> None:
    with pytest.raises(ValidationError, match=why):
        reminder(**given)


@pytest.mark.parametrize("say", ["Zeit für 500 i.e. Vitamin", "Zeit für 5 mg davon"])
def test_a_dose_is_refused(say: str) -> None:
    with pytest.raises(ValidationError, match="is a dose"):
        reminder(say=say)
