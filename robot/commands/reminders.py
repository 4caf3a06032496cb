"""`fireside reminders`: what is planned, what became of it and why; add one, cancel one."""

import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer
import yaml
from rich.table import Table

from config.clock import SystemClock
from config.files import ConfigError
from config.paths import CONFIG, STATE
from config.reminders import FOLDER, Reminder, load_reminders, read_reminders
from config.settings import Settings
from dialogue.errors import StageError
from dialogue.reminders import fhir
from dialogue.reminders.agenda import read_calendars, source_of
from dialogue.reminders.calendars import read_calendar
from dialogue.reminders.ledger import FILE, Ledger, Occurrence
from dialogue.reminders.series import Moment, series_of, soonest
from dialogue.reminders.spoken.own import OWN
from robot.commands.console import NOT_USABLE, errors, fail, output, settings_or_exit

app = typer.Typer(help="List, plan, add and explain reminders.", no_args_is_help=True)

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON and nothing else.")]
Who = Annotated[str | None, typer.Option(help="Only of this file under config/residents.")]
At = Annotated[
    datetime | None,
    typer.Option(
        help="Local time instead of now, such as 2026-12-24T08:00.",
        formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M"],
    ),
]
Number = Annotated[
    int, typer.Argument(metavar="ID", help="As `fireside reminders history` prints it.")
]


@dataclass(frozen=True)
class Planned:
    """One time that something will be said, by the files as they are."""

    resident: str
    name: str
    moment: Moment
    reminder: Reminder


@app.command("list")
def list_reminders(resident: Who = None, at: At = None, as_json: AsJson = False) -> None:
    """List every reminder and when it is due next."""
    settings = settings_or_exit()
    now = _moment(at, settings)
    rows = [
        (who, name, reminder, _next(reminder, settings, now))
        for who, reminders in _agenda(resident, settings).items()
        for name, reminder in reminders.items()
    ]
    if as_json:
        document = [
            {
                "resident": who,
                "name": name,
                "next": following.at.isoformat() if following else None,
                **reminder.model_dump(mode="json", exclude_defaults=True),
            }
            for who, name, reminder, following in rows
        ]
        typer.echo(json.dumps(document, indent=2, ensure_ascii=False))
        return
    if not rows:
        output.print("There are no reminders. docs/for-homes.md says how to write one.")
        return
    table = Table("Resident", "Name", "Next", "Says")
    for who, name, reminder, following in rows:
        table.add_row(who, name, _shown(following, settings), reminder.say)
    output.print(table)


@app.command()
def due(resident: Who = None, at: At = None, as_json: AsJson = False) -> None:
    """Show what is planned from now, or from another time, until the end of that day.

    A dry run: nothing is said, and nothing is stored.
    """
    settings = settings_or_exit()
    start = _moment(at, settings)
    planned = _day(_agenda(resident, settings), settings, start)
    if as_json:
        document = [
            {
                "resident": each.resident,
                "name": each.name,
                "at": each.moment.at.isoformat(),
                "local": each.moment.local.isoformat(),
                "say": each.reminder.say,
            }
            for each in planned
        ]
        typer.echo(json.dumps(document, indent=2, ensure_ascii=False))
        return
    if not planned:
        output.print("Nothing more is planned on that day.")
    for each in planned:
        line = f"{each.moment.local:%H:%M}  {each.resident}, {each.name}: {each.reminder.say}"
        output.print(line, markup=False, soft_wrap=True)


@app.command()
def add(
    resident: Annotated[str, typer.Argument(help="A file under config/residents.")],
    name: Annotated[str, typer.Argument(help="A name of your own, without spaces.")],
    say: Annotated[str, typer.Option(help="What the robot says.")],
    at: Annotated[list[str], typer.Option(help="A time of day, such as 14:30; may be repeated.")],
    on: Annotated[list[str] | None, typer.Option(help="A day, such as 2026-12-24.")] = None,
    every: Annotated[list[str] | None, typer.Option(help="day, weekday, monday, ...")] = None,
    as_json: AsJson = False,
) -> None:
    """Write one more reminder into a resident's file; a robot that is awake reads it at once."""
    settings = settings_or_exit()
    path = _file_of(resident, settings)
    reminder: dict[str, Any] = {"say": say, "at": at}
    reminder |= {key: value for key, value in (("on", on), ("every", every)) if value}
    try:
        if path.exists() and name in read_reminders(path):
            raise fail(f"{path.name} has a reminder called {name} already; take another name.", 2)
        added = _write(path, {name: reminder})[name]
    except ConfigError as error:
        raise fail("\n".join(str(fault) for fault in error.faults), NOT_USABLE) from error
    following = _next(added, settings, datetime.now(UTC))
    if as_json:
        document = {
            "resident": resident,
            "name": name,
            "next": following and following.at.isoformat(),
        }
        typer.echo(json.dumps(document))
    else:
        output.print(f"Added to {path.name}. Next: {_shown(following, settings)}.", markup=False)


@app.command("import")
def import_calendar(
    file: Annotated[Path, typer.Argument(help="A calendar, .ics, or a FHIR R4 bundle, .json.")],
    resident: Annotated[str, typer.Argument(help="A file under config/residents.")],
    as_json: AsJson = False,
) -> None:
    """Write a calendar's events, or what FHIR has planned, into a resident's file.

    What is there already stays as it is.

    Exit codes: 0 all were taken, 1 some were refused, one sentence each.
    """
    settings = settings_or_exit()
    path = _file_of(resident, settings)
    if file.suffix.lower() == ".json":
        read = fhir.read_bundle(file, settings.home)
    else:
        read = read_calendar(file, settings.home.zone)
    try:
        known = read_reminders(path) if path.exists() else {}
        new = {name: raw for name, raw in read.reminders.items() if name not in known}
        if new:
            _write(path, new)
    except ConfigError as error:
        raise fail("\n".join(str(fault) for fault in error.faults), NOT_USABLE) from error
    for fault in read.faults:
        errors.print(str(fault), style="red", markup=False, soft_wrap=True)
    if as_json:
        typer.echo(json.dumps({"added": sorted(new), "refused": len(read.faults)}))
    else:
        there = len(read.reminders) - len(new)
        output.print(f"Added {len(new)} to {path.name}; {there} were there already.", markup=False)
    raise typer.Exit(NOT_USABLE if read.faults else 0)


@app.command()
def cancel(
    occurrence: Annotated[
        str, typer.Argument(metavar="ID", help="As `fireside reminders history` prints it.")
    ],
    as_json: AsJson = False,
) -> None:
    """Cancel what is open now, once. With a name instead: say where to end the reminder."""
    if not occurrence.isdecimal():
        raise fail("\n".join(_how_to_end(occurrence)), 2)
    with _ledger() as ledger:
        found = ledger.get(int(occurrence))
        if found.next_at is None:
            raise fail(f"{found.name} is over already: {found.state}.", NOT_USABLE)
        done = ledger.change(found, "cancelled", "somebody cancelled it by command")
    if as_json:
        typer.echo(json.dumps(_described(done), indent=2))
    else:
        output.print(f"{done.name} of {done.local:%d.%m. %H:%M} is cancelled.", markup=False)


def _how_to_end(name: str) -> list[str]:
    """Return a sentence for each resident who has a reminder of that name."""
    agenda = _agenda(None, settings_or_exit())
    own, _ = load_reminders(STATE / OWN / FOLDER)
    found = []
    for who in (who for who, reminders in agenda.items() if name in reminders):
        if name in own.get(who, {}):
            found.append(f"{who} has asked for {name} and can take it back by voice.")
            continue
        calendar = source_of(name)
        file = f"{FOLDER}/{who}/{calendar}" if calendar else f"{FOLDER}/{who}.yaml"
        found.append(f"To end {name}, take it out of {file}; to cancel it once, give its ID.")
    return found or [f"There is no reminder {name}; `fireside reminders list` shows all."]


@app.command()
def history(resident: Who = None, days: int = 1, as_json: AsJson = False) -> None:
    """Say what was due in the last days, and what became of it."""
    settings = settings_or_exit()
    now = datetime.now(UTC)
    with _ledger(resident) as ledger:
        found = ledger.of_day(now - timedelta(days=days), now + timedelta(seconds=1))
    if as_json:
        typer.echo(json.dumps([_described(each) for each in found], indent=2, ensure_ascii=False))
        return
    if not found:
        output.print("Nothing was due.")
        return
    table = Table("ID", "Resident", "Name", "Due", "State", "Said", "Put off")
    for each in found:
        when = f"{each.due_at.astimezone(settings.home.zone):%d.%m. %H:%M}"
        table.add_row(
            str(each.id),
            each.person,
            each.name,
            when,
            each.state,
            str(each.said),
            str(each.snoozed),
        )
    output.print(table)


@app.command()
def export(resident: Who = None, days: int = 1) -> None:
    """Print what became of the reminders of the last days as a FHIR R4 bundle."""
    now = datetime.now(UTC)
    with _ledger(resident) as ledger:
        found = ledger.of_day(now - timedelta(days=days), now + timedelta(seconds=1))
    typer.echo(json.dumps(fhir.bundle(found), indent=2, ensure_ascii=False))


@app.command()
def explain(occurrence: Number, as_json: AsJson = False) -> None:
    """Say why something was said or not: every step, when, and the reason."""
    settings = settings_or_exit()
    with _ledger() as ledger:
        found, changes = ledger.get(occurrence), ledger.history(occurrence)
    if as_json:
        steps = [{"at": c.at.isoformat(), "change": c.change, "why": c.why} for c in changes]
        document = {**_described(found), "steps": steps}
        typer.echo(json.dumps(document, indent=2, ensure_ascii=False))
        return
    output.print(
        f'{found.person}, {found.name}, {found.local:%d.%m.%Y %H:%M}: "{found.reminder.say}"',
        markup=False,
    )
    for change in changes:
        when = f"{change.at.astimezone(settings.home.zone):%d.%m. %H:%M:%S}"
        output.print(f"  {when}  {change.change}: {change.why}.", markup=False, soft_wrap=True)


def _agenda(resident: str | None, settings: Settings) -> dict[str, dict[str, Reminder]]:
    """Return what staff, calendars and residents say; faults are printed and left out."""
    found: dict[str, dict[str, Reminder]] = {}
    sources = (
        load_reminders(CONFIG / FOLDER),
        read_calendars(CONFIG / FOLDER, settings.home.zone),
        load_reminders(STATE / OWN / FOLDER),
    )
    for reminders, faults in sources:
        for who, theirs in reminders.items():
            found[who] = found.get(who, {}) | theirs
        for fault in faults:
            errors.print(str(fault), style="red", markup=False, soft_wrap=True)
    return found if resident is None else {resident: found.get(resident, {})}


def _day(
    agenda: dict[str, dict[str, Reminder]], settings: Settings, start: datetime
) -> list[Planned]:
    local = start.astimezone(settings.home.zone)
    end = datetime.combine(local.date() + timedelta(days=1), time(), settings.home.zone)
    planned = [
        Planned(who, name, moment, reminder)
        for who, reminders in agenda.items()
        for name, reminder in reminders.items()
        for series in series_of(reminder, settings.home.zone, local.date())
        for moment in series.between(start - timedelta(microseconds=1), end.astimezone(UTC))
    ]
    return sorted(planned, key=lambda each: (each.moment, each.resident, each.name))


def _next(reminder: Reminder, settings: Settings, now: datetime) -> Moment | None:
    zone = ZoneInfo(reminder.zone) if reminder.zone else settings.home.zone
    return soonest(reminder, zone, now.astimezone(zone).date(), now)


def _moment(at: datetime | None, settings: Settings) -> datetime:
    return at.replace(tzinfo=settings.home.zone).astimezone(UTC) if at else datetime.now(UTC)


def _shown(moment: Moment | None, settings: Settings) -> str:
    if moment is None:
        return "never again"
    return f"{moment.at.astimezone(settings.home.zone):%a %d.%m.%Y %H:%M}"


def _file_of(resident: str, settings: Settings) -> Path:
    if resident not in settings.residents:
        raise typer.BadParameter(f"RESIDENT is one of {', '.join(sorted(settings.residents))}.")
    return CONFIG / FOLDER / f"{resident}.yaml"


def _write(path: Path, new: dict[str, dict[str, Any]]) -> dict[str, Reminder]:
    """Append to the file, whole or not at all, once it can be read. Raises ConfigError."""
    before = path.read_text("utf-8") if path.exists() else "reminders:\n"
    block = yaml.safe_dump(new, allow_unicode=True, sort_keys=False, default_flow_style=None)
    indented = "".join(f"  {line}\n" for line in block.splitlines())
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent) as scratch:
        written = Path(scratch) / path.name
        written.write_text(f"{before.rstrip()}\n{indented}", encoding="utf-8")
        found = read_reminders(written)
        os.replace(written, path)
    return found


@contextmanager
def _ledger(resident: str | None = None) -> Iterator[Ledger]:
    try:
        ledger = Ledger(STATE / FILE, SystemClock(), resident)
        try:
            yield ledger
        finally:
            ledger.close()
    except StageError as error:
        raise fail(error.message, NOT_USABLE) from error


def _described(occurrence: Occurrence) -> dict[str, object]:
    return {
        "id": occurrence.id,
        "resident": occurrence.person,
        "name": occurrence.name,
        "local": occurrence.local.isoformat(),
        "due_at": occurrence.due_at.isoformat(),
        "state": occurrence.state,
        "said": occurrence.said,
        "put_off": occurrence.snoozed,
        "alert": occurrence.alert,
    }
