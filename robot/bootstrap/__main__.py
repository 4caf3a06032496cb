"""`python3.11 -m robot.bootstrap GOAL`: what every target of the Makefile begins with."""

import argparse
import fcntl
import os
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from robot.bootstrap import licences, locks
from robot.bootstrap.child import WORK, SetupError, log_of
from robot.bootstrap.progress import Progress
from robot.bootstrap.steps import TRIED, Chain, Unimportant, plan


def main() -> int:
    """Return 0 when everything the goal needs is there, 1 after a sentence why not."""
    parser = argparse.ArgumentParser(prog="python3.11 -m robot.bootstrap", description=__doc__)
    parser.add_argument("goal", choices=["run", "setup", "test", "lint", "lock", "licences"])
    goal, rest = parser.parse_known_args()
    progress = Progress()
    try:
        if goal.goal == "licences":
            licences.write()
        elif goal.goal == "lock":
            with alone(progress) as holding:
                locks.compile_locks(progress, rest, holding)
        else:
            set_up(goal.goal, progress)
    except SetupError as error:
        progress.say(error.report())
        return 1
    except KeyboardInterrupt:
        progress.say("\nInterrupted. The next run goes on from here.")
        return 130
    finally:
        progress.close()
    return 0


def set_up(goal: str, progress: Progress) -> None:
    """Do what the goal still needs. Raises SetupError."""
    if goal == "setup":
        TRIED.unlink(missing_ok=True)
    if _ready(goal):
        return
    with alone(progress) as holding:
        for stage in plan(goal):
            with ThreadPoolExecutor(len(stage)) as threads:
                for end in [threads.submit(follow, c, progress, holding) for c in stage]:
                    end.result()


def follow(chain: Chain, progress: Progress, holding: Sequence[int]) -> None:
    """Take the steps of a chain that are not ready."""
    for step in chain:
        if step.ready():
            continue
        log = log_of(step.name)
        log.write_text("")
        try:
            with progress.step(step.name, step.purpose, log):
                step.work(log, holding)
        except Unimportant as reason:
            progress.say(str(reason))


@contextmanager
def alone(progress: Progress) -> Iterator[Sequence[int]]:
    """Wait until no other set-up works in this checkout; yield the lock for programs to hold.

    A pip that outlives a killed set-up still holds it, so nobody repairs under its hands.
    """
    WORK.mkdir(parents=True, exist_ok=True)
    lock = os.open(WORK / "lock", os.O_RDWR | os.O_CREAT, 0o644)
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            progress.say("Another set-up is running here; waiting for it to finish.")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield [lock]
    finally:
        os.close(lock)


def _ready(goal: str) -> bool:
    return all(step.ready() for stage in plan(goal) for chain in stage for step in chain)


if __name__ == "__main__":
    sys.exit(main())
