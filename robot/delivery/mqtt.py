"""An alert as an MQTT message, for pagers and nurse-call gateways."""

import asyncio
import json

import aiomqtt

from config.alerts import Broker
from robot.delivery.common import SECONDS, DeliveryError, Trust, secret
from robot.delivery.messages import Message

PASSWORD = "FIRESIDE_MQTT_PASSWORD"
AT_LEAST_ONCE = 1


class MqttChannel:
    """Publishes to the topics the home has written down, acknowledged by the broker."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker
        self._trust = Trust()
        # A broker throws out a client whose id connects a second time.
        self._one_at_a_time = asyncio.Lock()

    async def send(self, to: str, message: Message) -> None:
        """Publish, and return when the broker has taken it. Raises DeliveryError."""
        payload = json.dumps(message.payload(), ensure_ascii=False)
        # Not retained: a pager that connects tomorrow must not ring for today.
        await self._connect(to, payload)

    async def reach(self, to: str) -> None:
        """Sign in to the broker, and out again. Raises DeliveryError."""
        await self._connect(to, None)

    async def _connect(self, topic: str, payload: str | None) -> None:
        broker = self._broker
        password = secret(broker.password_file, PASSWORD) if broker.user else None
        async with self._one_at_a_time:
            try:
                async with aiomqtt.Client(
                    broker.host,
                    broker.port,
                    username=broker.user or None,
                    password=password,
                    identifier=broker.client_id,
                    tls_context=self._trust.context if broker.security == "tls" else None,
                    timeout=SECONDS,
                ) as client:
                    if payload is not None:
                        await client.publish(topic, payload, qos=AT_LEAST_ONCE, retain=False)
            except (aiomqtt.MqttError, OSError) as error:
                raise DeliveryError(f"the broker does not take it ({error})") from error
