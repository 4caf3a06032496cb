"""What the robot remembers about people: one SQLite file in which every word is sealed.

A row tells neither whom nor what it is about; both are sealed with the person's own key. A copy
of the last whole file lies beside it. Use from one thread.
"""

import logging
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from config.clock import Clock
from dialogue.durable import copied
from dialogue.errors import StageError
from dialogue.memory.files import opened_whole
from dialogue.memory.items import (
    MOST_OF_A_KIND,
    OBJECTIONS,
    Item,
    Kind,
    Source,
    bounded,
    makes_way,
    read,
    written,
)
from dialogue.memory.keys import Key, Keys

log = logging.getLogger(__name__)

SCHEMA_VERSION = 1
_SCHEMA = f"""
BEGIN IMMEDIATE;
CREATE TABLE IF NOT EXISTS items (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    owner BLOB NOT NULL,
    sealed BLOB NOT NULL
);
CREATE INDEX IF NOT EXISTS items_of_owner ON items (owner);
PRAGMA user_version = {SCHEMA_VERSION};
COMMIT;
"""


class Memory:
    """The memory of this robot. Every change is on disk when its call returns.

    It asks for nobody's consent: `Remembering` does. All methods raise StageError("remember", ...)
    when the disk refuses or a key is damaged.
    """

    def __init__(self, folder: Path, clock: Clock) -> None:
        self._path = folder / "memory.db"
        self._clock = clock
        self.restored: str | None = None
        """One sentence, where the file was damaged and an earlier state had to be taken."""
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._keys = Keys(folder / "keys")
            self._database, self.restored = opened_whole(self._path)
            self._prepare()
        except (sqlite3.Error, OSError) as error:
            raise self._refused(error) from error

    def note(
        self, person: str, kind: Kind, value: str, source: Source, language: str = "en"
    ) -> Item:
        """Remember something; the same again takes the older one's place.

        Raises ValueError when the value is out of bounds.
        """
        item = Item(0, kind, bounded(value), language, source, self._clock.now())
        with self._writing(person) as key:
            known = list(self._items(key))
            self._delete([old for old in known if makes_way(old, item)])
            others = [old for old in known if old.kind == kind and not makes_way(old, item)]
            self._delete(others[: max(0, len(others) + 1 - MOST_OF_A_KIND)])
            item = self._insert(key, item)
        if kind in OBJECTIONS:  # an earlier state without this no must never come back
            self._copy()
        return item

    def of(self, person: str) -> tuple[Item, ...]:
        """Return what is remembered, oldest first."""
        with self._refusals():
            key = self._keys.of(person)
            now = self._clock.now()
            return tuple(i for i in self._items(key) if not i.expired(now)) if key else ()

    def version(self) -> tuple[int, int]:
        """Return what changes whenever somebody, here or in another program, writes."""
        with self._refusals():
            ((others,),) = self._rows("PRAGMA data_version", ())
            return others, self._database.total_changes

    def knows(self, person: str) -> bool:
        """Whether there is a key for somebody, so that something may be remembered."""
        return self._keys.there(person)

    def forget_last(self, person: str) -> Item | None:
        """Forget what was remembered last, and return it; a no is not forgotten."""
        known = [item.id for item in self.of(person) if item.kind not in OBJECTIONS]
        gone = self.forget(person, lambda item: item.id in known[-1:])
        return gone[0] if gone else None

    def forget(self, person: str, which: Callable[[Item], bool]) -> tuple[Item, ...]:
        """Forget every item for which `which` is true, and return them."""
        if not self.of(person):
            return ()
        with self._writing(person) as key:
            gone = [item for item in self._items(key) if which(item)]
            self._delete(gone)
        return tuple(gone)

    def erase(self, person: str, keep: frozenset[Kind] = frozenset()) -> None:
        """Destroy the person's key, and with it all that it has sealed, in every copy of the file.

        What is of a kind in `keep` is sealed anew with a new key, before the old one is destroyed.
        """
        kept = self._kept(person, keep)
        with self._refusals():
            old = self._owner(person)
            if kept:
                key = self._keys.next(person)
                with self._transaction():
                    for item in kept:
                        self._insert(key, item)
                self._keys.renew(person)
            else:
                self._keys.destroy(person)
            if old is not None:
                self._database.execute("DELETE FROM items WHERE owner = ?", (old,))
            self._database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        self._copy()

    def export(self, person: str) -> list[dict[str, str]]:
        """Return everything remembered, ready for JSON; times in UTC."""
        return [
            {
                "kind": item.kind,
                "value": item.value,
                "language": item.language,
                "source": item.source,
                "told_at": item.told_at.isoformat(),
            }
            for item in self.of(person)
        ]

    def close(self) -> None:
        """Let go of the file."""
        self._database.close()

    def _copy(self) -> None:
        with self._refusals():
            copied(self._database, self._path)

    def _prepare(self) -> None:
        version = self._database.execute("PRAGMA user_version").fetchone()[0]
        if version == 0:
            self._database.executescript(_SCHEMA)
        elif version != SCHEMA_VERSION:
            raise StageError(
                "remember",
                "newer",
                f"The memory in {self._path} was written by another release (form {version}); "
                f"start that release, or move the file away.",
            )

    def _kept(self, person: str, kinds: frozenset[Kind]) -> list[Item]:
        """Return what outlives an erasure; nothing where the key is damaged, as all is lost."""
        try:
            return [item for item in self.of(person) if item.kind in kinds] if kinds else []
        except StageError as error:
            if error.code != "key":
                raise
            return []

    def _owner(self, person: str) -> bytes | None:
        try:
            key = self._keys.of(person)
        except StageError:  # damaged; it is about to be destroyed
            return None
        return key.owner if key else None

    def _items(self, key: Key) -> Iterator[Item]:
        rows = self._rows("SELECT id, sealed FROM items WHERE owner = ? ORDER BY id", (key.owner,))
        for number, sealed in rows:
            text = key.open(sealed)
            if text is None:
                log.error("An item of the memory is damaged and left out")
                continue
            yield read(number, text)

    def _insert(self, key: Key, item: Item) -> Item:
        ((number,),) = self._rows(
            "INSERT INTO items (owner, sealed) VALUES (?, ?) RETURNING id",
            (key.owner, key.seal(written(item))),
        )
        return replace(item, id=number)

    def _delete(self, items: Sequence[Item]) -> None:
        numbers = [(item.id,) for item in items]
        self._database.executemany("DELETE FROM items WHERE id = ?", numbers)

    @contextmanager
    def _writing(self, person: str) -> Iterator[Key]:
        with self._refusals(), self._transaction():
            # The key is read inside: no other process can erase while this one writes.
            yield self._keys.made(person)

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._database.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._database.execute("ROLLBACK")
            raise
        self._database.execute("COMMIT")

    @contextmanager
    def _refusals(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            raise self._refused(error) from error

    def _rows(self, statement: str, values: Sequence[Any]) -> list[Any]:
        with closing(self._database.execute(statement, values)) as cursor:
            return cursor.fetchall()

    def _refused(self, error: Exception) -> StageError:
        return StageError(
            "remember",
            "not_stored",
            f"The memory in {self._path} cannot be used ({error}); make room on the disk and check "
            f"that the program may write there. Until then nothing is remembered.",
        )
