"""`choice`: spoken orders whose slots the recogniser is told, clean and in noise."""

import asyncio
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from rich.table import Table

from robot.bench.common import BenchError, Options, Recording, recordings, spread, surroundings
from robot.bench.noise import generator, mix, noises
from robot.recognisers import choose as choose_recogniser
from robot.recognisers import load
from voices.ears import recognise
from voices.errors import AudioFileError, ModelError
from voices.hearing import Context, Recogniser
from voices.models import ModelStore
from voices.phonetics import words
from voices.snapping import choose
from voices.soundfile import read

CONDITIONS: Mapping[str, float | None] = {"clean": None, "12dB": 12.0, "6dB": 6.0}
"""Signal-to-noise ratio in decibels, as `noise.mix` defines it."""

Slots = dict[str, str | None]


def run(options: Options) -> dict[str, Any]:
    """Return how many orders had all slots right, with the embedded recogniser of each language.

    What may be said is known: the values that a set's slots have in any of its recordings.
    Without recordings in the folder `noise` there is only the condition "clean".
    """
    entries = [entry for entry in recordings(options.data) if entry.slots]
    if not entries:
        raise BenchError(f"No recording in {options.data / 'manifest.json'} has slots.")
    try:
        return asyncio.run(_Run(options, entries).measure())
    except (AudioFileError, ModelError) as error:
        raise BenchError(str(error)) from error


class _Run:
    def __init__(self, options: Options, entries: Sequence[Recording]) -> None:
        self._options = options
        self._entries = entries
        self._vocabularies = {
            entry.set: vocabulary([each for each in entries if each.set == entry.set])
            for entry in entries
        }
        self._noises = noises(options.data)
        self._store = ModelStore()
        self._seconds: list[float] = []

    async def measure(self) -> dict[str, Any]:
        conditions = [name for name, snr in CONDITIONS.items() if snr is None or self._noises]
        results: dict[str, list[tuple[Slots, Slots]]] = {name: [] for name in conditions}
        models: dict[str, str] = {}
        for language in sorted({entry.language for entry in self._entries}):
            models[language] = choose_recogniser(language, "whisper", self._store).model
            recogniser = load(models[language], self._store)
            try:
                for entry in self._entries:
                    if entry.language == language:
                        for name in conditions:
                            done = sum(len(pairs) for pairs in results.values())
                            total = len(conditions) * len(self._entries)
                            self._options.progress(f"{entry.set}, {name}", done, total)
                            results[name].append(await self._order(recogniser, entry, name))
            finally:
                await recogniser.close()
        return {
            "conditions": {name: figures(pairs) for name, pairs in results.items()},
            "recognisers": models,
            "recognise_seconds": spread(self._seconds),
            **surroundings(self._options.seed),
        }

    async def _order(
        self, recogniser: Recogniser, entry: Recording, condition: str
    ) -> tuple[Slots, Slots]:
        """Return the slots that were said and those that were understood."""
        slots = self._vocabularies[entry.set]
        sound = read(self._options.data / entry.file)
        snr = CONDITIONS[condition]
        if snr is not None:
            # The same stretch of noise at every level, so that only the level differs.
            draw = generator(self._options.seed, entry.file)
            sound = mix(sound, self._noises[draw.integers(len(self._noises))], snr, draw)
        values = tuple(value for each in slots.values() for value in each)
        began = time.perf_counter()
        heard = await recognise(recogniser, sound, Context(entry.language, words=values))
        understood = choose(heard.guesses, slots, entry.language)
        self._seconds.append(time.perf_counter() - began)
        said = {slot: plain(value) for slot, value in (entry.slots or {}).items()}
        return {slot: said.get(slot) for slot in slots}, understood


def plain(value: str) -> str:
    """Return a value without differences that cannot be heard: case, spaces, punctuation."""
    return " ".join(words(value))


def vocabulary(entries: Sequence[Recording]) -> dict[str, list[str]]:
    """Return every slot of a set with the values it can have."""
    values: dict[str, set[str]] = defaultdict(set)
    for entry in entries:
        for slot, value in (entry.slots or {}).items():
            values[slot].add(plain(value))
    return {slot: sorted(values[slot]) for slot in sorted(values)}


def figures(pairs: Sequence[tuple[Slots, Slots]]) -> dict[str, Any]:
    """Return the share of orders with all slots right and, for each slot, with it right.

    A slot that was not said is right when none was understood.
    """
    slots = sorted({slot for said, _understood in pairs for slot in said})
    asked = {slot: [pair for pair in pairs if slot in pair[0]] for slot in slots}
    return {
        "n": len(pairs),
        "all_slots": _share([said == understood for said, understood in pairs]),
        "per_slot": {
            slot: _share([said[slot] == understood[slot] for said, understood in asked[slot]])
            for slot in slots
        },
    }


def _share(right: Sequence[bool]) -> float:
    return round(sum(right) / len(right), 4)


def table(result: dict[str, Any]) -> Table:
    """Show one row a condition."""
    conditions = result["conditions"]
    slots = sorted({slot for row in conditions.values() for slot in row["per_slot"]})
    shown = Table(
        "condition", "n", "all slots", *slots, title=", ".join(result["recognisers"].values())
    )
    for name, row in conditions.items():
        cells = [row["all_slots"], *(row["per_slot"].get(slot) for slot in slots)]
        shown.add_row(name, str(row["n"]), *(f"{100 * cell:.1f} %" for cell in cells))
    return shown
