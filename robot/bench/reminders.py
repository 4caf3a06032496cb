"""`reminders`: a history checker in the manner of Jepsen, for what is said, promised and stored.

A generator draws agendas, imports and answers; a nemesis kills and stops the process, fills the
disk, damages the file and its log, breaks what staff write and sets the clock; and a checker
(`reminders_rules.py`) compares what the world has heard with what is on disk.
"""

import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import threading
from collections import Counter
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
from config.reminders import FOLDER
from dialogue.alerts import Alerts
from dialogue.reminders.calendars import read_calendar
from dialogue.reminders.ledger import Ledger
from robot.bench.common import Options, Progress, spread, surroundings
from robot.bench.reminders_child import HOME, RESIDENTS
from robot.bench.reminders_rules import RULES, Fault, History
from robot.bench.reminders_world import World, Written

KILLS = 10_000
WINDOW_S = 0.12
"""A life lasts up to so many real seconds; it lives through hours of its own time meanwhile."""
START = datetime(2026, 3, 27, 4, 0, tzinfo=UTC)
"""Two days before the clocks of Europe go forward."""
A_HISTORY = 250
"""Kills in one folder; then another begins, with another agenda."""
DRAIN = timedelta(days=2)
WRONG, FULL, DAMAGE, GARBLE, BROKEN, EDIT = 0.05, 0.1, 0.01, 0.04, 0.05, 0.05
"""How often before a life: its clock is wrong, the disk full, the last page of the file or the end
of its log decays, a file of reminders is broken for this one life, or staff have changed one."""
PAGE = 4096
"""Bytes; the size of SQLite's pages unless somebody changes it."""
STOPPED = 0.1
"""How often the process is stopped before it is killed."""
IMPORTED = "week.ics"
EVERY = ("day", "weekday", "saturday,sunday,monday")
RULE = {
    "day": "FREQ=DAILY",
    "weekday": "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR",
    "saturday,sunday,monday": "FREQ=WEEKLY;BYDAY=SA,SU,MO",
}


def run(options: Options) -> dict[str, Any]:
    """Kill, start again, and compare what was heard and promised with what is stored."""
    chance = random.Random(options.seed)
    kills = options.kills or KILLS
    return {**measure(kills, chance, options.progress), **surroundings(options.seed)}


def measure(kills: int, chance: random.Random, progress: Progress) -> dict[str, Any]:
    """Return the figures after so many kills."""
    totals: Counter[str] = Counter()
    faults: list[str] = []
    ready_ms: list[float] = []
    with _nursery() as nursery:
        for done in range(0, kills, A_HISTORY):
            with TemporaryDirectory() as folder:
                home = _Home(Path(folder), chance, nursery)
                for number in range(min(A_HISTORY, kills - done)):
                    progress("killed", done + number, kills)
                    home.live()
                home.drain()
                found = list(home.judge(totals))
                totals.update(kind for kind, _ in found)
                faults += [f"{kind}: {what}" for kind, what in found]
                ready_ms += home.world.ready_ms
    counts = ("due", "said", "promised", "looks", "never_ready", "disk_refused", "damaged")
    return {
        "kills": kills,
        **{name: totals[name] for name in (*counts, *RULES)},
        "ends": {key[4:]: n for key, n in sorted(totals.items()) if key.startswith("end ")},
        "faults": faults[:20],
        "ready_ms": spread(ready_ms),
    }


@dataclass
class _Home:
    """One folder: its residents' files, the lives that are lived in it, and their enemies."""

    folder: Path
    chance: random.Random
    nursery: "subprocess.Popen[str]"
    world: World = field(default_factory=lambda: World(START))
    yaml: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict)
    events: dict[str, list[str]] = field(default_factory=dict)
    fresh: list[Written] = field(default_factory=list)
    """Written, and not yet read by a robot that was ready."""
    gone: list[Written] = field(default_factory=list)
    """Taken out, and a robot may not have read that yet."""
    named: int = 0

    def __post_init__(self) -> None:
        self.yaml = {who: {} for who in RESIDENTS}
        self.events = {who: [] for who in RESIDENTS}
        for who in RESIDENTS:
            (self.folder / FOLDER / who).mkdir(parents=True)
            for _ in range(self.chance.randint(1, 3)):
                self._add(who)
            self._import(who)
        self._write()

    def live(self) -> None:
        """Let one process live until it is killed."""
        start = self.world.now + timedelta(
            seconds=self.chance.choice((0, 0, 5, 60, 600, 7200, 36_000))
        )
        if self.chance.random() < WRONG:
            start += timedelta(seconds=self.chance.uniform(-86_400, 3_600))
        if self.chance.random() < EDIT:
            self._edit()
        broken = self.chance.random() < BROKEN
        if broken:
            self._break()
        full = 0
        if self.chance.random() < FULL:
            sizes = (each.stat().st_size for each in [*self.folder.glob("*.db*"), Path(__file__)])
            full = max(sizes)
        elif self.chance.random() < DAMAGE:
            _damage(self.folder / "reminders.db", self.chance)
        elif self.chance.random() < GARBLE:
            _garble(self.folder / "reminders.db-wal", self.chance)
        before = len(self.world.heard)
        ready = self._order(start, start + timedelta(days=30), full)
        self._taken_in(start, before, ready and not full and not broken)
        if broken:
            self._write()

    def drain(self) -> None:
        """Let what is open come to its end."""
        start = self.world.now
        for each in self.world.written.values():
            each.until = min(each.until or start, start)
        if not self._order(start, start + DRAIN, 0, kill=False):
            self.world.never_ready += 1

    def judge(self, totals: Counter[str]) -> Iterator[Fault]:
        """Yield every rule that was broken, and add up what there was."""
        ledger = Ledger(self.folder / "reminders.db", SystemClock())
        alerts = Alerts(self.folder / "alerts.db", SystemClock())
        ages = START - timedelta(days=900), START + timedelta(days=9000)
        stored = {
            f"{each.person}/{each.name}/{each.local.isoformat()}": each
            for each in ledger.of_day(*ages)
        }
        raised = {alert.id for alert in alerts.open()}
        history = History(self.world, stored, ledger.history(most=1_000_000), raised)
        ledger.close()
        alerts.close()
        totals.update(f"end {each.state}" for each in stored.values())
        totals["due"] += len(stored)
        totals["said"] += len(self.world.heard)
        totals["looks"] += len(self.world.looks)
        totals["promised"] += len(self.world.promised)
        totals["disk_refused"] += sum(self.world.refused.values())
        totals["damaged"] += self.world.damaged
        totals["never_ready"] += self.world.never_ready
        yield from history.faults()

    def _taken_in(self, start: datetime, before: int, ready: bool) -> None:
        """From here on the new ones count; the old ones may have counted until the last start."""
        for each in self.gone:
            each.until = min(each.until or start, start)
        if ready:
            for each in self.fresh:
                each.since = start
            for each in self.gone:
                each.out = before
            self.fresh, self.gone = [], []

    def _edit(self) -> None:
        """Write a reminder, import one, or take one out."""
        who = self.chance.choice(RESIDENTS)
        what = self.chance.choice(("add", "import", "take out"))
        if what == "add":
            self._add(who)
        elif what == "import":
            self._import(who)
        elif self.yaml[who]:
            name = self.chance.choice(list(self.yaml[who]))
            del self.yaml[who][name]
            written = self.world.written[f"{who}/{name}"]
            self.gone.append(written)
            if written in self.fresh:
                self.fresh.remove(written)
        self._write()

    def _add(self, who: str) -> None:
        self.named += 1
        times = sorted({self._time() for _ in "ab"})
        every = self.chance.choice(EVERY).split(",")
        name = f"r{self.named}"
        self.yaml[who][name] = {
            "say": "It is time.",
            "at": times,
            "every": every,
            "confirm": self.chance.random() < 0.8,
            "late": self.chance.choice(("say", "say", "skip", "tell_staff")),
            "late_until": self.chance.choice((30, 120, 600)),
            "snoozes": self.chance.randrange(4),
            "quiet_hours": self.chance.random() < 0.5,
            "urgency": self.chance.choice(("normal", "high")),
        }
        self._wrote(f"{who}/{name}", times, every)

    def _import(self, who: str) -> None:
        """Put an event into the resident's calendar."""
        self.named += 1
        at, every = self._time(), self.chance.choice(EVERY)
        event = (
            f"BEGIN:VEVENT\nUID:{self.named}\nSUMMARY:Event {self.named}\n"
            f"DTSTART;TZID=Europe/Berlin:20260301T{at.replace(':', '')}00\n"
            f"RRULE:{RULE[every]}\nEND:VEVENT\n"
        )
        alone = self.folder / "alone.ics"
        alone.write_text(f"BEGIN:VCALENDAR\n{event}END:VCALENDAR\n")
        (name,) = read_calendar(alone, HOME.zone).reminders
        self.events[who].append(event)
        self._wrote(f"{who}/{IMPORTED.removesuffix('.ics')}.{name}", [at], every.split(","))

    def _wrote(self, name: str, times: list[str], every: list[str]) -> None:
        written = Written(tuple(times), tuple(every))
        self.world.written[name] = written
        self.fresh.append(written)

    def _time(self) -> str:
        return f"{self.chance.randrange(24):02}:{self.chance.choice((0, 0, 15, 30, 45)):02}"

    def _write(self) -> None:
        for who in RESIDENTS:
            # YAML takes JSON.
            text = json.dumps({"reminders": self.yaml[who]})
            (self.folder / FOLDER / f"{who}.yaml").write_text(text)
            calendar = self.folder / FOLDER / who / IMPORTED
            calendar.write_text(f"BEGIN:VCALENDAR\n{''.join(self.events[who])}END:VCALENDAR\n")
            if not self.events[who]:
                calendar.unlink()

    def _break(self) -> None:
        """Leave one file as a program may that is interrupted while it writes."""
        who = self.chance.choice(RESIDENTS)
        file = self.chance.choice((f"{who}.yaml", f"{who}/{IMPORTED}"))
        path = self.folder / FOLDER / file
        text = path.read_text()
        path.write_text(text[: self.chance.randrange(len(text) // 2, len(text) - 2)])

    def _order(self, start: datetime, until: datetime, full: int, kill: bool = True) -> bool:
        """Have one life lived; return whether it was ready."""
        assert self.nursery.stdin is not None and self.nursery.stdout is not None
        order = {
            "start": start.isoformat(),
            "until": until.isoformat(),
            "full": full,
            "seed": self.chance.random(),
        }
        self.world.begins(start, bool(full))
        before = len(self.world.ready_ms)
        print(self.folder, json.dumps(order), file=self.nursery.stdin, flush=True)
        for line in self.nursery.stdout:
            what, *words = line.split()
            if what == "born" and kill:
                _kill_soon(int(words[0]), self.chance)
            elif what == "dead":
                break
            self.world.hears(what, words)
        self.world.dies()
        return len(self.world.ready_ms) > before


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


def _garble(path: Path, chance: random.Random) -> None:
    """Fill up to three pages at the end of a log with rubbish: power that went out."""
    size = path.stat().st_size if path.exists() else 0
    last = min(size, chance.randint(1, 3 * PAGE))
    if last:
        with path.open("r+b") as file:
            file.seek(size - last)
            file.write(chance.randbytes(last))


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
            rule = f" ({RULES[name]})" if name in RULES else ""
            shown.add_row(f"{name.replace('_', ' ')}{rule}", str(figure))
    for name, figure in result["ends"].items():
        shown.add_row(f"ended as {name}", str(figure))
    for name, figure in result["ready_ms"].items():
        shown.add_row(f"ready {name}{'' if name == 'n' else ', ms'}", str(figure))
    for fault in result["faults"]:
        shown.add_row("fault", fault)
    return shown
