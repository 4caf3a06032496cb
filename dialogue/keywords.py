"""A dialogue engine of keywords: answers from the first second, with no model."""

import logging
from collections import OrderedDict
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Annotated, Literal, get_args

from pydantic import AfterValidator, Field, RootModel

from config.files import ConfigError, Fault, read_model
from dialogue.decisions import Decision
from dialogue.patterns import Pattern, fold, words_of
from dialogue.replies import Action, Utterance

log = logging.getLogger(__name__)

KEYWORDS = Path(__file__).parent / "content" / "keywords"

Intent = Literal[
    "greet",
    "introduce",
    "how_are_you",
    "feeling_good",
    "feeling_bad",
    "feeling_neutral",
    "tell_joke",
    "tell_story",
    "ask_time",
    "ask_day",
    "repeat",
    "louder",
    "quieter",
    "slower",
    "faster",
    "affirm",
    "deny",
    "thanks",
    "goodbye",
    "bored",
    "compliment",
    "insult",
]
INTENTS: tuple[Intent, ...] = get_args(Intent)
OUT_OF_SCOPE = "out_of_scope"

_SAY: Mapping[str, tuple[str, ...]] = {
    "greet": ("greet",),
    "introduce": ("introduce",),
    "how_are_you": ("how_are_you_answer",),
    "feeling_good": ("glad_to_hear", "small_talk"),
    "feeling_bad": ("sorry_to_hear",),
    "feeling_neutral": ("feeling_neutral_answer", "small_talk"),
    "tell_joke": ("joke",),
    "tell_story": ("story",),
    "ask_time": ("time",),
    "ask_day": ("day",),
    "repeat": (),
    "thanks": ("thanks_answer",),
    "goodbye": ("goodbye",),
    "bored": ("bored",),
    "compliment": ("compliment_answer",),
    "insult": ("insult_answer",),
    OUT_OF_SCOPE: ("out_of_scope",),
}
_WISHES = ("louder", "quieter", "slower", "faster")
"""Said in the new manner, and done; what was offered before stays offered."""

_OFFERS: Mapping[str, str] = {
    "joke": "joke",
    "story": "story",
    "bored": "joke",
    "out_of_scope": "joke",
    "greet": "anything",
    "how_are_you_answer": "anything",
    "sorry_to_hear": "anything",
    "small_talk": "anything",
}
"""What "yes" means after a key: more of the same, or that any answer is welcome."""

MOST_TALKS = 100


def _checked(notation: str) -> str:
    Pattern(notation, partial(fold, language="en"))
    return notation


_Notation = Annotated[str, AfterValidator(_checked)]
_Notations = Annotated[list[_Notation], Field(min_length=1)]


class _File(RootModel[dict[Intent, _Notations]]):
    """The phrases of one language, by intent."""


class Keywords:
    """The intents of each language by their keywords; the first one in the file that fits wins."""

    def __init__(self, languages: Mapping[str, Mapping[Intent, tuple[Pattern, ...]]]) -> None:
        self._languages = languages

    @classmethod
    def load(cls, folder: Path = KEYWORDS) -> "Keywords":
        """Read `<language>.yaml` in the folder. Raises ConfigError with every fault found."""
        faults: list[Fault] = []
        languages = {}
        for path in sorted(folder.glob("*.yaml")):
            try:
                languages[path.stem] = _compiled(read_model(path, _File), path.stem)
            except ConfigError as error:
                faults += error.faults
                continue
            faults += [
                Fault(path.name, 1, f"'{intent}' is missing; add it.")
                for intent in INTENTS
                if intent not in languages[path.stem]
            ]
        if "en" not in languages and not faults:
            faults.append(Fault(str(folder / "en.yaml"), 1, "It is missing; restore it."))
        if faults:
            raise ConfigError(faults)
        return cls(languages)

    def yes_or_no(self, text: str, language: str) -> Literal["affirm", "deny"] | None:
        """Return what the words answer to a closed question; where they say both, it is yes.

        Other intents do not matter here: "yes, I feel bad" is a yes.
        """
        if self._fits("affirm", text, language):
            return "affirm"
        return "deny" if self._fits("deny", text, language) else None

    def intent(self, text: str, language: str) -> Intent | None:
        """Return what the words ask for, or None; an unknown language is read as English."""
        for intent in self._languages.get(language, self._languages["en"]):
            if self._fits(intent, text, language):
                return intent
        return None

    def _fits(self, intent: Intent, text: str, language: str) -> bool:
        folded = fold(text, language)
        words = words_of(folded)
        patterns = self._languages.get(language, self._languages["en"])[intent]
        return any(pattern.spans(folded, words) for pattern in patterns)


class KeywordDialogue:
    """Decides by keywords alone, and remembers for each talk what it has offered last."""

    def __init__(self, keywords: Keywords) -> None:
        self._keywords = keywords
        self._offers: OrderedDict[str, str | None] = OrderedDict()

    async def decide(self, utterance: Utterance, talk: str) -> Decision:
        """Decide on one utterance. Never raises."""
        intent = self._keywords.intent(utterance.text, utterance.language) or OUT_OF_SCOPE
        # Every talk begins with a question of the robot's, so its first answer is welcome too.
        offer = self._offers.pop(talk, "anything")
        say, do, offers = _decide(intent, offer)
        self._offers[talk] = offers
        if len(self._offers) > MOST_TALKS:
            self._offers.popitem(last=False)
        return Decision("keywords", intent, 0.0 if intent == OUT_OF_SCOPE else 1.0, say, do)

    async def close(self) -> None:
        """Nothing to stop."""


def _decide(
    intent: str, offer: str | None
) -> tuple[tuple[str, ...], tuple[Action, ...], str | None]:
    """Return what to say, what to do, and what is offered then."""
    if intent == "repeat":
        return (), (Action("repeat"),), offer
    if intent in _WISHES:
        return (intent,), (Action(intent),), offer
    if intent == "affirm" and offer in ("joke", "story"):
        say: tuple[str, ...] = (offer,)
    elif intent in ("affirm", OUT_OF_SCOPE) and offer is not None:
        say = ("warm_response", "small_talk")
    else:
        say = _SAY.get(intent, (f"{intent}_answer",))
    return say, (), next((_OFFERS[key] for key in reversed(say) if key in _OFFERS), None)


def _compiled(file: _File, language: str) -> dict[Intent, tuple[Pattern, ...]]:
    folding = partial(fold, language=language)
    return {
        intent: tuple(Pattern(notation, folding) for notation in notations)
        for intent, notations in file.root.items()
    }
