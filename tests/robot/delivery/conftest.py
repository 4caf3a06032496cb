"""Real peers on this machine: a mail server, an MQTT broker and an HTTP server, with TLS."""

import shutil
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

MOSQUITTO = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin")
SECRET = "correct horse battery"


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    path = tmp_path / "secret"
    path.write_text(f"{SECRET}\n")
    return path


@pytest.fixture
def certificate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> trustme.LeafCert:
    """A certificate for localhost by an authority that this process trusts."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    return authority.issue_cert("localhost")


def server_context(certificate: trustme.LeafCert) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    return context


@dataclass
class PostOffice:
    """A mail server that keeps what it takes, and refuses what it is told to."""

    port: int
    taken: list[tuple[list[str], bytes]] = field(default_factory=list)
    answer: str = "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        assert isinstance(envelope.content, bytes)
        self.taken.append((envelope.rcpt_tos, envelope.content))
        return self.answer


def authenticate(server: SMTP, *rest: Any) -> AuthResult:
    given = rest[-1]
    assert isinstance(given, LoginPassword)
    known = (given.login, given.password) == (b"robot", SECRET.encode())
    return AuthResult(success=known, handled=False)


class MailServer(Controller):
    """A mail server that lets every connection end before it stops."""

    def __init__(self, office: PostOffice, **more: Any) -> None:
        super().__init__(office, **more)
        self._sessions: list[SMTP] = []

    def factory(self) -> SMTP:
        self._sessions.append(super().factory())
        return self._sessions[-1]

    def stop(self, no_assert: bool = False) -> None:
        deadline = time.monotonic() + 10
        while any(session.transport is not None for session in self._sessions):
            assert time.monotonic() < deadline, "a connection was left open"
            time.sleep(0.01)
        super().stop(no_assert)


@pytest.fixture(params=["none", "starttls", "tls"])
def post_office(
    request: pytest.FixtureRequest, certificate: trustme.LeafCert
) -> Iterator[tuple[str, PostOffice]]:
    """A mail server for each kind of security; with TLS it asks for the password."""
    office = PostOffice(free_port())
    context = server_context(certificate)
    more: dict[str, Any] = {}
    if request.param == "starttls":
        more = {"tls_context": context, "require_starttls": True}
    elif request.param == "tls":
        more = {"ssl_context": context}
    if request.param != "none":
        more |= {
            "authenticator": authenticate,
            "auth_required": True,
            "auth_require_tls": request.param == "starttls",
        }
    controller = MailServer(office, hostname="127.0.0.1", port=office.port, **more)
    controller.start()
    yield request.param, office
    controller.stop()


@dataclass
class Broker:
    """A running mosquitto. `listen` returns what arrives on every topic."""

    port: int
    tls: bool


def _broker(folder: Path, lines: list[str], tls: bool) -> Iterator[Broker]:
    assert MOSQUITTO is not None
    port = free_port()
    settings = folder / "mosquitto.conf"
    settings.write_text("\n".join([f"listener {port} 127.0.0.1", *lines, "user root", ""]))
    running = subprocess.Popen([MOSQUITTO, "-c", settings], stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 10
        while True:
            try:
                socket.create_connection(("127.0.0.1", port)).close()
                break
            except OSError:
                assert time.monotonic() < deadline and running.poll() is None
                time.sleep(0.02)
        yield Broker(port, tls)
    finally:
        running.kill()
        running.wait()


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    if MOSQUITTO is None:
        pytest.skip("mosquitto is not installed; `make test` gets it.")
    yield from _broker(tmp_path, ["allow_anonymous true"], tls=False)


@pytest.fixture
def safe_broker(tmp_path: Path, certificate: trustme.LeafCert) -> Iterator[Broker]:
    """A broker with TLS that asks for a password."""
    if MOSQUITTO is None:
        pytest.skip("mosquitto is not installed; `make test` gets it.")
    certificate.private_key_pem.write_to_path(tmp_path / "key.pem")
    certificate.cert_chain_pems[0].write_to_path(tmp_path / "cert.pem")
    names = tmp_path / "names"
    subprocess.run(
        ["mosquitto_passwd", "-b", "-c", names, "robot", SECRET], check=True, capture_output=True
    )
    lines = [
        "allow_anonymous false",
        f"password_file {names}",
        f"certfile {tmp_path / 'cert.pem'}",
        f"keyfile {tmp_path / 'key.pem'}",
    ]
    yield from _broker(tmp_path, lines, tls=True)


@dataclass
class Pager:
    """An HTTP server that keeps what is posted to it."""

    address: str = ""
    status: int = 204
    location: str = ""
    asked: list[tuple[str, str, dict[str, str], bytes]] = field(default_factory=list)


def serve_pager(pager: Pager, context: ssl.SSLContext | None) -> ThreadingHTTPServer:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self._take()

        def do_OPTIONS(self) -> None:
            self._take()

        def _take(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            pager.asked.append((self.command, self.path, dict(self.headers), body))
            self.send_response(pager.status)
            if pager.location:
                self.send_header("Location", pager.location)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    if context is not None:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    scheme = "http" if context is None else "https"
    pager.address = f"{scheme}://localhost:{server.server_address[1]}/alerts?floor=2"
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    return server


@pytest.fixture(params=["http", "https"])
def pager(request: pytest.FixtureRequest, certificate: trustme.LeafCert) -> Iterator[Pager]:
    pager = Pager()
    context = server_context(certificate) if request.param == "https" else None
    server = serve_pager(pager, context)
    yield pager
    server.shutdown()
    server.server_close()


def parsed(content: bytes) -> EmailMessage:
    import email.policy

    message = email.message_from_bytes(content, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    return message
