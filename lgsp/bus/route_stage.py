"""The route stage of one partition: read the inbox, decide the recipients, and hop to their channels in one step."""

import asyncio
from dataclasses import replace
from datetime import datetime

from lgsp.channels import DeadEntry, Holder, InboxEntry, OutEntry, PartitionLog, Transaction
from lgsp.clock import Clock
from lgsp.endpoint import until_stopped
from lgsp.errors import InvalidMessageError
from lgsp.message import Message, MessageReader
from lgsp.routing import Recipient, Router, RoutingDecision

__all__ = ["RouteStage"]

BATCH = 256
BATCH_BYTES = 4 << 20
BLOCK_MS = 5_000


class RouteStage:
    """Content-based router with a recipient list. A batch is one atomic transaction."""

    def __init__(
        self, channel: PartitionLog, holder: Holder, router: Router, clock: Clock, reader: MessageReader
    ) -> None:
        self._channel = channel
        self._holder = holder
        self._router = router
        self._clock = clock
        self._reader = reader
        self._keys = channel.keys

    async def run(self, stopping: asyncio.Event) -> None:
        """Work until `stopping` is set."""
        count, stopped = BATCH, asyncio.create_task(stopping.wait())
        try:
            while not stopping.is_set():
                read = self._holder.read_inbox(count=count, block_ms=BLOCK_MS)
                entries = await until_stopped(read, stopped)
                if entries:
                    size = sum(len(entry.body) for entry in entries)
                    count = max(1, min(BATCH, len(entries) * BATCH_BYTES // max(1, size)))
                    await self._hop(entries)
        finally:
            stopped.cancel()

    async def _hop(self, entries: list[InboxEntry]) -> None:
        hop, now = Transaction(), self._clock.now()
        for entry in entries:
            await self._route(hop, entry, now)
        hop.acknowledge(self._keys.inbox(self._channel.partition), [entry.entry_id for entry in entries])
        await self._holder.commit(hop)

    async def _route(self, hop: Transaction, entry: InboxEntry, now: datetime) -> None:
        now_ms = int(now.timestamp() * 1000)
        try:
            message, entry = await self._read(entry)
        except InvalidMessageError as exc:  # only a foreign writer can put such a thing here
            body = (await self._whole(entry)).body
            nameless = DeadEntry(
                "", entry.entry_id, "", entry.system, entry.only, exc.code, str(exc), 1, now_ms, body
            )
            self._bury(hop, replace(nameless, order=entry.order))
        else:
            if entry.system:
                self._pass_on(hop, entry, message, Recipient(entry.system, entry.only))
            elif message.expirytime is not None and message.expired(now):
                hop.journal("expired", message.id, now_ms)
            else:
                await self._decide(hop, entry, message, now_ms)
        if entry.envelope:
            hop.let_go(self._holder.body_key(entry.entry_id))

    async def _decide(self, hop: Transaction, entry: InboxEntry, message: Message, now_ms: int) -> None:
        if entry.only:
            message = message.model_copy(update={"recipients": ",".join(entry.only)})
        decision = self._router.route(message)
        for recipient in decision.recipients:
            self._pass_on(hop, entry, message, recipient)
            told = filter(None, (",".join(recipient.organizations), decision.signature_warning))
            hop.journal("routed", message.id, now_ms, system=recipient.system, detail="; ".join(told))
        if decision.unrouted or not decision.recipients:
            self._bury(hop, _unrouted(message, decision, now_ms, await self._whole(entry)))

    def _pass_on(self, hop: Transaction, entry: InboxEntry, message: Message, recipient: Recipient) -> None:
        kept = entry.entry_id if entry.envelope else ""
        order = entry.order if entry.system else ""
        out = OutEntry(
            "", message.id, message.subject, recipient.organizations, entry.body, order=order, kept=kept
        )
        hop.pass_on(self._keys.out(self._channel.partition, recipient.system), recipient.system, out)
        if kept:
            hop.share(self._holder.body_key(kept), recipient.system)

    async def _read(self, entry: InboxEntry) -> tuple[Message, InboxEntry]:
        """As much of it as the routes want to see."""
        read = self._reader
        message = read.read_attributes(entry.envelope) if entry.envelope else read.read_envelope(entry.body)
        if not self._router.looks_into(message.kind):
            return message, entry
        entry = await self._whole(entry)
        return read.read(entry.body), entry

    async def _whole(self, entry: InboxEntry) -> InboxEntry:
        """With its body, where that lies beside the stream."""
        if entry.body or not entry.envelope:
            return entry
        (body,) = await self._holder.bodies([entry.entry_id])
        return entry._replace(body=body)

    def _bury(self, hop: Transaction, dead: DeadEntry) -> None:
        hop.add(self._keys.dead(self._channel.partition), dead.to_fields())
        hop.journal("dead", dead.message_id, dead.at_ms, detail=dead.reason)


def _unrouted(message: Message, decision: RoutingDecision, now_ms: int, entry: InboxEntry) -> DeadEntry:
    nobody = ", ".join(decision.unrouted) or "this message"
    reason = f"no route takes {nobody}; see `lgsp routes explain`"
    return DeadEntry(
        id="",
        message_id=message.id,
        subject=message.subject,
        system="",
        organizations=decision.unrouted,
        code="lgsp.unrouted",
        reason=reason,
        attempts=1,
        at_ms=now_ms,
        body=entry.body,
        order=entry.order,
    )
