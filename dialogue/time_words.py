"""The time and the day as a person would say them."""

from datetime import datetime

from babel.dates import format_date, format_datetime

TIME_PATTERNS = {
    "en": ("h a", "h:mm a"),
    "de": ("H 'Uhr'", "H 'Uhr' m"),
    "fr": ("H 'heures'", "H 'heures' m"),
    "it": ("H", "H 'e' m"),
    "es": ("H", "H 'y' m"),
    "nl": ("H 'uur'", "H 'uur' m"),
}
"""For each language: on the full hour, and at any other time (Unicode date patterns)."""


def time_words(now: datetime, language: str) -> str:
    """Return the local time of `now` in words for the voice, such as "3:20 PM"."""
    full_hour, otherwise = TIME_PATTERNS[language]
    pattern = otherwise if now.minute else full_hour
    return str(format_datetime(now, pattern, tzinfo=now.tzinfo, locale=language))


def day_words(now: datetime, language: str) -> str:
    """Return the local date of `now` in words, such as "Monday, November 23, 2026"."""
    return str(format_date(now.date(), "full", locale=language))
