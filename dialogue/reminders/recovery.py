"""Opening the ledger, whatever has become of its file.

A damaged one gives way to its last copy, and one whose log was garbled has gone back in time. What
was open in it, and all that fell due since, goes to staff: nobody knows what of it was said, so
that it is neither lost nor silently said twice.
"""

import logging
import os
import shutil
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

from config.clock import Clock
from dialogue.durable import set_aside
from dialogue.errors import StageError
from dialogue.reminders.ledger import Fall, Ledger, following

log = logging.getLogger(__name__)

DAMAGED = "the list of reminders was damaged; whether it was said or answered is not known"

SINCE_LOOK = timedelta(minutes=15)
"""So much may have happened since the last look that is known, by the clock of that time; it is
noted every minute and copied every five."""


def open_ledger(
    path: Path, clock: Clock, person: str | None, tell: Callable[[StageError], None]
) -> Ledger:
    """Return the ledger; a damaged file is set aside and told, so that the robot can remind.

    Raises StageError when no file can be written.
    """
    try:
        if _restored(path).exists():  # the program ended in the middle of this
            _take_its_place(path, clock.now())
        ledger = Ledger(path, clock, person)
        if ledger.went_back:
            _make_good(path, clock)
            sentence = (
                "The last changes in the list of reminders are gone: the disk may be failing. What "
                "was open or due since is on your list; ask whoever looks after the machine."
            )
            _seen_to(ledger, "went_back", sentence, tell)
        return ledger
    except StageError as error:
        if error.code != "damaged":
            raise
    except OSError as error:
        raise _cannot(path, error) from error
    try:
        known = _restore(path, clock)
        aside = _take_its_place(path, clock.now())
    except OSError as error:
        raise _cannot(path, error) from error
    goes_on = (
        "is taken up from its last copy; what was open or due since is on your list"
        if known
        else "begins anew; see to today's reminders yourself"
    )
    sentence = (
        f"The list of reminders was damaged and {goes_on}. "
        f"The old one is {aside}; ask whoever looks after the machine."
    )
    ledger = Ledger(path, clock, person)
    _seen_to(ledger, "set_aside", sentence, tell)
    return ledger


def _seen_to(ledger: Ledger, code: str, sentence: str, tell: Callable[[StageError], None]) -> None:
    """What is missing is with the staff: tell them, and count from here on."""
    ledger.settle()
    log.critical(sentence)
    tell(StageError("remind", code, sentence))


def _make_good(path: Path, clock: Clock) -> None:
    """Leave to staff what is unsure in a file as it is, of every person."""
    ledger = Ledger(path, clock)
    try:
        _leave_to_staff(ledger, clock.now())
    finally:
        ledger.close()


def _restore(path: Path, clock: Clock) -> bool:
    """Make what is to take the file's place from its copy; return whether there was one."""
    copy, draft = path.with_suffix(".copy"), path.with_suffix(".restoring")
    if not copy.exists():
        return False
    shutil.copyfile(copy, draft)
    try:
        _make_good(draft, clock)
    except StageError as error:
        log.error("The copy of the reminders cannot be used: %s", error.message)
        draft.unlink(missing_ok=True)
        return False
    os.replace(draft, _restored(path))
    return True


def _leave_to_staff(ledger: Ledger, now: datetime) -> None:
    """Should a clock that is set back make them due again, they may have been said already."""
    for occurrence in ledger.open():
        ledger.change(occurrence, "missed", DAMAGED, said=1)
    until = max(now, (ledger.looked_at or now) + SINCE_LOOK)  # the clock may be wrong by now
    for plan in ledger.plans_due(until):
        falls: list[Fall] = []
        while (moment := plan.next) is not None and moment.at <= until:
            falls.append(Fall(moment, plan.reminder, "missed", DAMAGED, said=1))
            plan = following(plan, moment.at)
        ledger.fall_due(falls, plan)


def _take_its_place(path: Path, moment: datetime) -> Path:
    """Set the damaged file aside, put what was restored in its place, and return the old one."""
    aside = set_aside(path, moment)
    if _restored(path).exists():
        os.replace(_restored(path), path)
    return aside


def _restored(path: Path) -> Path:
    return path.with_suffix(".restored")


def _cannot(path: Path, error: OSError) -> StageError:
    sentence = f"{path} is damaged and cannot be renamed ({error.strerror}); move it away."
    return StageError("remind", "not_stored", sentence)
