"""Rasa as a supervised child: started, watched, restarted, given up on, and never left behind."""

import asyncio
import contextlib
import logging
import secrets
import socket
import tempfile
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import httpx

from config.clock import Clock
from config.paths import RASA_PROJECT
from dialogue.training import LAUNCH, RasaError, TrainedModel, rasa_environment, rasa_python, verify

log = logging.getLogger(__name__)

CRASHES = 5
WITHIN = 60.0
"""So many crashes within so many seconds, and the engine is given up on."""
BACK_OFF = 3.0
"""Seconds before a restart: 1, then 3, 9 and 27 times as long with each recent crash."""
STARTS_WITHIN = 180.0
"""Seconds to the first answer, on the slowest machine that is of use."""

Status = Literal["ready", "starting", "restarting", "failed"]
OnChange = Callable[[Status, str], None]


@dataclass(frozen=True)
class Endpoint:
    """Where the engine listens, and the token that lives as long as its process."""

    url: str
    token: str = field(repr=False)

    @property
    def headers(self) -> dict[str, str]:
        """What a request must carry to be answered."""
        return {"Authorization": f"Bearer {self.token}"}


class RasaProcess:
    """One Rasa at a time, on a free loopback port. `on_change` is told of every change, in words.

    `command` builds the child's command from its port; by default it is Rasa with that model.
    The engine is asked for an answer every `health_every` seconds and killed after `patience`
    seconds of silence.
    """

    def __init__(
        self,
        model: TrainedModel,
        clock: Clock,
        on_change: OnChange,
        command: Callable[[int], Sequence[str]] | None = None,
        health_every: float = 10.0,
        patience: float = 3.0,
    ) -> None:
        self._model = model
        self._clock = clock
        self._on_change = on_change
        self._command = command or self._rasa
        self._health_every = health_every
        self._patience = patience
        self._endpoint: Endpoint | None = None
        self._ready = asyncio.Event()
        self._suspected = asyncio.Event()
        self._supervision: asyncio.Task[None] | None = None
        self.pid: int | None = None

    @property
    def endpoint(self) -> Endpoint | None:
        """Where to ask, or None while the engine is not ready."""
        return self._endpoint

    @property
    def ready(self) -> bool:
        """Whether the engine has answered and is believed to be well."""
        return self._endpoint is not None

    async def wait_ready(self) -> None:
        """Wait until the engine is ready; for ever if it never is."""
        await self._ready.wait()

    async def start(self) -> None:
        """Begin to supervise and return at once. After it was given up on, begin afresh."""
        if self._supervision is None or self._supervision.done():
            self._on_change("starting", "Rasa is starting; until then the answers are simple ones.")
            self._supervision = asyncio.create_task(self._supervise(), name="rasa")

    def suspect(self) -> None:
        """Say that an answer did not come in time; the engine is tried at once."""
        self._suspected.set()

    async def close(self) -> None:
        """Kill the engine, if there is one. Never raises; may be called twice."""
        if self._supervision is not None:
            self._supervision.cancel()
            await asyncio.wait([self._supervision])

    async def _supervise(self) -> None:
        crashes: deque[float] = deque()
        try:
            while True:
                await asyncio.to_thread(verify, self._model)
                reason = await self._run_once()
                now = self._clock.monotonic()
                crashes.append(now)
                while now - crashes[0] >= WITHIN:
                    crashes.popleft()
                if len(crashes) >= CRASHES:
                    break
                delay = BACK_OFF ** (len(crashes) - 1)
                sentence = f"Rasa {reason}; it starts again in {delay:.0f} s."
                log.warning(sentence)
                self._on_change("restarting", sentence)
                await self._clock.sleep(delay)
            sentence = (
                f"Rasa failed {CRASHES} times within a minute (at last it {reason}) and stays off; "
                "the answers are simple ones. Run fireside doctor to see why."
            )
        except RasaError as error:
            sentence = str(error)
        except OSError as error:
            sentence = f"Rasa cannot be started ({error}); run make setup."
        log.error(sentence)
        self._on_change("failed", sentence)

    async def _run_once(self) -> str:
        """Run the engine until it dies or hangs; return what happened to it."""
        port = _free_port()
        endpoint = Endpoint(f"http://127.0.0.1:{port}/webhooks/fireside/turn", secrets.token_hex())
        with tempfile.TemporaryDirectory(prefix="fireside-rasa-") as scratch:
            child = await asyncio.create_subprocess_exec(
                *LAUNCH,
                *self._command(port),
                cwd=scratch,
                env=rasa_environment(self._model.path.parent, Path(scratch))
                | {"FIRESIDE_RASA_TOKEN": endpoint.token},
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C is for the controller, which then closes this
            )
            self.pid = child.pid
            output = asyncio.create_task(_log_output(child))
            try:
                return await self._watch(child, endpoint)
            finally:
                self.pid = self._endpoint = None
                self._ready.clear()
                with contextlib.suppress(ProcessLookupError):
                    child.kill()
                output.cancel()
                await asyncio.wait([output, asyncio.create_task(child.wait())])

    async def _watch(self, child: asyncio.subprocess.Process, endpoint: Endpoint) -> str:
        async with httpx.AsyncClient(trust_env=False, headers=endpoint.headers) as client:
            given_up = self._clock.monotonic() + STARTS_WITHIN
            while not await self._answers(client, endpoint):
                if child.returncode is not None:
                    return f"ended with code {child.returncode} while starting"
                if self._clock.monotonic() >= given_up:
                    return f"gave no answer within {STARTS_WITHIN:.0f} s of its start"
                await _first(child.wait(), self._clock.sleep(0.2))
            self._endpoint = endpoint
            self._ready.set()
            log.info("Rasa is ready")
            self._on_change("ready", "Rasa is ready.")
            while child.returncode is None:
                pause = self._clock.sleep(self._health_every)
                await _first(child.wait(), self._suspected.wait(), pause)
                self._suspected.clear()
                if child.returncode is None and not await self._answers(client, endpoint):
                    break
        return (
            f"gave no answer within {self._patience:.0f} s"
            if child.returncode is None
            else f"ended with code {child.returncode}"
        )

    async def _answers(self, client: httpx.AsyncClient, endpoint: Endpoint) -> bool:
        """Take a turn in a talk of its own, which also warms the engine up."""
        try:
            async with asyncio.timeout(self._patience):
                turn = {"talk": "health", "guesses": [{"text": "hello"}]}
                return (await client.post(endpoint.url, json=turn)).is_success
        except (TimeoutError, httpx.HTTPError):
            return False

    def _rasa(self, port: int) -> list[str]:
        files = [
            "--model",
            str(self._model.path),
            "--endpoints",
            str(RASA_PROJECT / "endpoints.yml"),
        ]
        where = ["--interface", "127.0.0.1", "--port", str(port)]
        way_in = ["--connector", "channel.FiresideChannel"]
        return [str(rasa_python()), "-m", "rasa", "run", "--quiet", *files, *where, *way_in]


async def _first(*waits: Awaitable[object]) -> None:
    """Wait until one of them is over; the others are dropped."""
    tasks = [asyncio.ensure_future(wait) for wait in waits]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)


async def _log_output(child: asyncio.subprocess.Process) -> None:
    """Pass on what the engine prints. At its level of warnings it prints no resident's words."""
    assert child.stdout is not None
    while said := await child.stdout.read(8192):
        for line in said.decode(errors="replace").splitlines():
            if line.strip():
                log.debug("rasa: %s", line)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
