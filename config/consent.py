"""What a person has allowed the robot to remember: for which purpose, who decided, until when."""

import calendar
from collections.abc import Iterable
from datetime import date
from typing import Annotated, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

Purpose = Literal["preferences", "people", "life", "wellbeing"]
"""Preferences: name, form of address, likes, music, food. Life: places, work, things told.

People: family, friends, animals. Wellbeing: how somebody said they were, for two days.
"""
REVIEW_MONTHS = 3
"""A consent is looked at again within so many months (rules of conversation)."""


def _written(value: object) -> object:
    if not isinstance(value, str | date):
        raise ValueError("not a date; write one such as 2026-11-25")
    return value


_Day = Annotated[date, BeforeValidator(_written)]
_Text = Annotated[str, Field(min_length=2, max_length=200)]


class Consent(BaseModel):
    """One decision about one purpose; `given: false` is a no, and a no always wins."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    purpose: Purpose
    given: bool
    by: _Text
    """Who decided: the person herself, or who may decide for her."""
    basis: _Text
    """On what legal basis."""
    date: _Day
    review: _Day | None = None
    """The last day it counts; a no needs none."""

    @model_validator(mode="after")
    def _reviewed_in_time(self) -> Self:
        if not self.given:
            return self
        if self.review is None:
            raise ValueError("a consent needs 'review', the last day it counts")
        latest = _months_later(self.date, REVIEW_MONTHS)
        if not self.date < self.review <= latest:
            raise ValueError(f"'review' must be a day after {self.date}, {latest} at the latest")
        return self


def allowed(
    consents: Iterable[Consent], purpose: Purpose, today: date, refused: date | None = None
) -> bool:
    """Return whether something may be remembered and used for a purpose today.

    `refused` is the day on which the person told the robot to remember nothing: only a consent
    given after that day counts.
    """
    about = [consent for consent in consents if consent.purpose == purpose]
    if any(not consent.given for consent in about):
        return False
    return any(
        consent.review is not None
        and consent.date <= today <= consent.review
        and (refused is None or consent.date > refused)
        for consent in about
    )


def _months_later(day: date, months: int) -> date:
    years, month = divmod(day.month - 1 + months, 12)
    year = day.year + years
    last = calendar.monthrange(year, month + 1)[1]
    return date(year, month + 1, min(day.day, last))
