"""`agenda`: what reminders cost with 10, 100 and 1,000 residents of twenty reminders each."""

import random
import resource
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from rich.table import Table

from config.settings import Home
from dialogue.alerts import Alerts
from dialogue.reminders.agenda import AgendaFiles
from dialogue.reminders.ledger import Ledger
from dialogue.reminders.scheduler import SPACING, Scheduler
from robot.bench.common import Options, Progress, spread, surroundings
from robot.bench.reminders_child import SteppedClock

RESIDENTS = (10, 100, 1000)
EACH = 20
CYCLES = 200
LOOKS = 2000
START = datetime(2026, 11, 26, 3, 0, tzinfo=UTC)


def run(options: Options) -> dict[str, Any]:
    """Measure every size."""
    return {
        "sizes": measure(RESIDENTS, options.seed, options.progress),
        **surroundings(options.seed),
    }


def measure(sizes: tuple[int, ...], seed: int, progress: Progress) -> dict[str, Any]:
    """Return the figures by number of residents; all times in ms, memory in MB."""
    found = {}
    for number, residents in enumerate(sizes):
        progress(f"{residents} residents", number, len(sizes))
        with TemporaryDirectory() as folder:
            found[str(residents)] = _size(Path(folder), residents, random.Random(seed))
    return found


def _size(folder: Path, residents: int, chance: random.Random) -> dict[str, Any]:
    names = [f"resident{number:04}" for number in range(residents)]
    (folder / "reminders").mkdir()
    for name in names:
        (folder / "reminders" / f"{name}.yaml").write_text(_file(chance))
    clock = SteppedClock(START)
    first, scheduler, ledger = _start(folder, names, clock)
    ledger.close()
    again, scheduler, ledger = _start(folder, names, clock)
    looks = [_ms(scheduler.look) for _ in range(LOOKS)]
    next_at = [_ms(scheduler.next_at) for _ in range(LOOKS)]
    cycles = []
    for _ in range(CYCLES):
        moment = scheduler.next_at()
        assert moment is not None
        clock.moment = max(moment, clock.moment + SPACING)
        cycles.append(_ms(lambda: _fire(scheduler)))
    ledger.close()
    return {
        "reminders": residents * EACH,
        "first_start_ms": round(first),
        "start_ms": round(again),
        "idle_look_ms": spread(looks),
        "idle_cpu_percent": round(sum(looks) / len(looks) / 10, 3),
        "next_at_ms": spread(next_at),
        "fire_cycle_ms": spread(cycles),
        "memory_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
    }


def _file(chance: random.Random) -> str:
    lines = ["reminders:"]
    for number in range(EACH):
        at = f"{chance.randrange(24):02}:{chance.randrange(60):02}"
        every = chance.choice(("day", "weekday", "[monday, friday]"))
        lines += [f"  r{number}:", "    say: It is time.", f"    at: '{at}'", f"    every: {every}"]
    return "\n".join(lines) + "\n"


def _start(folder: Path, names: list[str], clock: SteppedClock) -> tuple[float, Scheduler, Ledger]:
    began = time.perf_counter()
    ledger = Ledger(folder / "reminders.db", clock)
    alerts = Alerts(folder / "alerts.db", clock)
    home = Home(name="Bench", time_zone="Europe/Berlin")
    scheduler = Scheduler(ledger, alerts, home, clock, lambda event: None)
    scheduler.recover()
    scheduler.adopt(AgendaFiles(folder, names).changed())
    return (time.perf_counter() - began) * 1000, scheduler, ledger


def _fire(scheduler: Scheduler) -> None:
    """One reminder from its time to its answer, as the robot does it, but for the speaking."""
    scheduler.look()
    occurrence = scheduler.next_to_say()
    if occurrence is not None:
        scheduler.confirmed(scheduler.said(scheduler.begin(occurrence), complete=True, asked=True))


def _ms(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return (time.perf_counter() - began) * 1000


def table(result: dict[str, Any]) -> Table:
    """Show a row a size."""
    shown = Table(
        *("residents", "reminders", "first start ms", "start ms", "idle CPU %"),
        *("next p50 ms", "fire cycle p50", "p95 ms", "memory MB"),
    )
    for residents, row in result["sizes"].items():
        cycle = row["fire_cycle_ms"]
        shown.add_row(
            *(residents, str(row["reminders"]), str(row["first_start_ms"]), str(row["start_ms"])),
            *(str(row["idle_cpu_percent"]), str(row["next_at_ms"]["p50"])),
            *(str(cycle["p50"]), str(cycle["p95"]), str(row["memory_mb"])),
        )
    return shown
