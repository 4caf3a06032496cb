"""`reminders`: a history checker in the manner of Jepsen, for what is said, promised and stored.

A generator draws agendas and answers, a nemesis kills and stops the process, fills the disk,
damages the file and sets the clock, and a checker compares what the world has heard with what is
on disk.
"""

import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import threading
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from rich.table import Table

from config.clock import SystemClock
from config.paths import CHECKOUT
from dialogue.alerts import Alerts
from dialogue.reminders.ledger import FOR_STAFF, OPEN, Ledger, Occurrence
from dialogue.reminders.recovery import DAMAGED
from robot.bench.common import Options, Progress, spread, surroundings
from robot.bench.reminders_child import HOME

KILLS = 10_000
WINDOW_S = 0.12
"""A life lasts up to so many real seconds; it lives through hours of its own time meanwhile."""
START = datetime(2026, 3, 27, 4, 0, tzinfo=UTC)
"""Two days before the clocks of Europe go forward."""
A_HISTORY = 250
"""Kills in one folder; then another begins, with another agenda."""
DRAIN = timedelta(days=2)
DAMAGE = 0.02
"""How often the last page of the file is damaged before it is opened."""
PAGE = 4096
"""Bytes; the size of SQLite's pages unless somebody changes it."""
STOPPED = 0.1
"""How often the process is stopped before it is killed."""


def run(options: Options) -> dict[str, Any]:
    """Kill, start again, and compare what was heard and promised with what is stored."""
    chance = random.Random(options.seed)
    return {**measure(KILLS, chance, options.progress), **surroundings(options.seed)}


@dataclass
class World:
    """What residents and staff have heard, in one history."""

    now: datetime = START
    said: defaultdict[str, list[tuple[datetime, bool]]] = field(
        default_factory=lambda: defaultdict(list)
    )
    promised: dict[str, str] = field(default_factory=dict)
    ready_ms: list[float] = field(default_factory=list)
    refused: Counter[str] = field(default_factory=Counter)
    never_ready: int = 0
    damaged: int = 0


def measure(kills: int, chance: random.Random, progress: Progress) -> dict[str, Any]:
    """Return the figures after so many kills."""
    totals: Counter[str] = Counter()
    faults: list[str] = []
    ready_ms: list[float] = []
    done = 0
    with _nursery() as nursery:
        while done < kills:
            with TemporaryDirectory() as folder:
                world, agenda = World(), _agenda(chance)
                for _ in range(min(A_HISTORY, kills - done)):
                    progress("killed", done, kills)
                    _life(nursery, Path(folder), world, agenda, chance)
                    done += 1
                _drain(nursery, Path(folder), world, agenda, chance)
                found = list(_check(Path(folder), world, totals))
                totals.update(kind for kind, _ in found)
                faults += [f"{kind}: {what}" for kind, what in found]
                ready_ms += world.ready_ms
                totals["disk_refused"] += sum(world.refused.values())
                totals["damaged"] += world.damaged
    kinds = ("lost", "promise_broken", "silently_doubled", "in_quiet_hours", "staff_not_told")
    return {
        "kills": kills,
        **{name: totals[name] for name in ("due", "said", "promised", *kinds, "never_ready")},
        "disk_refused": totals["disk_refused"],
        "damaged": totals["damaged"],
        "ends": {key[4:]: n for key, n in sorted(totals.items()) if key.startswith("end ")},
        "faults": faults[:20],
        "ready_ms": spread(ready_ms),
    }


def _agenda(chance: random.Random) -> dict[str, dict[str, Any]]:
    """Draw what a few residents are reminded of."""

    def reminder() -> dict[str, Any]:
        times = {f"{chance.randrange(24):02}:{chance.choice((0, 0, 15, 30, 45)):02}" for _ in "ab"}
        return {
            "say": "It is time.",
            "at": sorted(times),
            "every": chance.choice((["day"], ["weekday"], ["saturday", "sunday", "monday"])),
            "confirm": chance.random() < 0.8,
            "late": chance.choice(("say", "say", "skip", "tell_staff")),
            "late_until": chance.choice((30, 120, 600)),
            "snoozes": chance.randrange(4),
            "quiet_hours": chance.random() < 0.5,
            "urgency": chance.choice(("normal", "high")),
        }

    return {
        who: {f"r{number}": reminder() for number in range(chance.randint(1, 4))}
        for who in ("rosa", "anna")
    }


def _life(
    nursery: "subprocess.Popen[str]",
    folder: Path,
    world: World,
    agenda: dict[str, Any],
    chance: random.Random,
) -> None:
    """Let one process live until it is killed; sometimes on a full disk or by a wrong clock."""
    off = chance.choice((0, 0, 5, 60, 600, 7200, 36_000))
    start = world.now + timedelta(seconds=off)
    if chance.random() < 0.05:
        start += timedelta(seconds=chance.uniform(-86_400, 3_600))
    full = 0
    if chance.random() < 0.1:
        full = max(each.stat().st_size for each in [*folder.glob("*.db*"), Path(__file__)])
    elif chance.random() < DAMAGE:
        _damage(folder / "reminders.db", chance)
    _order(nursery, folder, world, agenda, chance, (start, start + timedelta(days=30), full))


def _damage(path: Path, chance: random.Random) -> None:
    """Fill the last page with rubbish, as a disk may that is going to die."""
    if not path.exists():
        return
    try:
        with closing(sqlite3.connect(path)) as database:  # else the log would make the page whole
            database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    except sqlite3.DatabaseError:
        pass  # it is damaged already
    size = path.stat().st_size
    if size < PAGE:
        return
    with path.open("r+b") as file:
        file.seek(size - PAGE)
        file.write(chance.randbytes(PAGE))


def _drain(
    nursery: "subprocess.Popen[str]",
    folder: Path,
    world: World,
    agenda: dict[str, Any],
    chance: random.Random,
) -> None:
    """Let every reminder end, so that nothing new is due, and what is open come to its end."""
    ends = (world.now - timedelta(days=1)).date().isoformat()
    ended = {
        who: {name: {**each, "ends": ends} for name, each in reminders.items()}
        for who, reminders in agenda.items()
    }
    until = world.now + DRAIN
    _order(nursery, folder, world, ended, chance, (world.now, until, 0), kill=False)


def _order(
    nursery: "subprocess.Popen[str]",
    folder: Path,
    world: World,
    agenda: dict[str, Any],
    chance: random.Random,
    when: tuple[datetime, datetime, int],
    kill: bool = True,
) -> None:
    assert nursery.stdin is not None and nursery.stdout is not None
    start, until, full = when
    world.now = start
    order = {
        "start": start.isoformat(),
        "until": until.isoformat(),
        "full": full,
        "seed": chance.random(),
        "agenda": agenda,
    }
    print(folder, json.dumps(order), file=nursery.stdin, flush=True)
    ready = False
    for line in nursery.stdout:
        what, *words = line.split()
        match what:
            case "born" if kill:
                _kill_soon(int(words[0]), chance)
            case "ready":
                ready = True
                world.ready_ms.append(float(words[0]) * 1000)
            case "said":
                world.said[words[0]].append((datetime.fromisoformat(words[2]), words[1] == "1"))
            case "promised":
                world.promised[words[1]] = words[0]
            case "damaged":
                world.damaged += 1
            case "refused":
                world.refused[words[0]] += 1
            case "now":
                world.now = datetime.fromisoformat(words[0])
            case "dead":
                break
    if not kill and not ready:
        world.never_ready += 1


def _kill_soon(pid: int, chance: random.Random) -> None:
    """Kill it after a while; sometimes it is stopped before, and perhaps goes on in between."""
    at = chance.uniform(0, WINDOW_S)
    blows = [(at, signal.SIGKILL)]
    if chance.random() < STOPPED:
        stop = chance.uniform(0, at)
        blows += [(stop, signal.SIGSTOP)]
        if chance.random() < 0.5:
            blows += [(chance.uniform(stop, at), signal.SIGCONT)]

    def strike(blow: signal.Signals) -> None:
        try:
            os.kill(pid, blow)
        except ProcessLookupError:  # it has come to its own end
            pass

    for seconds, blow in blows:
        threading.Timer(seconds, strike, (blow,)).start()


def _check(folder: Path, world: World, totals: Counter[str]) -> Iterator[tuple[str, str]]:
    """Yield every rule that was broken: its name, and by what."""
    if world.never_ready:
        yield "never_ready", "the last life did not begin"
    ledger = Ledger(folder / "reminders.db", SystemClock())
    alerts = Alerts(folder / "alerts.db", SystemClock())
    raised = {alert.id for alert in alerts.open()}
    history = ledger.history(most=1_000_000)
    unknown = {each.occurrence for each in history if each.why == DAMAGED}
    stored = {
        f"{each.person}/{each.name}/{each.local.isoformat()}": each
        for each in ledger.of_day(START - timedelta(days=900), START + timedelta(days=9000))
    }
    ledger.close()
    alerts.close()
    totals["due"] += len(stored)
    totals["said"] += sum(map(len, world.said.values()))
    totals["promised"] += len(world.promised)
    for key in world.said.keys() - stored.keys():
        yield "lost", f"{key} was said and is not stored"
    for key, occurrence in stored.items():
        totals[f"end {occurrence.state}"] += 1
        yield from _judged(key, occurrence, world, raised, occurrence.id in unknown)


def _judged(
    key: str, occurrence: Occurrence, world: World, raised: set[int], unknown: bool
) -> Iterator[tuple[str, str]]:
    said = world.said.get(key, [])
    state = occurrence.state
    if state in OPEN:
        yield "lost", f"{key} is still {state} after two days"
    if state in ("said", "confirmed") and not said:
        yield "lost", f"{key} is {state}, and nobody heard it"
    if state in FOR_STAFF and occurrence.alert not in raised:
        yield "staff_not_told", key
    promised = world.promised.get(key)
    # What became of it before the file was damaged nobody knows: it must be with the staff.
    if promised in ("confirmed", "refused") and state != promised and not unknown:
        yield "promise_broken", f"{key} was promised as {promised}, and is {state}"
    if any(not marked for _, marked in said[1:]):
        yield "silently_doubled", key
    if occurrence.reminder.quiet_hours:
        for moment, _ in said:
            if HOME.quiet_until(moment) > moment:
                yield "in_quiet_hours", f"{key} at {moment.isoformat()}"


@contextmanager
def _nursery() -> "Iterator[subprocess.Popen[str]]":
    program = "from robot.bench.reminders_child import nursery; nursery()"
    process = subprocess.Popen(
        [sys.executable, "-c", program],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=CHECKOUT,
    )
    try:
        yield process
    finally:
        process.communicate(timeout=10)


def table(result: dict[str, Any]) -> Table:
    """Show the counts, the ends, and how soon it was ready again."""
    shown = Table("what", "figure")
    for name, figure in result.items():
        if isinstance(figure, int) and name != "seed":
            shown.add_row(name.replace("_", " "), str(figure))
    for name, figure in result["ends"].items():
        shown.add_row(f"ended as {name}", str(figure))
    for name, figure in result["ready_ms"].items():
        shown.add_row(f"ready {name}{'' if name == 'n' else ', ms'}", str(figure))
    for fault in result["faults"]:
        shown.add_row("fault", fault)
    return shown
