"""What may be said next: told to the recogniser, and answers snapped to what was expected."""

from dialogue.person import Person
from dialogue.replies import Reply
from voices.hearing import Context, Guess
from voices.snapping import snap


def expected(reply: Reply | None, person: Person, robot_name: str) -> Context:
    """Return what is likely to be said after this reply."""
    names = tuple(name for name in (robot_name, person.name) if name)
    return Context(person.language, reply.expects if reply else (), names)


def snapped(guesses: tuple[Guess, ...], context: Context) -> tuple[Guess, ...]:
    """Return the expected answer first, if one of the guesses is near enough to it."""
    if not context.expected or not guesses:
        return guesses
    near = snap(guesses, context.expected, context.language)
    if near is None:
        return guesses
    return (Guess(near.answer, near.confidence), *guesses)
