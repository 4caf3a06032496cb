"""`fireside simulate` and `fireside run`: the living robot."""

import asyncio
import signal
from dataclasses import replace
from typing import Annotated

import typer

from dialogue.errors import StageError
from dialogue.events import EngineChanged, Event, StageFailed
from robot.app import open_robot
from robot.commands.console import fail, output, person_or_usage, quiet_logs, settings_or_exit
from robot.driver import DriverLostError
from robot.server import ServerError
from voices.errors import VoicesError

Who = Annotated[str, typer.Option(help="A file under config/residents.")]
Verbose = Annotated[bool, typer.Option("--verbose", help="Log more; never anybody's words.")]

Port = Annotated[
    int | None, typer.Option(min=0, max=65535, help="Instead of the port in config/robot.yaml.")
]


def simulate(resident: Who = "guest", port: Port = None, verbose: Verbose = False) -> None:
    """Start everything with the robot in the browser, and print the address of its page."""
    _start("simulator", resident, port, verbose)


def run(resident: Who = "guest", port: Port = None, verbose: Verbose = False) -> None:
    """Start everything on the robot named in config/robot.yaml."""
    _start(None, resident, port, verbose)


def _start(driver: str | None, resident: str, port: int | None, verbose: bool) -> None:
    settings = settings_or_exit()
    person = person_or_usage(settings, resident)
    if port is not None:
        robot = settings.robot.model_copy(update={"port": port})
        settings = replace(settings, robot=robot)
    quiet_logs(verbose)

    async def live() -> None:
        ended = asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, ended.set)
        chosen = driver or settings.robot.driver
        async with open_robot(settings, person, chosen, _report) as robot:
            output.print(f"\n  {settings.robot.name} is awake: {robot.address}\n")
            output.print(f"  {robot.sound}\n  Ctrl-C ends it.\n", soft_wrap=True)
            await ended.wait()

    try:
        asyncio.run(live())
    except (ServerError, VoicesError, DriverLostError, StageError) as error:
        raise fail(str(error)) from error


def _report(event: Event) -> None:
    """Show on the terminal what a person who starts the robot wants to know; no words."""
    match event:
        case EngineChanged(part=part, status=status, message=message):
            output.print(f"  {part} is {status}: {message}", markup=False, soft_wrap=True)
        case StageFailed(stage=stage, message=message):
            output.print(f"  Could not {stage}: {message}", markup=False, soft_wrap=True)
