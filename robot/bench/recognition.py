"""`recognition`: word error rate, speed and memory of every recogniser on every set."""

import asyncio
import multiprocessing
import re
import resource
import time
import unicodedata
from collections import defaultdict
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

from rapidfuzz.distance import Levenshtein
from rich.table import Table

from config.settings import LANGUAGES
from robot.bench.common import BenchError, Options, Recording, recordings, spread, surroundings
from robot.recognisers import candidates, load
from voices.ears import recognise
from voices.hearing import SAMPLE_RATE, Context
from voices.models import ModelStore
from voices.soundfile import read

DIGITS = dict(enumerate("zero one two three four five six seven eight nine ten".split()))


def words(text: str, language: str) -> list[str]:
    """Return the text as words that can be compared: no case, no punctuation, digits spelt."""
    plain = unicodedata.normalize("NFC", text).lower().replace("’", "'")
    found = re.findall(r"[^\W_]+(?:'[^\W_]+)*", plain)
    if language != "en":
        return found
    return [
        DIGITS.get(int(word), word) if word.isascii() and word.isdigit() else word for word in found
    ]


def run(options: Options) -> dict[str, Any]:
    """Measure each recogniser in a process of its own, so that its memory is its own."""
    entries = [entry for entry in recordings(options.data) if entry.text]
    store = ModelStore()
    languages = {entry.language for entry in entries} & set(LANGUAGES)
    names = {name for each in languages for name in candidates(each, "auto", store)}
    here = sorted(name for name in names if store.installed(name))
    if not here:
        raise BenchError("No model is here for these recordings; see `fireside models list`.")
    results: dict[str, Any] = {}
    for done, name in enumerate(here):
        options.progress(name, done, len(here))
        fitting = [e for e in entries if e.language in store.model(name).languages]
        with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
            results[name] = pool.submit(_measure, name, options.data, fitting).result()
    return {"recognisers": results, **surroundings(options.seed)}


def _measure(name: str, data: Path, entries: list[Recording]) -> dict[str, Any]:
    return asyncio.run(_measure_all(name, data, entries))


async def _measure_all(name: str, data: Path, entries: list[Recording]) -> dict[str, Any]:
    recogniser = load(name, ModelStore())
    sets: dict[str, list[tuple[int, int, float, float]]] = defaultdict(list)
    for entry in entries:
        sound = read(data / entry.file)
        began = time.perf_counter()
        heard = await recognise(recogniser, sound, Context(entry.language))
        took = time.perf_counter() - began
        said = words(entry.text or "", entry.language)
        wrong = Levenshtein.distance(said, words(heard.text, entry.language))
        sets[entry.set].append((wrong, len(said), took, len(sound) / 2 / SAMPLE_RATE))
    await recogniser.close()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"peak_memory_mb": round(peak), "sets": {k: _figures(v) for k, v in sets.items()}}


def _figures(turns: list[tuple[int, int, float, float]]) -> dict[str, Any]:
    wrong, said, took, lasted = (sum(column) for column in zip(*turns, strict=True))
    return {
        "n": len(turns),
        "word_error_rate": round(wrong / said, 3),
        "real_time_factor": round(took / lasted, 3),
        "seconds": spread([turn[2] for turn in turns]),
    }


def table(result: dict[str, Any]) -> Table:
    """Show one row a recogniser and set."""
    shown = Table("recogniser", "set", "n", "word error rate", "real-time factor", "s p50", "s p95")
    for name, figures in result["recognisers"].items():
        label = f"{name} ({figures['peak_memory_mb']} MB)"
        for key, row in figures["sets"].items():
            rates = row["word_error_rate"], row["real_time_factor"]
            seconds = row["seconds"]["p50"], row["seconds"]["p95"]
            shown.add_row(label, key, *(str(cell) for cell in (row["n"], *rates, *seconds)))
            label = ""
    return shown
