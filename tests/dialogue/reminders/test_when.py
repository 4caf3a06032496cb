"""When somebody wants to be reminded, as people say it."""

from datetime import date, datetime, time, timedelta

import pytest

from dialogue.reminders.spoken.reading_back import when_words
from dialogue.reminders.spoken.when import Said, When, heard_when

NOW = datetime.combine(date(2026, 11, 27), time(10, 20))  # a Friday
TODAY = NOW.date()


@pytest.mark.parametrize(
    ("language", "text", "at", "days"),
    [
        ("en", "at four", "16:00", 0),
        ("en", "at four thirty", "16:30", 0),
        ("en", "at 4.30 pm", "16:30", 0),
        ("en", "half past four", "16:30", 0),
        ("en", "at ten to five", "16:50", 0),
        ("en", "in half an hour", "10:50", 0),
        ("en", "in twenty five minutes", "10:45", 0),
        ("en", "in two and a half hours", "12:50", 0),
        ("en", "tomorrow morning", "09:00", 1),
        ("en", "tonight", "19:00", 0),
        ("en", "tonight at nine", "21:00", 0),
        ("en", "at nine", "21:00", 0),
        ("en", "tomorrow at nine", "09:00", 1),
        ("en", "next monday at 9:30", "09:30", 3),
        ("en", "on the third of december at two", "14:00", 6),
        ("en", "on december 3rd at noon", "12:00", 6),
        ("en", "the day after tomorrow at one", "13:00", 2),
        ("en", "in two days at ten", "10:00", 2),
        ("en", "at two in the morning tomorrow", "02:00", 1),
        ("en", "four", "16:00", 0),
        ("de", "um vier", "16:00", 0),
        ("de", "um halb fünf", "16:30", 0),
        ("de", "viertel nach drei", "15:15", 0),
        ("de", "um viertel fünf", "16:15", 0),
        ("de", "dreiviertel vier", "15:45", 0),
        ("de", "um fünf vor halb acht", "19:25", 0),
        ("de", "um sechzehn uhr dreißig", "16:30", 0),
        ("de", "um 16:30", "16:30", 0),
        ("de", "morgen früh", "09:00", 1),
        ("de", "morgen um zehn", "10:00", 1),
        ("de", "heute abend um acht", "20:00", 0),
        ("de", "heute morgen um elf", "11:00", 0),
        ("de", "am dritten dezember um zwei", "14:00", 6),
        ("de", "in einer halben stunde", "10:50", 0),
        ("de", "in anderthalb stunden", "11:50", 0),
        ("de", "übermorgen nachmittag", "15:00", 2),
        ("de", "nach dem mittagessen", "13:00", 0),
        ("de", "nachts um zwei morgen", "02:00", 1),
        ("de", "vier", "16:00", 0),
    ],
)
def test_once(language: str, text: str, at: str, days: int) -> None:
    meant = heard_when(text, language, NOW).resolved(NOW)
    assert meant == When(time.fromisoformat(at), TODAY + timedelta(days=days))


@pytest.mark.parametrize(
    ("language", "text", "at", "every"),
    [
        ("en", "every tuesday at three", "15:00", ("tuesday",)),
        ("en", "every monday and thursday at half past ten", "10:30", ("monday", "thursday")),
        ("en", "every morning", "09:00", ("day",)),
        ("en", "every day at eight in the evening", "20:00", ("day",)),
        ("en", "on tuesdays at six", "18:00", ("tuesday",)),
        ("en", "every weekday at eleven", "11:00", ("weekday",)),
        ("de", "jeden dienstag um drei", "15:00", ("tuesday",)),
        ("de", "jeden morgen", "09:00", ("day",)),
        ("de", "jeden abend um acht", "20:00", ("day",)),
        ("de", "dienstags um elf", "11:00", ("tuesday",)),
        ("de", "jeden montag und donnerstag um zehn", "10:00", ("monday", "thursday")),
        ("de", "jedes wochenende um zehn", "10:00", ("weekend",)),
    ],
)
def test_again_and_again(language: str, text: str, at: str, every: tuple[str, ...]) -> None:
    meant = heard_when(text, language, NOW).resolved(NOW)
    assert meant == When(time.fromisoformat(at), every=every)


@pytest.mark.parametrize(
    ("language", "text"),
    [("en", "every other week at nine"), ("en", "every hour"), ("de", "alle zwei wochen um zehn")],
)
def test_what_a_voice_cannot_set_is_known(language: str, text: str) -> None:
    assert heard_when(text, language, NOW).cannot


@pytest.mark.parametrize(
    ("language", "text"),
    [("en", "call anna"), ("de", "anna anrufen"), ("en", "on tuesday"), ("de", "am dienstag")],
)
def test_without_a_time_of_day_there_is_none(language: str, text: str) -> None:
    assert heard_when(text, language, NOW).resolved(NOW) is None


def test_what_is_said_later_fills_in_and_puts_right() -> None:
    day = heard_when("on tuesday", "en", NOW)
    both = day.with_more(heard_when("at ten", "en", NOW))
    assert both.resolved(NOW) == When(time(10), date(2026, 12, 1))
    corrected = both.with_more(heard_when("no at eleven", "en", NOW))
    assert corrected.resolved(NOW) == When(time(11), date(2026, 12, 1))


def test_a_date_that_no_month_has_is_none() -> None:
    assert heard_when("on the thirty first of june", "en", NOW).on is None


def test_nothing_said_is_nothing() -> None:
    assert not Said().anything
    assert Said().resolved(NOW) is None


@pytest.mark.parametrize(
    ("language", "when", "words"),
    [
        ("en", When(time(16, 30), TODAY), "today at 4:30 PM"),
        ("en", When(time(9), TODAY + timedelta(days=1)), "tomorrow at 9 AM"),
        ("en", When(time(12), date(2026, 12, 3)), "on Thursday, December 3 at 12 PM"),
        (
            "en",
            When(time(13), every=("tuesday", "thursday")),
            "every Tuesday and Thursday at 1 PM",
        ),
        ("de", When(time(16, 30), TODAY), "heute um 16 Uhr 30"),
        ("de", When(time(12), date(2026, 12, 3)), "am Donnerstag, dem 3. Dezember um 12 Uhr"),
        ("de", When(time(8), every=("weekday",)), "jeden Werktag um 8 Uhr"),
    ],
)
def test_it_is_read_back(language: str, when: When, words: str) -> None:
    assert when_words(when, TODAY, language) == words
