"""What the command line shares: where to print, and how to fail with one sentence."""

import contextlib
import logging
from collections.abc import Iterator

import typer
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from config.files import ConfigError
from config.paths import CONFIG
from config.settings import Settings, load
from dialogue.person import Person

NOT_USABLE, CANNOT_START = 1, 3
"""Exit codes: some input was refused; the program cannot start. 2 is a wrong command line."""

errors = Console(stderr=True, highlight=False)
output = Console(highlight=False)


def settings_or_exit() -> Settings:
    """Return the home's settings, or print every fault and exit."""
    try:
        return load(CONFIG)
    except ConfigError as error:
        for fault in error.faults:
            errors.print(str(fault), style="red", markup=False)
        raise typer.Exit(CANNOT_START) from error


def person_or_usage(settings: Settings, resident: str, language: str | None = None) -> Person:
    """Return the person of that file, in that language or their own. Raises BadParameter."""
    if resident not in settings.residents:
        known = ", ".join(sorted(settings.residents))
        raise typer.BadParameter(f"--resident is one of {known}.")
    profile = settings.residents[resident]
    return Person.of(resident, profile, language or settings.language_of(profile))


def fail(sentence: str, code: int = CANNOT_START) -> typer.Exit:
    """Print one sentence and return the exit to raise."""
    errors.print(sentence, style="red", markup=False)
    return typer.Exit(code)


def quiet_logs(verbose: bool) -> None:
    """Send logs to standard error: warnings, or everything that holds no words."""
    logging.basicConfig(
        level=logging.INFO if verbose else logging.WARNING,
        format="%(asctime)s %(levelname)s %(name)s: %(message)s",
    )
    logging.getLogger("httpx").setLevel(logging.WARNING)  # it would log every look at Rasa


@contextlib.contextmanager
def waiting(what: str) -> Iterator[None]:
    """Show on standard error that something longer is under way."""
    columns = SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn()
    with Progress(*columns, console=errors, transient=True) as progress:
        progress.add_task(what, total=None)
        yield
