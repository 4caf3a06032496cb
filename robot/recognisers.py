"""Which recogniser listens: Vosk where its model is on the machine, else the embedded Whisper."""

from dataclasses import dataclass
from typing import Literal

from voices.errors import ModelError
from voices.hearing import Recogniser
from voices.models import ModelStore
from voices.vosk_recogniser import VoskRecogniser
from voices.whisper import WhisperRecogniser

Wish = Literal["auto", "vosk", "whisper"]


@dataclass(frozen=True)
class Choice:
    """A recogniser's model by name, and one sentence for a person about the choice."""

    model: str
    sentence: str


def candidates(language: str, wish: Wish, store: ModelStore) -> list[str]:
    """Return the models that understand a language, the preferred one first."""
    kinds = ("vosk", "whisper") if wish == "auto" else (wish,)
    fitting = [
        (kinds.index(model.kind), len(model.languages), name)
        for name, model in store.known.items()
        if model.kind in kinds and language in model.languages
    ]
    # A model for fewer languages is smaller and better at each of them.
    return [name for _kind, _languages, name in sorted(fitting)]


def choose(language: str, wish: Wish, store: ModelStore) -> Choice:
    """Return the best model that is here. Raises ModelError when there is none."""
    names = candidates(language, wish, store)
    here = next((name for name in names if store.installed(name)), None)
    if here is None:
        raise ModelError(
            f"No model for {language} is here; fetch one with `fireside models get {names[-1]}`."
        )
    if here == names[0]:
        return Choice(here, f"It hears with {here}.")
    better = f"for Vosk run `fireside models get {names[0]}`"
    return Choice(here, f"It hears with {here}, which is embedded; {better}.")


def load(model: str, store: ModelStore) -> Recogniser:
    """Load a model, which takes seconds. Raises ModelError or RecogniserError."""
    folder = store.installed(model)
    if folder is None:
        raise ModelError(f"{model} is not here; fetch it with `fireside models get {model}`.")
    known = store.model(model)
    kind = VoskRecogniser if known.kind == "vosk" else WhisperRecogniser
    return kind(folder, model, frozenset(known.languages))
