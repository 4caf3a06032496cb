"""The one web server. Security is applied here, once, and what is not allowed is refused.

It listens on this machine only. Other parts bring routes and need not think about safety.
"""

import asyncio
import errno
import secrets
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import uvicorn
from starlette.applications import Starlette
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse
from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Message, Receive, Scope, Send

HOST = "127.0.0.1"
LARGEST = 64 * 1024
"""The largest request body or websocket message, in bytes."""

_HEADERS = {
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "microphone=(self), camera=(), geolocation=(), display-capture=()",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}


class ServerError(Exception):
    """The server cannot listen; the text says why and what to do."""


class Guard:
    """Lets through only what comes from a page that this server has served since it started.

    Every page carries a token of this launch in a cookie that scripts cannot read. Together with
    the Host and Origin checks it keeps other sites in the same browser out. It does not keep out
    other programs or people on this machine: they can ask for the page as well.
    """

    def __init__(self, app: ASGIApp, port: int) -> None:
        names = {f"{host}:{port}" for host in (HOST, "localhost")}
        # Browsers leave port 80 out.
        self._hosts = names | ({HOST, "localhost"} if port == 80 else set())
        self._origins = {f"http://{host}" for host in self._hosts}
        self._cookie = f"fireside-{port}"
        self._token = secrets.token_urlsafe(32)
        # Older browsers do not count a websocket to this server as 'self'.
        sockets = " ".join(sorted(f"ws://{host}" for host in self._hosts))
        self._policy = (
            f"default-src 'self'; connect-src 'self' {sockets}; object-src 'none'; "
            "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
        )
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request or websocket, or refuse it."""

        async def send_safely(message: Message) -> None:
            if message["type"].endswith("response.start"):
                self._secure(MutableHeaders(scope=message))
            await send(message)

        refusal = self._refusal(HTTPConnection(scope))
        await (refusal or self._app)(scope, receive, send_safely)

    def _refusal(self, request: HTTPConnection) -> PlainTextResponse | None:
        headers = request.headers
        if headers.get("host") not in self._hosts:
            return PlainTextResponse("This server does not go by that name.", 421)
        if request.scope.get("method") in ("GET", "HEAD"):
            return None
        if headers.get("origin") not in self._origins:
            return PlainTextResponse("Only this server's own pages may do that.", 403)
        token = request.cookies.get(self._cookie, "")
        if not secrets.compare_digest(token.encode(), self._token.encode()):
            return PlainTextResponse("This page is from an earlier launch; load it anew.", 403)
        return self._size_refusal(headers) if request.scope["type"] == "http" else None

    def _size_refusal(self, headers: Headers) -> PlainTextResponse | None:
        length = headers.get("content-length", "")
        if not length.isdecimal():
            return PlainTextResponse("Say how long the body is.", 411)
        if int(length) > LARGEST:
            return PlainTextResponse(f"The body may have {LARGEST} bytes at most.", 413)
        return None

    def _secure(self, headers: MutableHeaders) -> None:
        headers.update(_HEADERS)
        headers["Content-Security-Policy"] = self._policy
        if headers.get("content-type", "").startswith("text/html"):
            cookie = f"{self._cookie}={self._token}; Path=/; HttpOnly; SameSite=Strict"
            headers.append("Set-Cookie", cookie)


class _Uvicorn(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals to the program."""
        yield


class Server:
    """Serves the routes on one port of this machine; port 0 takes any that is free."""

    def __init__(self, routes: Sequence[BaseRoute], port: int) -> None:
        self._routes = routes
        self._port = port
        self._uvicorn: _Uvicorn | None = None
        self._serving: asyncio.Task[None] | None = None

    @property
    def address(self) -> str:
        """Where the page is, such as http://127.0.0.1:8765. Known once the server is open."""
        return f"http://{HOST}:{self._port}"

    async def open(self) -> None:
        """Listen. Connections are taken from the moment this returns. Raises ServerError."""
        listener = _listen(self._port)
        self._port = listener.getsockname()[1]
        config = uvicorn.Config(
            Guard(Starlette(routes=self._routes), self._port),
            lifespan="off",
            log_config=None,
            log_level="warning",
            access_log=False,
            proxy_headers=False,
            server_header=False,
            ws="websockets-sansio",
            ws_max_size=LARGEST,
            ws_per_message_deflate=False,
            timeout_graceful_shutdown=2,
        )
        self._uvicorn = _Uvicorn(config)
        self._serving = asyncio.create_task(self._uvicorn.serve([listener]))

    async def close(self) -> None:
        """Close every connection and stop listening. Never raises; may be called twice."""
        if self._uvicorn is None or self._serving is None:
            return
        self._uvicorn.should_exit = True
        await asyncio.gather(self._serving, return_exceptions=True)


def _listen(port: int) -> socket.socket:
    try:
        return socket.create_server((HOST, port))
    except OSError as error:
        match error.errno:
            case errno.EADDRINUSE:
                why = "is already in use, perhaps by another Fireside; stop that one first"
            case errno.EACCES:
                why = "is reserved for the system's own services"
            case _:
                why = f"cannot be opened ({error.strerror})"
        raise ServerError(
            f"Port {port} {why}, or choose another `port` in config/robot.yaml."
        ) from error
