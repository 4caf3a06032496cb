"""Speech models: which there are, which are here, and whether they are what they should be.

A model is a folder below MODELS. Its manifest names every file with size and SHA-256.
"""

import contextlib
import fcntl
import json
import logging
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path

from config.paths import MODELS
from voices.archives import read_sum, unpack
from voices.downloads import Progress, download
from voices.errors import ModelError
from voices.registry import Model, registry

log = logging.getLogger(__name__)

_MANIFEST = "manifest.json"


@dataclass(frozen=True)
class ModelStore:
    """The models on this machine. Several processes may use the same folder at once."""

    folder: Path = MODELS
    known: Mapping[str, Model] = field(default_factory=registry)

    def model(self, name: str) -> Model:
        """Return what the registry says about a model. Raises ModelError."""
        if name not in self.known:
            near = get_close_matches(name, self.known, n=1)
            remedy = f"did you mean {near[0]}?" if near else "see `fireside models list`."
            raise ModelError(f"There is no model called {name}; {remedy}")
        return self.known[name]

    def installed(self, name: str) -> Path | None:
        """Return the model's folder if it is here, judged quickly by names and sizes.

        Raises ModelError where it was here and is damaged.
        """
        folder = self.folder / name
        model = self.model(name)
        if not folder.is_dir():
            return None
        for file, (size, _) in self._manifest(name, model).items():
            path = folder / file
            if not path.is_file() or path.stat().st_size != size:
                raise _damaged(name, file)
        return folder

    def verify(self, name: str) -> Path:
        """Return the model's folder after reading every byte of it. Raises ModelError."""
        folder = self.installed(name)
        if folder is None:
            raise ModelError(f"{name} is not here; fetch it with `fireside models get {name}`.")
        for file, (_, sha256) in self._manifest(name, self.model(name)).items():
            if read_sum(folder / file) != sha256:
                raise _damaged(name, file)
        return folder

    def get(self, name: str, progress: Progress, source: Path | None = None) -> Path:
        """Return the model's folder, after fetching or importing the model where needed.

        `source` is a file or folder to import from without the network. `progress` is told
        the bytes so far and the bytes in all. What was fetched before an interruption is used.
        Raises ModelError.
        """
        model = self.model(name)
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with self._lock(name):
                with contextlib.suppress(ModelError):
                    return self.verify(name)
                return self._fetch(name, model, progress, source)
        except OSError as error:
            raise ModelError(
                f"{name} cannot be stored in {self.folder}: {error.strerror or error}; "
                "make room or correct the folder's rights and try again."
            ) from error

    def _fetch(self, name: str, model: Model, progress: Progress, source: Path | None) -> Path:
        if source is not None:
            return self._install(name, model, source)
        fetched = self.folder / "downloads"
        download(model.archives, fetched, progress)
        folder = self._install(name, model, fetched)
        for archive in model.archives:
            (fetched / archive.file).unlink()
        return folder

    def _install(self, name: str, model: Model, source: Path) -> Path:
        for left in self.folder.glob(f".{name}.*"):
            shutil.rmtree(left)  # of an earlier attempt; the lock says nobody is at it now
        work = Path(tempfile.mkdtemp(prefix=f".{name}.", dir=self.folder))
        try:
            files = unpack(name, model, source, work / "new")
            manifest = {"archives": [each.sha256 for each in model.archives], "files": files}
            (work / "new" / _MANIFEST).write_text(json.dumps(manifest, indent=1))
            _write_through(work / "new")
            if (self.folder / name).exists():
                (self.folder / name).rename(work / "old")
            (work / "new").rename(self.folder / name)
        finally:
            shutil.rmtree(work, ignore_errors=True)
        log.info("The model %s is installed", name)
        return self.folder / name

    def _manifest(self, name: str, model: Model) -> dict[str, tuple[int, str]]:
        try:
            manifest = json.loads((self.folder / name / _MANIFEST).read_text())
            files = {
                file: (int(size), str(sum_)) for file, (size, sum_) in manifest["files"].items()
            }
            if manifest["archives"] != [archive.sha256 for archive in model.archives]:
                raise _damaged(name, _MANIFEST)
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise _damaged(name, _MANIFEST) from error
        return files

    @contextlib.contextmanager
    def _lock(self, name: str) -> Iterator[None]:
        with open(self.folder / f".lock-{name}", "w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)  # released by the kernel even when we are killed
            yield


def _damaged(name: str, file: str) -> ModelError:
    return ModelError(
        f"The model {name} is damaged ({file}); fetch it again with `fireside models get {name}`."
    )


def _write_through(folder: Path) -> None:
    """Make sure that a power cut after the rename finds whole files."""
    for path in [*folder.rglob("*"), folder]:
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
