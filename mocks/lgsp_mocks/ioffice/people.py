"""The people in the offices (clerk, leader, officer), and the program's own rounds on the wire."""

import asyncio

import structlog

from lgsp.errors import InvalidMessageError
from lgsp.standards import edxml
from lgsp_mocks.ioffice.office import Office
from lgsp_mocks.ioffice.one_stop import OneStop
from lgsp_mocks.ioffice.vxp_client import Refused, Unreachable, VxpClient
from lgsp_mocks.kit import Context
from lgsp_mocks.kit.desk import Packet

__all__ = ["People"]

log = structlog.get_logger()
AT_ONCE = 8
SMALL_BYTES = 256 * 1024
"""Up to here, reading a packet takes less than the way to a thread and back."""

_TOLERATED = 10
"""Rounds in a row without the other side before somebody is told: `lgsp up` starts the systems before its gateway listens."""


class People:
    """One round: everybody takes one step, then what waits is sent, and what has come is fetched."""

    def __init__(self, context: Context, office: Office, one_stop: OneStop) -> None:
        self._context = context
        self._office = office
        self._one_stop = one_stop
        self._wire = VxpClient(context)
        self._failed = 0

    async def tick(self) -> int:
        """The number of things that happened."""
        actions = self._office.receiving.work() + await self._one_stop.leader()
        if not self._wire.is_connected:
            return actions
        try:
            actions += await self._send() + await self._fetch("edoc") + await self._fetch("status")
        except Unreachable as exc:
            self._failed += 1
            if self._failed == _TOLERATED:
                log.warning("ioffice.vxp_unreachable", reason=str(exc))
        else:
            self._failed = 0
        return actions

    async def _send(self) -> int:
        waiting = list(self._office.outbox.items())
        for key, posted in waiting:
            content = self._office.content(posted)
            try:
                doc_id = await self._wire.send(content, str(posted["kind"]), str(posted["from"]))
                self._office.sent(key, posted, f"sent {doc_id}")
            except Refused as exc:
                self._office.sent(key, posted, f"refused: {exc}")
        return len(waiting)

    async def _fetch(self, kind: str) -> int:
        """What has come is fetched side by side, booked in the order of the list, and then confirmed."""
        doc_ids = [str(item["docId"]) for item in await self._wire.received(kind)]
        for start in range(0, len(doc_ids), AT_ONCE):
            part = doc_ids[start : start + AT_ONCE]
            packets = await asyncio.gather(*map(self._packet, part))
            states = [self._booked(doc_id, packet) for doc_id, packet in zip(part, packets, strict=True)]
            # Or a kill between the two would lose what was confirmed, and nobody sends that again.
            await self._context.state.commit()
            await asyncio.gather(*map(self._mark, part, states))
        return len(doc_ids)

    async def _packet(self, doc_id: str) -> Packet | Exception:
        try:
            content = await self._wire.download(doc_id)
            return (
                edxml.read(content)
                if content.size <= SMALL_BYTES
                else await asyncio.to_thread(edxml.read, content)
            )
        except (InvalidMessageError, Refused) as exc:
            return exc

    def _booked(self, doc_id: str, packet: Packet | Exception) -> str:
        try:
            if isinstance(packet, Exception):
                raise packet
            self._book(packet)
        except (InvalidMessageError, Refused, ValueError) as exc:
            log.warning("ioffice.packet_failed", doc_id=doc_id, reason=str(exc))
            return "fail"
        return "done"

    async def _mark(self, doc_id: str, status: str) -> None:
        try:
            await self._wire.update(doc_id, status)
        except Refused as exc:
            log.warning("ioffice.mark_refused", doc_id=doc_id, reason=str(exc))

    def _book(self, packet: Packet) -> None:
        """Of a document's receivers only those with an office here are ours, as in every province's software."""
        if isinstance(packet, edxml.EdxmlStatus):
            self._office.receiving.note(packet)
            return
        ours = [one.id for one in packet.recipients if self._is_ours(one.id)]
        if not ours:
            raise ValueError("none of its receivers has an office here")
        for organ_id in ours:
            self._office.receiving.take_in(packet, organ_id)

    def _is_ours(self, organ_id: str) -> bool:
        agency = self._context.population.agency(organ_id)
        return agency is not None and agency.province
