"""An alert as an e-mail, through the home's mail server."""

import asyncio
import contextlib
from email.message import EmailMessage

import aiosmtplib

from config.alerts import MailServer
from robot.delivery.common import SECONDS, DeliveryError, Trust, secret
from robot.delivery.messages import Message

PASSWORD = "FIRESIDE_SMTP_PASSWORD"
GOODBYE_S = 1.0


class MailChannel:
    """Hands e-mails to one mail server; a repeated one keeps its Message-ID."""

    def __init__(self, server: MailServer) -> None:
        self._server = server
        self._trust = Trust()

    async def send(self, to: str, message: Message) -> None:
        """Hand the e-mail over. Raises DeliveryError."""
        mail = EmailMessage()
        mail["From"] = self._server.sender
        mail["To"] = to
        mail["Subject"] = message.subject
        mail["Message-ID"] = f"<{message.id}@{self._server.sender.rpartition('@')[2]}>"
        mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: nobody's holiday note answers it
        mail.set_content(message.text)
        client = await self._connected()
        try:
            await client.send_message(mail)
        except (aiosmtplib.SMTPException, OSError) as error:
            raise DeliveryError(f"the mail server refuses it ({_brief(error)})") from error
        finally:
            await _leave(client)

    async def reach(self, to: str) -> None:
        """Sign in to the mail server, and out again. Raises DeliveryError."""
        await _leave(await self._connected())

    async def _connected(self) -> aiosmtplib.SMTP:
        server = self._server
        client = aiosmtplib.SMTP(
            hostname=server.host,
            port=server.port,
            use_tls=server.security == "tls",
            start_tls=server.security == "starttls",
            tls_context=self._trust.context if server.security != "none" else None,
            timeout=SECONDS,
        )
        try:
            await client.connect()
            if server.user:
                await client.login(server.user, secret(server.password_file, PASSWORD))
        except (aiosmtplib.SMTPException, OSError) as error:
            await _leave(client)
            raise DeliveryError(f"the mail server does not take us ({_brief(error)})") from error
        except BaseException:
            await _leave(client)
            raise
        return client


async def _leave(client: aiosmtplib.SMTP) -> None:
    """Sign off and free the socket. What is handed over stays so, whatever comes of the goodbye."""
    transport = client.transport
    with contextlib.suppress(aiosmtplib.SMTPException, OSError):
        await client.quit(timeout=GOODBYE_S)
    if isinstance(transport, asyncio.Transport):
        transport.abort()  # a TLS connection that is only closed waits for its peer to agree
    client.close()
    await asyncio.sleep(0)  # the loop frees the socket in its next round


def _brief(error: Exception) -> str:
    return " ".join(str(error).split())[:120] or type(error).__name__
