"""An alert as an HTTP POST, signed, with the delivery's id as its idempotency key."""

import hashlib
import hmac
import json

import httpx

from config.alerts import Signing
from robot.delivery.common import SECONDS, DeliveryError, Trust, secret
from robot.delivery.messages import Message

SECRET = "FIRESIDE_WEBHOOK_SECRET"


class WebhookChannel:
    """Posts to the addresses the home has written down, and to no other: redirects are refused."""

    def __init__(self, signing: Signing) -> None:
        self._signing = signing
        self._trust = Trust()

    async def send(self, to: str, message: Message) -> None:
        """Post the message; taken is any answer from 200 to 299. Raises DeliveryError."""
        body = json.dumps(message.payload(), ensure_ascii=False).encode()
        key = secret(self._signing.secret_file, SECRET).encode()
        headers = {
            "Content-Type": "application/json",
            "Idempotency-Key": message.id,
            "Fireside-Signature": f"sha256={hmac.new(key, body, hashlib.sha256).hexdigest()}",
        }
        answer = await self._ask("POST", to, body, headers)
        if not answer.is_success:
            raise DeliveryError(f"the other side answers {answer.status_code}")

    async def reach(self, to: str) -> None:
        """Ask what the address allows; any answer will do. Raises DeliveryError."""
        secret(self._signing.secret_file, SECRET)
        await self._ask("OPTIONS", to, b"", {})

    async def _ask(
        self, method: str, to: str, body: bytes, headers: dict[str, str]
    ) -> httpx.Response:
        # Neither proxies nor passwords from the environment: exactly the address written down.
        trust = self._trust.context
        async with httpx.AsyncClient(verify=trust, trust_env=False, timeout=SECONDS) as client:
            try:
                return await client.request(method, to, content=body, headers=headers)
            except httpx.HTTPError as error:
                what = str(error) or type(error).__name__
                raise DeliveryError(f"it cannot be reached ({what})") from error
