"""`start`: from the command to the first word, then memory and idle load of every process."""

import asyncio
import json
import os
import re
import signal
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import psutil
from rich.table import Table
from websockets.asyncio.client import ClientConnection, connect

from config.paths import CHECKOUT
from robot.bench.common import BenchError, Options, spread, surroundings

STARTS = 5
IDLE_SECONDS = 20.0
GIVE_UP = 180.0


def run(options: Options) -> dict[str, Any]:
    """Start the program anew several times, as a page would see it."""
    starts = []
    for count in range(STARTS):
        options.progress("starting", count, STARTS)
        starts.append(asyncio.run(_start()))
    last = starts[-1]
    return {
        "starts": STARTS,
        "seconds": {
            moment: spread([start[moment] for start in starts])
            for moment in ("page", "first_word", "ears_ready", "rasa_ready")
        },
        "memory_mb": last["memory_mb"],
        "idle_cpu_percent_of_one_core": last["idle"],
        **surroundings(options.seed),
    }


async def _start() -> dict[str, Any]:
    """Start once, wait until everything is ready, and look at it while it is idle."""
    moments: dict[str, float] = {}
    began = time.monotonic()
    async with _program() as (process, address):
        moments["page"] = time.monotonic() - began
        async with _page(address) as socket, asyncio.timeout(GIVE_UP):
            await socket.send(json.dumps({"type": "sound", "on": True}))
            waited_for = {"first_word", "ears_ready", "rasa_ready"}
            while waited_for - moments.keys():
                message = await socket.recv()
                if isinstance(message, bytes):
                    moments.setdefault("first_word", time.monotonic() - began)
                else:
                    for part in _ready_parts(json.loads(message)):
                        moments.setdefault(f"{part}_ready", time.monotonic() - began)
            return {**moments, **await _idle(process.pid)}


def _ready_parts(message: dict[str, Any]) -> list[str]:
    told = [message, *message.get("events", ())]
    return [each["part"] for each in told if each.get("status") == "ready"]


@asynccontextmanager
async def _program() -> AsyncIterator[tuple[asyncio.subprocess.Process, str]]:
    """Run `fireside simulate` on a free port; yield it and its address."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "robot", "simulate", "--port", "0"),
        cwd=CHECKOUT,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        yield process, await asyncio.wait_for(_address(process), GIVE_UP)
    finally:
        process.send_signal(signal.SIGINT)
        await process.wait()


async def _address(process: asyncio.subprocess.Process) -> str:
    assert process.stdout is not None
    async for line in process.stdout:
        if found := re.search(rb"http://[\d.]+:\d+", line):
            return found[0].decode()
    raise BenchError("`fireside simulate` ended before it gave an address; start it by hand.")


@asynccontextmanager
async def _page(address: str) -> AsyncIterator[ClientConnection]:
    """Be a page: fetch it for its cookie, then open its socket."""
    async with httpx.AsyncClient(trust_env=False) as client:
        response = await client.get(address)
        cookies = "; ".join(f"{name}={value}" for name, value in response.cookies.items())
    where = address.replace("http", "ws") + "/socket"
    headers = {"Cookie": cookies}
    async with connect(where, origin=address, additional_headers=headers, max_size=None) as socket:  # type: ignore[arg-type]
        yield socket


async def _idle(pid: int) -> dict[str, Any]:
    """Return the memory of each process, and its load while nobody speaks."""
    await asyncio.sleep(3)
    program = psutil.Process(pid)
    processes = {_name(child): child for child in [program, *program.children(recursive=True)]}
    for each in processes.values():
        each.cpu_percent()
    await asyncio.sleep(IDLE_SECONDS)
    return {
        "idle": {name: each.cpu_percent() for name, each in processes.items()},
        "memory_mb": {
            name: round(each.memory_info().rss / 1e6) for name, each in processes.items()
        },
    }


def _name(process: psutil.Process) -> str:
    command = " ".join(process.cmdline())
    if "voices.worker" in command:
        return f"voice {process.cmdline()[-1]}"
    for mark, name in (("rasa run", "rasa"), ("simulate", "fireside")):
        if mark in command:
            return name
    return process.name()


def table(result: dict[str, Any]) -> Table:
    """Show the moments, then one row a process."""
    shown = Table("what", "p50", "p95", "max")
    for moment, row in result["seconds"].items():
        shown.add_row(f"{moment}, s", *(str(row[figure]) for figure in ("p50", "p95", "max")))
    for name, memory in result["memory_mb"].items():
        load = result["idle_cpu_percent_of_one_core"][name]
        shown.add_row(f"{name}: memory, MB; idle, % of a core", f"{memory}; {load}", "", "")
    return shown
