"""What may be said next: told to the recogniser, and answers snapped to what was expected."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from config.files import read_model
from dialogue.person import Person
from dialogue.replies import Reply
from voices.hearing import Context, Guess
from voices.snapping import snap

FILE = Path(__file__).parent / "content" / "answers.yaml"


class _Answers(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    answers: Mapping[str, Mapping[str, tuple[str, ...]]]
    asked_by: Mapping[str, str]


@cache
def _answers() -> _Answers:
    return read_model(FILE, _Answers)


def answers_to(key: str, language: str, group: str | None = None) -> tuple[str, ...]:
    """Return what may be answered to a key of the phrasebook; nothing where it is open.

    A step that asks may name the group of answers itself.
    """
    group = group or _answers().asked_by.get(key)
    return _answers().answers.get(group, {}).get(language, ()) if group else ()


def expected(reply: Reply | None, person: Person, robot_name: str) -> Context:
    """Return what is likely to be said after this reply; before the first one, names.

    Names are not told later on: a prompt of names makes single spoken words harder to recognise.
    """
    if reply is not None:
        return Context(person.language, reply.expects)
    return Context(person.language, words=tuple(name for name in (robot_name, person.name) if name))


def snapped(guesses: tuple[Guess, ...], context: Context) -> tuple[Guess, ...]:
    """Return the expected answer first, if one of the guesses is near enough to it."""
    if not context.expected or not guesses:
        return guesses
    near = snap(guesses, context.expected, context.language)
    if near is None:
        return guesses
    return (Guess(near.value, near.score), *guesses)
