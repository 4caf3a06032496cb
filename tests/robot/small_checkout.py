"""A small checkout with the real set-up in it, and packages that install in no time."""

import base64
import hashlib
import io
import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from dataclasses import dataclass
from importlib.metadata import distribution
from pathlib import Path

from config.paths import CHECKOUT

PYTHON = Path(sys.base_prefix) / "bin" / "python3.11"
PARTS = (
    "config/__init__.py",
    "config/paths.py",
    "voices/models.yaml",
    "dialogue/__init__.py",
    "dialogue/embedding.py",
    "dialogue/training.py",
    "robot/__init__.py",
    "robot/bootstrap",
)
# Stands where the whole program stands: it leaves behind what the real commands leave behind.
FIRESIDE = """
import json, sys
from config.paths import MODELS, RASA_MODELS, STATE
from dialogue.training import inputs_sha256
def main():
    match sys.argv[1:]:
        case ["models", "get", name] if name.startswith("whisper"):
            (MODELS / name).mkdir(parents=True)
        case ["models", "get", name]:
            sys.exit("The vendor cannot be reached.")
        case ["train"]:
            RASA_MODELS.mkdir(parents=True)
            (RASA_MODELS / "model").touch()
            (STATE / "safety").mkdir()
            (STATE / "safety" / "meaning.npz").touch()
            record = json.dumps({"archive": "model", "sha256": ""})
            (RASA_MODELS / f"{inputs_sha256()}.json").write_text(record)
"""


@dataclass(frozen=True)
class SmallCheckout:
    """Its folder, and the folder its packages come from."""

    folder: Path
    wheels: Path

    def lay_out(self) -> "SmallCheckout":
        folder = self.folder
        for part in PARTS:
            (folder / part).parent.mkdir(parents=True, exist_ok=True)
            if (CHECKOUT / part).is_dir():
                shutil.copytree(CHECKOUT / part, folder / part)
            else:
                shutil.copy(CHECKOUT / part, folder / part)
        (folder / "robot/__main__.py").write_text(FIRESIDE)
        (folder / "config/home.yaml").write_text("language: de\n")
        (folder / "nothing").mkdir()
        (folder / "pyproject.toml").write_text(
            '[build-system]\nrequires = ["setuptools"]\nbuild-backend = "setuptools.build_meta"\n'
            '[project]\nname = "fireside"\nversion = "1"\n'
            '[project.scripts]\nfireside = "robot.__main__:main"\n'
            '[tool.setuptools]\npackages = ["robot", "config", "dialogue"]\n'
        )
        (folder / "dialogue/rasa/data").mkdir(parents=True)
        for name in ("config.yml", "domain.yml"):
            (folder / "dialogue/rasa" / name).touch()
        self.lock("robot/requirements.lock", "setuptools", "tiny==1")
        self.lock("tests/requirements.lock", "setuptools", "tiny==1", "checker==1")
        self.lock("dialogue/rasa/requirements.lock", "setuptools", "tiny==1")
        return self

    def lock(self, name: str, *packages: str) -> None:
        lines = []
        for package in packages:
            stem, _, version = package.partition("==")
            (file,) = self.wheels.glob(f"{stem}-{version}*")
            sha = hashlib.sha256(file.read_bytes()).hexdigest()
            lines.append(f"{stem}=={file.name.split('-')[1].removesuffix('.tar.gz')} \\\n")
            lines.append(f"    --hash=sha256:{sha}\n")
        (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
        (self.folder / name).write_text("".join(lines))

    def start(
        self, goal: str, python: Path = PYTHON, user: int | None = None
    ) -> "subprocess.Popen[str]":
        env = {
            "PATH": str(self.folder / "nothing"),  # no apt-get, no sudo, no chromium
            "PIP_CONFIG_FILE": os.devnull,
            "PIP_NO_INDEX": "1",
            "PIP_FIND_LINKS": str(self.wheels),
            "HOME": str(self.folder),
        }
        return subprocess.Popen(
            [python, "-m", "robot.bootstrap", goal],
            cwd=self.folder,
            env=env,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            user=user,
        )

    def run(self, goal: str, code: int = 0, python: Path = PYTHON, user: int | None = None) -> str:
        child = self.start(goal, python, user)
        said, _ = child.communicate()
        assert child.returncode == code, said
        return said

    def version(self, package: str) -> str | None:
        found = list(self.folder.glob(f".venv/lib/*/site-packages/{package}-*.dist-info"))
        return found[0].name.split("-")[1].removesuffix(".dist") if found else None

    @property
    def environment_made(self) -> int:
        """When the environment was made; an upgrade leaves it."""
        return (self.folder / ".venv/pyvenv.cfg").stat().st_mtime_ns


def make_wheels(folder: Path) -> None:
    """The setuptools that runs here, tiny packages, and a source package slow to build."""
    builder = distribution("setuptools")
    kept = [
        file
        for file in builder.files or []
        if ".pyc" not in file.name and ".." not in file.parts and file.name != "RECORD"
    ]
    contents = {str(file): Path(str(file.locate())).read_bytes() for file in kept}
    _wheel(folder, "setuptools", builder.version, contents)
    for name, version in (("tiny", "1"), ("tiny", "2"), ("checker", "1")):
        about = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
        kind = "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        info = f"{name}-{version}.dist-info"
        _wheel(
            folder,
            name,
            version,
            {
                f"{name}.py": b"",
                f"{info}/METADATA": about.encode(),
                f"{info}/WHEEL": kind.encode(),
            },
        )
    _slow_source(folder)


def _wheel(folder: Path, name: str, version: str, contents: dict[str, bytes]) -> None:
    record = f"{name}-{version}.dist-info/RECORD"
    rows = [f"{record},,\n"]
    with zipfile.ZipFile(folder / f"{name}-{version}-py3-none-any.whl", "w") as wheel:
        for path, data in contents.items():
            wheel.writestr(path, data)
            sha = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
            rows.append(f"{path},sha256={sha},{len(data)}\n")
        wheel.writestr(record, "".join(rows))


def _slow_source(folder: Path) -> None:
    """A source package that takes its time to build, to be interrupted in."""
    code = b"import time, setuptools\ntime.sleep(2)\nsetuptools.setup(name='slow', version='1')\n"
    with tarfile.open(folder / "slow-1.tar.gz", "w:gz") as archive:
        for name, data in (("setup.py", code), ("PKG-INFO", b"Name: slow\nVersion: 1\n")):
            entry = tarfile.TarInfo(f"slow-1/{name}")
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
