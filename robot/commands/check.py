"""`fireside check`: every file under config/ in plain sentences."""

import asyncio

import typer

from config.paths import CONFIG
from config.settings import Settings
from robot.commands.alerts import show
from robot.commands.console import output, settings_or_exit
from robot.delivery.ways import reach_all


def check() -> None:
    """Read every file under config/ and say what is wrong, in which line, and how to mend it."""
    settings = settings_or_exit()
    home, robot = settings.home, settings.robot
    output.print(f"{CONFIG} is valid.", soft_wrap=True)
    output.print(f"Home: {home.name}, {home.language}, {home.time_zone}.", markup=False)
    output.print(
        f"Robot: {robot.name}, driver {robot.driver}, sound {robot.audio}, hears with "
        f"{robot.recogniser}, asks again below {robot.confidence:.0%} confidence.",
        markup=False,
        soft_wrap=True,
    )
    for name, resident in sorted(settings.residents.items()):
        output.print(
            f"Resident {name}: {settings.language_of(resident)}, waits {resident.patience_ms} ms, "
            f"{resident.rate} words a minute, volume {resident.volume:.0%}.",
            markup=False,
            soft_wrap=True,
        )
    _alerts(settings)
    raise typer.Exit(0)


def _alerts(settings: Settings) -> None:
    """Say who is told, and who can be reached now."""
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
        show(way, "can be reached now", "can NOT be reached now")
