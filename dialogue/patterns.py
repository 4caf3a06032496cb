"""A small notation for phrases that people without programming can read and write.

    i have fallen           these words, one after the other
    (fell|slipped) down     one of these, each of one word or more
    my [poor|old] back      may be there or not
    bleed*                  any ending
    pills ... (die|dead)    up to five words between, in the same sentence
    in the film ...         and up to five words after (or before)
    ^ help $                begins, ends a sentence
    my name is {name}       up to six words, to be found again under that name

Patterns are compared with `folded` text, so capitals, accents and apostrophes do not matter.
"""

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property, partial
from typing import Annotated

from pydantic import AfterValidator

LONGEST = 8_000
"""Characters looked at; of a longer text the middle is left out."""
MOST_GAPS = 2
ELIDING = frozenset({"fr", "it"})
"""Languages where an apostrophe parts two words (l'aiuto); elsewhere it joins (can't)."""

_APOSTROPHES = re.compile(r"['’‘`´]")
_SENTENCE_ENDS = re.compile(r"[.!?;:…\n]+")
_OTHER = re.compile(r"[^\w.]+|_+")
_WORDS_BETWEEN = r"(?: [^ .]+){0,5}?"
_WORDS_AROUND = r"(?: [^ .]+){0,5}"
_CAPTURED = r"(?: [^ .]+){1,6}"
_TOKENS = re.compile(r"\{\w+\}|\([^()\[\]]*\)|\[[^()\[\]]*\]|\.\.\.|[\w*'’ -]*[\w*]|[^\s]")
_CHOICE = re.compile(r"[\w'’* -]+")
_WORD = re.compile(r"\w+\*?")
_STAR = "zzstar"  # stands for * while a word is folded


def fold(text: str, language: str) -> str:
    """Return the words in lower case, without accents, one space around each.

    A dot stands around every sentence: "I can't! Help." becomes " . i cant . help . ".
    """
    if len(text) > LONGEST:
        text = text[: LONGEST // 2] + " . " + text[-LONGEST // 2 :]
    text = text.casefold()
    if not text.isascii():
        text = _without_accents(text, language)
    text = _APOSTROPHES.sub(" " if language in ELIDING else "", text)
    text = _OTHER.sub(" ", _SENTENCE_ENDS.sub(" . ", text))
    return f" . {' '.join(text.split()).strip(' .')} . "


def _without_accents(text: str, language: str) -> str:
    if language == "de":  # schon is not schön
        return unicodedata.normalize("NFKC", text)
    plain = unicodedata.normalize("NFKD", text)
    return "".join(char for char in plain if not unicodedata.combining(char))


class Pattern:
    """One compiled line of the notation. Raises ValueError saying what is wrong with it.

    `sets` are the words that a part in braces may be, by its name; any word where it has none.
    """

    def __init__(
        self,
        notation: str,
        folding: Callable[[str], str],
        sets: Mapping[str, Sequence[str]] | None = None,
    ) -> None:
        self.notation = notation
        self._folding = folding
        self._sets = sets or {}
        self._needs: list[frozenset[str]] = []  # of each set one word must be there
        tokens = _TOKENS.findall(notation)
        if tokens.count("...") > MOST_GAPS:
            raise ValueError(f"more than {MOST_GAPS} gaps '...' in '{notation}'; use fewer")
        pieces = [self._piece(token.strip()) for token in tokens]
        if not any(map(self._must_be_there, tokens)):
            raise ValueError(f"'{notation}' names no word that must be there; add one")
        for end in (0, -1):
            if tokens[end] == "...":
                pieces[end] = _WORDS_AROUND
        self._body = "".join(pieces) + "(?= )"

    @cached_property
    def _regex(self) -> re.Pattern[str]:
        # Compiled when first needed: thousands of patterns would delay the robot's first word.
        return re.compile(self._body)

    def spans(self, folded: str, words: frozenset[str]) -> list[tuple[int, int]]:
        """Return where the pattern is found; `words` are the words of the folded text."""
        return [match.span() for match in self.matches(folded, words)]

    def matches(self, folded: str, words: frozenset[str]) -> list[re.Match[str]]:
        """Return what `spans` finds, with the parts in braces as named groups."""
        for need in self._needs:
            if need.isdisjoint(words):
                return []
        return list(self._regex.finditer(folded))

    def _piece(self, token: str) -> str:
        if token == "...":
            return _WORDS_BETWEEN
        if token in "^$":
            return r" \." if token == "^" else r"(?= \.)"
        if token.startswith("{"):
            return self._captured(token[1:-1])
        optional = token.startswith("[")
        inner = token[1:-1] if token[0] in "([" else token
        choices = [self._words(choice) for choice in inner.split("|")]
        if len(choices) == 1 and not optional:
            self._needs += [frozenset({word}) for word in choices[0] if not word.endswith("*")]
        elif not optional and not any(choice[0].endswith("*") for choice in choices):
            self._needs.append(frozenset(choice[0] for choice in choices))
        ways = "|".join("".join(map(_word, choice)) for choice in choices)
        return f"(?:{ways})" + ("?" if optional else "")

    def _must_be_there(self, token: str) -> bool:
        named = token[0] == "{" and token[1:-1] in self._sets
        return named or token[0] not in "[^$.{"

    def _captured(self, name: str) -> str:
        if name not in self._sets:
            return f"(?P<{name}>{_CAPTURED})"
        choices = sorted(map(self._words, self._sets[name]), key=len, reverse=True)
        self._needs.append(frozenset(choice[0] for choice in choices))
        ways = "|".join("".join(map(_word, choice)) for choice in choices)
        return f"(?P<{name}>{ways})"

    def _words(self, choice: str) -> list[str]:
        folded = self._folding(choice.replace("*", _STAR))
        words = [word.replace(_STAR, "*") for word in folded.split() if word != "."]
        letters_only = _CHOICE.fullmatch(choice) and all(map(_WORD.fullmatch, words))
        if not words or not letters_only:
            raise ValueError(f"'{choice}' in '{self.notation}' is not a word; use letters only")
        return words


def _word(word: str) -> str:
    return " " + (re.escape(word[:-1]) + r"\w*" if word.endswith("*") else re.escape(word))


def words_of(folded: str) -> frozenset[str]:
    """Return the different words of a folded text."""
    return frozenset(folded.split())


def _checked(notation: str) -> str:
    Pattern(notation, partial(fold, language="en"))
    return notation


Notation = Annotated[str, AfterValidator(_checked)]
"""A line of the notation in a file; a faulty one is told with its line."""
