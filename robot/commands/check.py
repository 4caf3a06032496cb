"""`fireside check`: every file under config/ in plain sentences."""

import typer

from config.paths import CONFIG
from robot.commands.console import output, settings_or_exit


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
    raise typer.Exit(0)
