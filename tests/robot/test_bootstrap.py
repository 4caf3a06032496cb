"""Set-up as a real child in a small checkout of its own: tiny packages, no network."""

import base64
import hashlib
import io
import os
import re
import shutil
import signal
import subprocess
import sys
import tarfile
import time
import tomllib
import zipfile
from collections.abc import Iterator
from importlib.metadata import distribution
from pathlib import Path

import pytest

from config.paths import CHECKOUT
from robot.bootstrap.licences import PAGE, pins
from robot.bootstrap.progress import Progress
from robot.bootstrap.stamps import read, write

PYTHON = Path(sys.base_prefix) / "bin" / "python3.11"
PARTS = (
    "config/__init__.py",
    "config/paths.py",
    "dialogue/__init__.py",
    "dialogue/training.py",
    "robot/__init__.py",
    "robot/bootstrap",
)
# Stands where the whole program stands: it leaves behind what the real commands leave behind.
FIRESIDE = """
import json, sys
from config.paths import MODELS, RASA_MODELS
from dialogue.training import inputs_sha256
def main():
    match sys.argv[1:]:
        case ["models", "get", *names] if all(name.startswith("whisper") for name in names):
            for name in names:
                (MODELS / name).mkdir(parents=True)
        case ["models", "get", name]:
            sys.exit("The vendor cannot be reached.")
        case ["train"]:
            RASA_MODELS.mkdir(parents=True)
            (RASA_MODELS / "model").touch()
            record = json.dumps({"archive": "model", "sha256": ""})
            (RASA_MODELS / f"{inputs_sha256()}.json").write_text(record)
"""


class SmallCheckout:
    """A checkout with the real set-up in it, and packages that install in no time."""

    def __init__(self, folder: Path, wheels: Path) -> None:
        self.folder = folder
        self.wheels = wheels
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

    def start(self, goal: str, **more: object) -> "subprocess.Popen[str]":
        env = {
            "PATH": str(self.folder / "nothing"),  # no apt-get, no sudo, no chromium
            "PIP_CONFIG_FILE": os.devnull,
            "PIP_NO_INDEX": "1",
            "PIP_FIND_LINKS": str(self.wheels),
            "HOME": str(self.folder),
        }
        return subprocess.Popen(
            [PYTHON, "-m", "robot.bootstrap", goal],
            cwd=self.folder,
            env=env,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            **more,  # type: ignore[call-overload]
        )

    def run(self, goal: str, code: int = 0) -> str:
        child = self.start(goal)
        said, _ = child.communicate()
        assert child.returncode == code, said
        return said

    def version(self, package: str) -> str | None:
        found = list(self.folder.glob(f".venv/lib/*/site-packages/{package}-*.dist-info"))
        return found[0].name.split("-")[1].removesuffix(".dist") if found else None

    @property
    def environment_age(self) -> int:
        """Changes when the environment is made anew, and only then."""
        return (self.folder / ".venv/pyvenv.cfg").stat().st_ino


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheels")
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
    return folder


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


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory, wheels: Path) -> SmallCheckout:
    return SmallCheckout(tmp_path_factory.mktemp("checkout"), wheels)


@pytest.fixture
def made(small: SmallCheckout) -> Iterator[SmallCheckout]:
    """The same, with its Python packages installed."""
    small.run("lint")
    yield small
    small.lock("robot/requirements.lock", "setuptools", "tiny==1")


def test_from_nothing_then_nothing_to_do(tmp_path: Path, wheels: Path) -> None:
    small = SmallCheckout(tmp_path / "checkout", wheels)
    said = small.run("run")
    for step in ("Python packages", "Rasa packages", "Speech models", "Training"):
        assert re.search(rf"^{step}: \d+:\d\d, done$", said, re.MULTILINE), said
    assert "the embedded recogniser is used" in said  # its vendor's site was not there

    began = time.monotonic()
    assert small.run("run") == ""
    assert time.monotonic() - began < 2  # 0.1 s where nothing else is going on

    environment = small.environment_age
    assert small.version("checker") is None
    small.run("lint")
    assert small.version("checker") == "1"
    assert small.environment_age == environment
    assert small.run("run") == ""
    assert small.version("checker") == "1"


def test_a_changed_lock_is_installed_into_the_same_environment(made: SmallCheckout) -> None:
    environment = made.environment_age
    for name in ("robot/requirements.lock", "tests/requirements.lock"):
        made.lock(name, "setuptools", "tiny==2", *(["checker==1"] if "tests" in name else []))
    made.run("lint")
    assert made.version("tiny") == "2"
    assert made.environment_age == environment
    made.lock("tests/requirements.lock", "setuptools", "tiny==1", "checker==1")


def test_a_killed_set_up_is_waited_for_and_repaired(made: SmallCheckout) -> None:
    environment = made.environment_age
    made.lock("robot/requirements.lock", "setuptools", "tiny==1", "slow==1")
    killed = made.start("lint")
    log = made.folder / ".fireside/setup/python-packages.log"
    _until(lambda: "slow" in log.read_text())
    killed.kill()
    killed.wait()
    said = made.run("lint")
    assert "Another set-up is running here" in said  # the pip that outlived it
    assert made.version("slow") == "1"
    assert made.environment_age != environment
    assert made.run("lint") == ""


def test_two_at_once_do_the_work_once(made: SmallCheckout) -> None:
    made.lock("robot/requirements.lock", "setuptools", "tiny==1", "checker==1")
    both = [made.start("lint"), made.start("lint")]
    said = [child.communicate()[0] for child in both]
    assert [child.returncode for child in both] == [0, 0], said
    assert sum("Python packages" in text for text in said) == 1, said
    assert any("Another set-up is running here" in text for text in said)


def test_a_failure_says_why_and_the_next_run_repairs_it(made: SmallCheckout) -> None:
    lock = made.folder / "robot/requirements.lock"
    lock.write_text(lock.read_text().replace("tiny==1", "tiny==7"))
    said = made.run("lint", code=1)
    assert "The package registry does not offer what the lock names." in said
    assert "python-packages.log" in said
    made.lock("robot/requirements.lock", "setuptools", "tiny==1")
    made.run("lint")
    assert made.version("tiny") == "1"


def test_a_download_that_is_not_the_locked_one_is_refused(made: SmallCheckout) -> None:
    lock = made.folder / "robot/requirements.lock"
    lock.write_text(re.sub(r"(tiny==1 .*\n.*sha256:).*", rf"\g<1>{'0' * 64}", lock.read_text()))
    (made.folder / ".venv/fireside.json").unlink()
    assert "A download is not the package the lock names." in made.run("lint", code=1)
    assert made.version("tiny") is None


def test_a_moved_checkout_gets_a_new_environment(made: SmallCheckout, tmp_path: Path) -> None:
    moved = tmp_path / "moved"
    shutil.copytree(made.folder, moved, symlinks=True)
    environment = SmallCheckout.__new__(SmallCheckout)
    environment.folder, environment.wheels = moved, made.wheels
    assert "Python packages" in environment.run("lint")
    assert str(moved) in (moved / ".venv/bin/fireside").read_text()


def test_without_root_it_prints_the_one_line_to_type(small: SmallCheckout) -> None:
    python = Path("/usr/bin/python3.11")
    if os.geteuid() == 0 and not python.exists():
        pytest.skip("needs a Python that another user may run, at /usr/bin/python3.11")
    (small.folder / ".fireside/setup").mkdir(parents=True, exist_ok=True)
    for folder in (small.folder / ".fireside/setup", *small.folder.parents):
        folder.chmod(folder.stat().st_mode | 0o005)
    said = small.run("test", code=1)
    assert re.search(r"^  sudo apt-get update && sudo apt-get .* chromium", said, re.MULTILINE)


def test_an_older_python_gets_one_sentence() -> None:
    source = (CHECKOUT / "robot/bootstrap/__init__.py").read_text()
    assert "3.11" in source


def test_a_terminal_sees_time_and_package_go_by(tmp_path: Path) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    out = Terminal()
    log = tmp_path / "log"
    log.write_text("Collecting numpy==2.4\nWARNING: something\n")
    progress = Progress(out)
    with progress.step("Python packages", "what it is made of", log):
        _until(lambda: "Python packages 0:00 Collecting numpy==2.4" in out.getvalue())
    progress.close()
    assert "Python packages: 0:00, done" in out.getvalue()


def test_a_stamp_cut_short_counts_as_none(tmp_path: Path) -> None:
    stamp = tmp_path / "stamp.json"
    write(stamp, {"lock": "1" * 64})
    assert read(stamp) == {"lock": "1" * 64}
    stamp.write_text(stamp.read_text()[:-3])
    assert read(stamp) == {}


@pytest.mark.parametrize("lock", ["robot", "tests", "dialogue/rasa"])
def test_locks_pin_by_hash_and_name_no_address(lock: str) -> None:
    text = (CHECKOUT / lock / "requirements.lock").read_text()
    assert not re.search(r"https?:|file:|--index|--find-links|@ ", text)
    blocks = re.split(r"^(?=[A-Za-z0-9])", text, flags=re.MULTILINE)
    assert all("--hash=sha256:" in block for block in blocks if re.match(r"[A-Za-z0-9]", block))


def test_locks_hold_all_that_the_project_asks_for() -> None:
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["project"]

    def names(wanted: list[str]) -> set[str]:
        return {re.split(r"[<>=!~ ;\[]", line)[0].lower() for line in wanted}

    runtime, tests = pins("robot/requirements.lock"), pins("tests/requirements.lock")
    assert names(project["dependencies"]) <= runtime.keys()
    assert names(project["optional-dependencies"]["test"]) <= tests.keys()
    assert runtime.items() <= tests.items()


def test_the_licence_page_lists_what_the_locks_list() -> None:
    listed = set(re.findall(r"^\| (\S+) \| (\d\S*) \|", PAGE.read_text(), re.MULTILINE))
    locked = {
        pin
        for folder in ("robot", "tests", "dialogue/rasa")
        for pin in pins(f"{folder}/requirements.lock").items()
    }
    assert listed == locked, "type: make licences"


def _until(condition: object, seconds: float = 60) -> None:
    until = time.monotonic() + seconds
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < until
        time.sleep(0.02)


_ = signal
