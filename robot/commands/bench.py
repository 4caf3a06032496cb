"""`fireside bench NAME`: measurements, apart from tests, on data a stranger can bring."""

import os
from importlib import import_module
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from config.paths import CHECKOUT
from robot.bench.common import BenchError, Options, as_json
from robot.commands.console import NOT_USABLE, errors, fail, output

NAMES = {
    "agenda": "what reminders cost with 10, 100 and 1,000 residents",
    "alerts": "killed 1,000 times between an alert and its acknowledgement",
    "choice": "slots of spoken orders, told to the recogniser, clean and in noise",
    "latency": "from the last sample of speech to the first of the answer",
    "malformed": "1,000 damaged recordings and lines into `fireside talk`",
    "recognition": "word error rate, speed and memory of every recogniser",
    "reminders": "killed 10,000 times: what is lost, silently doubled, or not told to staff",
    "resident": "simulated residents, a thousand turns each: rules kept, time a turn",
    "resilience": "Rasa killed, a hung voice, the stop button",
    "rules": "20,000 recurrence rules drawn to be slow: reading one, and its next time",
    "safety": "words of danger found and false alarms, written or --spoken, also with --no-rasa",
    "schedules": "10,000 random schedules over ten years, by two reckonings",
    "start": "time to the first word, memory and idle load of each process",
    "understanding": "intents of public sets and of our own, beside Rasa as it comes",
}
DATA = Path(os.environ.get("FIRESIDE_DATA", CHECKOUT.parent / "shared" / "data"))
FOLDERS: dict[str, Path] = {
    "safety": CHECKOUT / "tests" / "dialogue",
    "understanding": DATA / "text",
}
"""Where a benchmark finds its own; the others take the recordings in `speech`."""


def bench(
    name: Annotated[str, typer.Argument(help=f"One of: {', '.join(NAMES)}.")],
    data: Annotated[Path | None, typer.Option(help="A folder with what it measures on.")] = None,
    json_: Annotated[bool, typer.Option("--json", help="One JSON document, no table.")] = False,
    seed: Annotated[int, typer.Option(help="For everything that is drawn by chance.")] = 1,
    folds: Annotated[int, typer.Option(help="Of HWU64, for understanding.")] = 10,
    spoken: Annotated[bool, typer.Option("--spoken", help="Said aloud and heard again.")] = False,
    no_rasa: Annotated[
        bool, typer.Option("--no-rasa", help="Without the dialogue engine, for safety.")
    ] = False,
    kills: Annotated[int | None, typer.Option(min=1, help="How many, for reminders.")] = None,
) -> None:
    """Measure one thing and print a table; it never judges.

    The data's format is described in docs/benchmarks.md.
    """
    if name not in NAMES:
        known = "\n".join(f"  {key}: {what}" for key, what in NAMES.items())
        raise fail(f"There is no benchmark called {name}. There are:\n{known}", 2)
    folder = data or FOLDERS.get(name, DATA / "speech")
    module = import_module(f"robot.bench.{name}")
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, TimeElapsedColumn(), console=errors, transient=True) as progress:
        task = progress.add_task(name, total=None)

        def show(what: str, done: int, total: int) -> None:
            progress.update(task, description=what, completed=done, total=total)

        try:
            result = module.run(Options(folder, seed, show, folds, spoken, not no_rasa, kills))
        except BenchError as error:
            raise fail(str(error), NOT_USABLE) from error
    if json_:
        output.print(as_json(result), markup=False, soft_wrap=True)
        return
    output.print(module.table(result))
    for key in ("machine", "load_before", "python", "versions", "seed"):
        output.print(f"{key}: {result[key]}", markup=False, soft_wrap=True)
