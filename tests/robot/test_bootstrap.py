"""Set-up as a real child in a small checkout of its own: tiny packages, no network."""

import io
import os
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from config.paths import CHECKOUT
from robot.bootstrap.progress import Progress
from robot.bootstrap.stamps import read, write
from tests.robot.small_checkout import PYTHON, SmallCheckout, make_wheels

NOBODY = 65534


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheels")
    make_wheels(folder)
    return folder


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory, wheels: Path) -> SmallCheckout:
    return SmallCheckout(tmp_path_factory.mktemp("checkout"), wheels).lay_out()


@pytest.fixture
def made(small: SmallCheckout) -> Iterator[SmallCheckout]:
    """The same, with its Python packages installed."""
    small.run("lint")
    yield small
    small.lock("robot/requirements.lock", "setuptools", "tiny==1")


def test_from_nothing_then_nothing_to_do(tmp_path: Path, wheels: Path) -> None:
    small = SmallCheckout(tmp_path / "checkout", wheels).lay_out()
    said = small.run("run")
    for step in ("Python packages", "Rasa packages", "Speech models", "Training"):
        assert re.search(rf"^{step}: \d+:\d\d, done$", said, re.MULTILINE), said
    assert "the embedded recogniser is used" in said  # its vendor's site was not there

    began = time.monotonic()
    assert small.run("run") == ""
    assert time.monotonic() - began < 2  # 0.1 s where nothing else is going on

    environment = small.environment_made
    assert small.version("checker") is None
    small.run("lint")
    assert small.version("checker") == "1"
    assert small.environment_made == environment
    assert small.run("run") == ""
    assert small.version("checker") == "1"


def test_a_changed_lock_is_installed_into_the_same_environment(made: SmallCheckout) -> None:
    environment = made.environment_made
    for name in ("robot/requirements.lock", "tests/requirements.lock"):
        made.lock(name, "setuptools", "tiny==2", *(["checker==1"] if "tests" in name else []))
    made.run("lint")
    assert made.version("tiny") == "2"
    assert made.environment_made == environment
    made.lock("tests/requirements.lock", "setuptools", "tiny==1", "checker==1")


def test_a_killed_set_up_is_waited_for_and_repaired(made: SmallCheckout) -> None:
    environment = made.environment_made
    made.lock("robot/requirements.lock", "setuptools", "tiny==1", "slow==1")
    killed = made.start("lint")
    log = made.folder / ".fireside/setup/python-packages.log"
    _until(lambda: "slow" in log.read_text())
    killed.kill()
    killed.communicate()
    said = made.run("lint")
    assert "Another set-up is running here" in said  # the pip that outlived it
    assert made.version("slow") == "1"
    assert made.environment_made != environment
    assert made.run("lint") == ""


def test_two_at_once_do_the_work_once(made: SmallCheckout) -> None:
    made.lock("robot/requirements.lock", "setuptools", "tiny==1", "checker==1")
    both = [made.start("lint"), made.start("lint")]
    said = [child.communicate()[0] for child in both]
    assert [child.returncode for child in both] == [0, 0], said
    assert sum("Python packages" in text for text in said) == 1, said
    assert any("Another set-up is running here" in text for text in said)


def test_a_failure_says_why_and_leaves_what_worked(made: SmallCheckout) -> None:
    environment = made.environment_made
    lock = made.folder / "robot/requirements.lock"
    before = lock.read_text()
    lock.write_text(before.replace("tiny==1", "tiny==7"))
    said = made.run("lint", code=1)
    assert "The package registry does not offer what the lock names." in said
    assert "python-packages.log" in said
    lock.write_text(before)
    assert made.run("lint") == ""
    assert made.environment_made == environment


def test_a_download_that_is_not_the_locked_one_is_refused(made: SmallCheckout) -> None:
    made.lock("robot/requirements.lock", "setuptools", "tiny==2")
    lock = made.folder / "robot/requirements.lock"
    lock.write_text(re.sub(r"(tiny==2 .*\n.*sha256:).*", rf"\g<1>{'0' * 64}", lock.read_text()))
    assert "A download is not the package the lock names." in made.run("lint", code=1)
    assert made.version("tiny") == "1"


def test_a_moved_checkout_gets_a_new_environment(made: SmallCheckout, tmp_path: Path) -> None:
    moved = tmp_path / "moved"
    shutil.copytree(made.folder, moved, symlinks=True)
    assert "Python packages" in SmallCheckout(moved, made.wheels).run("lint")
    assert str(moved) in (moved / ".venv/bin/fireside").read_text()


def test_without_root_it_prints_the_one_line_to_type(wheels: Path) -> None:
    python, user = PYTHON, None
    if os.geteuid() == 0:
        python, user = Path("/usr/bin/python3.11"), NOBODY
    if not python.exists():
        pytest.skip(f"needs a Python that every user may run, at {python}")
    with tempfile.TemporaryDirectory() as folder:  # one that every user may enter
        small = SmallCheckout(Path(folder), wheels).lay_out()
        small.folder.chmod(0o777)
        said = small.run("test", 1, python, user)
        assert re.search(r"^  sudo apt-get update && sudo apt-get .* chromium", said, re.MULTILINE)
        assert not (small.folder / ".venv").exists()


def test_another_python_gets_one_sentence() -> None:
    pretend = "import sys; sys.version_info = (3, 13, 1); import robot.bootstrap"
    child = subprocess.run(
        [PYTHON, "-c", pretend], cwd=CHECKOUT, capture_output=True, text=True, check=False
    )
    assert child.returncode == 1
    assert child.stderr.startswith("Fireside needs Python 3.11") and child.stderr.count("\n") == 1


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


def _until(condition: Callable[[], bool], seconds: float = 60) -> None:
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.02)
