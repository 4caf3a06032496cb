"""What set-up shows while it works: each step, the time it takes and its latest activity."""

import re
import shutil
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

LINE_EVERY_S = 10.0  # without a terminal
TICK_S = 0.25  # with one


class Progress:
    """Lines about the steps that are running. Steps may run side by side, in threads."""

    def __init__(self, out: TextIO | None = None) -> None:
        self._out = out or sys.stdout
        self._live = self._out.isatty()
        self._running: dict[str, tuple[float, Path]] = {}
        self._writing = threading.Lock()
        self._ended = threading.Event()
        self._started = time.monotonic()
        self._ticker = threading.Thread(target=self._tick, daemon=True)

    def say(self, sentence: str) -> None:
        """One line of its own."""
        with self._writing:
            wipe = "\r\033[K" if self._live else ""
            print(f"{wipe}{sentence}", file=self._out, flush=True)

    @contextmanager
    def step(self, name: str, purpose: str, log: Path) -> Iterator[None]:
        """Announce a step, keep saying that it runs, and say how long it took."""
        self.say(f"{name}: {purpose}")
        with self._writing:
            if not self._ticker.ident:
                self._ticker.start()
        since = time.monotonic()
        self._running[name] = (since, log)
        outcome = "not done"
        try:
            yield
            outcome = "done"
        finally:
            del self._running[name]
            self.say(f"{name}: {minutes(time.monotonic() - since)}, {outcome}")

    def close(self) -> None:
        """End the live line; sum up when there was something to sum up."""
        self._ended.set()
        if self._ticker.ident:
            self._ticker.join()
            self.say(f"Took {minutes(time.monotonic() - self._started)}.")

    def _tick(self) -> None:
        while not self._ended.wait(TICK_S if self._live else LINE_EVERY_S):
            now = time.monotonic()
            lines = [
                f"  {name} {minutes(now - since)} {_latest(log)}".rstrip()
                for name, (since, log) in list(self._running.items())
            ]
            if self._live:
                width = shutil.get_terminal_size().columns - 1
                share = width // max(1, len(lines)) - 2
                line = " |".join(text[:share] for text in lines)
                with self._writing:
                    print(f"\r\033[K{line}", end="", file=self._out, flush=True)
            else:
                for line in lines:
                    self.say(line)


def minutes(seconds: float) -> str:
    """1:05 for 65 s."""
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"


def _latest(log: Path) -> str:
    """The last thing a log says, short: of pip and apt this is the package at hand."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, file.seek(0, 2) - 4000))
            text = file.read().decode(errors="replace")
    except OSError:
        return ""
    lines = [line.strip() for line in re.split(r"[\r\n]+", text)]
    telling = [line for line in lines if line and not line.startswith(("WARNING", "$"))]
    latest = telling[-1] if telling else ""
    if latest.startswith("Installing collected packages:"):
        return f"Installing {latest.count(',') + 1} packages"
    return latest[:60]
