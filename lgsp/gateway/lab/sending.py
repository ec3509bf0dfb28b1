"""Messages that a person makes up: envelope, checks, and the way in."""

import asyncio
from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, JsonValue
from pydantic_core import to_json

from lgsp.errors import NotFoundError, TransientError
from lgsp.gateway.ports import GatewayServices
from lgsp.gateway.publish import check_verdicts
from lgsp.message import Message, type_name
from lgsp.schemas import dataschema
from lgsp.standards.identifiers import new_id

__all__ = ["Order", "asked_for", "prepared", "stored"]

SOURCE = "/systems/console"
PATIENCE_S = STORED_S = 10.0


class Order(BaseModel):
    """A message to be made: its data, and who writes to whom about what. `recipients` as the envelope has them, comma-separated."""

    model_config = ConfigDict(extra="forbid")

    kind: Annotated[str, Field(max_length=128, description="document.issued, dossier.submitted …")]
    version: Annotated[int, Field(ge=1, le=9999)] = 1
    subject: str
    sender: str = ""
    recipients: str = ""
    data: dict[str, JsonValue]


def _message(order: Order, services: GatewayServices) -> Message:
    """With an id of its own, the time of the bus, and the console as its source.

    Raises:
        InvalidMessageError: an attribute is wrong, or the data claims what only the bus may say.
    """
    attributes: dict[str, JsonValue] = {
        "id": new_id(), "source": SOURCE, "type": type_name(order.kind), "dataschema": dataschema(order.kind, order.version),
        "subject": order.subject, "time": services.clock.now().isoformat(), "data": order.data,
    }  # fmt: skip
    attributes |= {
        name: text for name, text in (("sender", order.sender), ("recipients", order.recipients)) if text
    }
    message = Message.from_json(to_json(attributes))
    check_verdicts(message)
    return message


async def prepared(
    services: GatewayServices, orders: Sequence[Order], *, attached: Iterable[bytes] = ()
) -> list[Message]:
    """The messages, each checked, and the files that they attach kept; nothing is published yet.

    Raises:
        InvalidMessageError: one is wrong.
        NotFoundError: this gateway keeps no files.
    """
    messages = [_message(order, services) for order in orders]
    for message in messages:
        services.schemas.check(message)
    for content in attached:
        if services.blobs is None:
            raise NotFoundError("this gateway keeps no attachments", "Cổng này không giữ tệp đính kèm.")
        await services.blobs.put(content)
    return messages


async def asked_for(services: GatewayServices, kind: str, key: str) -> None:
    """Wait until a system has asked for it: a message of that kind about that document or dossier.

    Raises:
        TransientError: none came within ten seconds.
    """
    try:
        async with asyncio.timeout(PATIENCE_S):
            while kind not in await _kinds(services, key):  # noqa: ASYNC110 - it happens in another system
                await asyncio.sleep(0.1)
    except TimeoutError as exc:
        raise TransientError(
            f"no system sent {kind} about {key} within {PATIENCE_S:g} s; what answers it was not sent",
            f"Sau {PATIENCE_S:g} giây chưa hệ thống nào gửi {kind} về {key}, nên chưa gửi bản tin trả lời.",
        ) from exc


async def stored(services: GatewayServices, message_id: str) -> None:
    """Wait a little until the store has it: it is a moment behind the streams, and the message's page reads it."""
    with suppress(TimeoutError):
        async with asyncio.timeout(STORED_S):
            while not await _is_stored(services, message_id):  # noqa: ASYNC110 - it happens in another process
                await asyncio.sleep(0.05)


async def _kinds(services: GatewayServices, key: str) -> set[str]:
    try:
        return {one.message.type for one in await services.store.trace(key)}
    except NotFoundError:
        return set()


async def _is_stored(services: GatewayServices, message_id: str) -> bool:
    try:
        await services.store.find(message_id)
    except NotFoundError:
        return False
    return True
