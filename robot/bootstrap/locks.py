"""`make lock`: both lock files anew from pyproject.toml."""

import sys
from collections.abc import Sequence
from pathlib import Path

from robot.bootstrap.child import WORK, log_of, run
from robot.bootstrap.progress import Progress

RUNTIME, TESTS = "robot/requirements.lock", "tests/requirements.lock"


def compile_locks(progress: Progress, options: Sequence[str], holding: Sequence[int]) -> None:
    """Run uv, from an environment of its own. Pins stay as they are unless --upgrade is given.

    Rasa's lock is not made here: its metadata forbids Python 3.11, see ADR 0010.
    """
    tool = WORK / "uv"
    log = log_of("locks")
    log.write_text("")
    compiler: list[str | Path] = [tool / "bin" / "uv", "pip", "compile", "pyproject.toml"]
    form = ["--python-version=3.11", "--generate-hashes", "--no-emit-index-url", "--no-header"]
    with progress.step("Locks", "resolving what pyproject.toml asks for", log):
        if not (tool / "bin" / "uv").exists():
            run([sys.executable, "-m", "venv", tool], log, holding=holding)
            run([tool / "bin" / "pip", "install", "uv"], log, holding=holding)
        run([*compiler, *form, *options, "-o", RUNTIME], log, holding=holding)
        tests = ["--extra=test", "-c", RUNTIME, "-o", TESTS]
        run([*compiler, *form, *options, *tests], log, holding=holding)
