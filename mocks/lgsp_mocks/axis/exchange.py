"""What the axis does with a packet: check it, find who gets it, and put it into their inboxes."""

import base64
from dataclasses import dataclass

from pydantic import JsonValue

from lgsp.errors import InvalidMessageError
from lgsp.standards import edxml
from lgsp.standards.vxp import ErrorCode
from lgsp_mocks.kit import Context, Record

__all__ = ["EXTERNAL_SYSTEM", "PROVINCE_SYSTEM", "Exchange", "Refusal"]

PROVINCE_SYSTEM = "sim.lgsp.01"
EXTERNAL_SYSTEM = "sim.external"
SECRET = "sim-secret"  # noqa: S105 - the demo account, plainly marked


@dataclass(frozen=True, slots=True)
class Refusal(Exception):  # noqa: N818 - it becomes an answer, not a failure
    """A wire error: code, text, and what was wrong in detail."""

    code: ErrorCode
    detail: str = ""

    @property
    def text(self) -> str:
        """ErrorDesc."""
        return f"{self.code.text}: {self.detail}" if self.detail else self.code.text


class Exchange:
    """Agencies, systems and inboxes. One row in `packets` per packet and receiving system."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self.agencies = context.state.table("agencies")
        self.packets = context.state.table("packets")
        self.contents = context.state.table("contents")

    def seed(self) -> None:
        """Register the population, and the two systems that they are connected by."""
        systems = self._context.state.table("systems")
        for system in (PROVINCE_SYSTEM, EXTERNAL_SYSTEM):
            systems.put(system, {"secret": SECRET})
        for agency in self._context.population.agencies:
            system = PROVINCE_SYSTEM if agency.province else EXTERNAL_SYSTEM
            self.register(agency.id, {
                "code": agency.code, "code102": agency.id, "name": agency.name, "mail": agency.email, "pcode": agency.parent or "",
                "mobile": agency.telephone, "fax": "", "system": system, "closed": False,
            })  # fmt: skip

    def secret_of(self, system_id: str) -> str | None:
        """The system's secret, if there is such a system."""
        found = self._context.state.table("systems").get(system_id)
        return str(found["secret"]) if found else None

    def register(self, organ_id: str, fields: Record) -> Record:
        """Add or change an agency."""
        number = self._context.state.next("agency") if organ_id not in self.agencies else 0
        record = {**(self.agencies.get(organ_id) or {"id": str(number)}), **fields, "organ_id": organ_id}
        self.agencies.put(organ_id, record)
        return record

    def agency(self, organ_id: str) -> Record | None:
        """By either form of its id."""
        return self.agencies.get(organ_id) or next(
            (one for one in self.agencies.values() if one["code"] == organ_id), None
        )

    def send(self, raw: bytes, sender_system: str, claimed_from: str) -> str:
        """Take a packet in; the DocId, also of one that was sent before.

        Raises:
            Refusal: with the wire's code.
        """
        try:
            packet = edxml.read(raw)
        except InvalidMessageError as exc:
            raise Refusal(
                ErrorCode.BAD_EDXML,
                "; ".join(f"{fault.place} dòng {fault.line}: {fault.message_vi}" for fault in exc.faults),
            ) from exc
        sender = self.agency(packet.sender.id)
        if (
            sender is None
            or sender["system"] != sender_system
            or (claimed_from and self.agency(claimed_from) is None)
        ):
            raise Refusal(ErrorCode.UNKNOWN_SENDER, packet.sender.id)
        receivers = self._receivers(packet)
        key = _identity(packet)
        if (before := self._context.state.table("sent").get(key)) is not None:
            return str(before["doc_id"])
        doc_id = str(self._context.state.next("docId"))
        self._context.state.table("sent").put(
            key, {"doc_id": doc_id, "from": packet.sender.id, "system": sender_system}
        )
        self.contents.put(doc_id, {"edxml": base64.b64encode(raw).decode()})
        self._deliver(doc_id, packet, receivers)
        return doc_id

    def _receivers(self, packet: edxml.EdxmlDocument | edxml.EdxmlStatus) -> dict[str, list[str]]:
        wanted = (
            [packet.response_for.organ_id]
            if isinstance(packet, edxml.EdxmlStatus)
            else [one.id for one in packet.recipients]
        )
        by_system: dict[str, list[str]] = {}
        for organ_id in wanted:
            agency = self.agency(organ_id)
            if agency is None:
                raise Refusal(ErrorCode.UNKNOWN_RECEIVER, organ_id)
            if agency["closed"]:
                raise Refusal(ErrorCode.RECEIVER_LOCKED, organ_id)
            by_system.setdefault(str(agency["system"]), []).append(str(agency["organ_id"]))
        return by_system

    def _deliver(
        self, doc_id: str, packet: edxml.EdxmlDocument | edxml.EdxmlStatus, receivers: dict[str, list[str]]
    ) -> None:
        now = self.stamp()
        status = isinstance(packet, edxml.EdxmlStatus)
        about = (
            packet.response_for.document_id if isinstance(packet, edxml.EdxmlStatus) else packet.document_id
        )
        title = packet.description if isinstance(packet, edxml.EdxmlStatus) else packet.subject
        code = packet.status_code if isinstance(packet, edxml.EdxmlStatus) else packet.code
        for number, (system, organs) in enumerate(sorted(receivers.items())):
            item_id = doc_id if number == 0 else f"{doc_id}.{number}"
            to: list[JsonValue] = list(organs)
            self.packets.put(item_id, {
                "docId": item_id, "content": doc_id, "messageType": "status" if status else "edoc", "from": packet.sender.id, "to": to,
                "system": system, "status": "initial", "status_desc": "", "created_time": now, "updated_time": now,
                "document_id": about, "title": title, "code": code,
            })  # fmt: skip

    def inbox(self, system: str, kind: str) -> list[Record]:
        """What a system has not yet settled, oldest first."""
        return [
            packet for packet in self.packets.values()
            if packet["system"] == system and packet["messageType"] == kind and packet["status"] not in {"done", "fail"}
        ]  # fmt: skip

    def outbox(self, system: str, kind: str) -> list[Record]:
        """What agencies of a system have sent."""
        own = {organ_id for organ_id, agency in self.agencies.items() if agency["system"] == system}
        return [
            packet
            for packet in self.packets.values()
            if packet["from"] in own and packet["messageType"] == kind
        ]

    def packet(self, system: str, doc_id: str) -> tuple[Record, bytes]:
        """A packet of this system's inbox.

        Raises:
            Refusal: no such packet, or another system's.
        """
        packet = self.packets.get(doc_id)
        if packet is None or packet["system"] != system:
            raise Refusal(ErrorCode.FILE_PROCESSING, f"không tìm thấy docId {doc_id}")
        content = self.contents.get(str(packet["content"])) or {"edxml": ""}
        return packet, base64.b64decode(str(content["edxml"]))

    def mark(self, system: str, doc_id: str, status: str) -> None:
        """Set the read state."""
        packet, _ = self.packet(system, doc_id)
        self.packets.put(doc_id, {**packet, "status": status, "updated_time": self.stamp()})

    def stamp(self) -> str:
        """A moment as the wire's lists write it (assumed)."""
        return self._context.clock.now().strftime("%Y/%m/%d %H:%M:%S")


def _identity(packet: edxml.EdxmlDocument | edxml.EdxmlStatus) -> str:
    """What makes two packets the same one."""
    if isinstance(packet, edxml.EdxmlStatus):
        about = packet.response_for.document_id or packet.response_for.code
        return f"status|{packet.sender.id}|{about}|{packet.status_code}|{packet.timestamp}"
    to = ",".join(sorted(one.id for one in packet.recipients))
    return f"edoc|{packet.sender.id}|{packet.document_id or packet.code}|{packet.business.doc_type}|{to}"
