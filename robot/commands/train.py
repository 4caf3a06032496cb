"""`fireside train`: teach the dialogue engine what dialogue/rasa says, and words of danger."""

import typer

from config.files import ConfigError
from dialogue.safety.learning import MeaningError, learn
from dialogue.training import RasaError
from dialogue.training import train as train_engine
from robot.commands.console import errors, fail, waiting


def train() -> None:
    """Train the dialogue engine and words of danger; does nothing when nothing has changed."""
    try:
        with waiting("Learning words of danger"):
            learn(lambda line: None)
        with waiting("Training the dialogue engine"):
            model = train_engine(lambda line: None)
    except (ConfigError, MeaningError, RasaError) as error:
        raise fail(str(error)) from error
    errors.print(f"The dialogue engine is trained: {model}", soft_wrap=True)
    raise typer.Exit(0)
