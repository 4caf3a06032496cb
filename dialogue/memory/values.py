"""From words as they were heard to a value that can be kept, and be said again."""

import re
from collections.abc import Sequence
from itertools import takewhile

from dialogue.memory.items import Item, Kind, bounded
from dialogue.memory.told_files import Told
from dialogue.patterns import fold

NAMES = frozenset({"name", "any_name"})
"""The parts in braces that are names of persons."""

QUOTED: frozenset[Kind] = frozenset({"things", "name"})
"""Said in the person's own words."""

_ORIGINAL = re.compile(r"[^\W_]+(?:['’‘`´][^\W_]+)*")
_ENDING = "(e|en|em|er|es)?"
_NOUNS = frozenset({"likes", "music", "food", "work"})
"""The parts that are mostly nouns, which German writes with a capital."""
_LONGEST_ANSWER = 12
"""Words of an answer from which something is taken; what is longer is a story, not a value."""


class Spoken:
    """A text folded, and its words as they were written."""

    def __init__(self, text: str, language: str) -> None:
        self.folded = fold(text, language)
        folded = [word for word in self.folded.split() if word != "."]
        written = _ORIGINAL.findall(text)
        # Where it is written in an unusual way, the folded words have to do.
        self.words: list[str] = written if len(written) == len(folded) else folded
        self.cased = any(word[:1].isupper() for word in self.words[1:]) and not text.isupper()
        """Whether the recogniser writes capitals where they belong."""

    def between(self, start: int, end: int) -> list[str]:
        """Return the words as written from one place of the folded text to another."""
        before = sum(word != "." for word in self.folded[:start].split())
        inside = sum(word != "." for word in self.folded[start:end].split())
        return self.words[before : before + inside]

    def after(self, start: int, count: int) -> int:
        """Return the place in the folded text behind so many words."""
        place = start
        for _ in range(count):
            place = self.folded.index(" ", place + 1)
        return place


class Shape:
    """Brings what was heard into the form in which it is kept, in one language."""

    def __init__(self, file: Told, language: str) -> None:
        self._file = file
        self._language = language
        self._given, self._titles = frozenset(file.given), frozenset(file.titles)
        self._negations = self._phrases(file.negations)
        self._ends = self._phrases(file.ends)
        self._begins_not = self._phrases(file.begins_not)
        self._answers = sorted(self._phrases(file.answers), key=len, reverse=True)
        self._no_names = frozenset(file.begins_not_names)
        self._not_last = frozenset(file.not_last)

    def part(self, name: str, words: Sequence[str], spoken: Spoken) -> list[str]:
        """Return the words of a part in braces that are kept; none where it says nothing."""
        if name == "relation":
            folded = " ".join(self._folded(words))
            return [self._file.relation_of.get(folded, folded)]
        if name in self._file.sets:
            noun = name == "job" and self._language == "de"
            return [_capital(word) if noun else word for word in words]
        kept = self._trimmed(words, whole=name == "things")
        if name in NAMES:
            return self._name(kept, spoken, strict=name == "name")
        if name == "place":
            return self._place(kept, spoken)
        if kept and name in _NOUNS and self._language == "de" and not spoken.cased:
            kept[-1] = _capital(kept[-1])
        return kept

    def whole(self, value: str) -> str | None:
        """Return the finished value, or None where it is not to be kept."""
        if any(char.isdigit() for char in value):
            return None
        try:
            return bounded(value)
        except ValueError:
            return None

    def answer(self, kind: Kind, spoken: Spoken) -> str | None:
        """Return what an answer says without its opening words."""
        words = spoken.words
        if not 0 < len(words) <= _LONGEST_ANSWER:
            return None
        while opening := next((a for a in self._answers if self._starts(words, a)), None):
            words = words[len(opening) :]
        if kind == "people":
            kept = self._related(words) or self.part("name", words, spoken)
        elif kind == "work":
            kept = self._worked(words, spoken)
        else:
            kept = self.part("place" if kind == "places" else kind, words, spoken)
        return self.whole(" ".join(kept)) if kept else None

    def _related(self, words: Sequence[str]) -> list[str]:
        """Return the relation an answer names, as in "my sister"."""
        known = [self._file.relation_of.get(word) for word in self._folded(words)]
        named = [relation for relation in known if relation]
        return named[:1] if len(words) <= 2 else []

    def _worked(self, words: Sequence[str], spoken: Spoken) -> list[str]:
        """Return an answer such as "in a bakery"; "a baker" is "as a baker"."""
        kept, first = self.part("work", words, spoken), self._file.work_begins[0]
        folded = self._folded(kept)
        if not kept or folded[0] in self._file.work_begins:
            return kept
        jobs = self._phrases(self._file.sets["job"])
        known = any(self._at(folded, n, job) for job in jobs for n in range(len(folded)))
        return [first, *kept] if known else []

    def _trimmed(self, words: Sequence[str], whole: bool = False) -> list[str]:
        """Return the words up to where something else begins; none where they are no value.

        With `whole` it is a sentence, which ends where it ends.
        """
        folded = self._folded(words)
        places = range(1, len(folded))
        if any(self._at(folded, n, no) for no in self._negations for n in (0, *places)):
            return []
        ends = (n for n in places if any(self._at(folded, n, end) for end in self._ends))
        end = len(folded) if whole else next(ends, len(folded))
        while end and folded[end - 1] in self._not_last:
            end -= 1
        if not whole and any(self._at(folded[:end], 0, phrase) for phrase in self._begins_not):
            return []
        return list(words[:end])

    def _name(self, words: Sequence[str], spoken: Spoken, strict: bool) -> list[str]:
        """Return titles and names; lower-case text has names where the file knows them."""
        folded = self._folded(words)
        titles = len(list(takewhile(self._titles.__contains__, folded)))

        def sure(place: int) -> bool:
            return folded[place] in self._given or (spoken.cased and words[place][:1].isupper())

        end = titles
        if end < len(words) and folded[end] not in self._no_names:
            if sure(end) or titles or not strict:
                end += 1
            while end < len(words) and sure(end):
                end += 1
        return [_capital(word) for word in words[:end]] if end > titles else []

    def _place(self, words: Sequence[str], spoken: Spoken) -> list[str]:
        folded = self._folded(words)
        if not folded or folded[0] in self._no_names:
            return []
        end = len(list(takewhile(self._file.place_words.__contains__, folded))) + 1
        while spoken.cased and end < len(words):
            linked = folded[end] in self._file.place_words
            if not words[end][:1].isupper() and not linked:
                break
            end += 1
        while end > 1 and folded[min(end, len(folded)) - 1] in self._not_last:
            end -= 1
        return [w if spoken.cased else _capital(w) for w in words[:end]]

    def _starts(self, words: Sequence[str], phrase: tuple[str, ...]) -> bool:
        return self._at(self._folded(words), 0, phrase)

    @staticmethod
    def _at(words: Sequence[str], place: int, phrase: tuple[str, ...]) -> bool:
        return tuple(words[place : place + len(phrase)]) == phrase

    def _folded(self, words: Sequence[str]) -> list[str]:
        return [fold(word, self._language).strip(" .") for word in words]

    def _phrases(self, phrases: Sequence[str]) -> list[tuple[str, ...]]:
        return [tuple(fold(phrase, self._language).strip(" .").split()) for phrase in phrases]


def said(item: Item, file: Told, familiar: bool) -> str:
    """Return a value as the robot says it: "daughter Clara" is "your daughter Clara"."""
    if item.kind == "mood":
        mood = file.moods.get(item.value)
        return "" if mood is None else (mood.du if familiar and mood.du else mood.say)
    if item.kind in ("people", "mourned"):
        for name, relation in file.relations.items():
            if item.value == name or item.value.startswith(name + " "):
                form = relation.du if familiar and relation.du else relation.say
                return form + item.value[len(name) :]
    if item.kind in QUOTED:
        return item.value
    return " ".join(_turned(word, file, familiar) for word in item.value.split())


def may_be_raised(item: Item, file: Told) -> bool:
    """Whether the robot may bring up this person by itself: not those who may have died."""
    return any(
        relation.ask and (item.value == name or item.value.startswith(name + " "))
        for name, relation in file.relations.items()
    )


def _turned(word: str, file: Told, familiar: bool) -> str:
    """Return a word about the speaker as one about the person spoken to."""
    for own, other in file.turned.items():
        if match := re.fullmatch(re.escape(own) + _ENDING, word.lower()):
            form = other if isinstance(other, str) else other[familiar]
            return form + (match[1] or "")
    return word


def _capital(word: str) -> str:
    return word[:1].upper() + word[1:]
