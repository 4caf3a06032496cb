"""Every sentence the robot can say, by key and language, written in files staff can read.

An entry of a file is a key with its variants. A variant is a text, or `say` with a `cue` for its
first sentence, or a list of these.
"""

import logging
import random
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, create_model

from config.files import ConfigError, Fault, read_model
from dialogue import wording
from dialogue.replies import Cue, Phrase

log = logging.getLogger(__name__)

PHRASES = Path(__file__).parent / "content" / "phrases"
SAFE_KEY = "out_of_scope"
"""Said instead of a key that is not in the book, or cannot be filled in."""

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

CUES: Mapping[str, frozenset[str]] = {
    "express": frozenset({"neutral", "smile", "concern", "surprise"}),
    "look": frozenset({"person", "forward", "away"}),
    "gesture": frozenset({"nod", "shake"}),
    "light": frozenset({"idle", "calm", "alert"}),
}
"""What a cue may ask of the body; a robot that cannot do it leaves it out."""

Variant = tuple[Phrase, ...]
Variants = tuple[Variant, ...]


class Phrasebook:
    """Chooses the words: each person hears every variant of a key before any of them again."""

    def __init__(
        self, languages: Mapping[str, Mapping[str, Variants]], chance: random.Random
    ) -> None:
        self._languages = languages
        self._chance = chance
        self._heard: dict[tuple[str, str, str], list[int]] = {}

    @classmethod
    def load(cls, folder: Path, chance: random.Random) -> "Phrasebook":
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
        return cls(languages, chance)

    @property
    def languages(self) -> frozenset[str]:
        """The languages of the book."""
        return frozenset(self._languages)

    def sentences(self, language: str) -> Iterator[str]:
        """Yield every sentence of a language as it is written, placeholders in braces."""
        for variants in self._languages[language].values():
            for variant in variants:
                yield from (phrase.text for phrase in variant)

    def variants(self, key: str, language: str) -> Variants:
        """Return every variant of a key. Raises KeyError."""
        return self._languages[language][key]

    def phrases(
        self, key: str, language: str, person: str, values: Mapping[str, str]
    ) -> tuple[Phrase, ...]:
        """Return the sentences to say, chosen and filled in; never raises for what is missing.

        `values` fill the placeholders; variants that need a missing or empty one are left out.
        """
        book = self._languages.get(language)
        if book is None:
            log.error("The phrasebook has no language '%s'; English is used", language)
            language, book = "en", self._languages["en"]
        usable = _usable(book.get(key, ()), values)
        if not usable:
            log.error("The phrasebook cannot say '%s' in '%s' with %s", key, language, set(values))
            key = SAFE_KEY
            usable = _usable(book[key], values)
        chosen = self._next((person, key, language), list(usable))
        return tuple(Phrase(_fill(p.text, values), p.cues) for p in usable[chosen])

    def _next(self, heard_by: tuple[str, str, str], usable: list[int]) -> int:
        heard = self._heard.setdefault(heard_by, [])
        fresh = [number for number in usable if number not in heard]
        if not fresh:
            # All were heard: begin again, but not with the one just said.
            last = heard[-1]
            fresh = [number for number in usable if number != last] or usable
            heard.clear()
        chosen = self._chance.choice(fresh)
        heard.append(chosen)
        return chosen


def _usable(variants: Variants, values: Mapping[str, str]) -> dict[int, Variant]:
    given = {name for name, value in values.items() if value}
    return {n: variant for n, variant in enumerate(variants) if _needs(variant) <= given}


def _needs(variant: Variant) -> frozenset[str]:
    return frozenset[str]().union(*(wording.placeholders(phrase.text) for phrase in variant))


def _fill(text: str, values: Mapping[str, str]) -> str:
    return re.sub(r"\{(\w+)\}", lambda match: values[match[1]], text)


def _file_model(language: str) -> type[BaseModel]:
    """Return the model of one language's file: every key, with all its rules."""

    def line(raw: object) -> tuple[Phrase, ...]:
        text, cues = _say_and_cues(raw)
        found = [
            f"in '{sentence}' {fault}"
            for sentence in wording.sentences(text)
            for fault in wording.faults(sentence, language)
        ]
        if found:
            raise ValueError("; ".join(found))
        first, *rest = wording.sentences(text)
        return (Phrase(first, cues), *map(Phrase, rest))

    line_type = Annotated[Any, AfterValidator(line)]
    fields: dict[str, Any] = {}
    for key, needed in KEYS.items():
        variant = Annotated[
            list[line_type],
            BeforeValidator(lambda raw: raw if isinstance(raw, list) else [raw]),
            AfterValidator(_variant(needed)),
        ]
        fields[key] = (
            Annotated[list[variant], Field(min_length=1), AfterValidator(_always_usable(needed))],
            ...,
        )
    return create_model(f"Phrases_{language}", __config__=ConfigDict(extra="forbid"), **fields)


def _variant(needed: frozenset[str]) -> Callable[[list[Variant]], Variant]:
    def check(lines: list[Variant]) -> Variant:
        variant = tuple(phrase for line in lines for phrase in line)
        questions = sum(phrase.text.count("?") for phrase in variant)
        if questions > 1:
            raise ValueError(f"it asks {questions} questions; ask one at a time")
        if missing := sorted(needed - _needs(variant)):
            raise ValueError(f"it lacks {{{missing[0]}}}; put it where it belongs")
        return variant

    return check


def _always_usable(needed: frozenset[str]) -> Callable[[list[Variant]], Variants]:
    def check(variants: list[Variant]) -> Variants:
        if not any(_needs(variant) <= needed for variant in variants):
            raise ValueError("every variant needs a value filled in; add one without {name}")
        if len({tuple(phrase.text for phrase in variant) for variant in variants}) < len(variants):
            raise ValueError("a variant stands here twice; keep one of them")
        return tuple(variants)

    return check


def _say_and_cues(raw: object) -> tuple[str, tuple[Cue, ...]]:
    if isinstance(raw, str):
        return raw, ()
    if (
        not isinstance(raw, dict)
        or set(raw) - {"say", "cue"}
        or not isinstance(raw.get("say"), str)
    ):
        raise ValueError("not a sentence; write a text, or 'say' with a 'cue'")
    cue = raw.get("cue", {})
    if not isinstance(cue, dict):
        raise ValueError("the cue is not a pair; write it like {express: smile}")
    return raw["say"], tuple(_cue(verb, value) for verb, value in cue.items())


def _cue(verb: str, value: object) -> Cue:
    if verb not in CUES:
        raise ValueError(f"'{verb}' is not a cue; use one of {', '.join(CUES)}")
    if value not in CUES[verb]:
        allowed = ", ".join(sorted(CUES[verb]))
        raise ValueError(f"'{value}' is nothing to {verb}; use one of {allowed}")
    return Cue(verb, str(value))  # type: ignore[arg-type]  # checked against CUES above
