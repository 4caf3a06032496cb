"""What people are written, by what has happened."""

import pytest

from config.settings import Home, Language, Robot, Settings
from dialogue.alerts import LOST, Alert
from dialogue.deliveries import Delivery
from robot.delivery.messages import compose, texts

LANGUAGES: tuple[Language, ...] = ("en", "de", "fr", "it", "es", "nl")
RAISED = "2026-11-26T09:00:00+00:00"


def subject(category: str, language: Language = "en") -> str:
    settings = Settings(
        Home(name="Our home", time_zone="Europe/Berlin", language=language), Robot(), {}
    )
    alert = Alert(
        *(1, "abc", category, "alert", "shift", "rosa", RAISED, "It is time.", 0, RAISED),
        *(None, None),
    )
    delivery = Delivery("d", 1, 0, "Kim", "email", 1, RAISED, None, None)
    return compose(alert, delivery, settings).subject


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_kind_of_call_says_what_has_happened(language: Language) -> None:
    words = texts(language)
    kinds = ("emergency", "distress", "reminder_missed_urgent", LOST)
    subjects = [subject(kind, language) for kind in kinds]
    assert len(set(subjects)) == len(kinds)
    assert subjects[3].startswith(words.alerts_lost[:5])


def test_what_a_reminder_says_is_not_sent_to_people() -> None:
    assert "urgent reminder" in subject("reminder_missed_urgent")
    assert "It is time" not in subject("reminder_missed_urgent")
