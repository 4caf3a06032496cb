"""The command line: `fireside --help`."""

import typer

from robot.commands.alerts import app as alerts
from robot.commands.bench import bench
from robot.commands.check import check
from robot.commands.doctor import doctor
from robot.commands.memory import app as memory
from robot.commands.models import app as models
from robot.commands.reminders import app as reminders
from robot.commands.run import run, simulate
from robot.commands.talk import talk
from robot.commands.train import train

app = typer.Typer(
    name="fireside",
    help="The offline conversation controller of a social robot in a care home.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_show_locals=False,
)
for command in (simulate, run, talk, check, doctor, train, bench):
    app.command()(command)
app.add_typer(models, name="models")
app.add_typer(alerts, name="alerts")
app.add_typer(memory, name="memory")
app.add_typer(reminders, name="reminders")


def main() -> None:
    """Run the command line."""
    app()


if __name__ == "__main__":
    main()
