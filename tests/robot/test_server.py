"""The server with the simulator's routes, asked as a stranger would ask."""

import asyncio
import http.client
import logging
import socket
from collections.abc import AsyncIterator

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidStatus

from robot.server import LARGEST, Server, ServerError
from simulator.link import SimulatorLink
from simulator.routes import routes

NOWHERE = "http://evil.example"


class NoCommands:
    """No page gets far enough here to ask for anything."""

    async def arrived(self) -> None:
        raise AssertionError

    async def say(self, text: str) -> None:
        raise AssertionError

    async def stop(self) -> None:
        raise AssertionError

    async def resume(self) -> None:
        raise AssertionError

    async def acknowledge(self, alert: int, by: str) -> None:
        raise AssertionError

    def others(self, others: str) -> None:
        raise AssertionError


async def echo(request: Request) -> Response:
    return PlainTextResponse(f"{len(await request.body())}")


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    link = SimulatorLink(NoCommands(), "Juno", "en")
    server = Server([*routes(link), Route("/echo", echo, methods=["POST"])], 0)
    await server.open()
    yield server
    await server.close()
    await link.close()


@pytest.fixture
async def client(server: Server) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=server.address, verify=False) as client:
        yield client


def socket_of(
    server: Server, client: httpx.AsyncClient, origin: str | None = None, cookie: bool = True
) -> connect:
    cookies = "; ".join(f"{name}={value}" for name, value in client.cookies.items())
    return connect(
        server.address.replace("http", "ws") + "/socket",
        origin=origin if origin is not None else server.address,  # type: ignore[arg-type]
        additional_headers={"Cookie": cookies} if cookie else {},
        compression=None,
        proxy=None,
    )


async def test_page_carries_every_protection(client: httpx.AsyncClient) -> None:
    answer = await client.get("/")
    assert answer.status_code == 200
    policy = answer.headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert "*" not in policy
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "same-origin"
    assert answer.headers["permissions-policy"].startswith("microphone=(self)")
    assert answer.headers["cache-control"] == "no-store"
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    assert "server" not in answer.headers


async def test_page_has_nothing_inline_and_nothing_from_elsewhere(
    client: httpx.AsyncClient,
) -> None:
    html = (await client.get("/")).text
    assert "style=" not in html
    assert "onclick" not in html
    assert "<style" not in html
    assert "//" not in html.replace("<!--", "")


async def test_everything_the_page_is_made_of_is_served(client: httpx.AsyncClient) -> None:
    for name in ("page.css", "page.js", "face.js", "en.json", "de.json", "icon.svg"):
        answer = await client.get(f"/page/{name}")
        assert answer.status_code == 200, name
        assert "set-cookie" not in answer.headers
        assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    "path",
    [
        "/nothing",
        "/page/",
        "/page/../link.py",
        "/page/..%2flink.py",
        "/page/%2e%2e/link.py",
        "/page/....//link.py",
        "/page//etc/passwd",
        "/page/..%5clink.py",
        "/page/%00",
        "/page/page.html%00.js",
        "/../robot/server.py",
        "/socket",
    ],
)
async def test_other_paths_are_not_found(server: Server, path: str) -> None:
    def ask() -> int:
        host, _, port = server.address.removeprefix("http://").partition(":")
        connection = http.client.HTTPConnection(host, int(port))
        connection.request("GET", path)
        status = connection.getresponse().status
        connection.close()
        return status

    assert await asyncio.to_thread(ask) == 404


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1", "127.0.0.1:1", "0.0.0.0:80", ""])
async def test_foreign_host_is_refused(client: httpx.AsyncClient, host: str) -> None:
    answer = await client.get("/", headers={"Host": host})
    assert answer.status_code == 421
    assert "set-cookie" not in answer.headers
    assert "content-security-policy" in answer.headers


async def test_localhost_is_its_name_too(server: Server, client: httpx.AsyncClient) -> None:
    port = server.address.rpartition(":")[2]
    assert (await client.get("/", headers={"Host": f"localhost:{port}"})).status_code == 200


@pytest.mark.parametrize("origin", [NOWHERE, "null", "https://127.0.0.1", None])
async def test_foreign_origin_may_not_change_anything(
    client: httpx.AsyncClient, origin: str | None
) -> None:
    await client.get("/")
    headers = {"Origin": origin} if origin else {}
    assert (await client.post("/echo", content=b"x", headers=headers)).status_code == 403
    assert (await client.delete("/", headers=headers)).status_code == 403


async def test_changing_something_needs_this_launch_s_token(
    server: Server, client: httpx.AsyncClient
) -> None:
    headers = {"Origin": server.address}
    assert (await client.post("/echo", content=b"x", headers=headers)).status_code == 403
    await client.get("/")
    assert (await client.post("/echo", content=b"xy", headers=headers)).text == "2"
    name = next(iter(client.cookies))
    client.cookies.set(name, "of an earlier launch", domain="127.0.0.1", path="/")
    client.cookies = httpx.Cookies({name: "of an earlier launch"})
    assert (await client.post("/echo", content=b"x", headers=headers)).status_code == 403


async def test_large_bodies_are_refused(server: Server, client: httpx.AsyncClient) -> None:
    await client.get("/")
    headers = {"Origin": server.address}
    large = await client.post("/echo", content=bytes(LARGEST + 1), headers=headers)
    assert large.status_code == 413

    async def endless() -> AsyncIterator[bytes]:
        yield b"x"

    assert (await client.post("/echo", content=endless(), headers=headers)).status_code == 411


@pytest.mark.parametrize(
    ("origin", "cookie"), [(NOWHERE, True), ("null", True), ("", True), (None, False)]
)
async def test_foreign_socket_is_refused(
    server: Server, client: httpx.AsyncClient, origin: str | None, cookie: bool
) -> None:
    await client.get("/")
    with pytest.raises(InvalidStatus) as refusal:
        async with socket_of(server, client, origin, cookie):
            pass
    assert refusal.value.response.status_code == 403


async def test_own_socket_is_let_in_and_closed_with_the_server(
    server: Server, client: httpx.AsyncClient
) -> None:
    await client.get("/")
    async with socket_of(server, client) as websocket:
        assert isinstance(websocket, ClientConnection)
        assert "welcome" in str(await websocket.recv())
        async with asyncio.timeout(5):
            await server.close()
            await websocket.wait_closed()
        assert websocket.close_code == 1012


async def test_port_in_use_is_one_clear_sentence(server: Server) -> None:
    port = int(server.address.rpartition(":")[2])
    second = Server([], port)
    with pytest.raises(ServerError, match=rf"^Port {port} is already in use.*config/robot\.yaml"):
        await second.open()
    await second.close()


async def test_it_listens_on_this_machine_only(server: Server) -> None:
    port = int(server.address.rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port), 1) as taken:
        assert taken.getpeername()[0] == "127.0.0.1"
    others = {str(info[4][0]) for info in socket.getaddrinfo(socket.gethostname(), port)}
    for address in others - {"127.0.0.1", "127.0.1.1", "::1"}:
        with pytest.raises(OSError):
            socket.create_connection((address, port), 1)


async def test_garbage_does_not_bring_it_down(
    server: Server, client: httpx.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.CRITICAL, "uvicorn")
    port = int(server.address.rpartition(":")[2])
    for rubbish in (b"\x16\x03\x01\x02", b"GET / HTTP/9\r\n\r\n", b"A" * 100_000 + b"\r\n\r\n"):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(rubbish)
        writer.write_eof()
        async with asyncio.timeout(5):
            await reader.read()
        writer.close()
    assert (await client.get("/")).status_code == 200


async def test_closes_before_it_was_opened_and_twice() -> None:
    server = Server([], 0)
    await server.close()
    await server.open()
    await server.close()
    await server.close()
