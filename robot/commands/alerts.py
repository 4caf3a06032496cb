"""`fireside alerts`: what is open, who is coming, who was told, and whether that works."""

import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Annotated

import typer
from rich.table import Table

from config.clock import SystemClock
from config.paths import STATE
from config.settings import Settings
from dialogue.alerts import FILE, Alert, Alerts
from dialogue.deliveries import Deliveries, Delivery
from dialogue.errors import StageError
from robot.commands.console import NOT_USABLE, fail, output, settings_or_exit, waiting
from robot.delivery.ways import Way, reach_all, try_all

app = typer.Typer(help="List and acknowledge alerts; test how they go out.", no_args_is_help=True)

Number = Annotated[int, typer.Argument(metavar="ID", help="As `fireside alerts list` prints it.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON and nothing else.")]
Sealed = Annotated[
    bool, typer.Option("--safeguarding", help="The safeguarding lead's own, and nothing else.")
]


@app.command("list")
def list_alerts(sealed: Sealed = False, as_json: AsJson = False) -> None:
    """List what nobody has acknowledged."""
    with _alerts() as alerts:
        found = alerts.open("safeguarding" if sealed else "shift")
    if as_json:
        typer.echo(json.dumps([_described(alert) for alert in found], indent=2))
        return
    if not found:
        output.print("Nothing is open.")
        return
    table = Table("ID", "Kind", "What", "Raised", "Step")
    for alert in found:
        when = f"{alert.raised_at:.19}".replace("T", " ") + " UTC"
        table.add_row(str(alert.id), alert.kind, alert.category, when, str(alert.step))
    output.print(table)


@app.command()
def ack(
    alert: Number,
    by: Annotated[str, typer.Option(help="Who is coming, by name.")],
    sealed: Sealed = False,
    as_json: AsJson = False,
) -> None:
    """Say who is coming; a robot that is awake takes notice within a second."""
    with _alerts() as alerts:
        _found(alerts, alert, sealed)
        done = alerts.acknowledge(alert, by)
    if as_json:
        typer.echo(json.dumps(_described(done), indent=2))
    else:
        output.print(f"Alert {done.id}: {done.acknowledged_by} is coming.", markup=False)


@app.command()
def history(alert: Number, sealed: Sealed = False, as_json: AsJson = False) -> None:
    """Say what became of one alert: who was told by what, when, and after how many attempts."""
    with _alerts() as alerts:
        found = _found(alerts, alert, sealed)
        told = Deliveries(alerts.file, SystemClock()).of(alert)
    if as_json:
        document = {**_described(found), "deliveries": [asdict(each) for each in told]}
        typer.echo(json.dumps(document, indent=2, ensure_ascii=False))
        return
    output.print(f"Alert {found.id}, {found.category}, raised {found.raised_at}.", markup=False)
    for each in told:
        output.print(_told(each), markup=False, soft_wrap=True)
    by, at = found.acknowledged_by, found.acknowledged_at
    output.print(f"{by} said at {at} that they are coming." if by else "Nobody is coming yet.")


@app.command()
def test(as_json: AsJson = False) -> None:
    """Send everybody named in config/alerts.yaml a message marked as a test; say what happened.

    Exit codes: 0 all were taken, 1 some were not, 3 the settings cannot be read.
    """
    settings = settings_or_exit()
    with waiting("Sending"):
        ways = asyncio.run(try_all(settings))
    if as_json:
        typer.echo(json.dumps([asdict(way) for way in ways], indent=2, ensure_ascii=False))
    elif not ways:
        output.print(
            "Nobody is named in config/alerts.yaml: alerts reach the robot and its page only.",
            soft_wrap=True,
        )
    for way in () if as_json else ways:
        _show(way, "sent", "NOT sent")
    raise typer.Exit(NOT_USABLE if any(way.fault for way in ways) else 0)


def show_plan(settings: Settings) -> None:
    """Print who is told of alerts, and who can be reached now."""
    plan = settings.alerts
    near = "Alerts are shown on the page, and by the robot in an emergency"
    people = ", ".join(plan.names)
    order = f"; named are {people}." if people else "; nobody is named."
    output.print(near + order, markup=False, soft_wrap=True)
    if plan.safeguarding is None:
        output.print(
            "Nobody hears of abuse: it is stored only. Name the safeguarding lead in alerts.yaml.",
            style="red",
            soft_wrap=True,
        )
    for way in asyncio.run(reach_all(settings)):
        _show(way, "can be reached now", "can NOT be reached now")


def _show(way: Way, well: str, ill: str) -> None:
    """Print one line about one way."""
    found = well if way.fault is None else f"{ill}: {way.fault}"
    line = f"{way.person}, {way.channel} {way.to}: {found}."
    output.print(line, style=None if way.fault is None else "red", markup=False, soft_wrap=True)


@contextmanager
def _alerts() -> Iterator[Alerts]:
    try:
        alerts = Alerts(STATE / FILE, SystemClock())
        try:
            yield alerts
        finally:
            alerts.close()
    except StageError as error:
        raise fail(error.message, NOT_USABLE) from error


def _found(alerts: Alerts, number: int, sealed: bool) -> Alert:
    """Return the alert; without --safeguarding there is no sign of a sealed one."""
    found = alerts.get(number)
    if (found.audience == "safeguarding") != sealed:
        raise StageError("alert", "unknown", f"There is no alert {number}.")
    return found


def _described(alert: Alert) -> dict[str, object]:
    described = asdict(alert)
    del described["words"]
    return described


def _told(delivery: Delivery) -> str:
    tries = f"{delivery.attempts} attempt{'' if delivery.attempts == 1 else 's'}"
    if delivery.delivered_at:
        state = f"arrived {delivery.delivered_at}, {tries}"
    else:
        state = f"not arrived, {tries}: {delivery.fault or 'under way'}"
    return f"  step {delivery.step}: {delivery.recipient}, {delivery.channel}: {state}"
