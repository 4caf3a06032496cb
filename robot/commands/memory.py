"""`fireside memory`: what the robot remembers about a resident: shown, handed out, erased."""

import json
import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import typer
from rich.table import Table

from config.clock import SystemClock
from config.paths import STATE
from config.settings import GUEST, Settings
from dialogue.errors import StageError
from dialogue.memory.items import OBJECTIONS
from dialogue.memory.store import Memory
from dialogue.reminders.ledger import FILE as REMINDERS
from dialogue.reminders.ledger import Ledger
from dialogue.reminders.spoken.own import OwnReminders
from dialogue.rotation import Rotation
from robot.commands.console import NOT_USABLE, errors, fail, output, settings_or_exit

FOLDER = STATE / "memory"
TOLD = STATE / "told.db"

app = typer.Typer(help="Show, hand out or erase what is remembered.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="A file under config/residents, without its ending.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON and nothing else.")]


@app.command()
def show(name: Name, as_json: AsJson = False) -> None:
    """Show everything remembered about a resident."""
    with _memory(name) as memory:
        items = memory.export(name)
    if as_json:
        typer.echo(json.dumps(items, indent=2, ensure_ascii=False))
        return
    if not items:
        output.print(f"Nothing is remembered about {name}.", markup=False)
        return
    table = Table("Kind", "What", "Language", "Heard by", "When (UTC)")
    for item in items:
        when = item["told_at"][:16].replace("T", " ")
        table.add_row(item["kind"], item["value"], item["language"], item["source"], when)
    output.print(table)


@app.command()
def export(name: Name) -> None:
    """Print everything there is about a resident as JSON, to hand it to them.

    That is their settings, their consents, all that is remembered, and what they asked to be
    reminded of.
    """
    settings = settings_or_exit()
    with _memory(name, settings) as memory:
        handed: dict[str, Any] = {"resident": name, "remembered": memory.export(name)}
        handed["reminders"] = {
            key: each.model_dump(mode="json", exclude_defaults=True)
            for key, each in _own(name).all().items()
        }
    if name in settings.residents:
        handed["settings"] = settings.residents[name].model_dump(mode="json")
    typer.echo(json.dumps(handed, indent=2, ensure_ascii=False))


@app.command()
def erase(
    name: Name,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask first.")] = False,
    as_json: AsJson = False,
) -> None:
    """Erase everything remembered about a resident by destroying their key.

    What the robot has told them and what they asked to be reminded of is forgotten as well. While
    their file stands under config/residents, what they do not want is still respected; without it,
    all is erased.
    """
    settings = settings_or_exit()
    with _memory(name, settings) as memory:
        if not yes and not typer.confirm(f"Erase everything about {name}, for ever?", err=True):
            raise fail("Nothing was erased.", NOT_USABLE)
        memory.erase(name, OBJECTIONS if name in settings.residents else frozenset())
        kept = len(memory.of(name))
    told = Rotation(TOLD, SystemClock(), random.Random(), days=1)
    told.forget(name)
    told.close()
    _forget_reminders(name)
    if as_json:
        typer.echo(json.dumps({"erased": name, "objections_kept": kept}))
    else:
        rest = " What they do not want is still respected." if kept else ""
        output.print(f"Everything about {name} is erased.{rest}", markup=False)


def _own(name: str) -> OwnReminders:
    return OwnReminders(STATE, name, random.Random())


def _forget_reminders(name: str) -> None:
    try:
        _own(name).clear()
        ledger = Ledger(STATE / REMINDERS, SystemClock(), name)
        ledger.forget_own()
        ledger.close()
    except StageError as error:
        raise fail(error.message) from error


@contextmanager
def _memory(name: str, settings: Settings | None = None) -> Iterator[Memory]:
    """Open the memory for somebody it may know. Exits with one sentence where it cannot."""
    residents = (settings or settings_or_exit()).residents
    try:
        memory = Memory(FOLDER, SystemClock())
    except StageError as error:
        raise fail(error.message) from error
    try:
        if name == GUEST or (name not in residents and not memory.knows(name)):
            known = ", ".join(sorted(set(residents) - {GUEST})) or "nobody yet"
            raise typer.BadParameter(f"NAME is one of config/residents: {known}.")
        if memory.restored is not None:
            errors.print(memory.restored, style="yellow", markup=False, soft_wrap=True)
        yield memory
    except StageError as error:
        raise fail(error.message) from error
    finally:
        memory.close()
