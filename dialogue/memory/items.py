"""One thing the robot remembers about a person, and the bounds it has."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, get_args

from config.consent import Purpose

Kind = Literal[
    "name",
    "form",
    "likes",
    "music",
    "food",
    "people",
    "mourned",
    "places",
    "work",
    "things",
    "mood",
    "avoid",
    "refusal",
]
KINDS: tuple[Kind, ...] = get_args(Kind)

PURPOSES: Mapping[Kind, Purpose] = {
    "name": "preferences",
    "form": "preferences",
    "likes": "preferences",
    "music": "preferences",
    "food": "preferences",
    "people": "people",
    "mourned": "people",
    "places": "life",
    "work": "life",
    "things": "life",
    "mood": "wellbeing",
}
"""What each kind is remembered for; it needs consent for that purpose."""
OBJECTIONS: frozenset[Kind] = frozenset({"avoid", "refusal"})
"""Stored without consent, because they are a no: what not to talk about, and "remember nothing"."""
SINGLE: frozenset[Kind] = frozenset({"name", "form", "refusal"})
"""There is one of these; a new one takes the place of the old."""
LASTS: Mapping[Kind, timedelta] = {"mood": timedelta(days=2)}
"""What is forgotten by itself, and after how long."""

LONGEST_VALUE = 60
"""Characters of one value."""
MOST_WORDS = 5
"""Words of one value: a short sentence holds it."""
MOST_OF_A_KIND = 50
"""Items of one kind and person; the oldest gives way."""

Source = Literal["voice", "text", "staff"]


@dataclass(frozen=True)
class Item:
    """What was remembered, when (UTC), and from whom. `id` is its number in the store."""

    id: int
    kind: Kind
    value: str
    language: str
    source: Source
    told_at: datetime

    def expired(self, now: datetime) -> bool:
        """Whether it is to be forgotten by itself."""
        lasts = LASTS.get(self.kind)
        return lasts is not None and now - self.told_at > lasts


def bounded(value: str) -> str:
    """Return the value in one line. Raises ValueError when it is empty or too long."""
    line = " ".join(value.split())
    if not line.isprintable() or not 0 < len(line) <= LONGEST_VALUE:
        raise ValueError(f"a value has 1 to {LONGEST_VALUE} characters")
    if len(line.split()) > MOST_WORDS:
        raise ValueError(f"a value has at most {MOST_WORDS} words")
    return line


def makes_way(old: Item, new: Item) -> bool:
    """Whether the old item goes when the new one comes."""
    if old.expired(new.told_at):
        return True
    same = old.kind in SINGLE or old.value.casefold() == new.value.casefold()
    return old.kind == new.kind and same


def written(item: Item) -> str:
    """Return an item as the text that is sealed; its number stands beside it."""
    fields = [item.kind, item.value, item.language, item.source, item.told_at.isoformat()]
    return json.dumps(fields, ensure_ascii=False)


def read(number: int, text: str) -> Item:
    """Return the item that was written."""
    kind, value, language, source, told_at = json.loads(text)
    return Item(number, kind, value, language, source, datetime.fromisoformat(told_at))
