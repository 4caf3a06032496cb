"""Every channel against a real peer: what arrives, what is signed, and how a fault is told."""

import asyncio
import gc
import hashlib
import hmac
import json
import logging
import ssl
from pathlib import Path

import aiomqtt
import pytest

from config.alerts import Broker as BrokerSettings
from config.alerts import MailServer as MailServerSettings
from config.alerts import Signing
from robot.delivery.common import DeliveryError
from robot.delivery.mail import MailChannel
from robot.delivery.messages import Message
from robot.delivery.mqtt import MqttChannel
from robot.delivery.webhook import WebhookChannel
from tests.robot.delivery.conftest import (
    SECRET,
    Broker,
    MailServer,
    Pager,
    PostOffice,
    free_port,
    parsed,
)

# The test server does not see that a connection which was TLS from the start is safe.
pytestmark = pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")

MESSAGE = Message(
    "0d5b9f3e-1111-5222-8333-444455556666",
    "Es braucht sofort Hilfe",
    "Ort: Küche.\nBitte gehen Sie hin.",
    False,
    {"kind": "alert", "category": "emergency", "place": "Küche"},
)


class TestWebhook:
    async def test_a_signed_post_with_the_delivery_as_its_key(
        self, pager: Pager, secret: Path
    ) -> None:
        await WebhookChannel(Signing(secret_file=secret)).send(pager.address, MESSAGE)
        ((method, path, headers, body),) = pager.asked
        assert (method, path) == ("POST", "/alerts?floor=2")
        assert headers["Idempotency-Key"] == MESSAGE.id
        signed = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
        assert headers["Fireside-Signature"] == f"sha256={signed}"
        told = json.loads(body)
        assert told["id"] == MESSAGE.id
        assert (told["kind"], told["place"], told["repetition"]) == ("alert", "Küche", False)

    @pytest.mark.parametrize("status", [302, 404, 500])
    async def test_what_is_not_taken_is_told(self, pager: Pager, secret: Path, status: int) -> None:
        pager.status, pager.location = status, "http://127.0.0.1:1/elsewhere"
        channel = WebhookChannel(Signing(secret_file=secret))
        with pytest.raises(DeliveryError, match=f"answers {status}"):
            await channel.send(pager.address, MESSAGE)
        assert len(pager.asked) == 1, "a redirect leads to an address the home has not written"
        await channel.reach(pager.address)
        assert pager.asked[1][0] == "OPTIONS"

    async def test_an_unknown_certificate_is_refused(
        self, pager: Pager, secret: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        if pager.address.startswith("http:"):
            pytest.skip("nothing to check without TLS")
        monkeypatch.delenv("SSL_CERT_FILE")
        with pytest.raises(DeliveryError, match="cannot be reached"):
            await WebhookChannel(Signing(secret_file=secret)).send(pager.address, MESSAGE)
        assert pager.asked == []

    async def test_nobody_there(self, secret: Path) -> None:
        channel = WebhookChannel(Signing(secret_file=secret))
        with pytest.raises(DeliveryError, match="cannot be reached"):
            await channel.send(f"http://127.0.0.1:{free_port()}/", MESSAGE)

    async def test_a_proxy_in_the_environment_is_not_used(
        self, pager: Pager, secret: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{free_port()}")
        await WebhookChannel(Signing(secret_file=secret)).send(pager.address, MESSAGE)
        assert len(pager.asked) == 1

    async def test_without_a_secret_nothing_is_sent(
        self, pager: Pager, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.delenv("FIRESIDE_WEBHOOK_SECRET", raising=False)
        for signing in (Signing(), Signing(secret_file=tmp_path / "missing")):
            with pytest.raises(DeliveryError, match="secret"):
                await WebhookChannel(signing).send(pager.address, MESSAGE)
        assert pager.asked == []
        monkeypatch.setenv("FIRESIDE_WEBHOOK_SECRET", SECRET)
        await WebhookChannel(Signing()).send(pager.address, MESSAGE)
        assert len(pager.asked) == 1


class TestMail:
    @staticmethod
    def channel(security: str, port: int, secret: Path) -> MailChannel:
        server = MailServerSettings.model_validate(
            {
                "host": "localhost",
                "port": port,
                "security": security,
                "sender": "robot@home.example",
                "user": "" if security == "none" else "robot",
                "password_file": secret,
            }
        )
        return MailChannel(server)

    async def test_a_mail_arrives_and_keeps_its_id(
        self, post_office: tuple[str, PostOffice], secret: Path
    ) -> None:
        security, office = post_office
        channel = self.channel(security, office.port, secret)
        for _ in range(2):
            await channel.send("amal@home.example", MESSAGE)
        mails = [parsed(content) for _, content in office.taken]
        assert [to for to, _ in office.taken] == [["amal@home.example"]] * 2
        assert {mail["Message-ID"] for mail in mails} == {f"<{MESSAGE.id}@home.example>"}
        assert mails[0]["Subject"] == MESSAGE.subject
        assert mails[0]["Auto-Submitted"] == "auto-generated"
        assert mails[0].get_content().splitlines() == MESSAGE.text.splitlines()

    async def test_a_look_sends_nothing(
        self, post_office: tuple[str, PostOffice], secret: Path
    ) -> None:
        security, office = post_office
        await self.channel(security, office.port, secret).reach("amal@home.example")
        assert office.taken == []

    async def test_a_refused_mail_is_told(
        self, post_office: tuple[str, PostOffice], secret: Path
    ) -> None:
        security, office = post_office
        office.answer = "451 too busy now"
        with pytest.raises(DeliveryError, match=r"refuses it .*too busy"):
            await self.channel(security, office.port, secret).send("a@b.example", MESSAGE)

    async def test_a_wrong_password_is_told_and_not_shown(
        self,
        post_office: tuple[str, PostOffice],
        tmp_path: Path,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        security, office = post_office
        if security == "none":
            pytest.skip("no password is asked for")
        caplog.set_level(logging.DEBUG)
        (tmp_path / "wrong").write_text("hunter2")
        with pytest.raises(DeliveryError, match="does not take us") as caught:
            await self.channel(security, office.port, tmp_path / "wrong").send("a@b.c", MESSAGE)
        assert "hunter2" not in str(caught.value) + caplog.text

    async def test_an_unknown_certificate_is_refused(
        self,
        post_office: tuple[str, PostOffice],
        secret: Path,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        security, office = post_office
        if security == "none":
            pytest.skip("nothing to check without TLS")
        monkeypatch.delenv("SSL_CERT_FILE")
        with pytest.raises(DeliveryError, match="certificate"):
            await self.channel(security, office.port, secret).send("a@b.c", MESSAGE)
        assert office.taken == []

    async def test_starttls_is_not_given_up_in_silence(self, secret: Path) -> None:
        # A server without TLS, where the home has asked for it.
        office = PostOffice(free_port())
        controller = MailServer(office, hostname="127.0.0.1", port=office.port)
        controller.start()
        try:
            with pytest.raises(DeliveryError, match="does not take us"):
                await self.channel("starttls", office.port, secret).send("a@b.c", MESSAGE)
        finally:
            controller.stop()
        assert office.taken == []


class TestMqtt:
    @staticmethod
    def settings(broker: Broker, secret: Path, client_id: str = "fireside") -> BrokerSettings:
        return BrokerSettings(
            host="localhost",
            port=broker.port,
            security="tls" if broker.tls else "none",
            client_id=client_id,
            user="robot" if broker.tls else "",
            password_file=secret,
        )

    @pytest.mark.parametrize("kind", ["broker", "safe_broker"])
    async def test_a_message_arrives_once_and_is_not_kept_for_tomorrow(
        self, kind: str, request: pytest.FixtureRequest, secret: Path
    ) -> None:
        broker = request.getfixturevalue(kind)
        channel = MqttChannel(self.settings(broker, secret))
        async with self.listening(broker, secret) as pager:
            await pager.subscribe("#", qos=1)
            await asyncio.gather(
                *(channel.send(f"alerts/{name}", MESSAGE) for name in ("amal", "bo"))
            )
            async with asyncio.timeout(5):
                got = [await anext(pager.messages) for _ in range(2)]
        assert {str(each.topic) for each in got} == {"alerts/amal", "alerts/bo"}
        assert {(each.qos, each.retain) for each in got} == {(1, False)}
        assert isinstance(got[0].payload, bytes)
        assert json.loads(got[0].payload)["id"] == MESSAGE.id
        async with self.listening(broker, secret) as late:
            await late.subscribe("#", qos=1)
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.3):
                    await anext(late.messages)

    async def test_a_wrong_password_is_told(self, safe_broker: Broker, tmp_path: Path) -> None:
        (tmp_path / "wrong").write_text("hunter2")
        channel = MqttChannel(self.settings(safe_broker, tmp_path / "wrong"))
        with pytest.raises(DeliveryError, match="does not take it") as caught:
            await channel.reach("alerts/amal")
        assert "hunter2" not in str(caught.value)

    # paho leaves the refused socket to the garbage collector.
    @pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
    async def test_an_unknown_certificate_is_refused(
        self, safe_broker: Broker, secret: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.delenv("SSL_CERT_FILE")
        with pytest.raises(DeliveryError, match="certificate"):
            await MqttChannel(self.settings(safe_broker, secret)).send("alerts/amal", MESSAGE)
        gc.collect()

    async def test_nobody_there(self, secret: Path) -> None:
        nowhere = Broker(free_port(), tls=False)
        with pytest.raises(DeliveryError, match="does not take it"):
            await MqttChannel(self.settings(nowhere, secret)).send("alerts/amal", MESSAGE)

    def listening(self, broker: Broker, secret: Path) -> aiomqtt.Client:
        settings = self.settings(broker, secret)
        return aiomqtt.Client(
            settings.host,
            settings.port,
            username=settings.user or None,
            password=SECRET if settings.user else None,
            identifier="pager",
            tls_context=ssl.create_default_context() if broker.tls else None,
        )
