"""Texts said aloud and heard again: synthesis, kitchen noise, recognition."""

from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import numpy as np
import soxr

from robot.bench.common import BenchError
from robot.bench.noise import generator, mix, noises
from robot.recognisers import choose, load
from voices.ears import recognise
from voices.errors import AudioFileError, VoicesError
from voices.hearing import SAMPLE_RATE, Context, Recognition
from voices.models import ModelStore
from voices.speaking import Style
from voices.synthesis import Synthesis

SNR_DB = 12.0
"""Loudest frame of the speech to loudest frame of the noise, as `noise.mix` defines it."""


async def heard(
    texts: Sequence[str], language: str, recordings: Path, seed: int
) -> AsyncIterator[Recognition]:
    """Yield what the robot hears of each text, in noise from the folder `noise` in `recordings`.

    Each text has its own stretch of noise, which depends on the seed and the text alone.
    Raises BenchError.
    """
    synthesis, style = Synthesis(), Style(language=language)
    try:
        kitchens = noises(recordings)
        if not kitchens:
            raise BenchError(f"There is no noise in {recordings / 'noise'}; put a recording there.")
        store = ModelStore()
        recogniser = load(choose(language, "auto", store).model, store)
        try:
            await synthesis.start(style)
            for text in texts:
                speech = await synthesis.speech(text, style)
                samples = np.frombuffer(speech.pcm, np.int16)
                sound = soxr.resample(samples, speech.rate, SAMPLE_RATE).tobytes()
                draw = generator(seed, text)
                noisy = mix(sound, kitchens[draw.integers(len(kitchens))], SNR_DB, draw)
                yield await recognise(recogniser, noisy, Context(language))
        finally:
            await recogniser.close()
    except (AudioFileError, VoicesError) as error:
        raise BenchError(str(error)) from error
    finally:
        await synthesis.close()
