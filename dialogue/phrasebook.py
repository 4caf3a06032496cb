"""Every sentence the robot can say, by key and language, written in files staff can read.

The core of the book is complete in every language; the flows add their own words in the languages
they are written in. Which variant is said to whom is chosen here.
"""

import logging
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, create_model

from config.files import ConfigError, Fault, read_model
from dialogue.flow_files import FULL, ITEMS, Flow
from dialogue.person import Person
from dialogue.replies import Phrase
from dialogue.rotation import Rotation
from dialogue.variants import Variant, Variants, variants_type

log = logging.getLogger(__name__)

PHRASES = Path(__file__).parent / "content" / "phrases"
SAFE_KEY = "out_of_scope"
"""Said instead of a key that is not in the book, or cannot be filled in."""
FACTS = frozenset({"meal_time", "town", "yesterday"})
"""Placeholders of what is better said than kept back."""
SIMPLER = "simpler."
"""Begins the key of an easier question, asked after a long silence."""

KEYS: Mapping[str, frozenset[str]] = {
    **dict.fromkeys(
        """
        greet how_are_you_answer glad_to_hear sorry_to_hear feeling_neutral_answer small_talk
        warm_response joke story repeat_nothing louder quieter slower faster affirm_answer
        deny_answer thanks_answer goodbye bored compliment_answer insult_answer out_of_scope
        low_understanding ask_again silence_simpler silence_leave
        stop_assent name_called need_help_question no_help_needed emergency
        emergency_repeat emergency_no_alert distress abuse_disclosure medical_question
        ai_identity privacy voice_trouble resumed
        """.split(),
        frozenset(),
    ),
    "introduce": frozenset({"robot"}),
    "introduce_session": frozenset({"robot"}),
    "alert_acknowledged": frozenset({"name"}),
    "time": frozenset({"time"}),
    "day": frozenset({"day"}),
}
"""The keys every language must have, and the placeholders each of their variants must hold."""


@dataclass(frozen=True)
class Entry:
    """The variants of a key; with `once`, none is told twice within the home's days."""

    variants: Variants
    once: bool = False


class Phrasebook:
    """Chooses the words: each person hears every variant of a key before any of them again."""

    def __init__(
        self,
        languages: Mapping[str, Mapping[str, Variants]],
        rotation: Rotation,
        flows: Mapping[str, Flow] | None = None,
    ) -> None:
        self._rotation = rotation
        self._book = {
            language: {key: Entry(variants) for key, variants in keys.items()}
            for language, keys in languages.items()
        }
        self._items: dict[str, dict[str, list[dict[str, Variant]]]] = {}
        for language in FULL if flows else ():
            self._items[language] = {}
            for name, flow in (flows or {}).items():
                self._add(language, name, flow)

    @classmethod
    def load(
        cls, folder: Path, rotation: Rotation, flows: Mapping[str, Flow] | None = None
    ) -> "Phrasebook":
        """Read the core of the book from the folder. Raises ConfigError with every fault found."""
        return cls(read_core(folder), rotation, flows)

    @property
    def languages(self) -> frozenset[str]:
        """The languages of the book."""
        return frozenset(self._book)

    def variants(self, key: str, language: str) -> Variants:
        """Return every variant of a key. Raises KeyError."""
        return self._book[language][key].variants

    def every(self, language: str) -> Iterator[tuple[str, Variant]]:
        """Yield every variant of a language with its key; an item's parts are keys of their own."""
        for key, entry in self._book[language].items():
            yield from ((key, variant) for variant in entry.variants)
        for flow, items in self._items.get(language, {}).items():
            for item in items:
                yield from ((f"{flow}.{ITEMS}{part}", variant) for part, variant in item.items())

    def has(self, key: str, language: str) -> bool:
        """Whether a language has words for a key."""
        return key in self._book.get(language, {})

    def sayable(self, key: str, person: Person, values: Mapping[str, str]) -> bool:
        """Whether a key has words for which nothing is missing just now."""
        entry = self._book.get(person.language, {}).get(key)
        return entry is None or bool(_usable(entry.variants, person, values))

    def phrases(
        self,
        key: str,
        person: Person,
        values: Mapping[str, str],
        rings: Collection[str] = (),
    ) -> tuple[Phrase, ...]:
        """Return the sentences to say, chosen and filled in; none of those that still ring.

        `values` fill the placeholders; variants that need a missing or empty one are left out, and
        so are those of another time of day ("when"). What is missing is replaced by SAFE_KEY.
        Raises Exhausted where everything was told lately and nothing may be told again.
        """
        language = self._language(person.language)
        entry = self._book[language].get(key, Entry(()))
        usable = _usable(entry.variants, person, values)
        if not usable:
            log.error("The phrasebook cannot say '%s' in '%s' with %s", key, language, set(values))
            key, entry = SAFE_KEY, self._book[language][SAFE_KEY]
            usable = _usable(entry.variants, person, values)
        fresh = [name for name, v in usable.items() if not _sounds_again(v, person, values, rings)]
        names = fresh or list(usable)
        chosen = self._rotation.next(person.key, f"{language}.{key}", names, entry.once)
        return _filled(usable[chosen], person, values)

    def item(
        self, flow: str, part: str, person: Person, values: Mapping[str, str]
    ) -> tuple[Phrase, ...]:
        """Return a part of an item: the first part takes a fresh one, the others stay with it.

        Raises Exhausted where every item was told lately.
        """
        items = self._items[person.language][flow]
        fitting = [item for item in items if all(v.gentle for v in item.values())]
        first = next(iter(items[0]))
        named = {item[first].name: item for item in (person.gentle and fitting) or items}
        key = f"{person.language}.{flow}.{ITEMS}"
        current = self._rotation.latest(person.key, key)
        if part == first or current not in named:
            current = self._rotation.next(person.key, key, list(named), once=True)
        return _filled(named[current][part], person, values)

    def _language(self, language: str) -> str:
        if language not in self._book:
            log.error("The phrasebook has no language '%s'; English is used", language)
            return "en"
        return language

    def _add(self, language: str, name: str, flow: Flow) -> None:
        book = self._book.setdefault(language, {})
        book |= {key: Entry(words.of(language), words.once) for key, words in flow.words.items()}
        book |= {SIMPLER + step: Entry(words.of(language)) for step, words in flow.simpler.items()}
        if flow.items is not None:
            self._items[language][name] = flow.items.of(language)


def read_core(folder: Path) -> dict[str, Mapping[str, Variants]]:
    """Read `<language>.yaml` in the folder. Raises ConfigError with every fault found."""
    languages: dict[str, Mapping[str, Variants]] = {}
    faults: list[Fault] = []
    for path in sorted(folder.glob("*.yaml")):
        try:
            languages[path.stem] = dict(read_model(path, _file_model(path.stem)))
        except ConfigError as error:
            faults += error.faults
    if "en" not in languages and not faults:
        faults.append(Fault(str(folder / "en.yaml"), 1, "It is missing; restore it."))
    if faults:
        raise ConfigError(faults)
    return languages


def _usable(variants: Variants, person: Person, values: Mapping[str, str]) -> dict[str, Variant]:
    """Return what can be said now by name: what suits the hour, and the person, comes first.

    So does what answers with a fact, where it is known.
    """
    given = {name for name, value in values.items() if value}
    can = [variant for variant in variants if variant.needs <= given]
    now = [v for v in can if v.when in (None, values.get("daytime"))] or can
    suiting = [v for v in now if v.gentle] if person.gentle else []
    usable = suiting or now
    facts = [v for v in usable if not v.needs.isdisjoint(FACTS)]
    return {variant.name: variant for variant in facts or usable}


def _sounds_again(
    variant: Variant, person: Person, values: Mapping[str, str], rings: Collection[str]
) -> bool:
    return any(phrase.text in rings for phrase in _filled(variant, person, values))


def _filled(variant: Variant, person: Person, values: Mapping[str, str]) -> tuple[Phrase, ...]:
    phrases = variant.familiar if person.familiar else variant.phrases
    return tuple(Phrase(_fill(phrase.text, values), phrase.cues) for phrase in phrases)


def _fill(text: str, values: Mapping[str, str]) -> str:
    return re.sub(r"\{(\w+)\}", lambda match: values[match[1]], text)


def _file_model(language: str) -> type[BaseModel]:
    """Return the model of one language's file: every key, with all its rules."""
    fields: dict[str, Any] = {
        key: (variants_type(language, needed), ...) for key, needed in KEYS.items()
    }
    return create_model(f"Phrases_{language}", __config__=ConfigDict(extra="forbid"), **fields)
