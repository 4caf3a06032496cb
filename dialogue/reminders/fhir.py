"""FHIR R4 (hl7.org/fhir/R4): appointments, care plans and medicine times in; tasks and
communications out.

Of a medication only its times are read, never what it is or how much. Nothing is written that
could be taken for a record of what was taken: no MedicationAdministration.
"""

import json
from collections.abc import Iterator, Mapping
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from config.files import Fault
from config.reminders import Reminder
from config.settings import Home
from dialogue.reminders.calendars import Calendared
from dialogue.reminders.ledger import FOR_STAFF, Occurrence

LARGEST = 20 * 1024 * 1024
BEFORE = timedelta(minutes=30)
"""So long before an appointment it is said; and before or after a meal, where that is meant."""
MEDICINES = {"en": "It is time for your medicines.", "de": "Es ist Zeit für Ihre Medikamente."}
APPOINTMENT = {"en": "You have an appointment soon.", "de": "Sie haben bald einen Termin."}
OVER = frozenset({"cancelled", "completed", "stopped", "entered-in-error", "noshow", "fulfilled"})
SPREAD = {1: ("09:00",), 2: ("09:00", "20:00"), 3: ("08:00", "13:00", "20:00")}
SPREAD |= {4: ("08:00", "12:00", "16:00", "20:00")}
"""Times for so many a day where no time is given."""
WHEN = {"MORN": "09:00", "NOON": "12:00", "AFT": "15:00", "EVE": "19:00", "NIGHT": "22:00"}
WHEN |= {"HS": "21:30", "WAKE": "07:30", "PHS": "22:30"}
"""Codes of the value set event-timing; those of meals follow the home's."""
MEALS = {"M": "breakfast", "D": "lunch", "V": "dinner"}
MEAL_TIMES = {"breakfast": "08:00", "lunch": "12:00", "dinner": "18:00"}
UNITS = {"d": "DAILY", "wk": "WEEKLY", "mo": "MONTHLY", "a": "YEARLY"}
WEEK = {"mon": "MO", "tue": "TU", "wed": "WE", "thu": "TH", "fri": "FR", "sat": "SA", "sun": "SU"}


class _Part(BaseModel):
    model_config = ConfigDict(extra="ignore")


class _Period(_Part):
    start: str | None = None
    end: str | None = None


class _Repeat(_Part):
    bounds: _Period | None = Field(None, alias="boundsPeriod")
    count: int | None = Field(None, ge=1)
    frequency: int = Field(1, ge=1, le=24)
    period: float = Field(1, gt=0)
    unit: Literal["s", "min", "h", "d", "wk", "mo", "a"] = Field("d", alias="periodUnit")
    days: list[Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]] = Field(
        [], alias="dayOfWeek"
    )
    times: list[str] = Field([], alias="timeOfDay")
    when: list[str] = []
    offset: int = Field(0, ge=0)


class _Timing(_Part):
    repeat: _Repeat | None = None
    event: list[str] = []


class _Refused(Exception):
    """One sentence: why this cannot be a reminder, and the remedy."""


def read_bundle(path: Path, home: Home) -> Calendared:
    """Return the reminders in a bundle, or in one resource. Never raises for what is in it."""
    try:
        if path.stat().st_size > LARGEST:
            raise ValueError(f"It is larger than {LARGEST // 2**20} MB; export fewer resources.")
        document = json.loads(path.read_text("utf-8-sig"))
        resources = _resources(document)
    except OSError as error:
        return _nothing(path, 1, f"It cannot be read: {error.strerror}; choose another file.")
    except json.JSONDecodeError as error:
        return _nothing(path, error.lineno, f"This is not JSON ({error.msg}); export it anew.")
    except RecursionError:
        return _nothing(path, 1, "It is nested too deep; export it anew.")
    except ValueError as error:
        return _nothing(path, 1, str(error))
    reminders: dict[str, dict[str, Any]] = {}
    faults: list[Fault] = []
    for number, resource in enumerate(resources):
        kind = str(resource.get("resourceType"))
        try:
            for name, raw in _read(kind, resource, home):
                Reminder.model_validate(raw)
                reminders[f"{name}-{number}" if name in reminders else name] = raw
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(map(str, first["loc"]))
            what = str(first["msg"]).removeprefix("Value error, ")
            faults.append(Fault(path.name, 1, f"entry {number}, {kind} {where}: {what}."))
        except _Refused as refused:
            faults.append(Fault(path.name, 1, f"entry {number}, {kind}: {refused}"))
        except (AttributeError, TypeError, KeyError):
            sentence = f"entry {number}, {kind}: it has not the form of FHIR R4; export it anew."
            faults.append(Fault(path.name, 1, sentence))
    if not reminders and not faults:
        return _nothing(path, 1, "It has no Appointment, CarePlan or MedicationRequest to come.")
    return Calendared(reminders, tuple(faults))


def _nothing(path: Path, line: int, sentence: str) -> Calendared:
    return Calendared({}, (Fault(path.name, line, sentence),))


def _resources(document: object) -> list[dict[str, Any]]:
    if not isinstance(document, dict) or "resourceType" not in document:
        raise ValueError("This is no FHIR resource; export a bundle.")
    if document["resourceType"] != "Bundle":
        return [document]
    entries = document.get("entry", [])
    found = [each.get("resource") for each in entries if isinstance(each, dict)]
    return [each for each in found if isinstance(each, dict)]


def _read(
    kind: str, resource: Mapping[str, Any], home: Home
) -> Iterator[tuple[str, dict[str, Any]]]:
    if resource.get("status") in OVER:
        return
    language = home.language if home.language in MEDICINES else "en"
    name = "".join(c if c.isalnum() else "-" for c in str(resource.get("id", "0")).lower())[:40]
    match kind:
        case "Appointment":
            yield f"appointment-{name}", _appointment(resource, home, language)
        case "CarePlan":
            for number, activity in enumerate(resource.get("activity", [])):
                detail = activity.get("detail") or {}
                if detail and detail.get("status") not in OVER:
                    yield f"care-plan-{name}-{number}", _activity(detail, home)
        case "MedicationRequest":
            for number, dosage in enumerate(resource.get("dosageInstruction", [])):
                if dosage.get("asNeededBoolean") or "asNeededCodeableConcept" in dosage:
                    raise _Refused("it is taken when needed; nobody is reminded of it.")
                raw = _timed(dosage.get("timing"), home)
                yield f"medicines-{name}-{number}", {"say": MEDICINES[language], **raw}


def _appointment(resource: Mapping[str, Any], home: Home, language: str) -> dict[str, Any]:
    said = _moment(str(resource.get("start", "")), home) - BEFORE
    text = _sentence(resource.get("description")) or APPOINTMENT[language]
    return {"say": text, "at": f"{said:%H:%M}", "on": [f"{said:%Y-%m-%d}"], "confirm": False}


def _activity(detail: Mapping[str, Any], home: Home) -> dict[str, Any]:
    said = _sentence(detail.get("description") or (detail.get("code") or {}).get("text"))
    if said is None:
        raise _Refused("an activity has no description; say in a few words what it is.")
    if "scheduledPeriod" in detail:
        start = _moment(str(detail["scheduledPeriod"].get("start", "")), home)
        return {"say": said, "at": f"{start:%H:%M}", "on": [f"{start:%Y-%m-%d}"]}
    return {"say": said, **_timed(detail.get("scheduledTiming"), home)}


def _sentence(text: object) -> str | None:
    words = " ".join(str(text or "").split())
    return None if not words else words if words[-1] in ".!?" else f"{words}."


def _moment(text: str, home: Home) -> datetime:
    """Return a FHIR dateTime as local time of the home, without a zone."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise _Refused(f"'{text}' is no time; give it a date and a time.") from None
    if len(text) <= 10:
        moment = datetime.combine(moment.date(), time(9))
    if moment.tzinfo is not None:
        moment = moment.astimezone(home.zone)
    return moment.replace(tzinfo=None)


def _timed(raw: object, home: Home) -> dict[str, Any]:
    """Return when a FHIR Timing is due, as it stands in a file of reminders."""
    timing = _Timing.model_validate(raw or {})
    if timing.event:
        moments = [_moment(each, home) for each in timing.event]
        if len({f"{moment:%H:%M}" for moment in moments}) > 1:
            raise _Refused("its single times differ; write a reminder for each.")
        return {"at": f"{moments[0]:%H:%M}", "on": sorted({f"{m:%Y-%m-%d}" for m in moments})}
    if timing.repeat is None:
        raise _Refused("it has no times; give it a timing with 'repeat'.")
    repeat = timing.repeat
    when: dict[str, Any] = {"at": _times(repeat, home)}
    when |= _days(repeat)
    if repeat.bounds and repeat.bounds.start:
        when["starts"] = repeat.bounds.start[:10]
    if repeat.bounds and repeat.bounds.end:
        when["ends"] = repeat.bounds.end[:10]
    if "repeat" in when and "starts" not in when:
        raise _Refused("it has no first day; give it 'boundsPeriod' with a start.")
    return when


def _times(repeat: _Repeat, home: Home) -> list[str]:
    if repeat.times:
        return sorted({each[:5] for each in repeat.times})
    if repeat.when:
        return sorted({_by_event(code, repeat.offset, home) for code in repeat.when})
    if repeat.unit == "h" and 24 % repeat.period == 0:
        hours = range(0, 24, int(repeat.period)) if repeat.period >= 1 else ()
        return [f"{(hour + 8) % 24:02}:00" for hour in hours] or _no_times()
    if repeat.unit in ("s", "min", "h") or repeat.frequency not in SPREAD:
        return _no_times()
    return list(SPREAD[repeat.frequency if repeat.unit == "d" else 1])


def _no_times() -> list[str]:
    raise _Refused("how often it is cannot be made into times of day; give it 'timeOfDay'.")


def _by_event(code: str, offset: int, home: Home) -> str:
    if code in WHEN:
        return WHEN[code]
    meal = MEALS.get(code[-1:])
    if code[:-1] not in ("C", "AC", "PC") or meal is None:
        raise _Refused(f"'{code}' is no time of day here; give it 'timeOfDay'.")
    meals = MEAL_TIMES | {str(name): at for name, at in home.meals.items()}
    at = datetime.combine(date(2000, 1, 1), time.fromisoformat(meals[meal]))
    apart = timedelta(minutes=offset) or BEFORE
    moved = {"C": timedelta(), "AC": -apart, "PC": apart}[code[:-1]]
    return f"{at + moved:%H:%M}"


def _days(repeat: _Repeat) -> dict[str, Any]:
    if repeat.period != int(repeat.period):
        raise _Refused("its period is no whole number; give it 'timeOfDay' and days.")
    every = "" if repeat.period == 1 or repeat.unit == "h" else f";INTERVAL={int(repeat.period)}"
    count = f";COUNT={repeat.count}" if repeat.count else ""
    if repeat.days:
        rule = f"FREQ=WEEKLY{every if repeat.unit == 'wk' else ''}{count}"
        return {"repeat": f"{rule};BYDAY={','.join(WEEK[day] for day in repeat.days)}"}
    rule = UNITS.get(repeat.unit, "DAILY")
    if rule == "DAILY" and not every and not count:
        return {}
    return {"repeat": f"FREQ={rule}{every}{count}"}


def bundle(occurrences: tuple[Occurrence, ...]) -> dict[str, Any]:
    """Return what became of reminders: a Communication for each, a Task for what staff do now."""
    resources = [_communication(each) for each in occurrences if each.next_at is None]
    resources += [_task(each) for each in occurrences if each.state in FOR_STAFF]
    entries = [{"resource": resource} for resource in resources]
    return {"resourceType": "Bundle", "type": "collection", "entry": entries}


def _communication(occurrence: Occurrence) -> dict[str, Any]:
    return {
        "resourceType": "Communication",
        "id": f"reminder-{occurrence.id}",
        "status": "completed" if occurrence.said else "not-done",
        "statusReason": {"text": occurrence.state},
        "subject": {"display": occurrence.person},
        "sent": occurrence.due_at.isoformat(),
        "payload": [{"contentString": occurrence.reminder.say}],
    }


def _task(occurrence: Occurrence) -> dict[str, Any]:
    return {
        "resourceType": "Task",
        "id": f"reminder-{occurrence.id}",
        "status": "requested",
        "intent": "order",
        "priority": "urgent" if occurrence.reminder.urgency == "high" else "routine",
        "description": f"A reminder was {occurrence.state}: {occurrence.reminder.say}",
        "for": {"display": occurrence.person},
        "authoredOn": occurrence.due_at.isoformat(),
        "focus": {"reference": f"Communication/reminder-{occurrence.id}"},
    }
