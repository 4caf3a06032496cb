"""The ways to say one thing: read from the files staff write, and held to the rules of wording.

A variant is a text, or a list of texts and of `{say, du, cue, when}`; docs/writing-dialogues.md
explains each. Variants know what they need and whom they suit; which one is said is not decided
here.
"""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, get_args

from pydantic import AfterValidator, BeforeValidator, Field

from dialogue import wording
from dialogue.replies import Cue, Phrase
from dialogue.time_words import Daytime

CUES: Mapping[str, frozenset[str]] = {
    "express": frozenset({"neutral", "smile", "concern", "surprise"}),
    "look": frozenset({"person", "forward", "away"}),
    "gesture": frozenset({"nod", "shake"}),
    "light": frozenset({"idle", "calm", "alert"}),
}
"""What a cue may ask of the body; a robot that cannot do it leaves it out."""

_FIELDS = frozenset({"say", "du", "cue", "when"})


@dataclass(frozen=True)
class Variant:
    """One way to say something; `familiar` is the same for somebody who has chosen "du".

    `name` stands for the words where only a trace of them may be kept. `gentle` is set where it
    suits somebody with dementia.
    """

    phrases: tuple[Phrase, ...]
    familiar: tuple[Phrase, ...]
    when: Daytime | None
    name: str
    needs: frozenset[str]
    gentle: bool

    @property
    def asks(self) -> bool:
        """Whether it ends with a question."""
        return self.phrases[-1].asks


Variants = tuple[Variant, ...]


@dataclass(frozen=True)
class _Line:
    phrases: tuple[Phrase, ...]
    familiar: tuple[Phrase, ...]
    when: Daytime | None


def variant_type(language: str, needed: frozenset[str] = frozenset()) -> Any:
    """Return the type of one variant, for a model; it must hold the placeholders in `needed`."""
    line = Annotated[Any, AfterValidator(_line(language))]
    return Annotated[
        list[line],
        BeforeValidator(lambda raw: raw if isinstance(raw, list) else [raw]),
        AfterValidator(_variant(language, needed)),
    ]


def variants_type(language: str, needed: frozenset[str] = frozenset()) -> Any:
    """Return the type of a list of variants, of which one at least can always be said."""
    one: Any = variant_type(language, needed)
    return Annotated[
        list[one],
        Field(min_length=1),
        AfterValidator(_always_usable(needed)),
    ]


def _line(language: str) -> Callable[[object], _Line]:
    def read(raw: object) -> _Line:
        fields = {"say": raw} if isinstance(raw, str) else raw
        if not isinstance(fields, dict) or not isinstance(fields.get("say"), str):
            raise ValueError("not a sentence; write a text, or 'say' with a 'cue'")
        if unknown := sorted(set(fields) - _FIELDS):
            raise ValueError(f"'{unknown[0]}' is not known; use {', '.join(sorted(_FIELDS))}")
        when = fields.get("when")
        if when is not None and when not in get_args(Daytime):
            raise ValueError(f"'{when}' is no time; use one of {', '.join(get_args(Daytime))}")
        cues = _cues(fields.get("cue", {}))
        formal = _checked(fields["say"], language, cues)
        if "du" not in fields:
            if wording.needs_familiar(fields["say"], language):
                raise ValueError("it says 'Sie'; add 'du' with the same for those who chose it")
            return _Line(formal, formal, when)
        if language != "de" or not isinstance(fields["du"], str):
            raise ValueError("'du' is a German text beside 'say'; correct or remove it")
        return _Line(formal, _checked(fields["du"], "de", cues, familiar=True), when)

    return read


def _checked(
    text: str, language: str, cues: tuple[Cue, ...], familiar: bool = False
) -> tuple[Phrase, ...]:
    found = [
        f"in '{sentence}' {fault}"
        for sentence in wording.sentences(text)
        for fault in wording.faults(sentence, language, familiar)
    ]
    if found:
        raise ValueError("; ".join(found))
    first, *rest = wording.sentences(text)
    return (Phrase(first, cues), *map(Phrase, rest))


def _variant(language: str, needed: frozenset[str]) -> Callable[[list[_Line]], Variant]:
    def check(lines: list[_Line]) -> Variant:
        phrases = tuple(phrase for line in lines for phrase in line.phrases)
        questions = sum(phrase.text.count("?") for phrase in phrases)
        if questions > 1:
            raise ValueError(f"it asks {questions} questions; ask one at a time")
        needs = frozenset[str]().union(*(wording.placeholders(phrase.text) for phrase in phrases))
        if missing := sorted(needed - needs):
            raise ValueError(f"it lacks {{{missing[0]}}}; put it where it belongs")
        return Variant(
            phrases,
            tuple(phrase for line in lines for phrase in line.familiar),
            lines[0].when if lines else None,
            hashlib.sha256("\n".join(phrase.text for phrase in phrases).encode()).hexdigest()[:16],
            needs,
            all(wording.is_gentle(phrase.text, language) for phrase in phrases),
        )

    return check


def _always_usable(needed: frozenset[str]) -> Callable[[list[Variant]], Variants]:
    def check(variants: list[Variant]) -> Variants:
        given = needed | wording.ALWAYS_GIVEN
        if not any(variant.needs <= given and variant.when is None for variant in variants):
            raise ValueError("every variant needs a value or an hour; add one without {name}")
        if len({variant.name for variant in variants}) < len(variants):
            raise ValueError("a variant stands here twice; keep one of them")
        return tuple(variants)

    return check


def _cues(cue: object) -> tuple[Cue, ...]:
    if not isinstance(cue, dict):
        raise ValueError("the cue is not a pair; write it like {express: smile}")
    return tuple(_cue(verb, value) for verb, value in cue.items())


def _cue(verb: str, value: object) -> Cue:
    if verb not in CUES:
        raise ValueError(f"'{verb}' is not a cue; use one of {', '.join(CUES)}")
    if value not in CUES[verb]:
        allowed = ", ".join(sorted(CUES[verb]))
        raise ValueError(f"'{value}' is nothing to {verb}; use one of {allowed}")
    return Cue(verb, str(value))  # type: ignore[arg-type]  # checked against CUES above


EnglishVariant = variant_type("en")
GermanVariant = variant_type("de")
EnglishVariants = variants_type("en")
GermanVariants = variants_type("de")
