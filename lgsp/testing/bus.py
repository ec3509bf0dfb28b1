"""The bus as a test sees it: its gateway, over HTTP."""

from collections.abc import Callable, Mapping
from typing import cast
from urllib.parse import quote

import httpx
from pydantic import JsonValue

from lgsp.testing.control import Record, ask
from lgsp.testing.waiting import TIMEOUT_S, wait_for

__all__ = ["Bus"]


class Bus:
    """`url` is the gateway's: `/v1/…` for connectors, `/in/<system>` where systems call, `/api/…` for what happened."""

    def __init__(self, url: str, http: httpx.Client) -> None:
        self.url = url
        self._http = http

    def __repr__(self) -> str:
        return f"<bus at {self.url}>"

    def publish(self, event: Mapping[str, JsonValue]) -> Record:
        """Publish a CloudEvent; the receipt.

        Raises:
            LgspError: refused, with every fault and its place.
        """
        return cast("Record", ask(self._http, "POST", f"{self.url}/v1/messages", dict(event)))

    def messages(self, **wanted: str | int) -> list[Record]:
        """Newest first. Filters: type, state, text, limit, after."""
        params = {name: str(value) for name, value in wanted.items()}
        return self._rows("/api/messages", "messages", params)

    def trace(self, key: str) -> list[Record]:
        """The journey of a message, a document or a dossier: every message of it, with its steps; empty where nothing is known."""
        return self._rows(f"/api/trace/{quote(key, safe='')}", "messages")

    def dead(self) -> list[Record]:
        """What could not be delivered, oldest first, with the reason."""
        return self._rows("/api/dead", "dead")

    def invalid(self) -> list[Record]:
        """What was refused at the door, newest first, with every fault."""
        return self._rows("/api/invalid", "invalid")

    def wait_for_step(
        self, key: str, step: str, system: str | None = None, *, timeout_s: float = TIMEOUT_S
    ) -> Record:
        """A message of that key with such a step in its journey: accepted, routed, delivered, failed, dead …

        Raises:
            AssertionError: not in time; with the journey so far.
        """
        __tracebackhide__ = True

        def look() -> Record | None:
            return next((one for one in self.trace(key) if _has(one, step, system)), None)

        where = f" to {system}" if system else ""
        return wait_for(look, f"{key} {step}{where}", timeout_s=timeout_s, otherwise=lambda: self.told(key))

    def wait_for_delivery(self, key: str, to: str, *, timeout_s: float = TIMEOUT_S) -> Record:
        """A message of that key was delivered to a system."""
        __tracebackhide__ = True
        return self.wait_for_step(key, "delivered", to, timeout_s=timeout_s)

    def wait_for_dead(
        self,
        fits: Callable[[Record], object] = bool,
        *,
        what: str = "a dead letter",
        timeout_s: float = TIMEOUT_S,
    ) -> Record:
        """A dead letter that fits.

        Raises:
            AssertionError: none in time; with what happened to the last messages.
        """
        __tracebackhide__ = True
        found: Callable[[], Record | None] = lambda: next((one for one in self.dead() if fits(one)), None)  # noqa: E731
        return wait_for(found, what, timeout_s=timeout_s, otherwise=self.told)

    def told(self, key: str = "", limit: int = 10) -> str:
        """What happened, for a person: the last messages, or those of a key, each with its journey; and the dead letters."""
        rows = self.trace(key) if key else [self._traced(one) for one in self.messages(limit=limit)[::-1]]
        lines = [line for one in rows for line in _journey(one)]
        dead = [
            f"  dead letter for {one['system']}: {one['subject']}: {one['reason']}"
            for one in self.dead()[-limit:]
        ]
        return "\n".join(["the bus had:", *(lines or ["  no message"]), *dead])

    def _traced(self, message: Record) -> Record:
        """The message with its steps; a trace has its whole conversation."""
        found = self.trace(str(message["message_id"]))
        return next((one for one in found if one["message_id"] == message["message_id"]), message)

    def _rows(self, path: str, name: str, params: dict[str, str] | None = None) -> list[Record]:
        found = cast("Record", ask(self._http, "GET", self.url + path, params=params) or {name: []})
        return cast("list[Record]", found[name])


def _steps(message: Record) -> list[Record]:
    return cast("list[Record]", message.get("steps") or [])


def _has(message: Record, step: str, system: str | None) -> bool:
    return any(
        one.get("step") == step and (system is None or one.get("system") == system) for one in _steps(message)
    )


def _journey(message: Record) -> list[str]:
    steps = [
        f"{one.get('step')}{f' {system}' if (system := one.get('system')) else ''}" for one in _steps(message)
    ]
    return [
        f"  {message.get('type')} {message.get('subject')} ({message.get('message_id')})",
        f"    {' > '.join(steps)}",
    ]
