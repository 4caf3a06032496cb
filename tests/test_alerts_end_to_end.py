"""The whole program, a real pager, and kill -9: a call is delivered until somebody comes."""

import asyncio
import json
import os
import re
import signal
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import ClientConnection, connect

from config.paths import CHECKOUT
from tests.robot.delivery.conftest import SECRET, Pager, serve_pager

WITHIN_SECONDS = 5.0
"""From the words of danger to the message (rules of conversation)."""

pytestmark = [pytest.mark.models, pytest.mark.timeout(240)]


@pytest.fixture
def pager() -> Iterator[Pager]:
    pager = Pager()
    server = serve_pager(pager, None)
    yield pager
    server.shutdown()
    server.server_close()


@pytest.fixture
def home(tmp_path: Path, pager: Pager) -> Path:
    config, state = tmp_path / "config", tmp_path / "state"
    config.mkdir()
    state.mkdir()
    (state / "models").symlink_to(CHECKOUT / ".fireside" / "models")
    (config / "home.yaml").write_text("name: Our home\ntime_zone: Europe/Berlin\n")
    (config / "robot.yaml").write_text("audio: browser\n")
    (config / "alerts.yaml").write_text(
        f"place: Common room\npeople:\n  - {{name: Amal, webhook: '{pager.address}'}}\n"
        f"safeguarding: {{name: Weber, webhook: '{pager.address}&lead'}}\n"
    )
    return tmp_path


@asynccontextmanager
async def robot(home: Path) -> AsyncIterator[tuple[asyncio.subprocess.Process, str]]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "robot", "simulate", "--port", "0"),
        cwd=CHECKOUT,
        env={
            **os.environ,
            "FIRESIDE_STATE": str(home / "state"),
            "FIRESIDE_CONFIG": str(home / "config"),
            "FIRESIDE_WEBHOOK_SECRET": SECRET,
            "PYTHONUNBUFFERED": "1",
        },
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    shown = ""
    try:
        async with asyncio.timeout(60):
            while not (found := re.search(r"http://\S+", shown)):
                shown += (await process.stdout.readline()).decode()
        draining = asyncio.create_task(process.stdout.read())
        yield process, found[0]
        await asyncio.wait_for(process.wait(), 30)
        await draining
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


@asynccontextmanager
async def page(address: str) -> AsyncIterator[ClientConnection]:
    async with httpx.AsyncClient(trust_env=False) as http:
        cookies = (await http.get(address)).cookies
    header = "; ".join(f"{name}={value}" for name, value in cookies.items())
    async with connect(
        address.replace("http", "ws") + "/socket",
        origin=address,  # type: ignore[arg-type]
        additional_headers={"Cookie": header},
        proxy=None,
    ) as websocket:
        yield websocket


async def seen(page: ClientConnection, kind: str) -> dict[str, Any]:
    async with asyncio.timeout(20):
        while True:
            text = await page.recv()
            if isinstance(text, str) and (message := json.loads(text))["type"] == kind:
                return dict(message)


async def until_asked(pager: Pager, count: int) -> list[dict[str, Any]]:
    async with asyncio.timeout(20):
        while len(pager.asked) < count:
            await asyncio.sleep(0.01)
    return [json.loads(body) for _, _, _, body in pager.asked]


async def test_a_call_outlives_the_program(home: Path, pager: Pager) -> None:
    pager.status = 503  # the pager system is down
    async with robot(home) as (process, address), page(address) as first:
        began = time.monotonic()
        await first.send(json.dumps({"type": "say", "text": "help I have fallen"}))
        (told,) = (await until_asked(pager, 1))[:1]
        assert time.monotonic() - began < WITHIN_SECONDS
        assert (told["to"], told["repetition"], told["place"]) == ("Amal", False, "Common room")
        assert "fallen" not in json.dumps(told)
        process.kill()
    pager.status = 204
    before = len(pager.asked)
    async with robot(home) as (process, address), page(address) as second:
        again = (await until_asked(pager, before + 1))[before]
        assert (again["id"], again["repetition"]) == (told["id"], True)
        welcome = await seen(second, "welcome")
        assert welcome["staff"] == ["Amal"]
        raised = next(each for each in welcome["events"] if each["type"] == "alert_raised")
        answer = {"type": "acknowledge", "alert": raised["alert"], "by": "Amal"}
        await second.send(json.dumps(answer))
        assert (await seen(second, "alert_acknowledged"))["by"] == "Amal"
        process.send_signal(signal.SIGINT)
    assert len(pager.asked) == before + 1


async def test_abuse_is_seen_by_the_safeguarding_lead_and_on_no_page(
    home: Path, pager: Pager
) -> None:
    async with robot(home) as (process, address), page(address) as shown:
        await seen(shown, "welcome")
        await shown.send(json.dumps({"type": "say", "text": "the night nurse hit me"}))
        (told,) = await until_asked(pager, 1)
        assert pager.asked[0][1].endswith("&lead")
        assert told["text"] == "A confidential message for the safeguarding lead."
        assert set(told) == {"id", "kind", "subject", "text", "repetition"}
        heard: list[str] = []
        while not heard or '"turn_ended"' not in heard[-1]:
            frame = await asyncio.wait_for(shown.recv(), 30)
            heard += [frame] if isinstance(frame, str) else []
        reported = "\n".join(heard)
        assert "nurse" not in reported and "abuse" not in reported
        process.send_signal(signal.SIGINT)
