"""One key for each person, in a file of its own: whoever destroys it has erased the memory.

Keys are never held longer than one call needs them, so that another process may destroy them.
"""

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from dialogue.durable import sync_folder
from dialogue.errors import StageError

KEY_BYTES = 32
_NONCE_BYTES = 12
_BLOCK = 128
"""Sealed texts are filled up to a multiple of this, so that their length tells little."""


class Key:
    """Seals and opens what belongs to one person (AES-256-GCM)."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret
        self._cipher = AESGCM(secret)

    @classmethod
    def new(cls) -> "Key":
        """Return a key that nobody has."""
        return cls(AESGCM.generate_key(8 * KEY_BYTES))

    @property
    def owner(self) -> bytes:
        """What stands for the person in the store; it names nobody once the key is gone."""
        return hashlib.sha256(b"fireside memory owner" + self._secret).digest()[:16]

    def seal(self, text: str) -> bytes:
        """Return the text, readable with this key alone."""
        plain = text.encode()
        nonce = os.urandom(_NONCE_BYTES)
        padded = plain.ljust(-(-len(plain) // _BLOCK) * _BLOCK)
        return nonce + self._cipher.encrypt(nonce, padded, self.owner)

    def open(self, sealed: bytes) -> str | None:
        """Return the text, or None where it was damaged or sealed with another key."""
        nonce, rest = sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:]
        try:
            return self._cipher.decrypt(nonce, rest, self.owner).decode().rstrip()
        except (InvalidTag, ValueError):
            return None

    def write(self, path: Path) -> None:
        """Put the key on disk for its owner alone (mode 0600). Raises OSError."""
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
        with os.fdopen(file, "wb") as opened:
            os.fchmod(opened.fileno(), 0o600)
            opened.write(self._secret)
            opened.flush()
            os.fsync(opened.fileno())


class Keys:
    """The keys in one folder. Every method raises OSError when the disk refuses."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)

    def of(self, person: str) -> Key | None:
        """Return the person's key, or None. Raises StageError when its file is damaged."""
        try:
            secret = self._path(person).read_bytes()
        except FileNotFoundError:
            return None
        if len(secret) != KEY_BYTES:
            raise StageError(
                "remember",
                "key",
                f"The key {self._path(person)} is damaged; restore it from a copy, or erase what "
                f"is remembered with `fireside memory erase {person}`.",
            )
        return Key(secret)

    def there(self, person: str) -> bool:
        """Whether the person has a key, be it damaged."""
        return person == Path(person).name and self._path(person).exists()

    def made(self, person: str) -> Key:
        """Return the person's key, a new one where there is none yet. Raises StageError."""
        if (key := self.of(person)) is not None:
            return key
        draft = self._folder / f"{person}.{os.getpid()}.draft"
        Key.new().write(draft)
        try:
            os.link(draft, self._path(person))  # whole or not at all, and the first one stays
        except FileExistsError:
            pass
        finally:
            draft.unlink()
        sync_folder(self._folder)
        return self.made(person)

    def next(self, person: str) -> Key:
        """Return a new key that waits on disk to take the place of the person's own."""
        key = Key.new()
        key.write(self._waiting(person))
        sync_folder(self._folder)
        return key

    def renew(self, person: str) -> None:
        """Let the waiting key take its place: what the old one has sealed is erased."""
        with _writable(self._path(person)) as old:
            os.replace(self._waiting(person), self._path(person))
            sync_folder(self._folder)
            _overwrite(old)

    def destroy(self, person: str) -> None:
        """Destroy the person's keys: what they have sealed is erased."""
        for path in (self._path(person), self._waiting(person)):
            with _writable(path) as old:
                _overwrite(old)
            path.unlink(missing_ok=True)
        sync_folder(self._folder)

    def _path(self, person: str) -> Path:
        return self._folder / f"{person}.key"

    def _waiting(self, person: str) -> Path:
        return self._folder / f"{person}.next"


@contextmanager
def _writable(path: Path) -> Iterator[int | None]:
    """Open a key that may be there; it can be overwritten also after it was replaced."""
    try:
        file = os.open(path, os.O_WRONLY | os.O_NOFOLLOW)
    except FileNotFoundError:
        yield None
        return
    try:
        yield file
    finally:
        os.close(file)


def _overwrite(file: int | None) -> None:
    """Write over a key; a flash disk may keep a copy, which is why the disk itself is encrypted."""
    if file is not None:
        os.pwrite(file, os.urandom(KEY_BYTES), 0)
        os.fsync(file)
