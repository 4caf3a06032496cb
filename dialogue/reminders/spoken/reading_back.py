"""A time as the robot reads it back: "every Tuesday at 4:30 PM"."""

from datetime import date, datetime

from babel.dates import format_date, get_day_names
from babel.lists import format_list

from config.recurrence import DAYS
from dialogue.reminders.spoken.when import When
from dialogue.reminders.spoken.wishes import when_forms
from dialogue.time_words import time_words

_NEAR = {0: "today", 1: "tomorrow"}


def when_words(when: When, today: date, language: str) -> str:
    """Return the words for a time, seen from a local day."""
    forms = when_forms(language)
    values = {"time": time_words(datetime.combine(today, when.at), language)}
    if when.on is not None:
        values["date"] = str(format_date(when.on, forms["pattern"], locale=language))
        form = _NEAR.get((when.on - today).days, "date")
    elif when.every[0] in forms:
        form = when.every[0]
    else:
        form = "weekdays"
        names = get_day_names("wide", locale=language)
        days = [names[list(DAYS).index(day)] for day in when.every]
        values["days"] = str(format_list(days, locale=language))
    return forms[form].format(**values)
