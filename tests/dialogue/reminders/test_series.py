"""When something is due: rules, single days, and clocks that change."""
# ruff: noqa: DTZ001 - local times without a zone, as in RFC 5545

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import recurring_ical_events
from dateutil.rrule import rrulestr
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from icalendar import Calendar, Event, vRecur
from pydantic import ValidationError

from config.reminders import Reminder
from dialogue.reminders.series import Series, series_of

BERLIN = ZoneInfo("Europe/Berlin")


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("zone", "local", "moment"),
    [
        ("Europe/Berlin", "2026-03-29T02:30", "2026-03-29T01:30"),  # left out: 03:30 summer time
        ("Europe/Berlin", "2026-10-25T02:30", "2026-10-25T00:30"),  # comes twice: the first
        ("Europe/Lisbon", "2026-03-29T01:30", "2026-03-29T01:30"),
        ("Europe/Dublin", "2026-03-29T01:30", "2026-03-29T01:30"),
        ("Europe/Dublin", "2026-10-25T01:30", "2026-10-25T00:30"),
        ("Atlantic/Azores", "2026-03-29T00:30", "2026-03-29T01:30"),
        ("Europe/Berlin", "2026-03-29T03:00", "2026-03-29T01:00"),
    ],
)
def test_a_time_that_is_left_out_or_comes_twice(zone: str, local: str, moment: str) -> None:
    at = datetime.fromisoformat(local)
    series = Series(at - timedelta(days=30), ZoneInfo(zone), "FREQ=DAILY")
    found = series.between(utc(moment) - timedelta(hours=12), utc(moment) + timedelta(hours=11))
    assert [(each.at, each.local) for each in found] == [(utc(moment), at)]


def test_two_local_times_that_fall_on_one_moment_are_one() -> None:
    hourly = Series(datetime(2026, 3, 28, 0, 30), BERLIN, "FREQ=HOURLY")
    found = hourly.between(utc("2026-03-29T00:00"), utc("2026-03-29T03:00"))
    assert [f"{each.at:%H:%M}" for each in found] == ["00:30", "01:30", "02:30"]


def test_29_february_comes_in_leap_years_only() -> None:
    leap = Series(datetime(2024, 2, 29, 8), BERLIN, "FREQ=YEARLY")
    found = leap.next(utc("2096-03-01T00:00"))
    assert found is not None
    assert found.local == datetime(2104, 2, 29, 8)


def test_what_begins_in_ten_years_is_found_and_what_never_comes_is_given_up() -> None:
    far = Series(datetime(2037, 1, 16, 8), BERLIN, "FREQ=YEARLY")
    found = far.next(utc("2026-01-01T00:00"))
    assert found is not None
    assert found.local == datetime(2037, 1, 16, 8)
    never = Series(datetime(2026, 1, 1, 8), BERLIN, "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30")
    assert never.next(utc("2026-01-01T00:00")) is None


def test_single_days_days_left_out_and_a_last_day() -> None:
    single = Reminder.model_validate(
        {"say": "The foot care comes.", "at": ["09:00", "10:00"], "on": ["2026-12-03"]}
    )
    moments = [
        each.local
        for series in series_of(single, BERLIN, date(2026, 11, 26))
        for each in series.between(utc("2026-11-26T00:00"), utc("2027-11-26T00:00"))
    ]
    assert moments == [datetime(2026, 12, 3, 9), datetime(2026, 12, 3, 10)]
    some = Reminder.model_validate(
        {
            "say": "It is time.",
            "at": "09:00",
            "starts": "2026-12-01",
            "ends": "2026-12-04",
            "but": ["2026-12-02"],
        }
    )
    (series,) = series_of(some, BERLIN, date(2026, 11, 26))
    found = series.between(utc("2026-11-26T00:00"), utc("2027-11-26T00:00"))
    assert [each.local.day for each in found] == [1, 3, 4]


RULES = st.sampled_from(
    [
        "FREQ=MONTHLY;INTERVAL=5",
        "FREQ=YEARLY;INTERVAL=3",
        "FREQ=DAILY",
        "FREQ=DAILY;INTERVAL=3",
        "FREQ=WEEKLY;BYDAY=MO,TH",
        "FREQ=WEEKLY;INTERVAL=2;BYDAY=SU",
        "FREQ=WEEKLY;INTERVAL=3;WKST=SU;BYDAY=SU,MO",
        "FREQ=DAILY;COUNT=50",
        "FREQ=MONTHLY;BYMONTHDAY=31",
        "FREQ=MONTHLY;BYDAY=-1FR",
        "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29",
        "FREQ=DAILY;BYMONTH=3,10",
        "FREQ=WEEKLY;BYDAY=MO,TU,WE;BYSETPOS=-1",
    ]
)
STARTS = st.datetimes(datetime(2020, 1, 1), datetime(2026, 1, 1))
LOOKS = st.datetimes(datetime(2026, 1, 1), datetime(2029, 1, 1))


@settings(max_examples=150, deadline=None)
@given(
    rule=RULES, start=STARTS, look=LOOKS, zone=st.sampled_from(["Europe/Berlin", "Europe/Dublin"])
)
def test_it_agrees_with_another_library(
    rule: str, start: datetime, look: datetime, zone: str
) -> None:
    start = start.replace(second=0, microsecond=0)
    if "FREQ=WEEKLY" in rule or "BYMONTHDAY" in rule or "FR" in rule or "BYMONTH=3" in rule:
        # Libraries differ on a start that its own rule does not meet; a reminder has none.
        start = Series(start, ZoneInfo(zone), rule).next(utc("2020-01-01T00:00")).local  # type: ignore[union-attr]
    event = Event()
    event.add("summary", "It is time.")
    event.add("dtstart", start.replace(tzinfo=ZoneInfo(zone)))
    event.add("rrule", vRecur.from_ical(rule))
    calendar = Calendar()
    calendar.add_component(event)
    after = look.replace(tzinfo=UTC)
    until = after + timedelta(days=60)
    others = {
        each["DTSTART"].dt.astimezone(UTC)
        for each in recurring_ical_events.of(calendar).between(after, until)
    }
    found = Series(start, ZoneInfo(zone), rule).between(after, until)
    ours = {each.at for each in found}
    edge = {after, until}
    assert ours - edge == others - edge


@settings(max_examples=100, deadline=None)
@given(rule=RULES, start=STARTS, look=LOOKS)
def test_the_next_is_the_first_of_all(rule: str, start: datetime, look: datetime) -> None:
    series = Series(start, BERLIN, rule)
    after = look.replace(tzinfo=UTC)
    found = series.next(after)
    all_of_them = series.between(after, after + timedelta(days=1500))
    assert all_of_them[:1] == (
        [found] if found and found.at <= after + timedelta(days=1500) else []
    )


PARTS = st.fixed_dictionaries(
    {},
    optional={
        "INTERVAL": st.integers(1, 9),
        "COUNT": st.integers(1, 99),
        "BYDAY": st.sampled_from(["MO", "TU,SU", "MO,TU,WE,TH,FR"]),
        "BYHOUR": st.sampled_from(["8", "6,18"]),
        "BYMONTH": st.sampled_from(["2", "3,10"]),
        "BYMONTHDAY": st.sampled_from(["29", "31", "-1,1"]),
        "WKST": st.sampled_from(["MO", "SU"]),
    },
)
FREQUENCIES = st.sampled_from(["HOURLY", "DAILY", "WEEKLY", "MONTHLY", "YEARLY"])


@settings(max_examples=200, deadline=None)
@given(
    frequency=FREQUENCIES,
    parts=PARTS,
    start=st.datetimes(datetime(2010, 1, 1), datetime(2026, 1, 1)),
    look=LOOKS,
)
def test_a_start_brought_nearer_changes_nothing(
    frequency: str, parts: dict[str, object], start: datetime, look: datetime
) -> None:
    rule = ";".join([f"FREQ={frequency}", *(f"{name}={value}" for name, value in parts.items())])
    start = start.replace(second=0, microsecond=0)
    raw = {"say": "Tea.", "at": f"{start:%H:%M}", "starts": str(start.date()), "repeat": rule}
    try:
        Reminder.model_validate(raw)
    except ValidationError:
        assume(False)
    after, until = look, look + timedelta(days=800)
    whole = rrulestr(rule, dtstart=start).between(after, until)  # walks from its start
    found = Series(start, ZoneInfo("UTC"), rule)
    ours = found.between(after.replace(tzinfo=UTC), until.replace(tzinfo=UTC))
    assert [each.local for each in ours if each.local < until] == whole


@pytest.mark.parametrize("more", ["INTERVAL=0", "INTERVAL=-1", "COUNT=0", "INTERVAL=x"])
def test_a_rule_that_would_never_end_is_refused(more: str) -> None:
    with pytest.raises(ValueError, match="is a number from 1 to"):
        Reminder.model_validate(
            {
                "say": "It is time.",
                "at": "9:00",
                "starts": "2026-12-01",
                "repeat": f"FREQ=DAILY;{more}",
            }
        )
