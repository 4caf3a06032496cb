"""Virtual environments, filled from hash-locked requirement files."""

import re
import shutil
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from config.paths import CHECKOUT
from robot.bootstrap import stamps
from robot.bootstrap.child import WORK, SetupError, run

PROJECT = "pyproject.toml"
UNTOUCHED_UNTIL = "Installing collected packages"
"""pip fetches everything first: failing before it says this, it has left the environment as is."""


@dataclass(frozen=True)
class Environment:
    """One environment and the locks that must be in it.

    Its stamp lies inside it and is taken away while pip works: an environment without a stamp,
    or with the stamp of another place, is half made or moved, and is made anew.
    """

    folder: Path
    locks: tuple[str, ...]
    with_project: bool = False
    pip_options: tuple[str, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict)

    @property
    def python(self) -> Path:
        """Its interpreter."""
        return self.folder / "bin" / "python"

    @property
    def _stamp(self) -> Path:
        return self.folder / "fireside.json"

    def _wanted(self) -> dict[str, str]:
        inputs = (*self.locks, PROJECT) if self.with_project else self.locks
        sums = {name: stamps.digest([CHECKOUT / name]) for name in inputs}
        return {"place": str(self.folder), **sums}

    def ready(self) -> bool:
        """Whether all wanted locks are in it, and its interpreter still exists."""
        there = stamps.read(self._stamp)
        return self.python.exists() and self._wanted().items() <= there.items()

    def build(self, log: Path, holding: Sequence[int]) -> None:
        """Add what is missing; start from nothing where that is not safe."""

        def pip(*words: str | Path) -> None:
            command = (self.python, "-m", "pip", "install", "--disable-pip-version-check")
            run([*command, "--no-deps", *words], log, env=self.env, holding=holding)

        wanted = self._wanted()
        there = stamps.read(self._stamp)
        self._stamp.unlink(missing_ok=True)
        if there.get("place") != wanted["place"] or not self.python.exists():
            there = {}
            self._remove()
            run([sys.executable, "-m", "venv", self.folder], log, holding=holding)
        changed = [name for name in wanted if wanted[name] != there.get(name)]
        locks = [name for name in changed if name in self.locks]
        hashed = ("--require-hashes", "--no-build-isolation", "--use-pep517", *self.pip_options)
        try:
            if locks:
                pip(*hashed, "-r", self._builder())
                pip(*hashed, *(word for name in locks for word in ("-r", CHECKOUT / name)))
        except SetupError:
            if there and UNTOUCHED_UNTIL not in log.read_text(errors="replace"):
                stamps.write(self._stamp, there)
            raise
        if PROJECT in changed:
            pip("--no-build-isolation", "--no-index", "-e", CHECKOUT)
        stamps.write(self._stamp, {**there, **wanted})

    def _remove(self) -> None:
        if self.folder.is_symlink():
            self.folder.unlink()
        elif self.folder.exists():
            shutil.rmtree(self.folder)

    def _builder(self) -> Path:
        """The lock's setuptools alone, installed first: source packages are then built with it,
        and not with one that pip would fetch without looking at a hash.
        """
        lock = (CHECKOUT / self.locks[0]).read_text()
        found = re.search(r"^setuptools==.*\n(?:[ \t]+.*\n)*", lock, re.MULTILINE)
        file = WORK / f"{self.folder.name.lstrip('.')}-builder.txt"
        file.write_text(found.group() if found else "")
        return file
