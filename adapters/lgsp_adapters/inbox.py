"""A system that fetches its messages itself: `GET /v1/systems/<name>/inbox` on the gateway. No wire of its own: it gets CloudEvents."""

import asyncio
import hmac

from lgsp.adapter import AdapterSettings, Delivery, Ports, Receipt
from lgsp.errors import ConfigurationError, TransientError
from lgsp.message import Message
from lgsp_adapters.wire import setting

__all__ = ["InboxAdapter"]


class InboxAdapter:
    """Hands messages over, and reports a delivery when the connector has acknowledged it.

    `token` is the connector's; without one it is made, and kept in the data directory as `secrets/<system>.token`.
    """

    def __init__(self, settings: AdapterSettings, ports: Ports) -> None:
        self.inbox = ports.inbox
        self._clock = ports.clock
        given = setting(settings, ports.system, "token") if "token" in settings else ports.secret("token")
        if len(given) < 16:
            raise ConfigurationError(
                f"lgsp.toml: `[systems.{ports.system}].token` needs 16 characters or more"
            )
        self._token = given.encode()

    def admits(self, token: str) -> bool:
        """Compared in constant time."""
        return hmac.compare_digest(token.encode(), self._token)

    async def send(self, delivery: Delivery) -> Receipt:
        """Wait for the connector, or for the end of the message's own time."""
        handing = asyncio.ensure_future(self.inbox.hand_over(delivery))
        ending = asyncio.ensure_future(self._expiry(delivery.message))
        try:
            await asyncio.wait({handing, ending}, return_when=asyncio.FIRST_COMPLETED)
            if handing.done():
                return Receipt(handing.result())
        finally:
            handing.cancel()
            ending.cancel()
            await asyncio.gather(handing, ending, return_exceptions=True)
        await self.inbox.withdraw(delivery.idempotency_key)
        raise TransientError("it expired before the connector took it")

    async def _expiry(self, message: Message) -> None:
        if message.expirytime is None:
            await asyncio.Event().wait()
        else:
            left_s = (message.expirytime - self._clock.now()).total_seconds()
            await self._clock.sleep(max(0.0, left_s))
