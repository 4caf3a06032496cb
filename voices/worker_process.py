"""A synthesis worker seen from the program: started, asked, and killed when it hangs."""

import asyncio
import contextlib
import json
import logging
import os
import signal
import sys
import time
from typing import Any

from config.paths import CHECKOUT
from voices.errors import VoiceError
from voices.speaking import Speech, Style
from voices.worker import request, speech_of

log = logging.getLogger(__name__)

START_SECONDS = 30.0
"""For a voice to load, on a slow machine; sentences do not wait that long."""
LOADING_PATIENCE = 1.0
"""How long a sentence waits for a voice that is loading, before another voice speaks it."""
ANSWER_SECONDS = 0.7
ANSWER_SECONDS_PER_CHARACTER = 0.005
"""A worker that takes longer hangs: some ten times what the slowest voice takes on two cores.
Together with LOADING_PATIENCE a robot with a stopped worker speaks again within 3 s."""
FAILURE_SECONDS = 30.0
"""How long a voice that cannot be loaded is not tried again."""

_BUFFER = 2**26  # never reached: a pipe that is full would keep a killed process's end hidden


class WorkerLostError(VoiceError):
    """The worker hung or crashed, and is gone; the next sentence gets a new one."""


class WorkerProcess:
    """One voice in a child process. Requests are answered one after the other.

    Time here is real time, whatever clock the robot lives by: it watches over a process.
    """

    def __init__(self, voice: str) -> None:
        self.voice = voice
        self._process: asyncio.subprocess.Process | None = None
        self._loading: asyncio.Task[asyncio.subprocess.Process] | None = None
        self._failed_at = float("-inf")
        self._turn = asyncio.Lock()

    @property
    def pid(self) -> int | None:
        """The process id, None when there is no process."""
        return self._process.pid if self._process else None

    async def start(self) -> None:
        """Load the voice and wait for it. Raises VoiceError."""
        await asyncio.shield(self._load())

    async def speech(self, text: str, style: Style) -> Speech:
        """Have a sentence spoken. Raises VoiceError, WorkerLostError when it may be tried again."""
        async with self._turn:
            try:
                async with asyncio.timeout(LOADING_PATIENCE):
                    process = await asyncio.shield(self._load())
            except TimeoutError:
                raise VoiceError(f"The voice {self.voice} is still loading.") from None
            patience = ANSWER_SECONDS + len(text) * ANSWER_SECONDS_PER_CHARACTER
            try:
                async with asyncio.timeout(patience):
                    return await _ask(process, request(text, style))
            except TimeoutError:
                await self.close()
                raise WorkerLostError(f"The voice {self.voice} hung and was replaced.") from None
            except (OSError, EOFError, ValueError) as problem:
                await self.close()
                raise WorkerLostError(f"The voice {self.voice} crashed.") from problem

    async def close(self) -> None:
        """Kill the process. Never raises; the next sentence starts a new one."""
        loading, self._loading = self._loading, None
        process, self._process = self._process, None
        if loading:
            loading.cancel()
            await asyncio.wait([loading])
        if process:
            await _kill(process)

    def _load(self) -> asyncio.Task[asyncio.subprocess.Process]:
        """Return the task that gives the process, begun anew when the last one is of no use."""
        if not self._loading or self._is_stale(self._loading):
            self._loading = asyncio.create_task(self._start())
            self._loading.add_done_callback(self._loaded)
        return self._loading

    def _is_stale(self, loading: asyncio.Task[asyncio.subprocess.Process]) -> bool:
        if not loading.done():
            return False
        if loading.exception():
            return time.monotonic() - self._failed_at > FAILURE_SECONDS
        return loading.result().returncode is not None

    def _loaded(self, loading: asyncio.Task[asyncio.subprocess.Process]) -> None:
        if not loading.cancelled() and (problem := loading.exception()):
            self._failed_at = time.monotonic()
            log.warning("The voice %s cannot be loaded: %s", self.voice, problem)

    async def _start(self) -> asyncio.subprocess.Process:
        command = (sys.executable, "-m", "voices.worker", self.voice)
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            cwd=CHECKOUT,
            start_new_session=True,  # Ctrl-C is for the program, which then ends its workers
            limit=_BUFFER,
        )
        self._process = process
        try:
            async with asyncio.timeout(START_SECONDS):
                await _answer(process)
        except BaseException as problem:
            await _kill(process)
            if isinstance(problem, TimeoutError | OSError | EOFError | ValueError):
                raise VoiceError(
                    f"The voice {self.voice} did not start; to see why, run: {' '.join(command)}"
                ) from problem
            raise
        return process


async def _ask(process: asyncio.subprocess.Process, line: bytes) -> Speech:
    assert process.stdin and process.stdout
    process.stdin.write(line)
    await process.stdin.drain()
    fields = await _answer(process)
    return speech_of(fields, await process.stdout.readexactly(fields["bytes"]))


async def _answer(process: asyncio.subprocess.Process) -> dict[str, Any]:
    assert process.stdout
    line = await process.stdout.readline()
    if not line:
        raise EOFError
    fields: dict[str, Any] = json.loads(line)
    if "error" in fields:
        raise VoiceError(fields["error"])
    return fields


async def _kill(process: asyncio.subprocess.Process) -> None:
    # Not process.kill(): that may collect a dead child before asyncio's own watcher does.
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(process.pid, signal.SIGKILL)
    await process.wait()
