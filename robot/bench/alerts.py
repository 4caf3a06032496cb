"""`alerts`: kill -9 between an alert and its acknowledgement, a thousand times at random points."""

import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from rich.table import Table

from config.clock import SystemClock
from config.paths import CHECKOUT
from dialogue.alerts import Alerts
from dialogue.deliveries import Deliveries
from robot.bench.common import Options, Progress, spread, surroundings
from robot.delivery.webhook import SECRET

KILLS = 1000
WINDOW_SECONDS = 0.1
"""From a life's first alert to its end at the latest: longer than an undisturbed alert takes."""
ANSWER_SECONDS = 0.01
"""What the receiver takes to answer: only there can something arrive and not be known to have."""


def run(options: Options) -> dict[str, Any]:
    """Kill, start again, and compare what was promised with what arrived."""
    chance = random.Random(options.seed)
    return {**measure(KILLS, chance, options.progress), **surroundings(options.seed)}


@dataclass
class Receiver:
    """Somebody's pager: keeps (delivery, alert, whether it was marked) of all that arrives."""

    address: str = ""
    got: list[tuple[str, str, bool]] = field(default_factory=list)


@dataclass
class Lives:
    """What the killed processes have said."""

    promised: set[str] = field(default_factory=set)
    acknowledged: set[str] = field(default_factory=set)
    recovery_ms: list[float] = field(default_factory=list)
    where: Counter[str] = field(default_factory=Counter)


def measure(kills: int, chance: random.Random, progress: Progress) -> dict[str, Any]:
    """Return the figures after so many kills between an alert and its acknowledgement."""
    lives = Lives()
    with TemporaryDirectory() as folder, _receiver() as receiver, _nursery() as nursery:
        path = Path(folder) / "alerts.db"
        done = 0
        while done < kills:
            progress("killed", done, kills)
            done += _life(nursery, path, receiver, lives, chance.uniform(0, WINDOW_SECONDS))
        _life(nursery, path, receiver, lives)
        database = Alerts(path, SystemClock())
        stored = {row[0] for row in database.file.rows("SELECT uid FROM alerts")}
        database.close()
    return _figures(kills, lives, stored, receiver)


def _life(
    nursery: "subprocess.Popen[str]",
    path: Path,
    receiver: Receiver,
    lives: Lives,
    after: float | None = None,
) -> int:
    """Let one process live until its first alert and `after` seconds; 1 if that killed a call.

    Without `after` it delivers what is open, and ends.
    """
    assert nursery.stdin is not None and nursery.stdout is not None
    how = "recover" if after is None else "live"
    print(path, receiver.address, how, file=nursery.stdin, flush=True)
    pid, newest = 0, ""
    for line in nursery.stdout:
        what, first, *rest = line.split()
        match what:
            case "born":
                pid = int(first)
            case "recovered" if int(first):
                lives.recovery_ms.append(float(rest[0]) * 1000)
            case "raised":
                lives.promised.add(first)
                if not newest and after is not None:
                    time.sleep(after)
                    os.kill(pid, signal.SIGKILL)
                newest = first
            case "acknowledged":
                lives.acknowledged.add(first)
            case "dead":
                break
    where = _where(path, newest)
    if where is None:
        return 0
    lives.where[where] += 1
    return 1


def _where(path: Path, uid: str) -> str | None:
    """Return how far the newest alert had come, or None if it was acknowledged."""
    database = Alerts(path, SystemClock())
    try:
        alert = next((each for each in database.open() if each.uid == uid), None)
        if alert is None:
            return None
        told = Deliveries(database.file, SystemClock()).of(alert.id)
        told = tuple(each for each in told if each.channel == "webhook")
    finally:
        database.close()
    if not told:
        return "stored"
    if told[0].delivered_at is not None:
        return "delivered"
    return "being sent" if told[0].attempts else "planned"


def _figures(kills: int, lives: Lives, stored: set[str], receiver: Receiver) -> dict[str, Any]:
    arrived = {alert for _, alert, _ in receiver.got}
    times = Counter(delivery for delivery, _, _ in receiver.got)
    unmarked = Counter(delivery for delivery, _, marked in receiver.got if not marked)
    ids: dict[str, set[str]] = {}
    for delivery, alert, _ in receiver.got:
        ids.setdefault(alert, set()).add(delivery)
    return {
        "kills": kills,
        "killed_while": dict(lives.where),
        "promised": len(lives.promised),
        "stored": len(stored),
        "lost": len((lives.promised | stored) - (stored & arrived)),
        "arrived_more_than_once_and_marked": sum(n > 1 for n in times.values()),
        "silently_doubled": sum(n > 1 for n in unmarked.values())
        + sum(len(each) > 1 for each in ids.values()),
        "recovery_ms": spread(lives.recovery_ms),
    }


@contextmanager
def _nursery() -> "Iterator[subprocess.Popen[str]]":
    program = "from robot.bench.alerts_child import nursery; nursery()"
    process = subprocess.Popen(
        [sys.executable, "-c", program],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=CHECKOUT,
        env={**os.environ, SECRET: "only for the benchmark"},
    )
    try:
        yield process
    finally:
        process.communicate(timeout=10)


@contextmanager
def _receiver() -> Iterator[Receiver]:
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers["Content-Length"])
            body = self.rfile.read(length)
            if len(body) < length:
                return  # the sender was killed in the middle of it
            told = json.loads(body)
            receiver.got.append((told["id"], told["alert"], told["repetition"]))
            time.sleep(ANSWER_SECONDS)
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    receiver.address = f"http://127.0.0.1:{server.server_address[1]}/alerts"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()


def table(result: dict[str, Any]) -> Table:
    """Show the counts, and the distribution of the recovery time."""
    shown = Table("what", "figure")
    for name in ("kills", "promised", "stored", "lost", "silently_doubled"):
        shown.add_row(name.replace("_", " "), str(result[name]))
    shown.add_row("repeated, and marked", str(result["arrived_more_than_once_and_marked"]))
    for where, count in sorted(result["killed_while"].items()):
        shown.add_row(f"killed while {where}", str(count))
    for name, figure in result["recovery_ms"].items():
        shown.add_row(f"recovery {name}{'' if name == 'n' else ', ms'}", str(figure))
    return shown
