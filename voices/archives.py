"""Out of an archive, into a model's folder: only what is expected, and only inside the folder."""

import hashlib
import shutil
import stat
import zipfile
from pathlib import Path, PurePosixPath
from typing import IO

from voices.errors import ModelError
from voices.registry import Archive, Model

_MOST_MEMBERS = 1_000
_MOST_BYTES = 1 << 30
"""No small model comes near these; an archive beyond them is not what it says it is."""

Sums = dict[str, tuple[int, str]]
"""Size and SHA-256 of each file, by its name below the model's folder."""


def read_sum(path: Path) -> str:
    """Return a file's SHA-256 in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def matches(path: Path, archive: Archive) -> bool:
    """Whether the file is this archive, byte for byte."""
    return (
        path.is_file() and path.stat().st_size == archive.size and read_sum(path) == archive.sha256
    )


def unpack(name: str, model: Model, source: Path, target: Path) -> Sums:
    """Make the model's folder from an archive, a folder of archives or the model's own files.

    Raises ModelError where anything is missing or is not what the registry says.
    """
    target.mkdir()
    if model.files and source.is_dir() and all((source / file).is_file() for file in model.files):
        for file in model.files:
            shutil.copyfile(source / file, target / file)
    else:
        archives = _verified(name, model, source)
        try:
            _join_files(model, archives, target) if model.files else _extract(
                name, archives[0], target
            )
        except (zipfile.BadZipFile, KeyError, NotImplementedError, EOFError) as error:
            raise _unsafe(name, "it cannot be unpacked") from error
    sums = {
        path.relative_to(target).as_posix(): (path.stat().st_size, read_sum(path))
        for path in sorted(target.rglob("*"))
        if path.is_file()
    }
    for file, pinned in model.files.items():
        if sums[file] != (pinned.size, pinned.sha256):
            raise ModelError(
                f"{file} is not the file of {name} that the registry names; "
                f"fetch it with `fireside models get {name}`."
            )
    return sums


def _verified(name: str, model: Model, source: Path) -> list[Path]:
    """Return the archives in the registry's order. Raises ModelError unless all are right."""
    names = " and ".join(archive.file for archive in model.archives)
    if not source.exists():
        raise ModelError(f"There is nothing at {source}; give the path of {names}.")
    if source.is_file():
        if len(model.archives) > 1:
            raise ModelError(f"Put {names} into one folder, and give that folder's path.")
        paths = [source]
    else:
        paths = [source / archive.file for archive in model.archives]
    for path, archive in zip(paths, model.archives, strict=True):
        if not path.exists():
            raise ModelError(f"{path.name} is not in {source}; put {names} there.")
        if not matches(path, archive):
            raise ModelError(
                f"{path.name} is not the {archive.file} that the registry names, "
                "or is damaged; fetch it once more."
            )
    return paths


def _join_files(model: Model, archives: list[Path], target: Path) -> None:
    members: dict[str, zipfile.ZipFile] = {}
    opened = [zipfile.ZipFile(path) for path in archives]
    try:
        for archive in opened:
            members |= dict.fromkeys(archive.namelist(), archive)
        for file, pinned in model.files.items():
            with (target / file).open("wb") as out:
                for part in pinned.parts:
                    _copy(members[part], part, out)
    finally:
        for archive in opened:
            archive.close()


def _extract(name: str, path: Path, target: Path) -> None:
    """Unpack what lies in the archive's one folder, which has the model's name."""
    with zipfile.ZipFile(path) as archive:
        members = archive.infolist()
        if len(members) > _MOST_MEMBERS or sum(each.file_size for each in members) > _MOST_BYTES:
            raise _unsafe(name, "it is far larger than a speech model")
        for member in members:
            inside = PurePosixPath(member.filename)
            link = stat.S_ISLNK(member.external_attr >> 16)
            if link or inside.is_absolute() or ".." in inside.parts or inside.parts[0] != name:
                raise _unsafe(name, f"it wants to write outside of its folder {name}")
            destination = target.joinpath(*inside.parts[1:])
            if member.is_dir():
                destination.mkdir(parents=True, exist_ok=True)
                continue
            destination.parent.mkdir(parents=True, exist_ok=True)
            with destination.open("wb") as out:
                _copy(archive, member.filename, out)


def _copy(archive: zipfile.ZipFile, member: str, out: IO[bytes]) -> None:
    with archive.open(member) as packed:
        shutil.copyfileobj(packed, out, 1 << 20)


def _unsafe(name: str, why: str) -> ModelError:
    return ModelError(f"The archive of {name} is refused: {why}; get it from its vendor.")
