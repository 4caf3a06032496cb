"""Where things lie: the checkout, and the folder for what this machine makes itself."""

import os
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent
STATE = Path(os.environ.get("FIRESIDE_STATE", CHECKOUT / ".fireside"))
MODELS = STATE / "models"
CONFIG = Path(os.environ.get("FIRESIDE_CONFIG", CHECKOUT / "config"))
RASA_PROJECT = CHECKOUT / "dialogue" / "rasa"
RASA_PYTHON = CHECKOUT / ".rasa-venv" / "bin" / "python"
RASA_MODELS = STATE / "rasa"
SENTENCES = STATE / "sentences"
"""Vectors of training examples, kept so that only new ones are read again."""
