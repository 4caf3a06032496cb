"""FHIR R4: what is planned comes in, what became of it goes out."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from config.reminders import Reminder
from config.settings import Home
from dialogue.reminders.calendars import Calendared
from dialogue.reminders.fhir import bundle, read_bundle
from dialogue.reminders.ledger import Occurrence, State

HOME = Home.model_validate(
    {"name": "A", "language": "en", "time_zone": "Europe/Berlin", "meals": {"lunch": "12:30"}}
)
START = {"boundsPeriod": {"start": "2026-12-01", "end": "2026-12-31"}}


def read(tmp_path: Path, *resources: dict[str, Any]) -> Calendared:
    path = tmp_path / "plan.json"
    entries = [{"resource": each} for each in resources]
    path.write_text(json.dumps({"resourceType": "Bundle", "entry": entries}))
    return read_bundle(path, HOME)


def medication(repeat: dict[str, Any], **more: Any) -> dict[str, Any]:
    dosage = {"text": "2 tablets", "timing": {"repeat": repeat}, **more}
    return {
        "resourceType": "MedicationRequest",
        "id": "M1",
        "status": "active",
        "medicationCodeableConcept": {"text": "Ramipril 5 mg"},
        "dosageInstruction": [dosage],
    }


@pytest.mark.parametrize(
    ("repeat", "expected"),
    [
        ({"timeOfDay": ["08:00:00", "20:00:00"]}, {"at": ["08:00", "20:00"]}),
        ({"frequency": 3, "period": 1, "periodUnit": "d"}, {"at": ["08:00", "13:00", "20:00"]}),
        ({"when": ["ACD"]}, {"at": ["12:00"]}),
        ({"when": ["PCV", "HS"], "offset": 15}, {"at": ["18:15", "21:30"]}),
        ({"period": 8, "periodUnit": "h"}, {"at": ["08:00", "16:00", "00:00"]}),
        (
            {"frequency": 1, "period": 2, "periodUnit": "d", **START},
            {
                "at": ["09:00"],
                "repeat": "FREQ=DAILY;INTERVAL=2",
                "starts": "2026-12-01",
                "ends": "2026-12-31",
            },
        ),
        (
            {"dayOfWeek": ["mon", "thu"], "timeOfDay": ["10:00:00"], **START},
            {
                "at": ["10:00"],
                "repeat": "FREQ=WEEKLY;BYDAY=MO,TH",
                "starts": "2026-12-01",
                "ends": "2026-12-31",
            },
        ),
    ],
)
def test_of_a_medication_only_its_times_are_read(
    tmp_path: Path, repeat: dict[str, Any], expected: dict[str, Any]
) -> None:
    found = read(tmp_path, medication(repeat))
    assert found.faults == ()
    assert found.reminders == {
        "medicines-m1-0": {"say": "It is time for your medicines.", **expected}
    }


def test_an_appointment_is_said_before_it_in_the_homes_time(tmp_path: Path) -> None:
    appointment = {
        "resourceType": "Appointment",
        "id": "7",
        "status": "booked",
        "description": "The foot care comes",
        "start": "2026-12-03T10:00:00Z",
    }
    found = read(tmp_path, appointment, {**appointment, "id": "8", "status": "cancelled"})
    assert found.reminders == {
        "appointment-7": {
            "say": "The foot care comes.",
            "at": "10:30",
            "on": ["2026-12-03"],
            "confirm": False,
        }
    }


def test_activities_of_a_care_plan(tmp_path: Path) -> None:
    plan = {
        "resourceType": "CarePlan",
        "id": "c",
        "activity": [
            {"detail": {"description": "A glass of water", "scheduledTiming": {
                "repeat": {"timeOfDay": ["10:00:00"]}}}},
            {"detail": {"status": "completed", "description": "A walk"}},
            {"detail": {"code": {"text": "Weighing"}, "scheduledTiming": {
                "event": ["2026-12-04T08:00:00+01:00", "2026-12-11T08:00:00+01:00"]}}},
        ],
    }  # fmt: skip
    found = read(tmp_path, plan)
    assert found.reminders == {
        "care-plan-c-0": {"say": "A glass of water.", "at": ["10:00"]},
        "care-plan-c-2": {"say": "Weighing.", "at": "08:00", "on": ["2026-12-04", "2026-12-11"]},
    }


@pytest.mark.parametrize(
    ("resource", "why"),
    [
        (medication({"frequency": 9}), "entry 0, MedicationRequest: how often it is"),
        (medication({"frequency": 1}, asNeededBoolean=True), "taken when needed"),
        (medication({"period": 2, "periodUnit": "wk"}), "it has no first day"),
        (medication({"when": ["C"]}), "'C' is no time of day here"),
        (medication({"periodUnit": "moon"}), "repeat.periodUnit: input should be"),
        ({"resourceType": "Appointment", "start": "soon"}, "'soon' is no time"),
        ({"resourceType": "CarePlan", "activity": "a walk"}, "not the form of FHIR R4"),
        (
            {"resourceType": "MedicationRequest", "dosageInstruction": [3]},
            "not the form of FHIR R4",
        ),
        (
            {
                "resourceType": "Appointment",
                "description": "Take 2 tablets",
                "start": "2026-12-03T10:00:00Z",
            },
            "is a dose",
        ),
    ],
)
def test_what_cannot_be_a_reminder_is_refused(
    tmp_path: Path, resource: dict[str, Any], why: str
) -> None:
    found = read(tmp_path, resource)
    assert found.reminders == {}
    assert why.lower() in str(found.faults[0]).lower()


@pytest.mark.parametrize(
    ("text", "line", "why"),
    [
        ("{", 1, "This is not JSON"),
        ('{\n"a": [1,\n}', 3, "This is not JSON"),
        ("[]", 1, "no FHIR resource"),
        ('{"resourceType": "Bundle"}', 1, "It has no Appointment"),
        ("[" * 100_000, 1, "nested too deep"),
    ],
)
def test_what_is_no_bundle_is_one_sentence(tmp_path: Path, text: str, line: int, why: str) -> None:
    path = tmp_path / "plan.json"
    path.write_text(text)
    (fault,) = read_bundle(path, HOME).faults
    assert (fault.line, why in fault.sentence) == (line, True)


def occurrence(number: int, state: State, said: int) -> Occurrence:
    at = datetime(2026, 11, 26, 9, 0, tzinfo=UTC)
    water = Reminder.model_validate({"say": "It is time for water.", "at": "10:00"})
    return Occurrence(
        number, "rosa", "water", at.replace(tzinfo=None), at, water, state, None, at, said, 0, None
    )


def test_what_became_of_it_is_handed_out_and_says_nothing_of_medicines_taken() -> None:
    made = bundle((occurrence(1, "confirmed", 1), occurrence(2, "missed", 0)))
    resources = [entry["resource"] for entry in made["entry"]]
    assert [(each["resourceType"], each["status"]) for each in resources] == [
        ("Communication", "completed"),
        ("Communication", "not-done"),
        ("Task", "requested"),
    ]
    assert resources[2]["focus"] == {"reference": "Communication/reminder-2"}
    assert "MedicationAdministration" not in json.dumps(made)
