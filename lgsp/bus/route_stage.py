"""The route stage of one partition: read the inbox, decide the recipients, and hop to their channels in one step."""

import asyncio

from lgsp.channels import DeadEntry, InboxEntry, OutEntry, PartitionLog, Transaction
from lgsp.clock import Clock
from lgsp.endpoint import until_stopped
from lgsp.errors import InvalidMessageError
from lgsp.message import Message
from lgsp.routing import Router

__all__ = ["RouteStage"]

BATCH = 128
BLOCK_MS = 1000


class RouteStage:
    """Content-based router with a recipient list. A batch is one atomic transaction."""

    def __init__(self, channel: PartitionLog, lease_value: str, router: Router, clock: Clock) -> None:
        self._channel = channel
        self._lease_value = lease_value
        self._router = router
        self._clock = clock

    async def run(self, stopping: asyncio.Event) -> None:
        """Work until `stopping` is set, beginning with what a crashed worker left pending."""
        recovering = True
        while not stopping.is_set():
            cursor = "0" if recovering else ">"
            entries = await until_stopped(
                self._channel.read_inbox(cursor=cursor, count=BATCH, block_ms=BLOCK_MS), stopping
            )
            if entries:
                await self._hop(entries)
            recovering = recovering and bool(entries)

    async def _hop(self, entries: list[InboxEntry]) -> None:
        hop = self._channel.transaction(self._lease_value)
        for entry in entries:
            self._route(hop, entry)
        hop.acknowledge(
            self._channel.keys.inbox(self._channel.partition), [entry.entry_id for entry in entries]
        )
        await hop.commit()

    def _route(self, hop: Transaction, entry: InboxEntry) -> None:
        now_ms = int(self._clock.now().timestamp() * 1000)
        try:
            message = Message.from_json(entry.body)
        except InvalidMessageError as exc:  # only a foreign writer can put such a thing here
            self._bury(
                hop, DeadEntry("", entry.entry_id, "", "", (), exc.code, str(exc), 1, now_ms, entry.body)
            )
            return
        if message.expired(self._clock.now()):
            hop.journal("expired", message.id, now_ms)
            return
        decision = self._router.route(message)
        for recipient in decision.recipients:
            out = OutEntry("", message.id, message.subject, recipient.organizations, entry.body)
            hop.add(self._channel.keys.out(self._channel.partition, recipient.system), out.to_fields())
            hop.journal(
                "routed",
                message.id,
                now_ms,
                system=recipient.system,
                detail="; ".join(
                    filter(None, [",".join(recipient.organizations), decision.signature_warning])
                ),
            )
        if decision.unrouted or not decision.recipients:
            nobody = ", ".join(decision.unrouted) or "this message"
            reason = f"no route takes {nobody}; see `lgsp routes explain`"
            self._bury(
                hop,
                DeadEntry(
                    "",
                    message.id,
                    message.subject,
                    "",
                    decision.unrouted,
                    "lgsp.unrouted",
                    reason,
                    1,
                    now_ms,
                    entry.body,
                ),
            )

    def _bury(self, hop: Transaction, dead: DeadEntry) -> None:
        hop.add(self._channel.keys.dead(self._channel.partition), dead.to_fields())
        hop.journal("dead", dead.message_id, dead.at_ms, detail=dead.reason)
