"""The people in the offices (clerk, leader, officer), and the program's own rounds on the wire."""

import base64

import structlog

from lgsp.errors import InvalidMessageError
from lgsp.standards import edxml
from lgsp_mocks.ioffice.office import Office
from lgsp_mocks.ioffice.one_stop import OneStop
from lgsp_mocks.ioffice.vxp_client import Refused, Unreachable, VxpClient
from lgsp_mocks.kit import Context, Record

__all__ = ["People"]

log = structlog.get_logger()
NEXT = {"01": "03", "03": "04", "04": "05", "05": "06"}
WORDS = {
    "02": "Từ chối tiếp nhận: văn bản gửi không đúng nơi nhận", "03": "Đã tiếp nhận, vào sổ văn bản đến",
    "04": "Lãnh đạo phân công xử lý", "05": "Chuyên viên đang xử lý", "06": "Hoàn thành",
}  # fmt: skip


class People:
    """One round: send what waits, fetch what has come, then everybody takes one step."""

    def __init__(self, context: Context, office: Office, one_stop: OneStop) -> None:
        self._context = context
        self._office = office
        self._one_stop = one_stop
        self._wire = VxpClient(context)
        self._away = False

    async def tick(self) -> int:
        """The number of things that happened."""
        actions = self._work() + self._one_stop.leader()
        if not self._wire.is_connected:
            return actions
        try:
            actions += await self._send() + await self._fetch("edoc") + await self._fetch("status")
        except Unreachable as exc:
            if not self._away:
                log.warning("ioffice.vxp_unreachable", reason=str(exc))
            self._away = True
        else:
            self._away = False
        return actions

    def _work(self) -> int:
        steps = 0
        for key, row in self._office.documents.items():
            if row["direction"] != "in":
                continue
            refuses = "[từ chối]" in str(row["subject"]) and row["status"] == "01"
            following = "02" if refuses else NEXT.get(str(row["status"]))
            if following is not None:
                self._office.report(key, following, f"Văn thư: {WORDS[following]}")
                steps += 1
        return steps

    async def _send(self) -> int:
        sent = 0
        for key, packet in self._office.outbox.items():
            raw = base64.b64decode(str(packet["edxml"]))
            try:
                doc_id = await self._wire.send(raw, str(packet["kind"]), str(packet["from"]))
                self._sending(packet, f"sent {doc_id}")
            except Refused as exc:
                self._sending(packet, f"refused: {exc}")
            self._office.outbox.delete(key)
            sent += 1
        return sent

    def _sending(self, packet: Record, state: str) -> None:
        row = self._office.documents.get(str(packet["about"]))
        if row is not None and packet["kind"] == "edoc":
            self._office.documents.put(str(packet["about"]), {**row, "sending": state})

    async def _fetch(self, kind: str) -> int:
        items = await self._wire.received(kind)
        for item in items:
            doc_id = str(item["docId"])
            try:
                self._book(edxml.read(await self._wire.get(doc_id)))
            except (InvalidMessageError, Refused, ValueError) as exc:
                log.warning("ioffice.packet_failed", doc_id=doc_id, reason=str(exc))
                await self._mark(doc_id, "fail")
            else:
                await self._mark(doc_id, "done")
        return len(items)

    async def _mark(self, doc_id: str, status: str) -> None:
        try:
            await self._wire.update(doc_id, status)
        except Refused as exc:
            log.warning("ioffice.mark_refused", doc_id=doc_id, reason=str(exc))

    def _book(self, packet: edxml.EdxmlDocument | edxml.EdxmlStatus) -> None:
        """Of a document's receivers only those with an office here are ours, as in every province's software."""
        if isinstance(packet, edxml.EdxmlStatus):
            self._office.note(packet)
            return
        ours = [one.id for one in packet.recipients if self._is_ours(one.id)]
        if not ours:
            raise ValueError("none of its receivers has an office here")
        for organ_id in ours:
            self._office.take_in(packet, organ_id)

    def _is_ours(self, organ_id: str) -> bool:
        agency = self._context.population.agency(organ_id)
        return agency is not None and agency.province
