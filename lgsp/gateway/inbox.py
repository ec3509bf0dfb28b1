"""/v1/systems/{name}/inbox: how a connector in any language takes what is meant for its system."""

import time
from collections.abc import Mapping, Sequence
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Query, Request
from pydantic import BaseModel, ConfigDict, Field, JsonValue
from pydantic_core import from_json

from lgsp.adapter import Inbox, Offer, Pulled
from lgsp.errors import BackpressureError
from lgsp.gateway.problems import documented

__all__ = ["inbox_routes"]

MAX_WAIT_S = 60
MAX_ITEMS = 100
MAX_WAITING = 256
"""Long polls of one system at a time."""

Key = Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]
Keys = Annotated[list[Key], Field(min_length=1, max_length=1000)]


class InboxItem(BaseModel):
    """A message to settle before `lease_until_ms`. `idempotency_key` names it, and is the same at every attempt."""

    idempotency_key: str
    attempt: int
    organizations: tuple[str, ...]
    lease_until_ms: int
    message: dict[str, JsonValue]


class InboxItems(BaseModel):
    """Oldest first; two messages of one subject are never out at the same time."""

    items: list[InboxItem]


class Settled(BaseModel):
    """How many were settled; `unknown` are not in the inbox: settled before, or never there."""

    settled: int
    unknown: list[str]


class _Keys(BaseModel):
    model_config = ConfigDict(extra="forbid")

    keys: Keys


class Acknowledgement(_Keys):
    """The system has these; `reference` is its own id for them, and goes into the journal."""

    reference: Annotated[str, Field(max_length=200)] = ""


class Rejection(_Keys):
    """The system never wants these: they become dead letters with this reason."""

    reason: Annotated[str, Field(min_length=1, max_length=1000)]


class Release(_Keys):
    """Not now: offer these again after that time, in seconds. `reason` is kept for the dead letter, should their tries be spent."""

    after: Annotated[float, Field(ge=0, le=3600)] = 0.0
    reason: Annotated[str, Field(max_length=1000)] = ""


def inbox_routes(systems: Mapping[str, Pulled]) -> APIRouter:
    """Take under a lease; then acknowledge, reject or release."""
    routes = APIRouter(
        prefix="/v1/systems/{name}/inbox", tags=["inbox"], responses=documented(401, 413, 422, 429, 503)
    )
    waiting: dict[str, int] = {}

    def own(name: str, request: Request) -> Inbox:
        """The inbox, for who has its token. Whether there is such a system, nobody else learns."""
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        system = systems.get(name)
        if system is None or scheme.lower() != "bearer" or not system.admits(token.strip()):
            detail = (
                f"send the token of system {name!r} as `Authorization: Bearer …` ([systems.{name}].token, or "
                f'secrets/{name}.token in the data directory); its adapter must be "inbox"'
            )
            raise HTTPException(401, detail, headers={"WWW-Authenticate": "Bearer"})
        return system.inbox

    own_inbox = Annotated[Inbox, Depends(own)]

    @routes.get("")
    async def take(
        name: str,
        request: Request,
        inbox: own_inbox,
        wait: Annotated[
            float, Query(ge=0, le=MAX_WAIT_S, description="Seconds to wait for a message.")
        ] = 0.0,
        limit: Annotated[int, Query(ge=1, le=MAX_ITEMS)] = 10,
        lease: Annotated[float, Query(ge=1, le=3600, description="Seconds to settle them in.")] = 60.0,
    ) -> InboxItems:
        """Take messages, oldest first; what is not settled in time is offered again, up to the system's `max_attempts`."""
        if waiting.get(name, 0) >= MAX_WAITING:
            raise BackpressureError(f"{MAX_WAITING} calls wait at this inbox", retry_after_s=1.0)
        waiting[name] = waiting.get(name, 0) + 1
        try:
            offers = await _take(inbox, request, wait, limit, lease)
        finally:
            waiting[name] -= 1
        return InboxItems(items=[_item(offer) for offer in offers])

    @routes.post("/ack")
    async def acknowledge(body: Acknowledgement, inbox: own_inbox) -> Settled:
        """These have arrived: the bus counts them as delivered, and the next message of each subject follows."""
        return _settled(body.keys, await inbox.acknowledge(body.keys, body.reference))

    @routes.post("/reject")
    async def reject(body: Rejection, inbox: own_inbox) -> Settled:
        """These are refused for good: a person will see them among the dead letters."""
        return _settled(body.keys, await inbox.reject(body.keys, body.reason))

    @routes.post("/release")
    async def release(body: Release, inbox: own_inbox) -> Settled:
        """These can't be worked now; they stay in the inbox, unless this was their last try."""
        return _settled(body.keys, await inbox.release(body.keys, body.after, body.reason))

    return routes


async def _take(inbox: Inbox, request: Request, wait_s: float, limit: int, lease_s: float) -> Sequence[Offer]:
    """The patience is the client's, so it is measured on the machine's clock; who has hung up gets nothing."""
    end = time.monotonic() + wait_s
    while not (offers := await inbox.take(limit=limit, lease_s=lease_s)):
        left_s = end - time.monotonic()
        if left_s <= 0 or not await inbox.wait(left_s) or await request.is_disconnected():
            return ()
    return offers


def _item(offer: Offer) -> InboxItem:
    return InboxItem.model_construct(
        idempotency_key=offer.key,
        attempt=offer.attempt,
        organizations=offer.organizations,
        lease_until_ms=offer.lease_until_ms,
        message=from_json(offer.content),
    )


def _settled(keys: Sequence[str], unknown: Sequence[str]) -> Settled:
    return Settled(settled=len(set(keys)) - len(set(unknown)), unknown=list(unknown))
