"""`fireside doctor`: can it hear, speak, tell the time, keep and understand? One line each."""

import asyncio
import shutil
import time
from collections.abc import Callable
from datetime import datetime

import numpy as np
import soxr
import typer
from rapidfuzz import fuzz

from config.paths import CHECKOUT, STATE
from config.settings import Settings
from dialogue.person import Person
from dialogue.safety.learning import MeaningError, made_of_now
from dialogue.safety.meaning import Meaning
from dialogue.training import RasaError, rasa_python, trained_model, verify
from robot.commands.console import NOT_USABLE, output, settings_or_exit
from robot.recognisers import choose, load
from voices import portaudio
from voices.ears import recognise
from voices.errors import VoicesError
from voices.hearing import SAMPLE_RATE, Context
from voices.models import ModelStore
from voices.speaking import Speech
from voices.synthesis import Synthesis

LEAST_FREE_GB = 2
ALIKE = 70
"""Likeness in percent from which a sentence counts as understood."""
CHECK_SENTENCES = {
    "en": "The weather is nice today.",
    "de": "Das Wetter ist heute schön.",
    "fr": "Il fait beau aujourd'hui.",
    "it": "Oggi il tempo è bello.",
    "es": "Hoy hace buen tiempo.",
    "nl": "Het is vandaag mooi weer.",
}

Finding = tuple[bool, str]
"""Whether it is well, and what was seen or must be done."""


def doctor() -> None:
    """Look at every part and say in one line each what is well, and what to do if not.

    Exit codes: 0 all well, 1 something needs a remedy, 3 the settings cannot be read.
    """
    settings = settings_or_exit()
    looks: dict[str, Callable[[Settings], Finding]] = {
        "devices": _devices,
        "models": _models,
        "speaks": _speaks,
        "hears": _hears,
        "clock": _clock,
        "disk": _disk,
        "rasa": _rasa,
        "safety": _safety,
    }
    all_well = True
    for part, look in looks.items():
        try:
            well, sentence = look(settings)
        except (VoicesError, RasaError, MeaningError, OSError) as error:
            well, sentence = False, str(error)
        all_well = all_well and well
        mark = "well  " if well else "remedy"
        output.print(f"{mark}  {part}: {sentence}", markup=False, soft_wrap=True)
    raise typer.Exit(0 if all_well else NOT_USABLE)


async def _spoken(settings: Settings) -> Speech:
    profile = settings.residents["guest"]
    person = Person.of("guest", profile, settings.home.language)
    synthesis = Synthesis()
    try:
        await synthesis.start(person.style)
        return await synthesis.speech(CHECK_SENTENCES[person.language], person.style)
    finally:
        await synthesis.close()


def _devices(settings: Settings) -> Finding:
    there = dict(zip(("microphone", "loudspeaker"), portaudio.devices(), strict=True))
    missing = " and no ".join(name for name, is_there in there.items() if not is_there)
    if not missing:
        return True, "this machine has a microphone and a loudspeaker."
    if settings.robot.audio == "device":
        return False, f"no {missing}; plug one in, or set audio to browser in config/robot.yaml."
    return True, f"no {missing} on this machine, so the page's are used."


def _models(settings: Settings) -> Finding:
    store = ModelStore()
    here = [name for name in store.known if store.installed(name)]
    for name in here:
        store.verify(name)
    choice = choose(settings.home.language, settings.robot.recogniser, store)
    return True, f"{', '.join(here)} verified. {choice.sentence}"


def _speaks(settings: Settings) -> Finding:
    began = time.monotonic()
    speech = asyncio.run(_spoken(settings))
    took = time.monotonic() - began
    return True, f"{speech.voice} made {speech.duration:.1f} s of speech, loaded in {took:.1f} s."


def _hears(settings: Settings) -> Finding:
    """Let the robot hear its own voice: the whole way from sound to words."""
    language, store = settings.home.language, ModelStore()
    speech = asyncio.run(_spoken(settings))
    samples = np.frombuffer(speech.pcm, np.int16)
    sound = soxr.resample(samples, speech.rate, SAMPLE_RATE).tobytes()

    async def hear() -> str:
        recogniser = load(choose(language, settings.robot.recogniser, store).model, store)
        try:
            return (await recognise(recogniser, sound, Context(language))).text
        finally:
            await recogniser.close()

    heard = asyncio.run(hear())
    if fuzz.ratio(heard.lower(), speech.text.lower()) < ALIKE:
        return False, f"it said '{speech.text}', heard '{heard}'; try another recogniser or voice."
    return True, f"it understood its own voice: '{heard}'."


def _clock(settings: Settings) -> Finding:
    zone = settings.home.zone
    now = datetime.now(zone)
    shown = f"{now:%A %d %B %Y, %H:%M} in {settings.home.time_zone}"
    installed = datetime.fromtimestamp((CHECKOUT / "pyproject.toml").stat().st_mtime, zone)
    if now < installed:
        return False, f"it shows {shown}, before this program was installed; set the clock."
    return True, f"it shows {shown}; compare it with a watch."


def _disk(settings: Settings) -> Finding:
    STATE.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(STATE).free / 1e9
    if free < LEAST_FREE_GB:
        return False, f"{free:.1f} GB free where {STATE} lies; make {LEAST_FREE_GB} GB free."
    return True, f"{free:.0f} GB free."


def _rasa(settings: Settings) -> Finding:
    rasa_python()
    model = trained_model()
    if model is None:
        return False, "not trained for what dialogue/rasa says now; run `fireside train`."
    verify(model)
    return True, f"trained, and {model.path.name} is unchanged."


def _safety(settings: Settings) -> Finding:
    meaning = Meaning.load()
    if meaning.made_of != made_of_now():
        return False, "words of danger were learnt from older examples; run `fireside train`."
    return True, "words of danger are found by rules and by meaning."
