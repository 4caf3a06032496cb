"""Consent is per purpose, has an end, and a no always wins."""

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.consent import Consent, allowed
from config.files import ConfigError, read_model
from config.settings import Resident, load


def consent(
    purpose: str = "people",
    given: bool = True,
    on: date = date(2026, 11, 1),
    review: date | None = date(2027, 2, 1),
) -> Consent:
    fields = {"purpose": purpose, "given": given, "by": "Anna Berger", "basis": "consent"}
    return Consent.model_validate({**fields, "date": on, "review": review})


TODAY = date(2026, 11, 25)


def test_a_consent_counts_for_its_purpose_from_its_day_to_its_review() -> None:
    assert allowed([consent()], "people", date(2026, 11, 1))
    assert allowed([consent()], "people", date(2027, 2, 1))
    assert not allowed([consent()], "people", date(2026, 10, 31))
    assert not allowed([consent()], "people", date(2027, 2, 2))
    assert not allowed([consent()], "wellbeing", TODAY)
    assert not allowed([], "people", TODAY)


def test_a_no_wins_whenever_it_was_said() -> None:
    no = consent(given=False, on=date(2026, 10, 1), review=None)
    assert not allowed([no, consent()], "people", TODAY)
    assert not allowed([consent(), no], "people", TODAY)


def test_after_a_no_by_voice_only_a_later_consent_counts() -> None:
    assert not allowed([consent()], "people", TODAY, refused=date(2026, 11, 1))
    assert allowed([consent()], "people", TODAY, refused=date(2026, 10, 31))
    assert not allowed([consent()], "people", TODAY, refused=date.max)


@given(st.dates(date(2020, 1, 1), date(2030, 1, 1)), st.integers(-10, 200))
def test_a_review_lies_within_three_months(day: date, days: int) -> None:
    review = date.fromordinal(day.toordinal() + days)
    months = (review.year - day.year) * 12 + review.month - day.month
    late = months > 3 or (months == 3 and review.day > day.day)
    if days <= 0 or late:
        with pytest.raises(ValueError, match="review"):
            consent(on=day, review=review)
    else:
        assert consent(on=day, review=review).review == review


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("purpose: everything, given: true", "purpose"),
        ("purpose: people, given: maybe", "given"),
        ("purpose: people, given: true, date: 2026-11-01", "a consent needs 'review'"),
        ("purpose: people, given: true, date: 2026-11-01, review: 2027-02-02", "2027-02-01 at the"),
        ("purpose: people, given: true, date: 20261101, review: 2027-02-01", "such as 2026-11-25"),
        ("purpose: people, given: true, date: soon, review: 2027-02-01", "date"),
        ("purpose: people, given: true, by: A", "by"),
    ],
)
def test_faults_are_told_with_their_line(tmp_path: Path, line: str, told: str) -> None:
    defaults = {"by": "Anna Berger", "basis": "consent", "date": "2026-11-01"}
    rest = ", ".join(f"{k}: {v}" for k, v in defaults.items() if f"{k}:" not in line)
    path = tmp_path / "anna.yaml"
    path.write_text(f"name: Anna\nconsent:\n  - {{{line}, {rest}}}\n")
    with pytest.raises(ConfigError) as caught:
        read_model(path, Resident)
    assert [fault.line for fault in caught.value.faults] == [3] * len(caught.value.faults)
    assert told in str(caught.value)


def test_a_guest_cannot_consent(tmp_path: Path) -> None:
    (tmp_path / "residents").mkdir()
    (tmp_path / "home.yaml").write_text("name: A\ntime_zone: Europe/Berlin\n")
    (tmp_path / "robot.yaml").write_text("name: Juno\n")
    line = (
        "{purpose: people, given: true, by: Anna, basis: x y, date: 2026-11-01, review: 2027-02-01}"
    )
    (tmp_path / "residents" / "anna.yaml").write_text(f"consent: [{line}]\n")
    assert load(tmp_path).residents["anna"].consent[0].purpose == "people"
    (tmp_path / "residents" / "guest.yaml").write_text(f"consent: [{line}]\n")
    with pytest.raises(ConfigError, match="a guest may be anybody"):
        load(tmp_path)
