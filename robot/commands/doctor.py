"""`fireside doctor`: can it hear, speak, tell the time, keep and understand? One line each."""

from dataclasses import dataclass

import typer

from dialogue.errors import StageError
from robot.commands.console import NOT_USABLE, output, settings_or_exit
from voices.errors import VoicesError

LEAST_FREE_GB = 2


@dataclass(frozen=True)
class Finding:
    """One line: what was looked at, whether it is well, and what was seen or must be done."""

    part: str
    well: bool
    sentence: str


def doctor() -> None:
    """Look at every part and say in one line each what is well, and what to do if not.

    Exit codes: 0 all well, 1 something needs a remedy, 3 the settings cannot be read.
    """
    settings = settings_or_exit()
    unwell = False
    for look in (_hears, _speaks, _clock, _disk, _engine):
        try:
            finding = look(settings)
        except (VoicesError, StageError, OSError) as error:
            finding = Finding(look.__name__.removeprefix("_"), False, str(error))
        unwell = unwell or not finding.well
        mark = "well  " if finding.well else "remedy"
        output.print(f"{mark}  {finding.part}: {finding.sentence}", markup=False, soft_wrap=True)
    raise typer.Exit(NOT_USABLE if unwell else 0)
