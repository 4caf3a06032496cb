"""A dialogue engine of keywords: answers from the first second, with no model."""

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Annotated, Literal, get_args

from pydantic import Field, RootModel

from config.files import ConfigError, Fault, read_model
from dialogue.decisions import Decision
from dialogue.flow_files import FULL
from dialogue.flows import FALLBACK, TELLING, Flows
from dialogue.patterns import Notation, Pattern, fold, words_of
from dialogue.replies import Utterance

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
_Notations = Annotated[list[Notation], Field(min_length=1)]


class _File(RootModel[dict[Intent, _Notations]]):
    """The phrases of one language, by intent."""


class Keywords:
    """The intents of each language by their keywords; the first one in the file that fits wins."""

    def __init__(self, languages: Mapping[str, Mapping[str, tuple[Pattern, ...]]]) -> None:
        self._languages = languages

    @classmethod
    def load(cls, folder: Path = KEYWORDS, flows: Flows | None = None) -> "Keywords":
        """Read `<language>.yaml` in the folder, then what the flows add.

        Raises ConfigError with every fault found.
        """
        faults: list[Fault] = []
        languages: dict[str, dict[str, tuple[Pattern, ...]]] = {}
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
        for language in FULL if flows else ():
            languages[language] = _with_flows(languages[language], flows, language)
        return cls(languages)

    def yes_or_no(self, text: str, language: str) -> Literal["affirm", "deny"] | None:
        """Return what the words answer to a closed question; where they say both, it is yes.

        Other intents do not matter here: "yes, I feel bad" is a yes.
        """
        if self._fits("affirm", text, language):
            return "affirm"
        return "deny" if self._fits("deny", text, language) else None

    def intent(self, text: str, language: str) -> str | None:
        """Return what the words ask for, or None; an unknown language is read as English."""
        for intent in self._languages.get(language, self._languages["en"]):
            if self._fits(intent, text, language):
                return intent
        return None

    def _fits(self, intent: str, text: str, language: str) -> bool:
        folded = fold(text, language)
        words = words_of(folded)
        patterns = self._languages.get(language, self._languages["en"])[intent]
        return any(pattern.spans(folded, words) for pattern in patterns)


class KeywordDialogue:
    """Decides by keywords alone, by the same flows as Rasa."""

    def __init__(self, keywords: Keywords, flows: Flows) -> None:
        self._keywords = keywords
        self._flows = flows

    async def decide(self, utterance: Utterance, talk: str, after: str | None) -> Decision:
        """Decide on one utterance, the best guess of it. Never raises."""
        language = utterance.language
        intent = self._keywords.intent(utterance.text, language) or FALLBACK
        wish = self._flows.wishes(utterance.text, language)
        return self._flows.decision("keywords", after, intent, language, wish)

    async def close(self) -> None:
        """Nothing to stop."""


def _compiled(file: _File, language: str) -> dict[str, tuple[Pattern, ...]]:
    return {intent: _patterns(notations, language) for intent, notations in file.root.items()}


def _with_flows(
    core: Mapping[str, tuple[Pattern, ...]], flows: Flows | None, language: str
) -> dict[str, tuple[Pattern, ...]]:
    """Put what flows add before the core, which is less special, and what is told after it."""
    added: dict[str, tuple[Pattern, ...]] = {}
    for flow in flows.all.values() if flows else ():
        for intent, patterns in flow.keywords.items():
            more = _patterns(getattr(patterns, language), language)
            added[intent] = added.get(intent, core.get(intent, ())) + more
    special = {
        intent: patterns
        for intent, patterns in added.items()
        if intent not in core and not intent.startswith(TELLING)
    }
    return special | dict(core) | added


def _patterns(notations: Sequence[str], language: str) -> tuple[Pattern, ...]:
    folding = partial(fold, language=language)
    return tuple(Pattern(notation, folding) for notation in notations)
