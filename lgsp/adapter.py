"""The Adapter contract: what a system's connector may do, in capabilities of one method each.

An adapter is built as `Class(settings: Mapping[str, JsonValue], ports: Ports)` and implements whichever fit its system:
`Sends`, `Polls`, `TakesCallbacks`, `Closes`. It raises one of five errors: `TransientError`, `EarlyError`, `RejectedError`,
`TriesSpentError`, `InvalidMessageError`.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from starlette.routing import BaseRoute

from lgsp.clock import Clock
from lgsp.errors import InvalidMessageError
from lgsp.message import Message
from lgsp.model.attachment import BlobRef
from lgsp.standards.signatures import TrustStore

__all__ = [
    "INLINE_BYTES",
    "Accounts",
    "AdapterSettings",
    "BlobStore",
    "Closes",
    "Delivered",
    "Delivery",
    "Inbox",
    "Intake",
    "Mailbox",
    "MailboxItem",
    "Offer",
    "Polls",
    "Ports",
    "Pulled",
    "Receipt",
    "Sends",
    "TakesCallbacks",
    "chunks_of",
]

AdapterSettings = Mapping[str, object]
"""The system's own table in lgsp.toml (`[systems.axis]`): url, credentials … An adapter checks it and raises ConfigurationError."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message on its way to one system.

    `organizations` are those of the message's recipients that live on this system; `idempotency_key` is the same at every attempt.
    """

    message: Message
    organizations: tuple[str, ...]
    attempt: int
    idempotency_key: str


@dataclass(frozen=True, slots=True)
class Receipt:
    """The system has it; `reference` is the system's own id (docId, mã hồ sơ …)."""

    reference: str = ""


class Intake(Protocol):
    """The bus as an adapter sees it."""

    async def accept(self, message: Message) -> bool:
        """Publish; false when this (source, id) was accepted before. Once it returns, the bus will not lose the message.

        Raises:
            InvalidMessageError: refused by its schema (already recorded in the invalid message channel).
            BackpressureError: full; ask again after `retry_after_s`.
        """
        ...

    async def refuse(self, raw: bytes, error: InvalidMessageError, *, reference: str) -> None:
        """Record something that came in and could not even be read, in the invalid message channel."""
        ...


class BlobStore(Protocol):
    """Claim check: large content beside the stream, addressed by its SHA-256."""

    async def put(self, content: AsyncIterator[bytes] | bytes) -> BlobRef:
        """Store; the same content is stored once."""
        ...

    def open(self, ref: BlobRef) -> AsyncIterator[bytes]:
        """The content in chunks.

        Raises:
            NotFoundError: nothing is stored under that digest.
        """
        ...


INLINE_BYTES = 16 * 1024
"""Up to here a content lies in the mailbox; a packet without files has 2 to 5 KB. What is larger is a claim check."""


@dataclass(frozen=True, slots=True)
class MailboxItem:
    """Something that a system fetches by itself. `state` is the transport's read state: initial, processing, done, fail."""

    id: str
    owner: str
    sender: str
    kind: str
    state: str
    created_ms: int
    updated_ms: int
    title: str = ""
    note: str = ""


class Mailbox(Protocol):
    """Durable inboxes for systems that fetch rather than being called; one per adapter, many owners (organization ids) in it."""

    async def put(self, item: MailboxItem, content: BlobRef | bytes) -> bool:
        """Store; false when an item of that id is already there (a repeated delivery). Bytes: up to INLINE_BYTES."""
        ...

    async def waiting(self, kind: str, *, limit: int = 200) -> Sequence[MailboxItem]:
        """Items of that kind that are not yet `done` or `fail`, oldest first."""
        ...

    async def find(self, item_id: str) -> MailboxItem:
        """One item.

        Raises:
            NotFoundError: no item of that id.
        """
        ...

    async def get(self, item_id: str) -> tuple[MailboxItem, BlobRef | bytes]:
        """One item, and its content or where that lies.

        Raises:
            NotFoundError: no item of that id, or so many were settled since that its content is gone.
        """
        ...

    async def mark(self, item_id: str, state: str, note: str = "") -> None:
        """Set the read state; `done` and `fail` take it off the waiting list.

        Raises:
            NotFoundError: no item of that id.
        """
        ...


async def chunks_of(content: BlobRef | bytes, blobs: BlobStore) -> AsyncIterator[bytes]:
    """What an item of a mailbox holds, in chunks, wherever it lies."""
    if isinstance(content, bytes):
        yield content
        return
    async for chunk in blobs.open(content):
        yield chunk


@dataclass(frozen=True, slots=True)
class Offer:
    """A message that a connector has taken from its inbox, and must settle before `lease_until_ms`, or it is offered again.

    `key` is the same at every attempt, and so a good idempotency key; `content` is the structured CloudEvent.
    """

    key: str
    attempt: int
    organizations: tuple[str, ...]
    lease_until_ms: int
    content: bytes


class Inbox(Protocol):
    """Where messages of one system wait until its connector takes and settles them. Times in seconds."""

    async def hand_over(self, delivery: Delivery) -> str:
        """Offer, and wait until the connector has it; its own reference for it. Ended early, the offer stays.

        Raises:
            RejectedError: the connector refused it for good.
            TriesSpentError: the connector took it as often as it may, and never settled it.
        """
        ...

    async def take(self, *, limit: int, lease_s: float) -> Sequence[Offer]:
        """What waits, oldest first; nobody else gets it before the lease is over."""
        ...

    async def wait(self, timeout_s: float) -> bool:
        """Until something new is offered, or the time is over; false when nothing will come, since the bus stops."""
        ...

    async def acknowledge(self, keys: Sequence[str], reference: str = "") -> Sequence[str]:
        """The connector has these; which of them are not in the inbox (any more)."""
        ...

    async def reject(self, keys: Sequence[str], reason: str) -> Sequence[str]:
        """The connector never wants these; which of them are not in the inbox."""
        ...

    async def release(self, keys: Sequence[str], after_s: float, reason: str = "") -> Sequence[str]:
        """Offer these again after that time; which of them are not in the inbox. The last reason is the cause, should it be given up."""
        ...

    async def withdraw(self, key: str) -> None:
        """Take an offer back."""
        ...

    async def aclose(self) -> None:
        """Let everybody who waits go."""
        ...


async def _nothing(_: str) -> Sequence[Message]:
    return ()


@dataclass(frozen=True, slots=True)
class Ports:
    """What an adapter is given besides its settings. `system` is its name in the configuration; `trust` trusts nobody by default.

    `secret(name)` is a random text that is made once for this system and kept in the data directory. `about(number)` gives what flowed
    about a document or dossier, oldest first, as far as the message store knows it by now.
    """

    system: str
    clock: Clock
    blobs: BlobStore
    mailbox: Mailbox
    inbox: Inbox
    secret: Callable[[str], str]
    trust: Callable[[], TrustStore] = TrustStore
    about: Callable[[str], Awaitable[Sequence[Message]]] = _nothing


@runtime_checkable
class Sends(Protocol):
    """Takes messages out to its system."""

    async def send(self, delivery: Delivery) -> Receipt:
        """Translate, check against the wire's schema, call.

        Raises:
            TransientError, EarlyError, RejectedError, TriesSpentError, InvalidMessageError: as their docstrings say.
        """
        ...


@runtime_checkable
class Pulled(Protocol):
    """Is asked by its system, which takes what waits when it likes; the gateway serves `/v1/systems/<name>/inbox` from this.

    Its `send` waits as long as the system does, and is cancelled, without harm, when the worker stops.
    """

    inbox: Inbox

    def admits(self, token: str) -> bool:
        """Whether that is this system's token."""
        ...

    async def send(self, delivery: Delivery) -> Receipt:
        """Hand over and wait."""
        ...


@runtime_checkable
class Polls(Protocol):
    """Brings messages in by asking its system."""

    async def poll(self, intake: Intake) -> int:
        """One round: fetch what is new, hand each to `intake`, and only then confirm it to the system. How many were taken."""
        ...


@runtime_checkable
class TakesCallbacks(Protocol):
    """Is called by its system; the gateway mounts the routes under `/in/<system>/`."""

    def routes(self, intake: Intake) -> Sequence[BaseRoute]:
        """The system's own wire, answering as the real counterpart does."""
        ...


@dataclass(frozen=True, slots=True)
class Delivered:
    """A delivery that succeeded: what went out, for whom, and the receipt's reference."""

    message: Message
    organizations: tuple[str, ...]
    reference: str
    at_ms: int


@runtime_checkable
class Accounts(Protocol):
    """Can ask its system what it holds (đối soát)."""

    async def missing(self, delivered: Sequence[Delivered]) -> Mapping[str, str]:
        """Of these, in order of delivery, what the system does not hold: message id -> what it holds instead.

        What can't be known (a list that does not reach back so far) is not missing.

        Raises:
            TransientError, RejectedError: the system does not answer.
        """
        ...


@runtime_checkable
class Closes(Protocol):
    """Holds connections."""

    async def aclose(self) -> None:
        """Close them."""
        ...
