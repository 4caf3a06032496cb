"""Wordings of every intent that the engine has not been trained on, by language."""

from pathlib import Path

import yaml

FOLDER = Path(__file__).parent


def held_out() -> dict[str, dict[str, list[str]]]:
    """Return the texts by language and intent."""
    core = yaml.safe_load((FOLDER / "rasa_held_out.yaml").read_text("utf-8"))
    full = {
        language: yaml.safe_load((FOLDER / f"held_out_intents_{language}.yaml").read_text("utf-8"))
        for language in ("en", "de")
    }
    return core | full
