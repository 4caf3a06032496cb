"""The form of a flow's file, and what must hold between files.

docs/writing-dialogues.md explains it to those who write them.
"""

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from config.files import ConfigError, Fault, read_model
from dialogue import wording
from dialogue.patterns import Notation
from dialogue.variants import (
    EnglishVariant,
    EnglishVariants,
    GermanVariant,
    GermanVariants,
    Variant,
    Variants,
)

FULL = ("en", "de")
"""The languages every flow is written in; the others have what the core has."""
CORE = "core"
"""The flow of every language; its words stand in content/phrases."""
ITEMS = "items."
GENTLE_VARIANTS = 2
"""So many variants of every key at least suit somebody with dementia."""

_Fault = Callable[[str, str], Fault]

Does = Literal[
    "repeat",
    "differently",
    "louder",
    "quieter",
    "slower",
    "faster",
    "later",
    "rest",
    "reminder_tell",
    "reminder_done",
    "reminder_later",
    "reminder_refused",
    "own_add",
    "own_saved",
    "own_dropped",
    "own_list",
    "own_missed",
    "own_told_alone",
    "own_cancel",
    "own_cancelled",
    "own_kept",
]
"""What the program can do with a step, beside saying it."""
Kind = Literal["likes", "people", "places", "work", "music", "food"]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Step(_Part):
    """One thing the robot says, and what comes after each answer; None: the flow is over."""

    say: tuple[str, ...] | None = None
    choose: tuple[str, ...] | Literal["offers"] | None = None
    do: Does | None = None
    yes: str | None = None
    no: str | None = None
    any: str | None = None
    on: Mapping[str, str] = Field(default_factory=dict)
    answers: str | None = None
    keeps: Kind | None = None

    @property
    def leads_to(self) -> frozenset[str]:
        """Every step that can come next."""
        nexts = {self.yes, self.no, self.any, *self.on.values()}
        return frozenset(step for step in nexts if step)

    def follows(self, intent: str) -> str | None:
        """Return the step that just this intent means here, if it does."""
        if intent in self.on:
            return self.on[intent]
        return {"affirm": self.yes, "deny": self.no}.get(intent)


class Words(_Part):
    """The variants of a key; with `once`, none is told twice within the home's days."""

    once: bool = False
    en: EnglishVariants
    de: GermanVariants

    def of(self, language: str) -> Variants:
        """The variants of a language of FULL."""
        variants: Variants = getattr(self, language)
        return variants


class Items(_Part):
    """Things of several parts that belong together, such as a riddle and its solution."""

    en: Annotated[list[dict[str, EnglishVariant]], Field(min_length=2)]
    de: Annotated[list[dict[str, GermanVariant]], Field(min_length=2)]

    @model_validator(mode="after")
    def _same_parts(self) -> "Items":
        for language in FULL:
            for number, item in enumerate(self.of(language), start=1):
                if set(item) != set(self.parts):
                    wanted = ", ".join(self.parts)
                    raise ValueError(f"item {number} in {language} must have the parts {wanted}")
        return self

    def of(self, language: str) -> list[dict[str, Variant]]:
        """The items of a language of FULL."""
        items: list[dict[str, Variant]] = getattr(self, language)
        return items

    @property
    def parts(self) -> tuple[str, ...]:
        """The names of the parts; the first takes a fresh item."""
        return tuple(self.en[0])


def _short(name: str) -> str:
    if wording.word_count(name) > wording.PLACEHOLDERS["first"]:
        raise ValueError(f"'{name}' is too long for a question of two; three words are the most")
    return name


Name = Annotated[str, Field(min_length=1), AfterValidator(_short)]


class Named(_Part):
    """What a flow is called in "Did you mean this or that?"."""

    en: Name
    de: Name


class Patterns(_Part):
    """What begins a flow while Rasa is dead (notation of dialogue/patterns.py)."""

    en: list[Notation] = Field(min_length=1)
    de: list[Notation] = Field(min_length=1)


class Flow(_Part):
    """One file. `begins` maps intents to steps; a plain list of them begins with the first step."""

    about: str
    begins: Annotated[
        Mapping[str, str | None],
        BeforeValidator(lambda raw: dict.fromkeys(raw) if isinstance(raw, list) else raw),
    ] = Field(default_factory=dict)
    named: Named | None = None
    offer: bool = False
    gentle: bool = False
    """Suits somebody with dementia particularly well, such as music and proverbs."""
    topics: tuple[str, ...] = ()
    any_answer: tuple[str, ...] = ()
    """In the core only: intents that answer an open question, beside those called talk_..."""
    wishes: Patterns | None = None
    """In the core only: words by which somebody asks for a subject, rather than tells of it."""
    steps: Mapping[str, Step] = Field(min_length=1)
    words: Mapping[str, Words] = Field(default_factory=dict)
    simpler: Mapping[str, Words] = Field(default_factory=dict)
    items: Items | None = None
    keywords: Mapping[str, Patterns] = Field(default_factory=dict)

    @property
    def first(self) -> str:
        """The step it begins with."""
        return next(iter(self.steps))

    def variants(self, language: str) -> list[Variant]:
        """Every variant of a language of FULL in this file."""
        words = [*self.words.values(), *self.simpler.values()]
        items = self.items.of(language) if self.items else []
        said = [variant for one in words for variant in one.of(language)]
        return said + [variant for item in items for variant in item.values()]

    def keys(self, step: str) -> tuple[str, ...]:
        """What a step says, in order."""
        say = self.steps[step].say
        return (step,) if say is None else say


def read_flows(
    folder: Path, core_keys: Collection[str], skip: Callable[[Fault], None] | None = None
) -> dict[str, Flow]:
    """Return every flow of the folder by its file's name. Raises ConfigError with all faults.

    With `skip`, a faulty file is told to it and left out, and so is what leads there: a slip in one
    file must not silence the robot. The core cannot be left out.
    """
    faults: list[Fault] = []
    flows: dict[str, Flow] = {}
    for path in sorted(folder.glob("*.yaml")):
        try:
            flows[path.stem] = read_model(path, Flow)
        except ConfigError as error:
            faults += error.faults
    while True:
        if CORE not in flows and not any(fault.file == f"{CORE}.yaml" for fault in faults):
            faults.append(Fault(f"{CORE}.yaml", 1, "It is missing; restore it."))
        if skip is not None or not faults:
            faults += _faults(flows, folder, frozenset(core_keys)) if CORE in flows else []
        if not faults:
            return flows
        if skip is None or CORE not in flows:
            raise ConfigError(sorted(faults))
        for fault in sorted(faults):
            skip(fault)
        flows = {name: flow for name, flow in flows.items() if not _told(name, faults)}
        faults = []


def _told(name: str, faults: list[Fault]) -> bool:
    return any(fault.file == f"{name}.yaml" for fault in faults)


def _faults(flows: Mapping[str, Flow], folder: Path, core_keys: frozenset[str]) -> Iterator[Fault]:
    steps = {step: name for name, flow in flows.items() for step in flow.steps}
    keys = {key: name for name, flow in flows.items() for key in flow.words}
    for name, flow in flows.items():
        text = (folder / f"{name}.yaml").read_text(encoding="utf-8")

        def fault(about: str, sentence: str, name: str = name, text: str = text) -> Fault:
            found = re.search(rf"^\s*-?\s*[\"']?{re.escape(about)}\b", text, re.MULTILINE)
            line = text.count("\n", 0, found.start()) + 1 if found else 1
            line += found.group().count("\n") if found else 0
            return Fault(f"{name}.yaml", line, sentence)

        for step in flow.steps:
            if steps[step] != name:
                yield fault(step, f"'{step}' is also a step of {steps[step]}.yaml; rename one.")
            for target in sorted(flow.steps[step].leads_to - set(steps)):
                yield fault(step, f"'{step}' leads to '{target}', which is no step; correct it.")
            choose = flow.steps[step].choose
            for target in choose if isinstance(choose, tuple) else ():
                if target not in steps:
                    yield fault(step, f"'{step}' chooses '{target}', which is no step; correct it.")
            if choose is None:
                yield from _said(flow, step, {*keys, *core_keys}, fault)
        for key, words in flow.words.items():
            if keys[key] != name or key in core_keys:
                yield fault(key, f"the words '{key}' stand in another file as well; rename them.")
            if name != CORE:
                yield from _gentle(key, words, fault)
        for intent, begun in flow.begins.items():
            if begun is not None and begun not in flow.steps:
                yield fault(intent, f"'{intent}' begins '{begun}', which is no step here.")
        for step in set(flow.simpler) - set(flow.steps):
            yield fault(step, f"'{step}' is no step here; remove what is simpler.")


def _said(flow: Flow, step: str, keys: set[str], fault: _Fault) -> Iterator[Fault]:
    asks = False
    for key in flow.keys(step):
        if key.startswith(ITEMS):
            if flow.items is None or key.removeprefix(ITEMS) not in flow.items.parts:
                yield fault(step, f"'{step}' says '{key}', but there are no such items; add them.")
        elif key not in keys:
            yield fault(step, f"'{step}' says '{key}', which has no words; add them.")
        elif key in flow.words:
            variants = flow.words[key].of("en") + flow.words[key].of("de")
            asks = any(variant.asks for variant in variants)
    if asks and step not in flow.simpler:
        yield fault(step, f"'{step}' asks something; add an easier question under 'simpler'.")


def _gentle(key: str, words: Words, fault: _Fault) -> Iterator[Fault]:
    for language in FULL:
        gentle = sum(variant.gentle and variant.when is None for variant in words.of(language))
        if gentle < GENTLE_VARIANTS:
            yield fault(
                key,
                f"'{key}' has {gentle} variants in {language} that suit somebody with dementia; "
                f"write {GENTLE_VARIANTS} with sentences of at most eight words.",
            )
