"""Recurrence rules that staff write: what is wrong is refused, and none can hold up the robot."""

import time
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError

from config.files import ConfigError
from config.recurrence import checked_rule
from config.reminders import MOST_REPEATED, Reminder, read_reminders
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
        ("FREQ=MONTHLY;BYMONTHDAY=32", "from -31 to 31 without 0"),
        ("FREQ=MONTHLY;BYMONTHDAY=0", "from -31 to 31 without 0"),
        ("FREQ=YEARLY;BYMONTH=13", "from 1 to 12"),
        ("FREQ=YEARLY;BYMONTH=-1", "from 1 to 12"),
        ("FREQ=YEARLY;BYYEARDAY=367", "from -366 to 366"),
        ("FREQ=YEARLY;BYWEEKNO=54", "from -53 to 53"),
        ("FREQ=DAILY;BYHOUR=24", "from 0 to 23"),
        ("FREQ=DAILY;BYMINUTE=60", "from 0 to 59"),
        ("FREQ=DAILY;BYMINUTE=0,10", "at most 1"),
        ("FREQ=MONTHLY;BYSETPOS=0", "from -366 to 366"),
        ("FREQ=MONTHLY;BYDAY=MO;BYSETPOS=1,1,1,1,1,1,1,1,1,1,1", "at most 10"),
        ("FREQ=DAILY;BYSETPOS=1", "'BYSETPOS' cannot stand .* or use WEEKLY"),
        ("FREQ=DAILY;BYMONTHDAY=1", "or use MONTHLY"),
        ("FREQ=MONTHLY;BYYEARDAY=1", "or use YEARLY"),
        ("FREQ=DAILY;WKST=XX", "WKST holds"),
        ("FREQ=DAILY;WKST=MO\nRRULE:FREQ=SECONDLY", "WKST holds"),
        ("FREQ=YEARLY;BYDAY=54MO", "from 1 to 53"),
        ("FREQ=YEARLY;BYDAY=53MO;BYMONTH=2", "from 1 to 5"),
        ("FREQ=DAILY;;COUNT=3", "'' cannot stand"),
        ("FREQ=DAILY;COUNT=1000", "from 1 to 999 for DAILY"),
        (f"FREQ=MONTHLY;BYMONTHDAY={'1,' * 300}1", "longer than 500"),
        ("FREQ=YEARLY;BYMONTH=May", "write numbers"),
        ("FREQ=WEEKLY;BYDAY=1MO", "no number, or use MONTHLY"),
        ("FREQ=MONTHLY;BYDAY=6MO", "from 1 to 5"),
        ("FREQ=MONTHLY;BYDAY=0MO", "from 1 to 5"),
        ("FREQ=WEEKLY;BYDAY=MON", "write MO"),
        ("FREQ=WEEKLY;BYSECOND=5", "cannot stand"),
        ("FREQ=HOURLY;BYMONTH=5", "cannot stand"),
        ("FREQ=HOURLY;INTERVAL=24", "from 1 to 23 for HOURLY"),
        ("FREQ=HOURLY;COUNT=100", "from 1 to 99 for HOURLY"),
        ("FREQ=DAILY;UNTIL=20270101", "use 'starts' and 'ends'"),
    ],
)
def test_a_wrong_rule_is_refused_with_the_reason(rule: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        checked_rule(rule)


@pytest.mark.parametrize(
    "rule", ["FREQ=MONTHLY;BYMONTHDAY=-1", "FREQ=MONTHLY;BYDAY=MO,FR;BYSETPOS=-1", "FREQ=HOURLY"]
)
def test_a_right_rule_is_taken_as_it_is(rule: str) -> None:
    assert checked_rule(rule) == rule


def test_white_space_and_a_last_semicolon_do_not_matter() -> None:
    assert checked_rule(" rrule:freq=daily; interval=2; ") == "FREQ=DAILY;INTERVAL=2"


@pytest.mark.parametrize(
    ("rule", "starts"),
    [
        ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", "2026-01-01"),
        ("FREQ=MONTHLY;BYMONTH=4;BYMONTHDAY=31", "2026-01-01"),
        ("FREQ=YEARLY;INTERVAL=2;BYMONTH=2;BYMONTHDAY=29", "2027-01-01"),
        ("FREQ=MONTHLY;INTERVAL=12;BYMONTHDAY=31", "2026-02-01"),
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


def test_hours_that_an_interval_passes_by_are_refused_at_that_time_of_day() -> None:
    two_o_clock = {"repeat": "FREQ=HOURLY;INTERVAL=2;BYHOUR=2", "starts": "2026-05-01"}
    assert reminder(**two_o_clock, at="10:00").repeat
    with pytest.raises(ValidationError, match="never comes at 11:00"):
        reminder(**two_o_clock, at=["10:00", "11:00"])


@pytest.mark.parametrize(
    ("rule", "starts"),
    [
        ("FREQ=HOURLY", "1900-01-01"),
        ("FREQ=MONTHLY;BYMONTH=2;BYMONTHDAY=29;BYDAY=MO", "2000-01-01"),
        ("FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR,SA,SU;BYHOUR=8,9,10,11,12", "1604-01-31"),
        ("FREQ=YEARLY;BYDAY=MO,TU,WE,TH,FR,SA,SU;BYHOUR=8,9,10,11,12", "0001-01-01"),
        ("FREQ=DAILY;COUNT=999;BYMONTH=2;BYDAY=MO", "2010-01-01"),
    ],
)
def test_no_rule_that_is_taken_takes_long_to_reckon(rule: str, starts: str) -> None:
    """Each walked for seconds, or would; `fireside bench rules` measures it."""
    (series,) = series_of(reminder(repeat=rule, starts=starts), BERLIN, date(2000, 1, 1))
    began = time.process_time()
    assert series.next(datetime(2026, 11, 28, tzinfo=UTC))
    assert time.process_time() - began < 0.5


def test_a_rule_that_is_counted_from_long_ago_is_refused() -> None:
    with pytest.raises(ValidationError, match="starts in 2010 or later; use 'ends'"):
        reminder(repeat="FREQ=DAILY;COUNT=9", starts="2009-12-31")


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"on": []}, "empty"),
        ({"every": []}, "empty"),
        ({"on": ["2026-12-24"] * 1001}, "more than 1000 days"),
        ({"but": ["2026-12-24"] * 1001}, "more than 1000 days"),
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


def test_a_file_with_too_many_rules_is_refused_before_they_are_read(tmp_path: Path) -> None:
    path = tmp_path / "rosa.yaml"
    one = "  r{}: {{say: Tea., at: '9:00', starts: 2026-12-01, repeat: FREQ=DAILY}}\n"
    path.write_text("reminders:\n" + "".join(one.format(n) for n in range(MOST_REPEATED + 1)))
    with pytest.raises(ConfigError, match=r"line 1: .* more than 200 of them have 'repeat'"):
        read_reminders(path)
