"""The programs set-up calls, what they wrote, and why they failed."""

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from config.paths import CHECKOUT

WORK = CHECKOUT / ".fireside" / "setup"
TAIL_LINES = 20

# What a log says about the cause -> what a person can do about it.
CAUSES = (
    ("No space left on device", "The disk is full."),
    ("THESE PACKAGES DO NOT MATCH THE HASHES", "A download is not the package the lock names."),
    ("Failed to establish a new connection", "The package registry cannot be reached."),
    ("Temporary failure", "Names cannot be resolved: is the network up?"),
    ("No matching distribution found", "The package registry does not offer what the lock names."),
    ("Could not get lock", "Another program is installing system packages."),
)


class SetupError(Exception):
    """Set-up cannot go on. The sentence says what to do; the log, if any, holds the rest."""

    def __init__(self, sentence: str, log: Path | None = None) -> None:
        super().__init__(sentence)
        self.log = log

    def report(self) -> str:
        """The sentence, the end of the log, and where the log lies."""
        if not self.log:
            return str(self)
        tail = "\n".join(f"    {line}" for line in _lines(self.log)[-TAIL_LINES:])
        return f"{self}\n{tail}\nThe whole log: {self.log}\nTry again: the next run repairs it."


def log_of(step: str) -> Path:
    """Where a step writes what its programs say."""
    return WORK / f"{step.lower().replace(' ', '-')}.log"


def run(
    argv: Sequence[str | Path],
    log: Path,
    *,
    env: Mapping[str, str] | None = None,
    holding: Sequence[int] = (),
    limit_s: float | None = None,
) -> None:
    """Run one program from the checkout, its output into the log.

    It inherits the descriptors `holding`: a lock held that way outlives us as long as it does.
    Raises SetupError when it fails or takes longer than `limit_s`.
    """
    words = [str(word) for word in argv]
    with log.open("a") as out:
        print("$", *words, file=out, flush=True)
        try:
            code = subprocess.run(
                words,
                cwd=CHECKOUT,
                env={**os.environ, **(env or {})},
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                pass_fds=holding,
                timeout=limit_s,
                check=False,
            ).returncode
        except subprocess.TimeoutExpired as error:
            raise SetupError(f"{words[0]} took longer than {limit_s:.0f} s.", log) from error
        except OSError as error:
            raise SetupError(f"{words[0]} cannot be started: {error.strerror}.", log) from error
    if code:
        name = words[2] if words[1:2] == ["-m"] else Path(words[0]).name
        raise SetupError(f"{name} failed. {_cause(log)}", log)


def _cause(log: Path) -> str:
    """A known cause, or else the last thing the program said."""
    lines = _lines(log)
    known = (sentence for mark, sentence in CAUSES if any(mark in line for line in lines))
    return next(known, lines[-1])


def _lines(log: Path) -> list[str]:
    return [line for line in log.read_text(errors="replace").splitlines() if line.strip()]
