"""Which step follows: the table both engines decide by.

Rasa is trained on rules made from it (dialogue/rasa_rules.py); the keyword engine looks it up.
"""

from collections.abc import Callable, Collection, Mapping
from functools import partial
from pathlib import Path

from config.files import Fault
from dialogue.decisions import Decision, Engine
from dialogue.flow_files import CORE, FULL, Flow, Step, read_flows
from dialogue.patterns import Pattern, fold, words_of
from dialogue.replies import Action

FLOWS = Path(__file__).parent / "content" / "flows"
FALLBACK = "nlu_fallback"
"""The intent of what was not understood."""
ANY = "any_answer"
"""The intent of an answer to an open question, whatever it says."""
IN_PASSING = frozenset({"repeat", "louder", "quieter", "slower", "faster"})
"""After these, what was asked before is still asked."""
TELLING = "talk_"
"""Begins the names of intents by which somebody tells something."""
_ALIKE = {TELLING: "small_talk", "feeling_": "feeling_neutral"}
"""What is said instead in a language without the flow, by how the intent's name begins."""


class Flows:
    """Every flow, and what follows from what was meant after what was said."""

    def __init__(self, flows: Mapping[str, Flow]) -> None:
        self.all = flows
        self.steps: dict[str, Step] = {}
        self._home: dict[str, str] = {}
        self._begins: dict[str, dict[str, str]] = {CORE: {}, "full": {}}
        for name, flow in flows.items():
            self.steps |= flow.steps
            self._home |= dict.fromkeys(flow.steps, name)
            begins = self._begins[CORE if name == CORE else "full"]
            begins |= {intent: step or flow.first for intent, step in flow.begins.items()}
        core, full = self._begins[CORE], self._begins["full"]
        self._richer = {core[intent]: full[intent] for intent in core if intent in full}
        wishes = flows[CORE].wishes
        self._wishes = {
            language: [
                Pattern(notation, partial(fold, language=language))
                for notation in getattr(wishes, language)
            ]
            for language in (FULL if wishes else ())
        }

    @classmethod
    def load(
        cls,
        folder: Path = FLOWS,
        core_keys: Collection[str] = (),
        skip: Callable[[Fault], None] | None = None,
    ) -> "Flows":
        """Read every file of the folder. Raises ConfigError with every fault found.

        With `skip`, faulty files but the core are told to it and left out.
        """
        return cls(read_flows(folder, core_keys, skip))

    @property
    def begins(self) -> Mapping[str, str]:
        """The step each intent begins with in a language that has every flow."""
        return self._begins[CORE] | self._begins["full"]

    def intents(self, language: str) -> frozenset[str]:
        """What can be answered in a language."""
        return frozenset(self.begins if language in FULL else self._begins[CORE])

    def flow_of(self, step: str) -> Flow:
        """The flow a step belongs to. Raises KeyError."""
        return self.all[self._home[step]]

    def name_of(self, step: str) -> str:
        """The name of the flow a step belongs to. Raises KeyError."""
        return self._home[step]

    def any_answers(self, after: str | None, wish: bool = False) -> frozenset[str]:
        """The intents that are simply an answer after this step, because it asks openly.

        With a `wish` ("let's talk about ..."), telling something is not one of them.
        """
        step = self.steps.get(after or "")
        if step is None or step.any is None:
            return frozenset()
        telling = {i for i in self.begins if i.startswith(TELLING) and not wish}
        return frozenset(
            intent
            for intent in telling.union(self.all[CORE].any_answer)
            if step.follows(intent) is None
        )

    def expected(self, after: str | None) -> frozenset[str]:
        """The intents that mean something of their own after this step."""
        step = self.steps.get(after or "")
        if step is None:
            return frozenset()
        return frozenset(i for i in ("affirm", "deny", *step.on) if step.follows(i))

    def next(self, after: str | None, intent: str, language: str, wish: bool = False) -> str:
        """Return the step that an intent means in a language, after what was said last."""
        step = self.steps.get(after or "")
        if step is not None:
            if follows := step.follows(intent):
                return self.speakable(follows, intent, language)
            if step.any and intent in self.any_answers(after, wish):
                return self.speakable(step.any, intent, language)
        return self.beginning(intent, language)

    def beginning(self, intent: str, language: str) -> str:
        """Return the step an intent begins with; a language without it has something like it."""
        core = self._begins[CORE]
        if language in FULL:
            return self.begins.get(intent) or core[FALLBACK]
        if intent in core or intent not in self.begins:
            return core.get(intent) or core[FALLBACK]
        alike = (kind for begins, kind in _ALIKE.items() if intent.startswith(begins))
        return core[next(alike, "out_of_scope")]

    def speakable(self, step: str, intent: str, language: str) -> str:
        """Return the step, or what is said instead: in a language without that flow the core, in
        the others the richer flow that has taken its place.
        """
        known = step in self.steps and (language in FULL or self._home[step] == CORE)
        if not known:
            return self.beginning(intent, language)
        return self._richer.get(step, step) if language in FULL else step

    def wishes(self, text: str, language: str) -> bool:
        """Whether the words ask for a subject, rather than tell of it."""
        folded = fold(text, language)
        words = words_of(folded)
        return any(pattern.spans(folded, words) for pattern in self._wishes.get(language, ()))

    def decision(
        self, engine: Engine, after: str | None, intent: str, language: str, wish: bool = False
    ) -> Decision:
        """Return the decision that follows from an intent, sure of it or not understanding."""
        step = self.next(after, intent, language, wish)
        sure = 0.0 if intent == FALLBACK else 1.0
        return Decision(engine, intent, sure, step, self.does(step))

    def does(self, step: str) -> tuple[Action, ...]:
        """What the program does when a step is said."""
        do = self.steps[step].do
        return (Action(do),) if do else ()

    def named(self, intent: str, language: str) -> str | None:
        """Return what an intent is called in a question back, where it has a name."""
        if language not in FULL or intent not in self.begins:
            return None
        named = self.flow_of(self.begins[intent]).named
        name: str | None = getattr(named, language) if named else None
        return name

    def offers(self, gentle: bool) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """Return the first step and the topics of each flow that the robot may bring up."""
        return tuple(
            (flow.first, flow.topics)
            for flow in self.all.values()
            if flow.offer and (flow.gentle or not gentle)
        )
