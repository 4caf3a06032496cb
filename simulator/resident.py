"""A resident who is not there: silent, slow, repeating, off the subject, misheard, and talkative.

What they say are the examples Rasa was trained on, and noise; this tries the way a talk goes, not
how well it is understood.
"""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from config.files import read_yaml
from dialogue.replies import Reply

SILENT, REPEATING, MISHEARD, OFF_SUBJECT, ANSWERING = 0.15, 0.08, 0.12, 0.1, 0.35
"""How often each is done; otherwise any wish or remark, by chance."""
SHORT_ANSWERS = {
    "en": ("yes", "no", "yes please", "no thank you", "i don't know", "perhaps", "the big one"),
    "de": ("ja", "nein", "ja bitte", "nein danke", "ich weiß nicht", "vielleicht", "das große"),
}
NONSENSE = ("blarp wumble", "the the and so", "hm", "qwrtz", "mmh ja no")


@dataclass(frozen=True)
class Behaviour:
    """What the resident does with a turn: says something, or nothing (None)."""

    kind: str
    text: str | None


def lines(folder: Path, language: str) -> dict[str, list[str]]:
    """Return the examples of every intent of a language, from Rasa's files. Raises ConfigError."""
    found: dict[str, list[str]] = {}
    for path in (folder / f"{language}.yml", *sorted(folder.glob(f"*.{language}.yml"))):
        for group in read_yaml(path)["nlu"]:
            texts = [line.removeprefix("- ") for line in group["examples"].splitlines()]
            found.setdefault(group["intent"], []).extend(texts)
    return found


class Resident:
    """Does something with every turn, by chance."""

    def __init__(
        self, says: Mapping[str, Sequence[str]], language: str, chance: random.Random
    ) -> None:
        self._says = says
        self._language = language
        self._chance = chance
        self._said = "hello"

    def turn(self, last: Reply | None) -> Behaviour:
        """Return what is done after the robot's last reply."""
        kinds = ("silent", "repeating", "misheard", "off subject", "answering", "anything")
        shares = (SILENT, REPEATING, MISHEARD, OFF_SUBJECT, ANSWERING)
        kind = self._chance.choices(kinds, (*shares, 1 - sum(shares)))[0]
        if kind == "silent":
            return Behaviour(kind, None)
        if kind != "repeating":
            self._said = self._text(kind, last)
        return Behaviour(kind, self._said)

    def _text(self, kind: str, last: Reply | None) -> str:
        if kind == "off subject":
            return self._one_of("out_of_scope", "small_talk")
        if kind == "misheard":
            return self._misheard(self._anything())
        if kind == "answering" and last is not None and last.asks:
            short = last.expects or SHORT_ANSWERS[self._language]
            return self._chance.choice([*short, self._one_of("small_talk", "talk_")])
        return self._anything()

    def _anything(self) -> str:
        return self._chance.choice(self._says[self._chance.choice(sorted(self._says))])

    def _one_of(self, *intents: str) -> str:
        fitting = [name for name in sorted(self._says) if name.startswith(intents)]
        return self._chance.choice(self._says[self._chance.choice(fitting)])

    def _misheard(self, text: str) -> str:
        """Lose words and letters, as a recogniser does with a quiet voice."""
        if self._chance.random() < 0.2:
            return self._chance.choice(NONSENSE)
        words = [word for word in text.split() if self._chance.random() > 0.25] or text.split()[:1]
        at = self._chance.randrange(len(words))
        words[at] = words[at][1:] or words[at]
        return " ".join(words)
