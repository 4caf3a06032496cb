"""`fireside bench safety`: what the safety layer finds in utterances, and in harmless ones.

Each goes through the whole corridor, as in `fireside talk`; nobody is called.
"""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError
from rich.table import Table

from config.paths import CHECKOUT, CONFIG
from config.settings import LANGUAGES, Language, load
from dialogue.person import Person
from dialogue.replies import Utterance
from dialogue.safety import PRECEDENCE, Category
from robot.bench.common import SPEECH, BenchError, Options, spread, surroundings
from robot.bench.spoken import heard
from robot.talk import Talk, open_talk
from voices.hearing import Guess

DATA = CHECKOUT / "tests" / "dialogue"
HELD_OUT = "safety_test_*.yaml"
TOLD: frozenset[str] = frozenset({"emergency", "distress", "abuse_disclosure", "medical_question"})
"""The categories of which a human is told: in a control they are a false alarm."""

Label = Category | Literal["none"] | None


class Case(BaseModel):
    """One utterance and the categories of which any is right; none for a control."""

    model_config = ConfigDict(extra="ignore", frozen=True)
    text: str
    lang: Language
    expected: Label | list[Label]

    @property
    def right(self) -> frozenset[str]:
        """The categories of which any counts; empty for a control."""
        several = self.expected if isinstance(self.expected, list) else [self.expected]
        return frozenset(label for label in several if label not in (None, "none"))


@dataclass(frozen=True)
class Outcome:
    """What was found in one case: a category or None, in what was heard of it."""

    case: Case
    found: str | None
    asked: bool
    heard: str
    milliseconds: float


def cases(path: Path) -> list[Case]:
    """Return the cases of a file, or of the held-out files in a folder. Raises BenchError."""
    files = sorted(path.glob(HELD_OUT)) if path.is_dir() else [path]
    found = [case for file in files for case in _cases(file)]
    if not found:
        raise BenchError(f"There are no utterances in {path}; name a file with --data.")
    return found


def _cases(file: Path) -> list[Case]:
    try:
        text = file.read_text("utf-8")
        root = yaml.compose(text, yaml.CSafeLoader)
        entries = yaml.load(text, yaml.CSafeLoader)
    except (OSError, UnicodeDecodeError) as error:
        raise BenchError(f"{file} cannot be read: {error}.") from error
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise BenchError(f"{file}, line {line}: this is not YAML: {error.problem}.") from error
    except yaml.YAMLError as error:
        raise BenchError(f"{file}, line 1: this is not YAML: {error}.") from error
    if not isinstance(entries, list) or not isinstance(root, yaml.SequenceNode):
        raise BenchError(f"{file}, line 1: write a list of entries with text, lang and expected.")
    return [
        _case(file, node.start_mark.line + 1, entry)
        for node, entry in zip(root.value, entries, strict=True)
    ]


def _case(file: Path, line: int, entry: object) -> Case:
    try:
        return Case.model_validate(entry)
    except ValidationError as error:
        at = error.errors()[0]["loc"]
        known = {
            "lang": f"lang is one of {', '.join(LANGUAGES)}",
            "expected": f"expected is one or several of {', '.join(PRECEDENCE)}, or none",
        }
        sentence = known.get(str(at[0]) if at else "", "an entry has text, lang and expected")
        raise BenchError(f"{file}, line {line}: {sentence}.") from error


def run(options: Options) -> dict[str, Any]:
    """Return for each category how many utterances were found, and how many controls alarmed."""
    known = cases(options.data)
    outcomes: list[Outcome] = []
    for language in sorted({case.lang for case in known}):
        mine = [case for case in known if case.lang == language]
        outcomes += asyncio.run(_outcomes(options, mine, language, len(outcomes), len(known)))
    result = figures(outcomes)
    result["languages"] = {
        language: figures([each for each in outcomes if each.case.lang == language], misses=False)
        for language in sorted({each.case.lang for each in outcomes})
    }
    result |= {"spoken": options.spoken, "rasa": options.rasa}
    result["safety_ms"] = spread([each.milliseconds for each in outcomes])
    return {**result, **surroundings(options.seed)}


async def _outcomes(
    options: Options, known: Sequence[Case], language: Language, done: int, total: int
) -> list[Outcome]:
    settings = load(CONFIG)
    profile = settings.residents["guest"].model_copy(update={"language": language})
    person = Person.of("guest", profile, language)
    outcomes = []
    async with open_talk(
        settings, person, recogniser=None, speaks=False, with_rasa=options.rasa
    ) as talk:
        await talk.engine_ready()
        async for case, guesses in _heard(options, known, language):
            outcomes.append(await _outcome(talk, case, guesses))
            options.progress(language, done + len(outcomes), total)
    return outcomes


async def _heard(
    options: Options, known: Sequence[Case], language: str
) -> AsyncIterator[tuple[Case, tuple[Guess, ...]]]:
    """Yield every case with what is heard of it."""
    if not options.spoken:
        for case in known:
            yield case, (Guess(case.text, 1.0),)
        return
    texts = [case.text for case in known]
    number = 0
    async for recognition in heard(texts, language, SPEECH, options.seed):
        yield known[number], recognition.guesses
        number += 1


async def _outcome(talk: Talk, case: Case, guesses: tuple[Guess, ...]) -> Outcome:
    conversation, language = talk.mind.conversation, talk.person.language
    best = guesses[0].text if guesses else ""
    if not guesses:
        return Outcome(case, None, False, best, 0.0)
    safety = talk.mind.safety
    began = time.perf_counter()
    verdict = safety.classify(guesses, language)
    took = (time.perf_counter() - began) * 1000
    turn = await conversation.hear(Utterance(guesses, language, "text"))
    asked = verdict is not None and verdict.ask_first
    return Outcome(case, turn.safety, asked, best, took)


def figures(outcomes: Sequence[Outcome], misses: bool = True) -> dict[str, Any]:
    """Count. An utterance of several categories counts for each, and any of them is a hit."""
    classes = {}
    for category in PRECEDENCE:
        mine = [each for each in outcomes if category in each.case.right]
        if mine:
            hit = sum(each.found in each.case.right for each in mine)
            classes[category] = {"n": len(mine), "hit": hit}
    controls = [each for each in outcomes if not each.case.right]
    other = Counter(each.found for each in controls if each.found and each.found not in TOLD)
    result: dict[str, Any] = {
        "classes": classes,
        "controls": {"n": len(controls), "alarms": sum(each.found in TOLD for each in controls)},
        "other_on_controls": dict(other),
        "asked_first": sum(each.asked for each in outcomes),
    }
    if misses:
        result["misses"] = [_miss(each) for each in outcomes if _missed(each)]
    return result


def _missed(each: Outcome) -> bool:
    return each.found not in each.case.right if each.case.right else each.found is not None


def _miss(each: Outcome) -> dict[str, Any]:
    said = {"text": each.case.text, "lang": each.case.lang, "expected": sorted(each.case.right)}
    return {**said, "found": each.found, "heard": each.heard, "asked": each.asked}


def table(result: dict[str, Any]) -> Table:
    """Show one row a category and the controls, one column a language."""
    languages = result["languages"]
    how = "spoken in noise" if result["spoken"] else "as written"
    engine = "with Rasa" if result["rasa"] else "without Rasa"
    shown = Table("", *languages, title=f"found, {how}, {engine}")
    for category in PRECEDENCE:
        cells = [_share(each["classes"].get(category), "hit") for each in languages.values()]
        shown.add_row(category, *cells)
    alarms = [_share(each["controls"], "alarms") for each in languages.values()]
    shown.add_row("false alarms on controls", *alarms)
    others = [str(sum(each["other_on_controls"].values())) for each in languages.values()]
    shown.add_row("other categories on controls", *others)
    shown.add_row("asked first", *(str(each["asked_first"]) for each in languages.values()))
    return shown


def _share(counted: dict[str, int] | None, what: str) -> str:
    if not counted or not counted["n"]:
        return ""
    return f"{counted[what]}/{counted['n']}  {100 * counted[what] / counted['n']:.1f} %"
