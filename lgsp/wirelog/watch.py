"""Where scopes begin: around a delivery, a round of polling and a call-back."""

import time

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Send
from starlette.types import Scope as HttpScope

from lgsp.adapter import Delivery, Intake, Polls, Receipt, Sends
from lgsp.wirelog.exchange import Exchange
from lgsp.wirelog.scope import Scope, Taker, entered, note

__all__ = ["CapturedCallbacks", "WatchedPolls", "WatchedSender"]


class WatchedSender:
    """An adapter's way out; what it exchanges belongs to the message that it sends."""

    def __init__(self, sender: Sends, system: str, taker: Taker) -> None:
        self._sender, self._system, self._taker = sender, system, taker

    async def send(self, delivery: Delivery) -> Receipt:
        """Send, and keep what was exchanged, also where it failed."""
        with entered(Scope(self._taker, self._system, "sent", {delivery.message.id})):
            return await self._sender.send(delivery)


class WatchedPolls:
    """An adapter's rounds; what it exchanges belongs to the messages that come of it, item by item where the adapter says so."""

    def __init__(self, adapter: Polls, system: str, taker: Taker) -> None:
        self._adapter, self._system, self._taker = adapter, system, taker

    async def poll(self, intake: Intake) -> int:
        """One round."""
        with entered(Scope(self._taker, self._system, "received")):
            return await self._adapter.poll(intake)


class CapturedCallbacks:
    """ASGI: a system's own wire under `/in/<system>`; the call and its answer belong to what it was about."""

    def __init__(self, app: ASGIApp, system: str, taker: Taker) -> None:
        self._app, self._system, self._taker = app, system, taker

    async def __call__(self, scope: HttpScope, receive: Receive, send: Send) -> None:
        """Answer, and listen."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        query = scope["query_string"].decode("latin-1")
        exchange = Exchange(
            "system",
            scope["method"],
            scope["path"] + (f"?{query}" if query else ""),
            Headers(scope=scope).items(),
            at_ms=self._taker.now_ms(),
        )
        began = time.perf_counter()

        async def listening() -> Message:
            event = await receive()
            exchange.body.add(event.get("body", b""))
            return event

        async def answering(event: Message) -> None:
            if event["type"] == "http.response.start":
                exchange.status = event["status"]
                exchange.answer_headers = Headers(raw=event.get("headers", [])).items()
            exchange.answer.add(event.get("body", b""))
            await send(event)

        with entered(Scope(self._taker, self._system, "received")):
            try:
                await self._app(scope, listening, answering)
            finally:
                exchange.took_ms = round((time.perf_counter() - began) * 1000)
                note(exchange)
