"""The time, the day, the season and the meals as a person would say them."""

from collections.abc import Mapping
from datetime import datetime
from typing import Literal

from babel.dates import format_date, format_datetime

Daytime = Literal["morning", "afternoon", "evening", "night"]

TIME_PATTERNS = {
    "en": ("h a", "h:mm a"),
    "de": ("H 'Uhr'", "H 'Uhr' m"),
    "fr": ("H 'heures'", "H 'heures' m"),
    "it": ("H", "H 'e' m"),
    "es": ("H", "H 'y' m"),
    "nl": ("H 'uur'", "H 'uur' m"),
}
"""For each language: on the full hour, and at any other time (Unicode date patterns)."""

SEASONS = {
    "en": ("winter", "spring", "summer", "autumn"),
    "de": ("Winter", "Frühling", "Sommer", "Herbst"),
    "fr": ("hiver", "printemps", "été", "automne"),
    "it": ("inverno", "primavera", "estate", "autunno"),
    "es": ("invierno", "primavera", "verano", "otoño"),
    "nl": ("winter", "lente", "zomer", "herfst"),
}
"""The seasons of three whole months, as weather services count them; winter begins in December."""

MEALS = {
    "en": {"breakfast": "breakfast", "lunch": "lunch", "coffee": "coffee", "dinner": "supper"},
    "de": {
        "breakfast": "Frühstück",
        "lunch": "Mittagessen",
        "coffee": "Kaffee",
        "dinner": "Abendessen",
    },
}
"""What the meals of a home are called."""


def daytime(now: datetime) -> Daytime:
    """Return the part of the day of a local time."""
    if 5 <= now.hour < 12:
        return "morning"
    if 12 <= now.hour < 18:
        return "afternoon"
    return "evening" if 18 <= now.hour < 22 else "night"


def time_words(now: datetime, language: str) -> str:
    """Return the local time of `now` in words for the voice, such as "3:20 PM"."""
    full_hour, otherwise = TIME_PATTERNS[language]
    pattern = otherwise if now.minute else full_hour
    return str(format_datetime(now, pattern, tzinfo=now.tzinfo, locale=language))


def day_words(now: datetime, language: str) -> str:
    """Return the local date of `now` in words, such as "Monday, November 23, 2026"."""
    return str(format_date(now.date(), "full", locale=language))


def season_words(now: datetime, language: str) -> str:
    """Return the season of a local date in the northern half of the world."""
    return SEASONS[language][now.month % 12 // 3]


def next_meal(now: datetime, meals: Mapping[str, str], language: str) -> tuple[str, str]:
    """Return the name and time of the next meal, `meals` being local times such as "12:00".

    Both are empty where the home has written down none, or there is no word for it.
    """
    named = MEALS.get(language, {})
    coming = sorted((at <= f"{now:%H:%M}", at, meal) for meal, at in meals.items() if meal in named)
    if not coming:
        return "", ""
    _, at, meal = coming[0]
    hour, minute = map(int, at.split(":"))
    return named[meal], time_words(now.replace(hour=hour, minute=minute), language)
