"""What the robot says when nobody answers: no response at all is the most common answer."""

from collections.abc import Callable, Iterator

from dialogue.care import HELP_ANSWER_SECONDS, REPEAT_SECONDS, Care
from dialogue.person import Person
from dialogue.replies import Reply
from dialogue.words import Words

FollowUp = tuple[float, Callable[[], Reply]]
"""Seconds of silence to wait for, and what to say then."""


def follow_ups(reply: Reply, care: Care, words: Words, person: Person) -> Iterator[FollowUp]:
    """Yield what to say, step by step, while nobody says anything after this reply.

    Help is never given up. A question is repeated unchanged, then left kindly: repeating is what
    studies of people with dementia advise before rephrasing.
    """
    if care.waiting_for_help_answer:
        yield HELP_ANSWER_SECONDS, lambda: care.no_answer(person)
    while care.emergency:
        yield REPEAT_SECONDS, lambda: Reply(words.of("emergency_repeat", person), engine="safety")
    if not reply.phrases or not reply.phrases[-1].text.rstrip().endswith("?"):
        return
    yield person.silence_s, lambda: Reply(reply.phrases[-1:], engine="corridor")
    for key in ("silence_simpler", "silence_leave"):
        yield person.silence_s, lambda key=key: Reply(words.of(key, person), engine="corridor")  # type: ignore[misc]
