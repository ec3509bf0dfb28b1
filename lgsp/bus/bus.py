"""The bus as its users see it: publish, and ask how it stands."""

import asyncio
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from lgsp.channels import Accepted, Keys, PartitionLog, Server
from lgsp.clock import Clock
from lgsp.errors import ConfigurationError, Fault, InvalidMessageError
from lgsp.message import MAX_MESSAGE_BYTES, Message
from lgsp.retry import Circuit
from lgsp.routing import Router
from lgsp.schemas import SchemaRegistry
from lgsp.wirelog import Taker

__all__ = ["Bus", "BusParts"]

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")


@dataclass(frozen=True, slots=True)
class BusParts:
    """What the bus stands on. `adapters` are by system name, and decide which channels exist; `wire` keeps what they exchange."""

    server: Server
    keys: Keys
    router: Router
    schemas: SchemaRegistry
    clock: Clock
    adapters: Mapping[str, object] = field(default_factory=dict)
    max_waiting: int = 100_000
    wire: Taker | None = None


class Bus:
    """Accepts messages, once each, after the schema check.

    `circuits` and `asking` say by system whether it is away, as this process's worker finds: sending to it, and polling it.
    """

    def __init__(self, parts: BusParts) -> None:
        self.parts = parts
        systems = tuple(sorted(parts.adapters))
        self.circuits: dict[str, Circuit] = {}
        self.asking: dict[str, Circuit] = {}
        self.partitions = tuple(
            PartitionLog(
                parts.server,
                parts.keys,
                number,
                systems,
                max_waiting=parts.max_waiting // parts.keys.partitions,
            )
            for number in range(parts.keys.partitions)
        )

    async def open(self) -> None:
        """Check that the data was written with as many partitions as are configured, and create the journals' consumer groups.

        Raises:
            ConfigurationError: the number differs; a subject would change its partition and lose its order.
        """
        wanted, layout = len(self.partitions), self.parts.keys.layout()
        if await self.parts.server.call("GET", layout) is None:  # a server that is full refuses every SETNX
            await self.parts.server.call("SETNX", layout, wanted)
        found = await self.parts.server.call("GET", layout)
        if isinstance(found, bytes) and int(found) != wanted:
            raise ConfigurationError(
                f"partitions = {wanted}, but the data on this server was written with {int(found)}; "
                "set it back, or use another data directory"
            )
        for partition in self.partitions:
            await partition.prepare()

    async def publish(self, message: Message) -> Accepted:
        """Check and accept; once this returns, the message will arrive or become a dead letter, whatever crashes.

        Raises:
            InvalidMessageError: the schema check failed, a route wants a valid signature, or (source, id) had another content before.
            BackpressureError: the bus is full for the moment.
            ChannelUnavailableError: no Redis; publish again, a repeat is harmless.
        """
        self.admit(message)
        return await self.partition_of(message.subject).publish(message, self._now_ms())

    async def publish_all(self, messages: Sequence[Message]) -> list[Accepted | Exception]:
        """As `publish` for each, in order and side by side, without a task for each; what one of them raises stands in its place."""
        now_ms, begun = (
            self._now_ms(),
            list[tuple[PartitionLog, asyncio.Future[tuple[bytes, float]]] | Exception](),
        )
        for message in messages:
            try:
                self.admit(message)
                partition = self.partition_of(message.subject)
                begun.append((partition, partition.begin(message, now_ms)))
            except Exception as exc:  # noqa: BLE001 - it belongs to whoever published this one
                begun.append(exc)
        results: list[Accepted | Exception] = []
        held_up_s = 0.0
        for one in begun:
            try:
                if isinstance(one, Exception):
                    results.append(one)
                    continue
                partition, coming = one
                verdict, slow_s = await coming
                held_up_s = max(held_up_s, slow_s)
                results.append(partition.accepted(verdict))
            except Exception as exc:  # noqa: BLE001 - as above
                results.append(exc)
        if held_up_s:
            await asyncio.sleep(held_up_s)
        return results

    def admit(self, message: Message) -> None:
        """The schema check, and what routes want of a signature.

        Raises:
            InvalidMessageError: every fault with its place.
        """
        if not (message.id + message.subject).isprintable():
            _check_names(message)
        self.parts.schemas.check(message)
        if not self.parts.router.requires_signatures:
            return
        refusal = self.parts.router.route(message).signature_refusal
        if refusal:
            wrong_vi = f"Văn bản không có chữ ký số hợp lệ ({refusal})"
            raise InvalidMessageError(
                f"{message.kind} {message.id}",
                [Fault("signature.required", "/data/signatures", refusal, wrong_vi)],
            )

    async def send_again(self, message: Message, system: str, organizations: tuple[str, ...]) -> None:
        """Put a message that was delivered before on its way to one system once more, behind what already waits there."""
        partition = self.partition_of(message.subject)
        await partition.send_again(message, system, organizations, self._now_ms())

    async def refuse(self, raw: bytes, error: InvalidMessageError, reference: str, system: str) -> None:
        """Keep what could not be read or accepted in the invalid message channel, for a person to look at."""
        await self.partition_of(reference).refuse(
            raw[:MAX_MESSAGE_BYTES], error, reference, system, self._now_ms()
        )

    def partition_of(self, subject: str) -> PartitionLog:
        """The partition that works this subject."""
        return self.partitions[self.parts.keys.partition_of(subject)]

    async def waiting(self) -> dict[str, int]:
        """How many entries wait where, over all partitions."""
        total: dict[str, int] = {}
        for partition in self.partitions:
            for name, length in (await partition.lengths()).items():
                total[name] = total.get(name, 0) + length
        return total

    def _now_ms(self) -> int:
        return int(self.parts.clock.now().timestamp() * 1000)


def _check_names(message: Message) -> None:
    """Refuse control characters (CloudEvents 1.0, type system) in what a message is found by: PostgreSQL can't even look for some."""
    wrong = [name for name in ("id", "subject") if _CONTROL.search(getattr(message, name))]
    if wrong:
        raise InvalidMessageError(
            f"{message.kind} {message.id!r}",
            [
                Fault("message.control", f"/{name}", "has a control character", "có ký tự điều khiển")
                for name in wrong
            ],
        )
